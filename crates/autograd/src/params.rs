//! All weights of a model, in one vector.

use crate::error::Error;
use crate::scope::{Scope, Weights};
use elman_tensor::{Dual, Real, Shape, View};
use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where one weight lives: a light handle that models are made of.
///
/// It knows the path and the shape it stands for, and is checked wherever it is used: with other
/// parameters than those it was made for (or a [cast](Params::cast) or copy of them) it gives an
/// error, never another weight.
///
/// ```
/// use elman_autograd::{Error, Params, Tape};
/// use elman_tensor::Init;
///
/// let (w, params) = Params::<f64>::init(0, |p| p.weight("w", [2, 3], Init::Zeros))?;
/// assert_eq!(w.shape().dims(), [2, 3]);
/// assert!(params.cast::<f32>().get(w).is_some());
///
/// // The same shape under another name is another weight.
/// let (_, others) = Params::<f64>::init(0, |p| p.weight("u", [2, 3], Init::Zeros))?;
/// assert!(others.get(w).is_none());
/// let failed = Tape::new().evaluate(&others, |g| g.param(w).tensor());
/// assert!(matches!(failed, Err(Error::ForeignParam { .. })));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param {
    pub(crate) index: usize,
    pub(crate) start: usize,
    pub(crate) shape: Shape,
    pub(crate) key: u64,
}

impl Param {
    /// The weight's shape.
    pub fn shape(&self) -> Shape {
        self.shape
    }
}

/// One weight of the list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) param: Param,
}

/// All weights of a model: one vector of numbers, and the list of what lies where.
///
/// Clipping, saving, averaging or comparing weights are loops over one slice.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
///
/// let (u, params) = Params::<f32>::init(7, |p| {
///     let mut cell = p.scope("cell");
///     cell.weight("w", [2, 4], Init::Glorot)?;
///     cell.weight("u", [4, 4], Init::Orthogonal { gain: 1.0 })
/// })?;
/// assert_eq!(params.len(), 24);
/// assert_eq!(params.find("cell.*").map(|(path, _)| path).collect::<Vec<_>>(), ["cell.w", "cell.u"]);
/// assert_eq!(params.get(u).map(|u| u.values().len()), Some(16));
/// println!("{}", params.summary());
/// # Ok::<(), elman_autograd::Error>(())
/// ```
///
/// Two are equal if their numbers are, and the paths and shapes these belong to.
#[derive(Debug, Clone)]
pub struct Params<T> {
    values: Vec<T>,
    entries: Vec<Entry>,
    seed: u64,
    generation: u64,
}

impl<T: PartialEq> PartialEq for Params<T> {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values && self.entries == other.entries
    }
}

/// A generation that no other parameters of this process have had: copies that went different
/// ways must not share one.
fn fresh() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl<T: Real> Params<T> {
    /// Builds a model and draws its weights.
    ///
    /// `build` creates weights in its [`Scope`], which registers each of them, and returns
    /// whatever is made of their handles. Initial values depend on `seed` and on the weight's
    /// path only: not on the order of creation, nor on the scalar.
    ///
    /// # Errors
    /// Whatever `build` returns: two weights of one path, a size that overflows.
    pub fn init<M>(
        seed: u64,
        build: impl FnOnce(&mut Scope<'_>) -> Result<M, Error>,
    ) -> Result<(M, Self), Error> {
        Self::within(usize::MAX, seed, build)
    }

    /// As [`init`](Params::init), for a model of which a file says how large it is: no more than
    /// `limit` numbers are ever drawn.
    ///
    /// ```
    /// use elman_autograd::{Error, Params};
    /// use elman_tensor::Init;
    ///
    /// let square = |n: usize| {
    ///     Params::<f32>::within(10_000, 7, |p| p.weight("u", [n, n], Init::Glorot))
    /// };
    /// assert_eq!(square(100)?.1.len(), 10_000);
    /// assert!(matches!(square(101), Err(Error::TooManyWeights { limit: 10_000, .. })));
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`init`](Params::init), and for the weight that would go beyond the limit, before
    /// anything is allocated for it.
    pub fn within<M>(
        limit: usize,
        seed: u64,
        build: impl FnOnce(&mut Scope<'_>) -> Result<M, Error>,
    ) -> Result<(M, Self), Error> {
        let mut weights = Weights::new(seed, limit);
        let model = build(&mut weights.root())?;
        Ok((model, Self::drawn(weights, seed)))
    }

    /// The parameters that were drawn: apart from [`within`](Params::within), so that it is compiled
    /// once and not for each closure.
    fn drawn(weights: Weights, seed: u64) -> Self {
        let Weights { values, entries, .. } = weights;
        let values = values.into_iter().map(T::from_f64).collect();
        Params { values, entries, seed, generation: fresh() }
    }

    /// The seed the weights were drawn from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// All numbers.
    #[inline]
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// All numbers, for writing; this starts a new [generation](Params::generation).
    #[inline]
    pub fn values_mut(&mut self) -> &mut [T] {
        self.generation = fresh();
        &mut self.values
    }

    /// A number that is another whenever the weights may be others: what was derived from them
    /// (say, in another memory layout) is stamped with it. Only a copy shares it, until either is
    /// written to.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether the model has no weights.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Paths and handles, in the order in which the numbers lie.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Param)> {
        self.entries.iter().map(|e| (e.path.as_str(), e.param))
    }

    /// Weights whose path fits a pattern, in which `*` stands for any run of characters.
    pub fn find(&self, pattern: &str) -> impl Iterator<Item = (&str, Param)> {
        self.iter().filter(move |(path, _)| fits(pattern, path))
    }

    /// One weight's values; `None` if the handle belongs to other parameters.
    pub fn get(&self, param: Param) -> Option<View<'_, T>> {
        self.knows(&param).then_some(())?;
        View::new(param.shape, self.values.get(param.start..param.start + param.shape.len())?)
    }

    /// One weight's values, for writing; `None` if the handle belongs to other parameters.
    pub fn get_mut(&mut self, param: Param) -> Option<&mut [T]> {
        self.knows(&param).then_some(())?;
        self.values_mut().get_mut(param.start..param.start + param.shape.len())
    }

    /// The same weights at another scalar; the handles stay valid. Into dual numbers: with
    /// tangent 0.
    pub fn cast<U: Real>(&self) -> Params<U> {
        Params {
            values: self.values.iter().map(|x| U::from_f64(x.to_f64())).collect(),
            entries: self.entries.clone(),
            seed: self.seed,
            generation: fresh(),
        }
    }

    /// The table of paths, shapes and counts, for printing.
    pub fn summary(&self) -> Summary<'_> {
        Summary(&self.entries)
    }

    #[inline]
    pub(crate) fn knows(&self, param: &Param) -> bool {
        self.entries.get(param.index).is_some_and(|e| e.param == *param)
    }

    /// The path of the layer that the weight of this number belongs to.
    pub(crate) fn owner(&self, weight: usize) -> &str {
        let path = self.entries.get(weight).map_or("", |e| e.path.as_str());
        path.rsplit_once('.').map_or(path, |(owner, _)| owner)
    }
}

