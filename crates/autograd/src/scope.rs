//! Creating weights.

use crate::error::Error;
use crate::params::{Entry, Param};
use elman_tensor::{Init, Random, Shape, Tensor, hash, reserve};
use std::collections::HashSet;

/// The weights made so far, in f64.
pub(crate) struct Weights {
    seed: u64,
    /// The most numbers there may be.
    limit: usize,
    pub(crate) values: Vec<f64>,
    pub(crate) entries: Vec<Entry>,
    paths: HashSet<String>,
}

impl Weights {
    pub(crate) fn new(seed: u64, limit: usize) -> Self {
        Weights { seed, limit, values: Vec::new(), entries: Vec::new(), paths: HashSet::new() }
    }

    pub(crate) fn root(&mut self) -> Scope<'_> {
        Scope { weights: self, path: String::new(), bad: None }
    }
}

/// A place in the tree of names, where weights are created.
///
/// `p.scope("lstm")` is handed to the constructor of a layer, which creates its weights there:
/// `lstm.w`, `lstm.b`.
///
/// ```
/// use elman_autograd::{Params, Scope};
/// use elman_tensor::Init;
///
/// fn layer(mut p: Scope<'_>) -> Result<(), elman_autograd::Error> {
///     p.weight("w", [2, 3], Init::Glorot)?;
///     p.weight("b", [3], Init::Zeros).map(drop)
/// }
///
/// let ((), params) = Params::<f64>::init(0, |p| {
///     layer(p.scope("below"))?;
///     layer(p.scope("above"))
/// })?;
/// let paths: Vec<_> = params.iter().map(|(path, _)| path).collect();
/// assert_eq!(paths, ["below.w", "below.b", "above.w", "above.b"]);
///
/// let twice = Params::<f64>::init(0, |p| {
///     layer(p.scope("same"))?;
///     layer(p.scope("same"))
/// });
/// assert_eq!(twice.unwrap_err().to_string(), r#"there are two weights "same.w""#);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
pub struct Scope<'a> {
    weights: &'a mut Weights,
    path: String,
    /// The first name on the path that is none.
    bad: Option<String>,
}

impl Scope<'_> {
    /// The scope of a part of this one.
    pub fn scope(&mut self, name: &str) -> Scope<'_> {
        let (path, bad) = self.join(name);
        Scope { weights: self.weights, path, bad }
    }

    /// The path, its names separated by dots; empty at the root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A number made of the path, for layers that draw random numbers.
    pub fn key(&self) -> u64 {
        hash(&self.path)
    }

    /// Creates a weight and draws its initial values.
    ///
    /// # Errors
    /// If the name is empty or has a `.` or `*`, if there is a weight of this path, if the size
    /// overflows, or if the distribution does not fit.
    pub fn weight(
        &mut self,
        name: &str,
        shape: impl Into<Shape>,
        init: Init,
    ) -> Result<Param, Error> {
        self.gates(name, shape, 1, init)
    }

    /// Creates a weight `[in, gates × out]`, the gates side by side, each drawn on its own.
    ///
    /// # Errors
    /// As for [`weight`](Scope::weight).
    pub fn gates(
        &mut self,
        name: &str,
        shape: impl Into<Shape>,
        gates: usize,
        init: Init,
    ) -> Result<Param, Error> {
        let shape = shape.into();
        self.create(name, shape, |random| init.tensor(shape, gates, random))
    }

    /// Creates a weight whose initial values, zeros at first, are written by a function: for what
    /// no [`Init`] describes, such as gates that start differently.
    ///
    /// ```
    /// use elman_autograd::Params;
    ///
    /// // Four numbers drawn from [−1, 1), and then four ones.
    /// let (b, params) = Params::<f64>::init(7, |p| {
    ///     p.drawn("b", [8], |random, b| {
    ///         b[..4].fill_with(|| random.uniform(-1.0, 1.0));
    ///         b[4..].fill(1.0);
    ///     })
    /// })?;
    /// assert_eq!(params.get(b).map(|b| b.values()[7]), Some(1.0));
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`weight`](Scope::weight).
    pub fn drawn(
        &mut self,
        name: &str,
        shape: impl Into<Shape>,
        draw: impl FnOnce(&mut Random, &mut [f64]),
    ) -> Result<Param, Error> {
        let shape = shape.into();
        self.create(name, shape, |random| {
            let mut drawn = Tensor::zeros(shape)?;
            draw(random, drawn.values_mut());
            Ok(drawn)
        })
    }

    /// Creates a weight of `shape` with the values that `draw` gives.
    fn create(
        &mut self,
        name: &str,
        shape: Shape,
        draw: impl FnOnce(&mut Random) -> Result<Tensor<f64>, elman_tensor::Error>,
    ) -> Result<Param, Error> {
        let (path, bad) = self.join(name);
        if let Some(name) = bad {
            return Err(Error::Name { name });
        }
        let weights = &mut *self.weights;
        if weights.paths.contains(&path) {
            return Err(Error::DuplicatePath { path });
        }
        let start = weights.values.len();
        let (count, limit) = (start.saturating_add(shape.len()), weights.limit);
        if count > limit {
            return Err(Error::TooManyWeights { path, count, limit });
        }
        reserve(&mut weights.values, count)?;
        let drawn = draw(&mut Random::new(weights.seed, &path, 0))?;
        weights.values.extend_from_slice(drawn.values());
        let key = hash(&format!("{path} {shape}"));
        let param = Param { index: weights.entries.len(), start, shape, key };
        weights.paths.insert(path.clone());
        weights.entries.push(Entry { path, param });
        Ok(param)
    }

    fn join(&self, name: &str) -> (String, Option<String>) {
        let well_formed = !name.is_empty() && !name.contains(['.', '*']);
        let bad = self.bad.clone().or_else(|| (!well_formed).then(|| name.to_owned()));
        let path =
            if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        (path, bad)
    }
}
