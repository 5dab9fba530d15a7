//! Decoders against looking at everything there is, and samplers against their distributions.

use allocation_counter::measure;
use elman_autograd::{Params, Tape};
use elman_tensor::{Random, Tensor};
use elman_train::{Beam, Ctc, Error, Hypothesis, Sampler, ctc_beam, ctc_greedy};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

/// ln softmax, plainly.
fn log_softmax(x: &[f64]) -> Vec<f64> {
    let all = x.iter().map(|x| x.exp()).sum::<f64>().ln();
    x.iter().map(|x| x - all).collect()
}

fn normal(seed: u64, name: &str, n: usize) -> Vec<f64> {
    let mut random = Random::new(seed, name, n as u64);
    (0..n).map(|_| 1.5 * random.normal()).collect()
}

// --- connectionist temporal classification

/// What an alignment stands for.
fn collapse(path: &[u32], blank: u32) -> Vec<u32> {
    let mut path = path.to_vec();
    path.dedup();
    path.retain(|&k| k != blank);
    path
}

/// The probability of each row of labels: all alignments, one by one.
fn everything(logits: &[f64], classes: usize, blank: u32) -> HashMap<Vec<u32>, f64> {
    let rows: Vec<_> = logits.chunks(classes).map(log_softmax).collect();
    let mut chances = HashMap::new();
    for n in 0..classes.pow(rows.len() as u32) {
        let symbol = |t: usize| (n / classes.pow(t as u32) % classes) as u32;
        let path: Vec<_> = (0..rows.len()).map(symbol).collect();
        let p: f64 = path.iter().zip(&rows).map(|(&k, row)| row[k as usize]).sum();
        *chances.entry(collapse(&path, blank)).or_insert(0.0) += p.exp();
    }
    chances
}

properties! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// The loss is −ln of what all alignments of the labels add up to; padding is not looked at.
    #[test]
    fn the_loss_counts_all_alignments(
        seed in any::<u64>(), steps in prop::collection::vec(0usize..5, 1..4), classes in 1usize..4,
        blank in 0u32..3, per_label in any::<bool>(), zero_infinity in any::<bool>(),
    ) {
        let (blank, batch) = (blank.min(classes as u32 - 1), steps.len());
        let (time, mut random) = (4, Random::new(seed, "labels", 0));
        let mut logits =
            Tensor::new([time, batch, classes], normal(seed, "logits", time * batch * classes)).unwrap();
        let labels: Vec<Vec<u32>> = (0..batch).map(|_| {
            let symbols: Vec<u32> = (0..classes as u32).filter(|&k| k != blank).collect();
            let count = if symbols.is_empty() { 0 } else { random.below(4) };
            (0..count).map(|_| symbols[random.below(symbols.len())]).collect()
        }).collect();
        let mut wanted = 0.0;
        for b in 0..batch {
            let row = |t: usize| (t * batch + b) * classes..(t * batch + b + 1) * classes;
            let own: Vec<_> = (0..steps[b]).flat_map(|t| logits.values()[row(t)].to_vec()).collect();
            (steps[b]..time).for_each(|t| logits.values_mut()[row(t)].fill(f64::NAN));
            let p = everything(&own, classes, blank).get(&labels[b]).copied().unwrap_or(0.0);
            let n = if per_label { labels[b].len().max(1) as f64 } else { 1.0 };
            wanted += if p == 0.0 && zero_infinity { 0.0 } else { -p.ln() / n };
        }
        wanted /= batch as f64;
        let ((), params) = Params::<f64>::init(0, |_| Ok(())).unwrap();
        let loss = Tape::new().evaluate(&params, |g| {
            let lengths: Vec<_> = steps.iter().map(|&n| n as u32).collect();
            let counts: Vec<_> = labels.iter().map(|l| l.len() as u32).collect();
            Ctc::new(blank).per_label(per_label).zero_infinity(zero_infinity)
                .loss(g.input(&logits), g.ids(&lengths), g.ids(&labels.concat()), g.ids(&counts))
                .item()
        }).unwrap();
        let same = loss == wanted || (loss - wanted).abs() < 1e-12 * (1.0 + wanted.abs());
        prop_assert!(same, "{} is not {}", loss, wanted);
    }

    /// At full width the beam finds every row of labels with its probability; at any width it
    /// finds some, with no more than theirs, each once, best first.
    #[test]
    fn beams_of_labels(
        seed in any::<u64>(), time in 0usize..6, classes in 1usize..4, blank in 0u32..3,
        width in 1usize..6,
    ) {
        let blank = blank.min(classes as u32 - 1);
        let logits = normal(seed, "beam", time * classes);
        let chances = everything(&logits, classes, blank);
        let full = ctc_beam(&logits, classes, blank, 10_000).unwrap();
        prop_assert_eq!(full.len(), chances.len());
        let narrow = ctc_beam(&logits, classes, blank, width).unwrap();
        prop_assert!((1..=width).contains(&narrow.len()));
        for (found, exact) in [(&full, true), (&narrow, false)] {
            prop_assert!(found.windows(2).all(|pair| pair[0].1 >= pair[1].1));
            let labels: HashSet<_> = found.iter().map(|(labels, _)| labels).collect();
            prop_assert_eq!(labels.len(), found.len());
            for (labels, p) in found {
                let all = chances[labels].ln();
                prop_assert!(*p <= all + 1e-12 && (!exact || *p >= all - 1e-12), "{} {}", p, all);
            }
        }
        // The likeliest alignment.
        let best: Vec<_> = logits.chunks(classes)
            .map(|x| (0..classes).max_by(|&a, &b| x[a].total_cmp(&x[b])).unwrap() as u32)
            .collect();
        prop_assert_eq!(ctc_greedy(&logits, classes, blank).unwrap(), collapse(&best, blank));
    }
}

