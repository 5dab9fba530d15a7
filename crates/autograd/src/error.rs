//! What can go wrong with a recording.

use crate::graph::Behalf;
use elman_tensor::Shape;
use std::fmt;
use std::panic::Location;

/// Why a rule does not fit its operands, in a sentence: what it wanted.
///
/// ```
/// use elman_autograd::{Misfit, Params, Rule, Tape, rules};
/// use elman_tensor::Shape;
///
/// let shapes = [Shape::from([2, 3]), Shape::from([4, 5])];
/// let why: Misfit = Rule::<f64, 2>::shape(&rules::Dot, shapes).unwrap_err();
/// assert!(!why.to_string().is_empty());
///
/// // Applied all the same, it is the reason of an error that says the rest.
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let failed = Tape::new().evaluate(&none, |g| g.zeros([2, 3]).dot(g.zeros([4, 5])).tensor());
/// assert!(failed.unwrap_err().to_string().contains(&why.to_string()));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit(String);

impl Misfit {
    /// A misfit with its reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Misfit(reason.into())
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The direction in which a tape was running.
///
/// ```
/// use elman_autograd::{Error, Grad, Params, Pass, Tape};
/// use elman_tensor::Init;
///
/// // √0 is a number, its slope is none: nothing is wrong before the way back.
/// let (w, params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let mut tape = Tape::new().check(true);
/// let failed = tape.gradient(&params, &mut Grad::zeros(&params), |g| g.param(w).sqrt());
/// let Err(Error::NotFinite { rule: "sqrt", pass, .. }) = failed else { panic!("{failed:?}") };
/// assert_eq!(pass, Pass::Backward);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Computing values.
    Forward,
    /// Computing gradients.
    Backward,
}

impl fmt::Display for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Pass::Forward => "forward",
            Pass::Backward => "backward",
        })
    }
}

/// A place in a computation: the line that asked for it, and the layer and time step it was in.
///
/// ```
/// use elman_autograd::{Error, Params, Tape};
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let failed = Tape::new().evaluate(&none, |g| {
///     let _layer = g.layer("encoder");
///     g.time(Some(7));
///     (g.zeros([2]) + g.zeros([3])).tensor()
/// });
/// let Err(Error::Misfit { site, .. }) = failed else { panic!("{failed:?}") };
/// assert_eq!((site.layer.as_deref(), site.time), (Some("encoder"), Some(7)));
/// assert!(site.to_string().ends_with(r#", layer "encoder", time step 7"#));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The line in the caller's file.
    pub line: &'static Location<'static>,
    /// The path of the layer, where one was marked.
    pub layer: Option<String>,
    /// The time step, where one was marked.
    pub time: Option<usize>,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}", self.line)?;
        if let Some(layer) = &self.layer {
            write!(f, ", layer {layer:?}")?;
        }
        if let Some(time) = self.time {
            write!(f, ", time step {time}")?;
        }
        Ok(())
    }
}

