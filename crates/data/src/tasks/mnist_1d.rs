use crate::{Error, Layout, Row, Scratch, Target, Task, moments::Moments};
use elman_tensor::{Random, Real};

/// MNIST-1D: ten shapes of a line, shifted, scaled, sheared, and in noise.
///
/// Greydanus and Kobak (2020, arXiv 2011.14439), whose generator (Apache-2.0, `mnist1d`) this
/// follows step by step with its default settings; random numbers are others, so sequences
/// are new ones with the same statistics. A digit is a template of 12 points, which is
///
/// ```text
/// padded      by 36 to 60 zeros, then stretched to 72 points
/// scaled      by a factor in [0.8, 1.2)
/// translated  around the end, by 0 to 47 points
/// in noise    where the padding is: of deviation 0.25, smoothed by a Gaussian of 2 points;
///             everywhere: of deviation 0.02
/// sheared     by a slope in [-0.375, 0.375) over its length
/// resampled   to 40 points, and brought to mean 0 and deviation 1
/// ```
///
/// where stretching and resampling is by straight lines. The original takes mean and
/// deviation of the 5000 sequences it makes; here they are those of the distribution.
///
/// `x: [40, batch, 1]`, `ids: [batch]` is the digit, `y: [batch, 10]` its one-hot code.
///
/// **Baseline**: all digits are equally likely, ln 10 = 2.303 nats.
///
/// ```
/// use elman_data::{Batch, Mnist1d, Task};
///
/// let task = Mnist1d::new(7, 32)?;
/// let mut batch = Batch::<f32>::new();
/// task.fill(&mut batch, 0)?;
/// assert_eq!(batch.x.shape().dims(), [40, 32, 1]);
/// assert!(batch.ids.iter().all(|digit| *digit < 10));
/// assert!((task.baseline()? - 10.0_f64.ln()).abs() < 1e-12);
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Mnist1d {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// Sequences in a batch.
    pub batch: usize,
}

/// Points of a template, of a line that is transformed, and of a sequence.
const POINTS: usize = 12;
const LINE: usize = 72;
const TIME: usize = 40;

/// The shapes of the digits 0 to 9.
const TEMPLATES: [[f64; POINTS]; 10] = [
    [5.0, 6.0, 6.5, 6.75, 7.0, 7.0, 7.0, 7.0, 6.75, 6.5, 6.0, 5.0],
    [5.0, 3.0, 3.0, 3.4, 3.8, 4.2, 4.6, 5.0, 5.4, 5.8, 5.0, 5.0],
    [5.0, 6.0, 6.5, 6.5, 6.0, 5.25, 4.75, 4.0, 3.5, 3.5, 4.0, 5.0],
    [5.0, 6.0, 6.5, 6.5, 6.0, 5.0, 5.0, 6.0, 6.5, 6.5, 6.0, 5.0],
    [5.0, 4.4, 3.8, 3.2, 2.6, 2.6, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0],
    [5.0, 3.0, 3.0, 3.0, 3.0, 5.0, 6.0, 6.5, 6.5, 6.0, 4.5, 5.0],
    [5.0, 4.0, 3.5, 3.25, 3.0, 3.0, 3.0, 3.0, 3.25, 3.5, 4.0, 5.0],
    [5.0, 7.0, 7.0, 6.6, 6.2, 5.8, 5.4, 5.0, 4.6, 4.2, 5.0, 5.0],
    [5.0, 4.0, 3.5, 3.5, 4.0, 5.0, 5.0, 4.0, 3.5, 3.5, 4.0, 5.0],
    [5.0, 4.0, 3.5, 3.5, 4.0, 5.0, 5.0, 5.0, 5.0, 4.7, 4.3, 5.0],
];

/// Mean and standard deviation of all points before they are brought to 0 and 1, measured.
const MEAN: f64 = -0.00605;
const DEVIATION: f64 = 0.15481;

impl Mnist1d {
    /// Batches of `batch` sequences.
    ///
    /// # Errors
    ///
    /// If `batch` is 0, or a batch would be too large.
    pub fn new(seed: u64, batch: usize) -> Result<Self, Error> {
        let task = Mnist1d { seed, batch };
        task.layout()?.check()?;
        Ok(task)
    }
}

