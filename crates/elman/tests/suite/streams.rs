//! Streams: one step at a time, reset, warmed up, fed from iterators, left to themselves.

use crate::support::{bits, normal};
use elman::prelude::*;
use elman::rnn::Readout;

/// Two inputs, two outputs: it can run on its own.
fn model() -> (Readout<Lstm>, Params<f64>) {
    Params::init(4, |p| {
        Ok(Lstm::new(p.scope("lstm"), 2, 5)?.readout(Linear::new(p.scope("head"), 5, 2)?))
    })
    .unwrap()
}

/// Ten inputs.
fn inputs() -> Vec<Vec<f64>> {
    normal::<f64>([10, 2], "inputs").values().chunks(2).map(<[f64]>::to_vec).collect()
}

/// The outputs of single pushes.
fn pushed(stream: &mut Stream<'_, f64, Readout<Lstm>>, x: &[Vec<f64>]) -> Vec<Vec<f64>> {
    x.iter().map(|x| stream.push(x).unwrap().to_vec()).collect()
}

#[test]
fn a_reset_is_a_new_beginning() {
    let ((model, params), x) = (model(), inputs());
    let mut stream = Stream::new(&params, model);
    assert_eq!((stream.output(), stream.state()), (&[][..], None));
    let first = pushed(&mut stream, &x);
    assert_eq!(stream.output(), first[9]);
    assert_eq!(stream.state().unwrap().len(), 10, "h and c");
    // Without a reset it goes on.
    assert_ne!(pushed(&mut stream, &x), first);
    stream.reset();
    assert_eq!((stream.output(), stream.state()), (&[][..], None));
    assert_eq!(pushed(&mut stream, &x), first);
}

#[test]
fn a_stream_goes_on_from_any_of_its_states() {
    let ((model, params), x) = (model(), inputs());
    let mut stream = Stream::new(&params, model);
    let all = pushed(&mut stream, &x[..4]);
    let state = stream.state().unwrap().to_vec();
    let rest = pushed(&mut stream, &x[4..]);
    stream.resume(&state).unwrap();
    assert_eq!(stream.state(), Some(&state[..]));
    assert_eq!(pushed(&mut stream, &x[4..]), rest);
    // Another stream, before its first push and after a reset.
    let mut other = Stream::new(&params, model);
    for _ in 0..2 {
        other.resume(&state).unwrap();
        assert_eq!(pushed(&mut other, &x[4..]), rest);
        other.reset();
    }
    assert_eq!(pushed(&mut other, &x[..4]), all);
    // Of another size, it is refused, and nothing has changed.
    for size in [0, 9, 11, 20] {
        let error = other.resume(&vec![0.0; size]).unwrap_err().to_string();
        assert!(error.contains("resume") && error.contains("10 numbers"), "{error}");
        assert!(error.contains(file!()), "{error}");
    }
    assert_eq!(pushed(&mut other, &x[4..]), rest);
}

/// Sequences found in a stream have the probabilities that it gives them.
#[test]
fn a_beam_over_a_stream() {
    let (model, params) = Params::<f32>::init(4, |p| {
        let cell = Gru::new(p.scope("gru"), 3, 5)?;
        Ok(cell.readout(Linear::new(p.scope("head"), 5, 3)?))
    })
    .unwrap();
    let vector = |symbol: Option<u32>| std::array::from_fn(|i| f32::from(symbol == Some(i as u32)));
    let mut stream = Stream::new(&params, model);
    let step = |state: &Vec<f32>, last, logits: &mut Vec<f32>| {
        match state.is_empty() {
            true => stream.reset(),
            false => stream.resume(state)?,
        }
        let y: [f32; 3] = vector(last);
        logits.extend_from_slice(stream.push(&y)?);
        Ok::<_, Error>(stream.state().unwrap_or_default().to_vec())
    };
    let found = Beam::new(100, 3).unwrap().end(0).search(Vec::new(), step).unwrap();
    assert_eq!(found.len(), 1 + 2 + 4 * 3);
    for found in found {
        let (mut stream, mut last, mut sum) = (Stream::new(&params, model), None, 0.0);
        for &symbol in &found.symbols {
            let y: [f32; 3] = vector(last);
            let logits = stream.push(&y).unwrap();
            let all: f64 = logits.iter().map(|&x| f64::from(x).exp()).sum();
            sum += f64::from(logits[symbol as usize]) - all.ln();
            last = Some(symbol);
        }
        assert!((found.log_probability - sum).abs() < 1e-9);
        assert_eq!(found.ended, last == Some(0));
    }
}