/// A gradient or an evaluation could not be computed.
///
/// ```
/// use elman_autograd::{Error, Params, Tape};
///
/// // A mistake is told once, when the computation ends: no `?` in between, and no panic.
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let failed = Tape::new().evaluate(&none, |g| {
///     let y = g.zeros([2, 3]) + g.zeros([4]);
///     (y * y).tanh().tensor()
/// });
/// let Err(Error::Misfit { rule, shapes, .. }) = failed else { panic!("{failed:?}") };
/// assert_eq!((rule, shapes), ("add", vec![[2, 3].into(), [4].into()]));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A rule was applied to operands that it does not fit.
    #[error("{rule} does not fit {}: {misfit} ({site})", list(shapes))]
    Misfit {
        /// The rule.
        rule: &'static str,
        /// The shapes of its operands.
        shapes: Vec<Shape>,
        /// What it wanted.
        misfit: Misfit,
        /// Where.
        site: Box<Site>,
    },
    /// The check for non-finite values is on, and found one.
    #[error("{rule} gave {value} at index {index}, {pass} ({site})")]
    NotFinite {
        /// The rule whose result (forward) or partial derivative (backward) it is.
        rule: &'static str,
        /// The direction.
        pass: Pass,
        /// The first such element, row-major.
        index: usize,
        /// Its value.
        value: f64,
        /// Where.
        site: Box<Site>,
    },
    /// A weight's handle was used with parameters that do not have this weight.
    #[error("the handle of a weight of shape {shape} belongs to other parameters ({line})")]
    ForeignParam {
        /// The shape the handle knows.
        shape: Shape,
        /// The line that used it.
        line: &'static Location<'static>,
    },
    /// A recording would grow beyond the tape's limit, or beyond the memory.
    #[error("{rule} to {shape} would grow the tape beyond its limit of {limit} bytes ({site})")]
    TooLarge {
        /// The rule.
        rule: &'static str,
        /// The shape of its result.
        shape: Shape,
        /// The limit, in bytes.
        limit: usize,
        /// Where.
        site: Box<Site>,
    },
    /// A loss has to be one number.
    #[error("a loss is one number; this one has shape {given} ({line})")]
    NotScalar {
        /// Its shape.
        given: Shape,
        /// The line that asked for its gradient.
        line: &'static Location<'static>,
    },
    /// A gradient of another length than the parameters.
    #[error("a gradient of {given} numbers for {wanted} parameters ({line})")]
    GradLength {
        /// The number of parameters.
        wanted: usize,
        /// The length of the gradient.
        given: usize,
        /// The line that brought them together.
        line: &'static Location<'static>,
    },
    /// Two weights were given the same path.
    #[error("there are two weights {path:?}")]
    DuplicatePath {
        /// The path.
        path: String,
    },
    /// A model would have more numbers than [`Params::within`](crate::Params::within) lets it.
    #[error("with the weight {path:?} there are {count} numbers; the limit is {limit}")]
    TooManyWeights {
        /// The path of the weight that goes beyond.
        path: String,
        /// How many numbers there would be with it.
        count: usize,
        /// The most that there may be.
        limit: usize,
    },
    /// A name that cannot be part of a path.
    #[error("{name:?} is no name for a weight or a layer: not empty, without '.' and '*'")]
    Name {
        /// The name.
        name: String,
    },
    /// A size or setting that a layer cannot have.
    #[error("{what} must be {wanted}, got {given}")]
    Setting {
        /// The setting.
        what: &'static str,
        /// What it may be.
        wanted: &'static str,
        /// What it was.
        given: String,
    },
    /// A tensor could not be made.
    #[error(transparent)]
    Tensor(#[from] elman_tensor::Error),
}

impl Error {
    /// The same error, at another line if its own fits `from`: for libraries that cannot hand the
    /// caller's line on (through an iterator, or a closure).
    #[must_use]
    pub fn moved(
        mut self,
        from: impl FnOnce(&Location<'static>) -> bool,
        to: &'static Location<'static>,
    ) -> Self {
        let line = match &mut self {
            Error::Misfit { site, .. }
            | Error::NotFinite { site, .. }
            | Error::TooLarge { site, .. } => &mut site.line,
            Error::ForeignParam { line, .. }
            | Error::NotScalar { line, .. }
            | Error::GradLength { line, .. } => line,
            _ => return self,
        };
        if from(line) {
            *line = to;
        }
        self
    }

    /// The same error, at the line that stands for those of its file, if one does.
    pub(crate) fn on_behalf(self, behalf: Option<Behalf>) -> Self {
        match behalf {
            Some((file, line)) => self.moved(|at| at.file() == file, line),
            None => self,
        }
    }
}

fn list(shapes: &[Shape]) -> String {
    if shapes.is_empty() {
        return "its operands".into();
    }
    shapes.iter().map(Shape::to_string).collect::<Vec<_>>().join(", ")
}