impl Task for Mnist1d {
    fn layout(&self) -> Result<Layout, Error> {
        let (batch, target) = (self.batch, Target::Sequence(TEMPLATES.len()));
        Ok(Layout { time: TIME, batch, features: 1, target, classes: true })
    }

    fn row<T: Real>(&self, n: u64, row: &mut Row<'_, T>, _: &mut Scratch) -> Result<(), Error> {
        let mut random = Random::new(self.seed, "mnist-1d", n);
        let digit = random.below(TEMPLATES.len());
        for (t, x) in sequence(digit, &mut random).into_iter().enumerate() {
            row.x(t, 0, (x - MEAN) / DEVIATION);
        }
        row.y(0, digit, 1.0);
        row.id(0, digit as u32);
        Ok(())
    }

    fn baseline(&self) -> Result<f64, Error> {
        self.layout()?.check()?;
        Ok(libm::log(TEMPLATES.len() as f64))
    }
}

/// A template, transformed and resampled.
fn sequence(digit: usize, random: &mut Random) -> [f64; TIME] {
    let mut padded = [0.0; POINTS + 60];
    padded[..POINTS].copy_from_slice(&whitened(TEMPLATES[digit]));
    let padding = 36 + random.below(60 - 36 + 1);
    let line: [f64; LINE] = resample(&padded[..POINTS + padding]);

    let factor = 1.0 + 0.4 * random.uniform(-0.5, 0.5);
    let shift = random.below(48);
    let noise = smooth(std::array::from_fn(|_| 0.25 * random.normal()));
    let line: [f64; LINE] = std::array::from_fn(|i| {
        let x = factor * line[(i + LINE - shift) % LINE];
        let x = if x == 0.0 { noise[i] } else { x };
        x + 0.02 * random.normal()
    });

    let slope = 0.75 * random.uniform(-0.5, 0.5);
    let centred = |i: usize| i as f64 / (LINE - 1) as f64 - 0.5;
    resample(&std::array::from_fn::<_, LINE, _>(|i| line[i] - slope * centred(i)))
}

/// A template with variance 1/36, beginning just above 0: what is exactly 0 is padding.
fn whitened(template: [f64; POINTS]) -> [f64; POINTS] {
    let mut moments = Moments::default();
    template.iter().for_each(|&x| moments.add(x));
    let scale = 6.0 * moments.variance().sqrt();
    template.map(|x| (x - template[0]) / scale + 1e-8)
}

/// `N` points at equal distances on the straight lines between those of `x`, from its first to
/// its last.
fn resample<const N: usize>(x: &[f64]) -> [f64; N] {
    std::array::from_fn(|i| {
        let place = (i * (x.len() - 1)) as f64 / (N - 1) as f64;
        let left = (place as usize).min(x.len() - 2);
        x[left] + (place - left as f64) * (x[left + 1] - x[left])
    })
}

/// Points that a smoothed point takes in on either side.
const RADIUS: usize = 8;

/// The convolution with a Gaussian of standard deviation 2, cut off after 4 of them. Beyond its
/// ends the line is its own mirror image.
fn smooth(line: [f64; LINE]) -> [f64; LINE] {
    let weights: [f64; 2 * RADIUS + 1] =
        std::array::from_fn(|i| libm::exp(-square(i as f64 - RADIUS as f64) / 8.0));
    let total: f64 = weights.iter().sum();
    std::array::from_fn(|i| {
        let sum: f64 = (0..weights.len()).map(|j| weights[j] * line[mirrored(i + j)]).sum();
        sum / total
    })
}

fn square(x: f64) -> f64 {
    x * x
}

/// The point of the line that lies, or whose image lies, `RADIUS` points before `i`.
fn mirrored(i: usize) -> usize {
    if i < RADIUS {
        RADIUS - 1 - i
    } else if i < RADIUS + LINE {
        i - RADIUS
    } else {
        2 * LINE + RADIUS - 1 - i
    }
}