#[test]
fn warm_is_pushing() {
    let ((model, params), x) = (model(), inputs());
    let mut stream = Stream::new(&params, model);
    let last = pushed(&mut stream, &x).pop().unwrap();
    // Anything that yields slices: vectors, arrays, chunks of a long history.
    let warm = Stream::new(&params, model).warm(&x).unwrap();
    assert_eq!((warm.output(), warm.state()), (&last[..], stream.state()));
    let flat = x.concat();
    let warm = Stream::new(&params, model).warm(flat.chunks(2)).unwrap();
    assert_eq!((warm.output(), warm.state()), (&last[..], stream.state()));
    let arrays = x.iter().map(|x| [x[0], x[1]]);
    let warm = Stream::new(&params, &model).warm(arrays).unwrap();
    assert_eq!((warm.output(), warm.state()), (&last[..], stream.state()));
    // In two goes; and with no history nothing happens.
    let warm = Stream::new(&params, model).warm(&x[..4]).unwrap().warm(&x[4..]).unwrap();
    assert_eq!(warm.output(), last);
    assert_eq!(Stream::new(&params, model).warm::<[f64; 2]>([]).unwrap().state(), None);
    // A history that does not fit is an error.
    assert!(Stream::new(&params, model).warm(flat.chunks(3)).is_err());
}

#[test]
fn predictions_over_any_iterator() {
    let ((model, params), x) = (model(), inputs());
    let all = pushed(&mut Stream::new(&params, model), &x);

    let mut stream = Stream::new(&params, model);
    let some: Result<Vec<_>, _> = stream.predict(&x).collect();
    assert_eq!(some.unwrap(), all);

    // Lazily, from a source that never ends; the stream stands where the iterator was left.
    let mut stream = Stream::new(&params, model);
    let mut drawn = 0;
    let endless = (0..).map(|i| {
        drawn += 1;
        x[i % 10].clone()
    });
    let three: Result<Vec<_>, _> = stream.predict(endless).take(3).collect();
    assert_eq!(three.unwrap(), all[..3]);
    assert_eq!(drawn, 3);
    let rest: Result<Vec<_>, _> = stream.predict(&x[3..]).collect();
    assert_eq!(rest.unwrap(), all[3..]);

    // An input that does not fit is an error in its place, and the stream goes on.
    let mut stream = Stream::new(&params, model);
    let bad = [&x[0][..], &[1.0], &x[1]];
    let three: Vec<_> = stream.predict(bad).collect();
    assert_eq!(three[0].as_ref().unwrap(), &all[0]);
    assert!(three[1].is_err());
    assert_eq!(three[2].as_ref().unwrap(), &all[1]);
    assert_eq!(stream.predict(Vec::<Vec<f64>>::new()).count(), 0);
}