#[test]
fn labels_of_strange_logits() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    assert_eq!(ctc_greedy(&[0.0f32; 0], 3, 1).unwrap(), []);
    assert_eq!(ctc_beam(&[0.0f32; 0], 3, 1, 2).unwrap(), [(vec![], 0.0)]);
    assert_eq!(ctc_greedy(&[nan, nan, nan, 1.0, nan, 1.0], 2, 0).unwrap(), [1]);
    let found = ctc_beam(&[nan, 1.0, inf, 0.0, -inf, 3.0], 2, 0, 9).unwrap();
    assert_eq!(found, [(vec![1, 1], 0.0)]);
    assert_eq!(ctc_beam(&[-inf, -inf], 2, 0, 9).unwrap(), []);
    for (error, words) in [
        (ctc_greedy(&[0.0; 4], 3, 0).err(), "ctc_greedy: classes must be a divisor"),
        (ctc_greedy(&[0.0; 4], 0, 0).err(), "ctc_greedy: classes"),
        (ctc_greedy(&[0.0; 4], 2, 2).err(), "ctc_greedy: blank must be a class, got 2"),
        (ctc_beam(&[0.0; 4], 3, 0, 1).err(), "ctc_beam: classes"),
        (ctc_beam(&[0.0; 4], 2, 7, 1).err(), "ctc_beam: blank"),
        (ctc_beam(&[0.0; 4], 2, 0, 0).err(), "ctc_beam: width must be at least 1, got 0"),
    ] {
        let error = error.unwrap().to_string();
        assert!(error.contains(words), "{error}");
    }
}

// --- beam search

/// A model whose logits are a function of all that came before; the state counts the symbols.
fn model(seed: u64, symbols: usize, before: &[u32]) -> Vec<f64> {
    let name: Vec<_> = before.iter().map(u32::to_string).collect();
    normal(seed, &name.join(" "), symbols)
}

fn search(
    beam: Beam,
    seed: u64,
    symbols: usize,
) -> Result<Vec<Hypothesis<Vec<u32>>>, std::convert::Infallible> {
    beam.search(Vec::new(), |before, last, logits| {
        let before: Vec<u32> = before.iter().copied().chain(last).collect();
        logits.extend(model(seed, symbols, &before));
        Ok(before)
    })
}

