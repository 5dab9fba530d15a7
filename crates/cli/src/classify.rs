//! The class of each of some sequences, which may be of different lengths.

mod sequences;

pub(crate) use sequences::Sequences;

use crate::args::Wishes;
use crate::failure::Failure;
use crate::forecast::{moments, readable};
use crate::inputs;
use crate::settings::Usual;
use crate::task::{Example, Task, Verdict, Wanted};
use elman::autograd::{Graph, Params, Tape, Var};
use elman::data::{Batch, Buckets, Layout, Order, Records, Target};
use elman::kernels::argmax;
use elman::rnn::{Architecture, Input, Kind, Network, Seq};
use elman::tensor::{Random, excerpt, reserve};
use elman::train::cross_entropy;
use elman_report::Confusion;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use std::collections::BTreeSet;

/// What a classification follows from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The column with the class.
    pub(crate) label: String,
    /// The column that tells sequences apart; each row is one, if there is none.
    pub(crate) sequence: Option<String>,
    /// The columns that are read.
    pub(crate) inputs: Vec<String>,
    /// What becomes of missing values.
    pub(crate) missing: String,
    /// The names of the classes, in the order of the outputs.
    pub(crate) classes: Vec<String>,
    /// Mean and standard deviation of each column in the sequences that were learned from.
    pub(crate) mean: Vec<f64>,
    pub(crate) scale: Vec<f64>,
}

/// Classes to learn.
pub(crate) struct Classify {
    pub(crate) settings: Settings,
    /// What its user has to know of the data.
    pub(crate) notes: Vec<String>,
    sequences: Sequences,
    /// The sequences to learn from, to choose by, to report.
    parts: [Vec<usize>; 3],
    lengths: Vec<u32>,
    order: Order,
    epoch: Option<u64>,
    batch: Batch<f32>,
    size: usize,
    seed: u64,
}

/// What a network says of some sequences.
pub(crate) struct Answers {
    /// The probability of each class, `[sequences, classes]`.
    pub(crate) probabilities: Vec<f64>,
    /// The likeliest class of each.
    pub(crate) classes: Vec<usize>,
}

impl Classify {
    /// The settings that some records and wishes lead to, with the network for them.
    pub(crate) fn plan(
        records: &Records,
        wishes: &Wishes,
        label: &str,
    ) -> Result<(Settings, Usual, Architecture), Failure> {
        let file = records.file();
        let classes: BTreeSet<&str> = sequences::labels(records, label)?.iter().collect();
        if classes.len() < 2 {
            let only = classes.first().copied().unwrap_or("");
            return Err(Failure::Data(format!(
                "{file}: the column `{label}` has only the class `{only}`; wanted two at least"
            )));
        }
        if classes.len() > records.rows() / 2 {
            return Err(Failure::Data(format!(
                "{file}: the column `{label}` has {} classes in {} rows; is it a number to \
                 forecast? That is --target",
                classes.len(),
                records.rows()
            )));
        }
        let steps = records.groups().map(|_| "line".to_string());
        let sequence = wishes.sequence.clone().or(steps);
        if sequence.as_deref() == Some(label) {
            return Err(Failure::Usage(format!(
                "--sequence is `{label}`, which --label names; wanted another column"
            )));
        }
        let (asked, mut roles) = (wishes.inputs(), vec![("--label", label)]);
        roles.extend(sequence.as_deref().map(|sequence| ("--sequence", sequence)));
        inputs::distinct("--input", &asked, &roles)?;
        let others: Vec<&str> = roles.iter().map(|(_, name)| *name).collect();
        let inputs = inputs::choose(records, records.rows(), &asked, &others);
        if inputs.is_empty() {
            return Err(Failure::Data(format!(
                "{file}: besides `{label}` there is no column of numbers to learn from"
            )));
        }
        let mut settings = Settings {
            label: label.to_string(),
            sequence,
            inputs,
            missing: wishes.missing.clone().unwrap_or_else(|| "last".into()),
            classes: classes.into_iter().map(String::from).collect(),
            mean: Vec::new(),
            scale: Vec::new(),
        };
        // For its error, before anything is computed.
        settings.answer_header()?;
        let sequences = settings.sequences(records, true)?;
        let parts = parts(file, sequences.len(), wishes.seed.unwrap_or(1))?;
        for c in 0..settings.inputs.len() {
            let width = settings.inputs.len();
            let learned = parts[0].iter().flat_map(|&i| sequences.values(i));
            let (mean, scale) = moments(&mut learned.copied().skip(c).step_by(width));
            settings.mean.push(mean);
            settings.scale.push(scale);
        }
        let usual = Usual {
            cell: Kind::Gru,
            hidden: if parts[0].len() < 500 { 16 } else { 32 },
            steps: 2000,
            batch: 32.min(parts[0].len()),
            window: 1,
            validate_every: 50,
        };
        let input = Input::Features(settings.inputs.len());
        let mut network = usual.network(wishes, input, settings.classes.len())?;
        // Whole sequences are there: they can be read from both ends.
        network.layers.iter_mut().for_each(|layer| layer.bidirectional = true);
        Ok((settings, usual, network))
    }

