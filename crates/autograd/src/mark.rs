//! Where in a model, and in a caller's file, a computation is.

use crate::error::Site;
use crate::graph::Graph;
use crate::params::{Param, Params};
use elman_tensor::Real;
use std::panic::Location;

/// The name of a layer, for errors.
///
/// ```
/// use elman_autograd::{Error, Layer, Params, Tape};
/// use elman_tensor::Init;
///
/// let (w, params) = Params::<f64>::init(0, |p| p.scope("lstm").weight("w", [], Init::Zeros))?;
/// for (layer, name) in [(Layer::from("mine"), "mine"), (Layer::from(w), "lstm")] {
///     let failed = Tape::new().evaluate(&params, |g| {
///         let _layer = g.layer(layer);
///         (g.zeros([2]) + g.zeros([3])).tensor()
///     });
///     let Err(Error::Misfit { site, .. }) = failed else { panic!("{failed:?}") };
///     assert_eq!(site.layer.as_deref(), Some(name));
/// }
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// A plain name.
    Name(&'static str),
    /// The path of the layer that has this weight.
    Owner(Param),
}

impl From<&'static str> for Layer {
    fn from(name: &'static str) -> Self {
        Layer::Name(name)
    }
}

impl From<Param> for Layer {
    fn from(param: Param) -> Self {
        Layer::Owner(param)
    }
}

/// The layer and the time step that a computation is in. Small: each record has one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    layer: Named,
    /// `u64::MAX` outside of any sequence.
    time: u64,
}

/// A layer, by its name or by the number of a weight it owns.
#[derive(Debug, Clone, Copy)]
enum Named {
    Nowhere,
    Name(&'static str),
    Owner(u32),
}

impl Mark {
    /// In no layer and at no time.
    pub(crate) const NONE: Mark = Mark { layer: Named::Nowhere, time: u64::MAX };
}

/// Who applied a rule, and where in the model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    pub(crate) line: &'static Location<'static>,
    pub(crate) mark: Mark,
}

impl Call {
    pub(crate) fn site<T: Real>(&self, params: &Params<T>) -> Box<Site> {
        let layer = match self.mark.layer {
            Named::Nowhere => None,
            Named::Name(name) => Some(name.to_owned()),
            Named::Owner(index) => Some(params.owner(index as usize).to_owned()),
        };
        Box::new(Site { line: self.line, layer, time: self.mark.time() })
    }
}

impl Mark {
    fn time(&self) -> Option<usize> {
        (self.time != u64::MAX).then_some(self.time as usize)
    }
}

impl<'p, T: Real> Graph<'p, T> {
    /// Marks what follows, until the mark is dropped, as part of a layer: errors then name it.
    #[must_use = "the mark ends when it is dropped"]
    pub fn layer(&self, layer: impl Into<Layer>) -> Marked<'_, 'p, T> {
        let before = self.mark.get();
        let layer = match layer.into() {
            Layer::Name(name) => Named::Name(name),
            Layer::Owner(param) if self.params().knows(&param) => {
                u32::try_from(param.index).map_or(Named::Nowhere, Named::Owner)
            }
            Layer::Owner(_) => Named::Nowhere,
        };
        self.mark.set(Mark { layer, ..before });
        Marked { graph: self, before }
    }

    /// Marks what follows as time step `t` (counted from the step in which a surrounding sequence
    /// began), or as outside of any: errors then name it, and random masks are drawn for it.
    pub fn time(&self, t: Option<usize>) {
        let time = t.map_or(u64::MAX, |t| t as u64);
        self.mark.set(Mark { time, ..self.mark.get() });
    }

    /// The time step marked last.
    pub fn now(&self) -> Option<usize> {
        self.mark.get().time()
    }

    /// What a random mask of this layer depends on, here and now.
    pub fn keys(&self, layer: u64) -> [u64; 4] {
        self.keys_at(layer, self.mark.get().time)
    }

    /// What a random mask of this layer depends on that is the same at all time steps.
    pub fn keys_always(&self, layer: u64) -> [u64; 4] {
        self.keys_at(layer, Mark::NONE.time)
    }

    fn keys_at(&self, layer: u64, time: u64) -> [u64; 4] {
        self.drawn.set(true);
        [self.env.seed, layer, self.env.step, time]
    }
}

/// While this lives, errors name a layer.
///
/// ```
/// use elman_autograd::{Error, Params, Tape};
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let failed = Tape::new().evaluate(&none, |g| {
///     let outer = g.layer("outer");
///     drop(g.layer("inner")); // and outer again
///     let y = g.zeros([2]) + g.zeros([3]);
///     drop(outer);
///     y.tensor()
/// });
/// let Err(Error::Misfit { site, .. }) = failed else { panic!("{failed:?}") };
/// assert_eq!(site.layer.as_deref(), Some("outer"));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
pub struct Marked<'a, 'p, T: Real> {
    graph: &'a Graph<'p, T>,
    before: Mark,
}

impl<T: Real> Drop for Marked<'_, '_, T> {
    fn drop(&mut self) {
        let Mark { time, .. } = self.graph.mark.get();
        self.graph.mark.set(Mark { time, ..self.before });
    }
}