/// All sequences, with their log probabilities.
fn all(seed: u64, symbols: usize, longest: usize, end: Option<u32>) -> Vec<(Vec<u32>, f64)> {
    let mut open = vec![(Vec::new(), 0.0)];
    let mut done = Vec::new();
    for _ in 0..longest {
        let mut next = Vec::new();
        for (before, p) in &open {
            for (k, q) in log_softmax(&model(seed, symbols, before)).iter().enumerate() {
                let longer = ([&before[..], &[k as u32]].concat(), p + q);
                if Some(k as u32) == end { &mut done } else { &mut next }.push(longer);
            }
        }
        open = next;
    }
    done.extend(open);
    done
}

/// Best first.
fn sort(found: &mut [(Vec<u32>, f64)], score: &dyn Fn(&[u32], f64) -> f64) {
    found.sort_by(|a, b| score(&b.0, b.1).total_cmp(&score(&a.0, a.1)));
}

properties! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn beams_keep_the_likeliest_and_a_full_one_everything(
        seed in any::<u64>(), symbols in 1usize..4, longest in 0usize..5, end in prop::option::of(0u32..3),
        power in prop_oneof![Just(0.0), 0.0f64..2.0], width in 1usize..5,
    ) {
        let beam = |width: usize| {
            let beam = Beam::new(width, longest).unwrap().normalised(power).unwrap();
            end.map_or(beam, |end| beam.end(end))
        };
        let score = |symbols: &[u32], p: f64| p / (symbols.len().max(1) as f64).powf(power);
        let mut wanted = all(seed, symbols, longest, end);
        sort(&mut wanted, &score);
        let found = search(beam(1000), seed, symbols).unwrap();
        prop_assert_eq!(found.len(), wanted.len());
        for (found, (symbols, p)) in found.iter().zip(&wanted) {
            prop_assert_eq!(&found.symbols, symbols);
            prop_assert!((found.log_probability - p).abs() < 1e-12);
            prop_assert!((found.score - score(symbols, *p)).abs() < 1e-12);
            prop_assert_eq!(found.ended, end.is_some() && symbols.last().copied() == end);
            let before = symbols.split_last().map_or(&[][..], |(_, before)| before);
            prop_assert_eq!(&found.state[..], before);
        }
        // A narrow beam, to the end.
        let narrow = search(beam(width), seed, symbols).unwrap();
        let mut open = vec![(Vec::new(), 0.0)];
        let mut done = Vec::new();
        for _ in 0..longest {
            let mut next: Vec<(Vec<u32>, f64)> = Vec::new();
            for (before, p) in &open {
                let log_p = log_softmax(&model(seed, symbols, before));
                let longer = |k: usize| [&before[..], &[k as u32]].concat();
                next.extend((0..symbols).map(|k| (longer(k), p + log_p[k])));
            }
            sort(&mut next, &|_, p| p);
            next.truncate(width);
            let ends = |(symbols, _): &(Vec<u32>, f64)| end.is_some() && symbols.last().copied() == end;
            done.extend(next.iter().filter(|h| ends(h)).cloned());
            open = next.into_iter().filter(|h| !ends(h)).collect();
        }
        done.extend(open);
        sort(&mut done, &score);
        done.truncate(width);
        let found: Vec<_> = narrow.iter().map(|h| &h.symbols).collect();
        prop_assert_eq!(found, done.iter().map(|(symbols, _)| symbols).collect::<Vec<_>>());
    }

    /// A beam of one takes the likeliest symbol each time.
    #[test]
    fn a_beam_of_one_is_greedy(seed in any::<u64>(), symbols in 1usize..5, longest in 0usize..6) {
        let found = search(Beam::new(1, longest).unwrap().end(0), seed, symbols).unwrap();
        let mut greedy = Vec::new();
        while greedy.len() < longest && greedy.last() != Some(&0) {
            let x = model(seed, symbols, &greedy);
            let best = (0..symbols).max_by(|&a, &b| x[a].total_cmp(&x[b])).unwrap();
            greedy.push(best as u32);
        }
        prop_assert_eq!(&found[0].symbols, &greedy);
    }
}

#[test]
fn a_search_that_is_settled_stops() {
    let mut steps = 0;
    let found =
        Beam::new(1, usize::MAX).unwrap().end(0).search((), |(), _, logits: &mut Vec<f32>| {
            steps += 1;
            logits.extend([1.0, 0.0]);
            Ok::<(), ()>(())
        });
    assert_eq!((found.unwrap()[0].symbols.as_slice(), steps), (&[0][..], 1));
}