    /// The task of some settings.
    pub(crate) fn new(
        records: &Records,
        settings: Settings,
        batch: usize,
        seed: u64,
    ) -> Result<Self, Failure> {
        let sequences = settings.sequences(records, true)?;
        let parts = parts(records.file(), sequences.len(), seed)?;
        let mut roles = vec![settings.label.as_str()];
        roles.extend(settings.sequence.as_deref());
        let notes = vec![inputs::note(records, records.rows(), &settings.inputs, &roles, None)];
        Ok(Classify { notes, ..Classify::of(settings, sequences, parts, batch, seed) })
    }

    /// Other sequences with their classes, all of which are to be reported.
    pub(crate) fn whole(records: &Records, settings: Settings) -> Result<Self, Failure> {
        let sequences = settings.sequences(records, true)?;
        let parts = [Vec::new(), Vec::new(), (0..sequences.len()).collect()];
        Ok(Classify::of(settings, sequences, parts, 0, 0))
    }

    fn of(
        settings: Settings,
        sequences: Sequences,
        parts: [Vec<usize>; 3],
        size: usize,
        seed: u64,
    ) -> Self {
        let lengths = parts[0].iter().map(|&i| sequences.steps(i) as u32).collect();
        let (notes, order, epoch, batch) = (Vec::new(), Order::new(), None, Batch::new());
        Classify { settings, notes, sequences, parts, lengths, order, epoch, batch, size, seed }
    }

    /// Mean cross-entropy and share of right answers on some sequences.
    fn score(
        &self,
        network: &Network,
        params: &Params<f32>,
        part: &[usize],
    ) -> Result<(f64, f64, Answers), Failure> {
        let answers = self.settings.answers(network, params, &self.sequences, part)?;
        let count = self.settings.classes.len();
        let (mut surprise, mut right) = (0.0, 0);
        for (k, &i) in part.iter().enumerate() {
            let Some(class) = self.sequences.class(i) else { continue };
            let probability = answers.probabilities[k * count + class as usize];
            surprise -= libm::log(probability.max(1e-300));
            right += usize::from(answers.classes[k] == class as usize);
        }
        let n = part.len().max(1) as f64;
        Ok((surprise / n, right as f64 / n, answers))
    }

    /// How often sequences of a class that were held out were taken for each class.
    pub(crate) fn confusion(
        &self,
        network: &Network,
        params: &Params<f32>,
    ) -> Result<Confusion, Failure> {
        let (.., answers) = self.score(network, params, &self.parts[2])?;
        let mut confusion = Confusion::new(self.settings.classes.clone());
        for (&i, &answer) in self.parts[2].iter().zip(&answers.classes) {
            if let Some(class) = self.sequences.class(i) {
                confusion.count(class as usize, answer)?;
            }
        }
        Ok(confusion)
    }
}

