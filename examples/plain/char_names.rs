//! A character model of first names: how surprising is the next letter?
//!
//! An LSTM reads a name letter by letter, each as a learned vector (an embedding), and says how
//! likely each letter, or the end, is to come next. It learns from nine tenths of the names in
//! `data/names.txt` and is judged on the rest, in bits per character, beside what comes of counting
//! runs of letters. Then it makes up names of its own, one letter at a time.
//!
//! Run with `cargo run --release --example char_names`.

use elman::prelude::*;
use std::f64::consts::LN_2;

/// Letters are 1 to 26; 0 stands before a name and behind it.
const SYMBOLS: usize = 27;
/// What follows the end of a name: a target that does not count.
const NOTHING: u32 = u32::MAX;
const BATCH: usize = 64;
const STEPS: u64 = 1200;
const TEMPERATURE: f64 = 0.8;

#[derive(Clone, Copy)]
struct Model {
    letters: Embedding,
    lstm: Lstm,
    head: Linear,
}

impl Model {
    /// What reads vectors of letters and gives a logit for each next symbol.
    fn reader(&self) -> impl Cell {
        self.lstm.readout(self.head)
    }

    /// The mean surprise at the next symbol, in nats.
    fn loss<'g>(&self, g: &'g Graph<'g, f32>, names: &Names) -> Var<'g, f32> {
        let letters = self.letters.sequence(g, &names.read, names.lengths.len());
        let logits = Rnn(self.reader()).forward(Seq::from(letters).with_lengths(&names.lengths));
        cross_entropy_ignoring(logits.values(), g.ids(&names.next), NOTHING)
    }
}

/// Names side by side: what is read and what comes next, `[time, batch]`, and their lengths.
struct Names {
    read: Vec<u32>,
    next: Vec<u32>,
    lengths: Vec<u32>,
}

impl Names {
    fn new(names: &[&[u32]]) -> Self {
        // One step more than there are letters: the end is told, too.
        let lengths: Vec<u32> = names.iter().map(|name| name.len() as u32 + 1).collect();
        let (mut read, mut next) = (Vec::new(), Vec::new());
        for t in 0..lengths.iter().copied().max().unwrap_or(0) as usize {
            for name in names {
                let before = t.checked_sub(1).and_then(|t| name.get(t));
                read.push(before.copied().unwrap_or(0));
                next.push(if t > name.len() { NOTHING } else { *name.get(t).unwrap_or(&0) });
            }
        }
        Names { read, next, lengths }
    }
}

/// Bits per character of `test`, by counting in `train` what follows each run of `order` symbols;
/// everything counts once more than it was seen (Laplace).
fn counted(order: usize, train: &[&[u32]], test: &[&[u32]]) -> f64 {
    let runs = |names: &[&[u32]]| {
        let mut runs = Vec::new();
        for name in names {
            let name = [&[0], *name, &[0]].concat();
            for i in 1..name.len() {
                let run = name[i.saturating_sub(order)..i].iter();
                let run = run.fold(0, |run, &symbol| run * SYMBOLS + symbol as usize);
                runs.push((run, name[i] as usize));
            }
        }
        runs
    };
    let mut counts = vec![[1.0; SYMBOLS]; SYMBOLS.pow(order as u32)];
    for (run, next) in runs(train) {
        counts[run][next] += 1.0;
    }
    let test = runs(test);
    let bits = |&(run, next): &(usize, usize)| -> f64 {
        let all: f64 = counts[run].iter().sum();
        (all / counts[run][next]).log2()
    };
    test.iter().map(bits).sum::<f64>() / test.len() as f64
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = include_str!("../../data/names.txt");
    let names: Vec<Vec<u32>> =
        text.lines().map(|name| name.bytes().map(|b| u32::from(b - b'a') + 1).collect()).collect();
    let mut names: Vec<&[u32]> = names.iter().map(Vec::as_slice).collect();
    Random::new(1, "split", 0).shuffle(&mut names);
    let (test, train) = names.split_at(names.len() / 10);
    println!("{} names to learn from, {} held out", train.len(), test.len());

    let (model, mut params) = Params::<f32>::init(1, |p| {
        let letters = Embedding::new(p.scope("letters"), SYMBOLS, 16)?;
        let lstm = Lstm::new(p.scope("lstm"), 16, 64)?;
        Ok(Model { letters, lstm, head: Linear::new(p.scope("head"), 64, SYMBOLS)? })
    })?;
    let mut trainer = Trainer::new(clip_norm(1.0).then(adam(5e-3)).then(cosine(STEPS)));
    for step in 1..=STEPS {
        let mut random = Random::new(1, "batch", step);
        let batch: Vec<_> = (0..BATCH).map(|_| train[random.below(train.len())]).collect();
        let batch = Names::new(&batch);
        let nats = trainer.step(&mut params, |g| model.loss(g, &batch))?;
        if step % 200 == 0 {
            println!("step {step:4}: {:.3} bits per character", f64::from(nats) / LN_2);
        }
    }

    println!("\nbits per character of the names held out");
    let count = [0, 1, 2].map(|order| counted(order, train, test));
    for (what, bits) in ["letters", "pairs", "triples"].iter().zip(count) {
        println!("  counting {what:8} {bits:.3}");
    }
    let test = Names::new(test);
    let nats = Tape::new().evaluate(&params, |g| model.loss(g, &test).item())?;
    let bits = f64::from(nats) / LN_2;
    println!("  LSTM              {bits:.3}");

    // A stream reads vectors, so the embedding stays outside: a letter goes in as its row.
    println!("\nnames at temperature {TEMPERATURE}, those on the list in brackets:");
    let mut stream = Stream::new(&params, model.reader());
    let mut sampler = Sampler::new(TEMPERATURE)?;
    for n in 0..24 {
        let (mut random, mut name, mut last) = (Random::new(1, "name", n), String::new(), 0);
        while name.len() < 20 {
            let letter = model.letters.row(&params, last).ok_or("no such letter")?;
            last = sampler.draw(stream.push(letter)?, &mut random).unwrap_or(0);
            match last {
                0 => break,
                letter => name.push(char::from(b'a' - 1 + letter as u8)),
            }
        }
        stream.reset();
        let name = if text.lines().any(|known| known == name) { format!("({name})") } else { name };
        print!("{name:12}{}", if n % 6 == 5 { "\n" } else { "" });
    }

    if bits > count[1] - 0.4 {
        return Err(format!("{bits} bits per character, hardly better than counting").into());
    }
    Ok(())
}