/// By means over symbols, a sequence that is behind may still win.
#[test]
fn a_search_goes_on_while_a_longer_sequence_may_win() {
    let step = |n: &usize, _: Option<u32>, logits: &mut Vec<f64>| {
        logits.extend(
            [[0.5, 0.49, 0.01], [0.6, 0.4, 0.0], [1.0, 0.0, 0.0]][(*n).min(2)].map(f64::ln),
        );
        Ok::<_, ()>(n + 1)
    };
    let beam = Beam::new(2, 5).unwrap().normalised(1.0).unwrap().end(0);
    let found = beam.search(0, step).unwrap();
    assert_eq!(found[0].symbols, [1, 1, 0]);
    assert_eq!(found[1].symbols, [1, 0]);
}

#[test]
fn steps_may_fail_or_have_nothing_to_say() {
    let beam = Beam::new(2, 3).unwrap();
    let failed = beam.search(0_usize, |n, _, logits: &mut Vec<f64>| {
        logits.push(0.0);
        if *n == 2 { Err("third step") } else { Ok(n + 1) }
    });
    assert_eq!(failed, Err("third step"));
    // The symbol 1 has no continuation.
    let found = beam.search((), |(), last, logits: &mut Vec<f64>| {
        match last {
            Some(1) => logits.push(f64::NEG_INFINITY),
            _ => {
                logits.extend([0.0, f64::NAN, 0.0].map(|x: f64| if x.is_nan() { -0.1 } else { x }))
            }
        }
        Ok::<(), ()>(())
    });
    assert!(found.unwrap().iter().all(|h| !h.ended && h.symbols.len() <= 3));
    let empty = beam.search((), |(), _, _: &mut Vec<f64>| Ok::<(), ()>(())).unwrap();
    assert_eq!((empty.len(), empty[0].symbols.len()), (1, 0));
    assert!(matches!(Beam::new(0, 3), Err(Error::Setting { transform: "beam", .. })));
    for power in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(beam.normalised(power).is_err());
    }
}

// --- sampling

properties! {
    /// The distribution, by its definition.
    #[test]
    fn samplers_have_their_distribution(
        seed in any::<u64>(), n in 1usize..12, temperature in 0.1f64..3.0, k in 1usize..14, p in 0.01f64..=1.0,
    ) {
        let logits = normal(seed, "sampler", n);
        let hot: Vec<_> = logits.iter().map(|x| x / temperature).collect();
        let chances: Vec<_> = log_softmax(&hot).iter().map(|p| p.exp()).collect();
        let mut order: Vec<_> = (0..n).collect();
        order.sort_by(|&a, &b| chances[b].total_cmp(&chances[a]));
        order.truncate(k);
        let all: f64 = order.iter().map(|&i| chances[i]).sum();
        let before = |i: usize| order[..i].iter().map(|&i| chances[i]).sum::<f64>();
        let kept: Vec<_> = (0..order.len()).filter(|&i| before(i) < p * all).map(|i| order[i]).collect();
        let total: f64 = kept.iter().map(|&i| chances[i]).sum();
        let mut sampler = Sampler::new(temperature).unwrap().top_k(k).unwrap().nucleus(p).unwrap();
        let found = sampler.probabilities(&logits);
        for i in 0..n {
            let wanted = if kept.contains(&i) { chances[i] / total } else { 0.0 };
            prop_assert!((found[i] - wanted).abs() < 1e-12, "{}: {} is not {}", i, found[i], wanted);
        }
    }
}

/// 100 000 draws are as far from their distribution as chance has it: χ² of seven degrees of
/// freedom is above 24.3 once in a thousand times.
#[test]
fn draws_follow_the_probabilities() {
    let logits: Vec<f32> = normal(3, "draws", 10).iter().map(|&x| x as f32).collect();
    let mut sampler = Sampler::new(1.3).unwrap().top_k(8).unwrap();
    let (mut random, draws) = (Random::new(1, "draws", 0), 100_000);
    let mut counts = [0.0; 10];
    for _ in 0..draws {
        counts[sampler.draw(&logits, &mut random).unwrap() as usize] += 1.0;
    }
    let wanted = sampler.probabilities(&logits).iter().map(|p| p * f64::from(draws));
    let pairs: Vec<_> = counts.iter().zip(wanted).collect();
    assert_eq!(pairs.iter().filter(|(_, wanted)| *wanted == 0.0).count(), 2);
    let chi: f64 = pairs
        .iter()
        .map(
            |&(count, wanted)| {
                if wanted == 0.0 { *count } else { (count - wanted).powi(2) / wanted }
            },
        )
        .sum();
    assert!(chi < 24.3, "{chi}");
}