impl Settings {
    /// The names of the columns of answers.
    pub(crate) fn answer_header(&self) -> Result<Vec<String>, Failure> {
        let name = self.sequence.as_deref().unwrap_or("line");
        let header = [name, &self.label, "probability"].map(String::from);
        inputs::unique_header(header.to_vec())
    }

    /// What a network says of some sequences.
    pub(crate) fn answers(
        &self,
        network: &Network,
        params: &Params<f32>,
        sequences: &Sequences,
        chosen: &[usize],
    ) -> Result<Answers, Failure> {
        let (count, mut tape) = (self.classes.len(), Tape::new());
        let mut answers = Answers { probabilities: Vec::new(), classes: vec![0; chosen.len()] };
        let probabilities = chosen.len().saturating_mul(count);
        reserve(&mut answers.probabilities, probabilities)?;
        answers.probabilities.resize(probabilities, 0.0);
        if chosen.is_empty() {
            return Ok(answers);
        }
        let lengths: Vec<u32> = chosen.iter().map(|&i| sequences.steps(i) as u32).collect();
        let (mut order, mut batch) = (Order::new(), Batch::new());
        order.shuffle(&Buckets::new(&lengths, 0, 64)?.octaves(), 0)?;
        for places in order.iter() {
            let some: Vec<usize> = places.iter().map(|&place| chosen[place]).collect();
            self.fill(&mut batch, sequences, &some)?;
            let mut logits = vec![0.0; some.len() * count];
            tape.evaluate(params, |g| {
                let xs = Seq::from(g.input(&batch.x)).with_lengths(&batch.lengths);
                network.ends(xs).read(&mut logits);
            })?;
            for (logits, &place) in logits.chunks(count).zip(places) {
                answers.classes[place] = argmax(logits).unwrap_or(0);
                let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let powers: Vec<f64> =
                    logits.iter().map(|&x| libm::exp(f64::from(x - most))).collect();
                let sum: f64 = powers.iter().sum();
                let all = &mut answers.probabilities[place * count..(place + 1) * count];
                all.iter_mut().zip(&powers).for_each(|(p, power)| *p = power / sum);
            }
        }
        Ok(answers)
    }

    /// Sequences side by side, scaled.
    fn fill(
        &self,
        batch: &mut Batch<f32>,
        sequences: &Sequences,
        chosen: &[usize],
    ) -> Result<(), Failure> {
        let width = self.inputs.len();
        let scaled = |i: usize, x: f64| (x - self.mean[i % width]) / self.scale[i % width];
        for &sequence in chosen {
            let mut values = sequences.values(sequence).iter().enumerate();
            if let Some((i, x)) = values.find(|&(i, &x)| !readable(scaled(i, x))) {
                let (name, column) = (sequences.name(sequence), &self.inputs[i % width]);
                return Err(Failure::Data(format!(
                    "row {} of the sequence `{name}` is too far from what was learned from: \
                     `{column}` {x:e}; correct it, or leave its field empty",
                    i / width + 1
                )));
            }
        }
        let layout = Layout {
            time: chosen.iter().map(|&i| sequences.steps(i)).max().unwrap_or(0),
            batch: chosen.len(),
            features: width,
            target: Target::Sequence(self.classes.len()),
            classes: true,
        };
        batch.fill(layout, |k, row, _| {
            for (i, &x) in sequences.values(chosen[k]).iter().enumerate() {
                row.x(i / width, i % width, scaled(i, x));
            }
            row.id(0, sequences.class(chosen[k]).unwrap_or(0));
            row.length(sequences.steps(chosen[k]));
            Ok(())
        })?;
        Ok(())
    }
}

