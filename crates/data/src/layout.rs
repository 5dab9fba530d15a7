use crate::{Error, error::want};

/// The most values that one tensor, series or window may have: 2^28, two gigabytes in f64.
///
/// Sizes above it are errors before anything is allocated: they come from a mistake
/// in a setting more often than from a wish.
pub const LIMIT: usize = 1 << 28;

/// The shapes of a batch.
///
/// ```
/// use elman_data::{Layout, Parity, Target, Task};
///
/// let layout = Parity::new(7, 50, 4)?.layout()?;
/// let target = Target::Steps(50, 1); // an answer at each step
/// assert_eq!(layout, Layout { time: 50, batch: 4, features: 1, target, classes: true });
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Time steps of the inputs; of the longest row there may be, where rows have
    /// [lengths](crate::Row::length).
    pub time: usize,
    /// Sequences in the batch.
    pub batch: usize,
    /// Inputs a step.
    pub features: usize,
    /// What the targets belong to, and how many there are.
    pub target: Target,
    /// Whether targets are classes, and come with ids.
    pub classes: bool,
}

/// What the targets belong to.
///
/// ```
/// use elman_data::{Adding, Echo, Target, Task};
///
/// assert_eq!(Adding::new(7, 20, 4)?.layout()?.target, Target::Sequence(1));
/// assert_eq!(Echo::new(7, 20, 3, 4)?.layout()?.target, Target::Steps(20, 1));
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The whole sequence: `y: [batch, k]`.
    Sequence(usize),
    /// Time steps, of the inputs or after them: `y: [steps, batch, k]`, as `Steps(steps, k)`.
    Steps(usize, usize),
}

impl Target {
    /// Steps (1 for a whole sequence) and targets a step.
    pub(crate) fn sizes(self) -> (usize, usize) {
        match self {
            Target::Sequence(k) => (1, k),
            Target::Steps(steps, k) => (steps, k),
        }
    }
}

impl Layout {
    /// The number of ids, once every size has been found to be in order.
    pub(crate) fn check(self) -> Result<usize, Error> {
        let Layout { time, batch, features, target, classes } = self;
        let (steps, width) = target.sizes();
        let what = "batch";
        for (name, size) in [
            ("time", time),
            ("batch", batch),
            ("features", features),
            ("target steps", steps),
            ("targets", width),
        ] {
            want(size > 0, what, name, size, "at least 1")?;
        }
        size("batch inputs", &[time, batch, features])?;
        size("batch targets", &[steps, batch, width])?;
        Ok(if classes { steps * batch } else { 0 })
    }

    /// Whether targets lie beside the inputs, step by step, and end where they do.
    pub(crate) fn beside(self) -> bool {
        matches!(self.target, Target::Steps(steps, _) if steps == self.time)
    }
}

/// The product of some sizes, if it is at most [`LIMIT`].
pub(crate) fn size(what: &'static str, sizes: &[usize]) -> Result<usize, Error> {
    let product = sizes.iter().try_fold(1usize, |p, &s| p.checked_mul(s));
    match product {
        Some(n) if n <= LIMIT => Ok(n),
        _ => {
            let found: Vec<_> = sizes.iter().map(|s| s.to_string()).collect();
            Err(Error::TooLarge { what, found: found.join(" x "), limit: LIMIT })
        }
    }
}

/// The sum of some lengths, if it is at most [`LIMIT`].
pub(crate) fn length(what: &'static str, lengths: &[usize]) -> Result<usize, Error> {
    let sum = lengths.iter().try_fold(0usize, |p, &s| p.checked_add(s));
    match sum {
        Some(n) if n <= LIMIT => Ok(n),
        _ => {
            let found: Vec<_> = lengths.iter().map(|s| s.to_string()).collect();
            Err(Error::TooLarge { what, found: found.join(" + "), limit: LIMIT })
        }
    }
}

/// `len` zeros, or an error if there are more than [`LIMIT`] or no memory for them.
pub(crate) fn zeros(what: &'static str, len: usize) -> Result<Vec<f64>, Error> {
    let mut values = Vec::new();
    elman_tensor::reserve(&mut values, length(what, &[len])?)?;
    values.resize(len, 0.0);
    Ok(values)
}