impl Params<Dual<f64>> {
    /// Gives the weights a direction: their tangents. What is computed from them then carries its
    /// derivative in this direction, and a gradient its Hessian-vector product.
    ///
    /// ```
    /// use elman_autograd::{Grad, Params, Tape};
    /// use elman_tensor::{Dual, Init};
    ///
    /// let (w, params) = Params::<f64>::init(0, |p| p.weight("w", [2], Init::Constant(3.0)))?;
    /// let mut lifted = params.cast::<Dual<f64>>();
    /// lifted.direct(&[1.0, -1.0])?;
    ///
    /// // L = Σ w³ has the Hessian diag(6 w).
    /// let mut grad = Grad::zeros(&lifted);
    /// Tape::new().gradient(&lifted, &mut grad, |g| {
    ///     let w = g.param(w);
    ///     (w * w * w).sum()
    /// })?;
    /// assert_eq!(grad.tangents().collect::<Vec<_>>(), [18.0, -18.0]);
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `direction` has another length.
    #[track_caller]
    pub fn direct(&mut self, direction: &[f64]) -> Result<(), Error> {
        if direction.len() != self.len() {
            let (wanted, given) = (self.len(), direction.len());
            return Err(Error::GradLength { wanted, given, line: Location::caller() });
        }
        self.values_mut().iter_mut().zip(direction).for_each(|(x, &v)| x.tangent = v);
        Ok(())
    }
}

/// Whether a path fits a pattern, in which `*` stands for any run of characters: what
/// [`Params::find`] asks of each weight.
///
/// ```
/// use elman_autograd::fits;
///
/// assert!(fits("lstm.*", "lstm.w") && fits("*.b", "head.b") && fits("head.w", "head.w"));
/// assert!(!fits("lstm.*", "lstm") && !fits("*.b", "head.bias"));
/// ```
pub fn fits(pattern: &str, path: &str) -> bool {
    // The parts between the stars occur in order, the first at the start, the last at the end.
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == path;
    };
    let Some(mut path) = path.strip_prefix(head) else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return path.ends_with(part);
        }
        match path.find(part) {
            Some(at) => path = &path[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// A table of a model's weights: path, shape, count.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
///
/// let (_, params) = Params::<f32>::init(0, |p| {
///     p.weight("w", [2, 4], Init::Glorot)?;
///     p.weight("b", [4], Init::Zeros)
/// })?;
/// let table = params.summary().to_string();
/// let last = table.lines().last().unwrap();
/// assert_eq!(last.split_whitespace().collect::<Vec<_>>(), ["total", "12"]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug)]
pub struct Summary<'a>(&'a [Entry]);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<[String; 3]> =
            std::iter::once(["weight", "shape", "count"].map(String::from))
                .chain(self.0.iter().map(|e| {
                    let shape = e.param.shape;
                    [e.path.clone(), shape.to_string(), shape.len().to_string()]
                }))
                .chain(std::iter::once({
                    let total: usize = self.0.iter().map(|e| e.param.shape.len()).sum();
                    ["total".into(), String::new(), total.to_string()]
                }))
                .collect();
        let width = |c: usize| rows.iter().map(|r| r[c].chars().count()).max().unwrap_or(0);
        let (paths, shapes, counts) = (width(0), width(1), width(2));
        for [path, shape, count] in &rows {
            writeln!(f, "{path:paths$}  {shape:shapes$}  {count:>counts$}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