/// Sequences to learn from, to choose by and to report, drawn at random.
fn parts(file: &str, sequences: usize, seed: u64) -> Result<[Vec<usize>; 3], Failure> {
    const FEWEST: usize = 20;
    if sequences < FEWEST {
        return Err(Failure::Data(format!(
            "{file}: {sequences} sequences are too few to learn from and to tell how well; wanted \
             at least {FEWEST}. Rows of one sequence share what --sequence COLUMN names"
        )));
    }
    let mut order: Vec<usize> = (0..sequences).collect();
    Random::new(seed, "parts", 0).shuffle(&mut order);
    let held = (sequences * 15 / 100).max(3);
    let test = order.split_off(sequences - held);
    let validation = order.split_off(sequences - 2 * held);
    Ok([order, validation, test])
}

impl Task for Classify {
    fn prepare(&mut self, step: u64) -> Result<(), Failure> {
        let buckets = Buckets::new(&self.lengths, self.seed, self.size)?.pools(8)?.octaves();
        let (epoch, place) = (step / buckets.count() as u64, step % buckets.count() as u64);
        if self.epoch != Some(epoch) {
            self.order.shuffle(&buckets, epoch)?;
            self.epoch = Some(epoch);
        }
        let rows = self.order.get(place as usize).unwrap_or_default();
        let chosen: Vec<_> = rows.iter().map(|&i| self.parts[0][i]).collect();
        self.settings.fill(&mut self.batch, &self.sequences, &chosen)
    }

    fn loss<'g>(&mut self, g: &'g Graph<'g, f32>, network: &Network) -> Var<'g, f32> {
        let xs = Seq::from(g.input(&self.batch.x)).with_lengths(&self.batch.lengths);
        cross_entropy(network.ends(xs), g.ids(&self.batch.ids))
    }

    fn validate(
        &mut self,
        network: &Network,
        params: &Params<f32>,
    ) -> Result<Vec<(&'static str, f64)>, Failure> {
        let (surprise, right, _) = self.score(network, params, &self.parts[1])?;
        Ok(vec![("surprise", surprise), ("right", right)])
    }

    /// The first sequence of the part that is chosen by.
    fn example(&self, _: &Network, _: &Params<f32>) -> Result<Example, Failure> {
        let (sequence, mut batch) = (self.parts[1][0], Batch::new());
        self.settings.fill(&mut batch, &self.sequences, &[sequence])?;
        let class = self.sequences.class(sequence).unwrap_or(0);
        Ok(Example { x: batch.x, wanted: Wanted::Class(class) })
    }

    fn judge(&mut self, network: &Network, params: &Params<f32>) -> Result<Verdict, Failure> {
        let (surprise, right, _) = self.score(network, params, &self.parts[2])?;
        // The most that can be right without a look at the sequences.
        let mut counts = vec![0; self.settings.classes.len()];
        let test = self.parts[2].iter().filter_map(|&i| self.sequences.class(i));
        test.for_each(|class| counts[class as usize] += 1);
        let most = (0..counts.len()).max_by_key(|&class| counts[class]).unwrap_or(0);
        let count: usize = counts.iter().sum();
        let always = counts[most] as f64 / count as f64;
        let held_out = !self.parts[0].is_empty();
        let mut numbers = Map::new();
        numbers.insert("right".into(), json!(right));
        numbers.insert("surprise".into(), json!(surprise));
        numbers.insert("commonest".into(), json!(always));
        numbers.insert("sequences".into(), json!(count));
        numbers.insert("held_out".into(), json!(held_out));
        let which = match held_out {
            true => format!("{count} sequences that were held out"),
            false => format!("all {count} sequences"),
        };
        Ok(Verdict {
            sentence: format!(
                "Of {which}, {:.1} % are told right; the commonest class there, `{}`, is {:.1} %.",
                100.0 * right,
                excerpt(&self.settings.classes[most]),
                100.0 * always
            ),
            numbers,
        })
    }
}