#[test]
fn a_free_run_begins_with_what_is_known() {
    let ((model, params), x) = (model(), inputs());
    let warm = Stream::new(&params, model).warm(&x).unwrap();
    let last = warm.output().to_vec();
    let future: Vec<_> = warm.free_run().take(6).collect::<Result<_, _>>().unwrap();
    assert_eq!(future[0], last, "the first item is the prediction of the step after the history");
    // Each item is what the one before it leads to.
    let mut by_hand = Stream::new(&params, model).warm(&x).unwrap();
    for pair in future.windows(2) {
        assert_eq!(by_hand.push(&pair[0]).unwrap(), pair[1]);
    }

    // Without a history it begins with zeros; so it does after a reset.
    let from_nothing: Vec<_> =
        Stream::new(&params, model).free_run().take(3).collect::<Result<_, _>>().unwrap();
    let mut by_hand = Stream::new(&params, model);
    assert_eq!(from_nothing[0], by_hand.push(&[0.0, 0.0]).unwrap());
    assert_eq!(from_nothing[1], by_hand.push(&from_nothing[0]).unwrap());
    let mut stream = Stream::new(&params, model).warm(&x).unwrap();
    stream.reset();
    assert_eq!(stream.free_run().next().unwrap().unwrap(), from_nothing[0]);

    // Several rows run side by side.
    let rows = Stream::rows(&params, model, 3).free_run().take(2).collect::<Result<Vec<_>, _>>();
    assert_eq!(rows.unwrap()[1], from_nothing[1].repeat(3));
}

#[test]
fn an_input_that_does_not_fit_changes_nothing() {
    let ((model, params), x) = (model(), inputs());
    let all = pushed(&mut Stream::new(&params, model), &x);
    for rows in [1, 2] {
        let mut stream = Stream::rows(&params, model, rows);
        for (x, y) in x.iter().zip(&all) {
            let before = stream.state().map(bits);
            let output = stream.output().to_vec();
            for len in [0, 1, 3, 2 * rows + 1, 3 * rows, 7 * rows] {
                assert!(stream.push(&vec![f64::NAN; len]).is_err(), "{len} numbers");
            }
            assert_eq!((stream.state().map(bits), stream.output()), (before, &output[..]));
            assert_eq!(stream.push(&x.repeat(rows)).unwrap(), y.repeat(rows));
        }
    }
}

#[test]
fn rows_are_streams_side_by_side() {
    let ((model, params), x) = (model(), inputs());
    let mut together = Stream::rows(&params, model, 3);
    let mut alone: Vec<_> = (0..3).map(|_| Stream::new(&params, model)).collect();
    for t in 0..10 {
        let x: Vec<_> = (0..3).map(|row| x[(t + 3 * row) % 10].clone()).collect();
        let y = together.push(&x.concat()).unwrap().to_vec();
        let single: Vec<_> =
            alone.iter_mut().zip(&x).flat_map(|(s, x)| s.push(x).unwrap().to_vec()).collect();
        assert_eq!(bits(&y), bits(&single));
    }
}

/// What was trained is what runs: weights are read at every step's time, never remembered.
#[test]
fn a_stream_between_training_steps() {
    let (model, mut params) = model();
    let x = normal::<f64>([4, 1, 2], "x");
    let mut trainer = Trainer::new(sgd(0.5));
    let mut outputs = Vec::new();
    for _ in 0..3 {
        let whole = Tape::new()
            .evaluate(&params, |g| Rnn(model).forward(g.input(&x)).last().tensor().into_values())
            .unwrap();
        let stream = Stream::new(&params, model).warm(x.values().chunks(2)).unwrap();
        assert_eq!(bits(stream.output()), bits(&whole));
        outputs.push(whole);
        trainer
            .step(&mut params, |g| Rnn(model).forward(g.input(&x)).last().square().sum())
            .unwrap();
    }
    assert_ne!(outputs[0], outputs[1]);
}

/// The state of a stack is the states of its cells, from below.
#[test]
fn the_state_of_a_stack() {
    let (stack, params) = Params::<f32>::init(1, |p| {
        let below = Lstm::new(p.scope("below"), 1, 3)?;
        Ok(below.stack(Gru::new(p.scope("above"), 3, 2)?))
    })
    .unwrap();
    let mut whole = Stream::new(&params, stack);
    let mut below = Stream::new(&params, stack.below);
    let mut above = Stream::new(&params, stack.above);
    for x in [0.3, -1.0, 0.5] {
        let y = whole.push(&[x]).unwrap().to_vec();
        let middle = below.push(&[x]).unwrap();
        assert_eq!(above.push(middle).unwrap(), y);
    }
    let states = [below.state().unwrap(), above.state().unwrap()].concat();
    assert_eq!(whole.state().unwrap(), states);
}