#[test]
fn draws_are_repeated_by_their_stream() {
    let logits = normal(3, "streams", 6);
    let draw = |seed, index| {
        let mut sampler = Sampler::new(1.0).unwrap();
        let mut random = Random::new(seed, "text", index);
        (0..40).map(|_| sampler.draw(&logits, &mut random).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(draw(1, 0), draw(1, 0));
    assert_ne!(draw(1, 0), draw(2, 0));
    assert_ne!(draw(1, 0), draw(1, 1));
}

#[test]
fn strange_logits_are_drawn_by_their_limits() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let mut random = Random::new(1, "strange", 0);
    let mut hot = Sampler::new(1.0).unwrap();
    assert_eq!(hot.probabilities(&[nan, 0.0, -inf, 0.0]), [0.0, 0.5, 0.0, 0.5]);
    assert_eq!(hot.probabilities(&[inf, 0.0, inf, nan]), [0.5, 0.0, 0.5, 0.0]);
    assert_eq!(hot.probabilities(&[1e300, 0.0, -1e300]), [1.0, 0.0, 0.0]);
    for nothing in [&[][..], &[nan], &[-inf, -inf]] {
        for temperature in [0.0, 1.0] {
            let mut sampler = Sampler::new(temperature).unwrap().nucleus(0.5).unwrap();
            assert!(sampler.probabilities(nothing).iter().all(|&p| p == 0.0));
            assert_eq!(sampler.draw(nothing, &mut random), None);
        }
    }
    let mut cold = Sampler::new(0.0).unwrap();
    assert_eq!(cold.probabilities(&[0.0, 2.0, 2.0, nan]), [0.0, 1.0, 0.0, 0.0]);
    let mut freezing = Sampler::new(1e-300).unwrap();
    assert_eq!(freezing.probabilities(&[0.0, 2.0, 1.0]), [0.0, 1.0, 0.0]);
    // Equals: the first.
    let mut first = Sampler::new(1.0).unwrap().top_k(2).unwrap();
    assert_eq!(first.probabilities(&[1.0; 4]), [0.5, 0.5, 0.0, 0.0]);
    // Of a nucleus so small that it vanishes, one stays.
    let least = f64::from_bits(1);
    let mut least = Sampler::new(1.0).unwrap().top_k(1).unwrap().nucleus(least).unwrap();
    assert_eq!(least.probabilities(&[0.5; 3]), [1.0, 0.0, 0.0]);
    for (sampler, word) in [
        (Sampler::new(-1.0), "temperature"),
        (Sampler::new(nan), "temperature"),
        (Sampler::new(inf), "temperature"),
        (Sampler::new(1.0).unwrap().top_k(0), "top_k"),
        (Sampler::new(1.0).unwrap().nucleus(0.0), "nucleus"),
        (Sampler::new(1.0).unwrap().nucleus(1.1), "nucleus"),
        (Sampler::new(1.0).unwrap().nucleus(nan), "nucleus"),
    ] {
        let error = sampler.unwrap_err().to_string();
        assert!(error.contains("sampler") && error.contains(word), "{error}");
    }
}

#[test]
fn draws_allocate_nothing_from_the_second_on() {
    let logits = normal(3, "memory", 500);
    let mut sampler = Sampler::new(0.7).unwrap().top_k(40).unwrap().nucleus(0.9).unwrap();
    let mut random = Random::new(1, "memory", 0);
    sampler.draw(&logits, &mut random);
    let count = measure(|| {
        for _ in 0..20 {
            sampler.draw(&logits, &mut random);
        }
    });
    assert_eq!(count.count_total, 0);
}
