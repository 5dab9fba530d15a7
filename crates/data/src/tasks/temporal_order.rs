use crate::{Error, Layout, Row, Scratch, Target, Task, error::want, layout::length};
use elman_tensor::{Random, Real};

/// Temporal order: which of two symbols came at each of a few places, far apart.
///
/// Hochreiter and Schmidhuber (1997), experiment 6. A sequence of `L` symbols begins with
/// `E`, ends with the trigger `B`, and is filled with `a`, `b`, `c`, `d`, drawn uniformly;
/// but at two or three steps there is `X` or `Y`, equally likely. Their order is the class:
///
/// ```text
/// two of them    XX XY YX YY              4 classes    (experiment 6a)
/// three          XXX XXY XYX ... YYY      8 classes    (experiment 6b)
/// ```
///
/// With `T` the shortest length, `L` is uniform in `T ..= T + T/10`, and the steps are
/// uniform in `s ..= s + T/10`, where `s` is `T/10` and `T/2` for two of them, `T/10`,
/// `T/3` and `2T/3` for three, rounded down. `T` = 100 gives the numbers of the paper.
///
/// `x: [T + T/10, batch, 8]`, one-hot in the order `a b c d X Y E B`, with lengths;
/// `ids: [batch]` reads the symbols as binary digits, X as 0, the first as the highest;
/// `y: [batch, classes]` is their one-hot code.
///
/// **Baseline**: all classes are equally likely, ln 4 or ln 8 nats.
///
/// ```
/// use elman_data::{Batch, Task, TemporalOrder};
///
/// let mut batch = Batch::<f32>::new();
/// TemporalOrder::new(7, 100, 1)?.fill(&mut batch, 0)?;
/// // X is the symbol 4, Y the symbol 5: read as digits, they are the class.
/// let symbol = |x: &[f32]| x.iter().position(|x| *x == 1.0);
/// let digits = batch.x.values().chunks(8).filter_map(symbol).filter(|s| [4, 5].contains(s));
/// assert_eq!(batch.ids, [digits.fold(0, |class, s| 2 * class + (s as u32 - 4))]);
/// assert!((100..=110).contains(&batch.lengths[0]));
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TemporalOrder {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// Steps `T` of the shortest sequences, at least 10.
    pub time: usize,
    /// Sequences in a batch.
    pub batch: usize,
    /// How many symbols make up the class, 2 or 3; 2.
    pub relevant: usize,
}

const X: usize = 4;
const E: usize = 6;
const B: usize = 7;

impl TemporalOrder {
    /// The order of two symbols, in sequences of `time` steps and up to a tenth more.
    ///
    /// # Errors
    ///
    /// If `time` is below 10, `batch` is 0, or a batch would be too large.
    pub fn new(seed: u64, time: usize, batch: usize) -> Result<Self, Error> {
        let task = TemporalOrder { seed, time, batch, relevant: 2 };
        task.layout()?.check()?;
        Ok(task)
    }

    /// How many classes there are.
    fn classes(&self) -> usize {
        1 << self.relevant
    }
}

impl Task for TemporalOrder {
    fn layout(&self) -> Result<Layout, Error> {
        let &TemporalOrder { time, batch, relevant, .. } = self;
        want(time >= 10, "TemporalOrder", "time", time, "at least 10")?;
        want((2..=3).contains(&relevant), "TemporalOrder", "relevant", relevant, "2 or 3")?;
        let time = length("TemporalOrder, steps", &[time, time / 10])?;
        let target = Target::Sequence(self.classes());
        Ok(Layout { time, batch, features: B + 1, target, classes: true })
    }

    fn row<T: Real>(&self, n: u64, row: &mut Row<'_, T>, _: &mut Scratch) -> Result<(), Error> {
        self.layout()?;
        let mut random = Random::new(self.seed, "temporal order", n);
        let (time, tenth) = (self.time, self.time / 10);
        let steps = time + random.below(tenth + 1);
        let starts: &[usize] = match self.relevant {
            2 => &[tenth, time / 2],
            _ => &[tenth, time / 3, 2 * time / 3],
        };
        let mut places = starts.iter().map(|start| start + random.below(tenth + 1));
        let places = [places.next(), places.next(), places.next()];
        let mut class = 0;
        for t in 0..steps {
            let symbol = if t == 0 {
                E
            } else if t + 1 == steps {
                B
            } else if places.contains(&Some(t)) {
                let bit = random.below(2);
                class = 2 * class + bit;
                X + bit
            } else {
                random.below(X)
            };
            row.x(t, symbol, 1.0);
        }
        row.y(0, class, 1.0);
        row.id(0, class as u32);
        row.length(steps);
        Ok(())
    }

    fn baseline(&self) -> Result<f64, Error> {
        self.layout()?.check()?;
        Ok(libm::log(self.classes() as f64))
    }
}
