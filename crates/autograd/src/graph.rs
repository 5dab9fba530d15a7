//! A recording in progress.

use crate::any::{AnyRule, Applied, Typed};
use crate::arena::{Arena, Env, Listed, Output};
use crate::error::{Error, Misfit};
use crate::mark::{Call, Mark};
use crate::params::{Param, Params};
use crate::place::{Home, Place};
use crate::rule::Rule;
use crate::var::Var;
use elman_tensor::{Real, Shape, View};
use std::cell::{Cell, Ref, RefCell, RefMut};
use std::panic::Location;

/// A file, and the line that stands for its own in errors.
pub(crate) type Behalf = (&'static str, &'static Location<'static>);

/// A recording in progress: where inputs enter, weights are looked up, and rules are applied.
///
/// A graph lives inside of [`Tape::gradient`](crate::Tape::gradient) or
/// [`Tape::evaluate`](crate::Tape::evaluate), and no [`Var`] outlives it.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_tensor::{Init, Tensor};
///
/// let (w, params) = Params::<f64>::init(0, |p| p.weight("w", [2], Init::Constant(3.0)))?;
/// let x = Tensor::new([2], vec![1.0, 2.0])?;
/// let y = Tape::new().evaluate(&params, |g| {
///     assert!(!g.training());
///     (g.input(&x) * g.param(w) + g.constant([2], 0.5)).tensor()
/// })?;
/// assert_eq!(y.values(), [3.5, 6.5]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
pub struct Graph<'p, T: Real> {
    params: &'p Params<T>,
    arena: RefCell<Arena<T>>,
    pub(crate) recording: bool,
    pub(crate) env: Env,
    pub(crate) mark: Cell<Mark>,
    failure: RefCell<Option<Error>>,
    failed: Cell<bool>,
    /// How many weights are replaced, here and now.
    pub(crate) replaced: Cell<usize>,
    /// Whether the keys of a random mask have been asked for.
    pub(crate) drawn: Cell<bool>,
    /// The line that stands for those of a file in errors.
    pub(crate) behalf: Cell<Option<Behalf>>,
}

impl<'p, T: Real> Graph<'p, T> {
    pub(crate) fn new(
        params: &'p Params<T>,
        arena: Arena<T>,
        recording: bool,
        env: Env,
        mark: Mark,
    ) -> Self {
        Graph {
            params,
            arena: RefCell::new(arena),
            recording,
            env,
            mark: Cell::new(mark),
            failure: RefCell::new(None),
            failed: Cell::new(false),
            replaced: Cell::new(0),
            drawn: Cell::new(false),
            behalf: Cell::new(None),
        }
    }

    /// The memory, and the first failure.
    pub(crate) fn into_parts(self) -> (Arena<T>, Option<Error>) {
        (self.arena.into_inner(), self.failure.into_inner())
    }

    /// The parameters this recording reads.
    pub fn params(&self) -> &'p Params<T> {
        self.params
    }

    /// Whether this is a training pass: dropout is active.
    pub fn training(&self) -> bool {
        self.env.training
    }

    /// Whether random numbers have a part in what was computed: whether anything has asked for the
    /// [keys](Graph::keys) of a random mask.
    pub fn drawn(&self) -> bool {
        self.drawn.get()
    }

    /// Whether an operation has failed: everything is doing nothing since.
    pub fn failed(&self) -> bool {
        self.failed.get()
    }

    /// Errors that would name a line of `file` name `line` instead: for layers that compute in a
    /// segment, in whose closure `#[track_caller]` is lost.
    pub fn on_behalf(&self, file: &'static str, line: &'static Location<'static>) {
        self.behalf.set(Some((file, line)));
    }

    /// Notes a failure; only the first one counts.
    pub(crate) fn fail(&self, error: Error) {
        if !self.failed.replace(true) {
            let error = error.on_behalf(self.behalf.get());
            *self.failure.borrow_mut() = Some(error);
        }
    }

    /// The memory, for writing. While an iterator or closure that was lent integers runs, nobody
    /// else can have it, and asking for it is a failure.
    #[inline]
    pub(crate) fn lend(
        &self,
        rule: &'static str,
        line: &'static Location<'static>,
    ) -> Option<RefMut<'_, Arena<T>>> {
        self.arena.try_borrow_mut().map_err(|_| self.busy(rule, line)).ok()
    }

    /// The memory, for reading.
    #[inline]
    pub(crate) fn look(
        &self,
        rule: &'static str,
        line: &'static Location<'static>,
    ) -> Option<Ref<'_, Arena<T>>> {
        self.arena.try_borrow().map_err(|_| self.busy(rule, line)).ok()
    }

    /// The memory, for writing, if nobody has it.
    pub(crate) fn idle(&self) -> Option<RefMut<'_, Arena<T>>> {
        self.arena.try_borrow_mut().ok()
    }

    #[cold]
    fn busy(&self, rule: &'static str, line: &'static Location<'static>) {
        let reason = "the recording is busy: its integers are being read or written";
        self.refuse(rule, reason.into(), line);
    }

    pub(crate) fn call(&self, line: &'static Location<'static>) -> Call {
        Call { line, mark: self.mark.get() }
    }

    /// Puts an error of a layer's own into the graph: for layers that check more than shapes. The
    /// reason should name the shapes.
    ///
    /// ```
    /// use elman_autograd::{Params, Tape, Var};
    /// use elman_tensor::Real;
    /// use std::panic::Location;
    ///
    /// /// The mean of two or more steps.
    /// #[track_caller]
    /// fn smoothed<'g, T: Real>(xs: Var<'g, T>) -> Var<'g, T> {
    ///     if xs.shape().get(0) < Some(2) {
    ///         let reason = format!("wanted two steps or more, got {}", xs.shape());
    ///         xs.graph().refuse("smoothed", reason, Location::caller());
    ///     }
    ///     xs.mean_axis(0)
    /// }
    ///
    /// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
    /// let failed = Tape::new().evaluate(&none, |g| smoothed(g.zeros([1, 3])).tensor());
    /// assert!(failed.unwrap_err().to_string().contains("wanted two steps or more, got [1, 3]"));
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    pub fn refuse(&self, rule: &'static str, reason: String, line: &'static Location<'static>) {
        self.misfit(rule, Vec::new(), reason, line);
    }

    pub(crate) fn misfit(
        &self,
        rule: &'static str,
        shapes: Vec<Shape>,
        reason: String,
        line: &'static Location<'static>,
    ) {
        if !self.failed() {
            let site = self.call(line).site(self.params);
            self.fail(Error::Misfit { rule, shapes, misfit: Misfit::new(reason), site });
        }
    }
}

impl<'g, T: Real> Graph<'g, T> {
    /// The operand that is not there.
    pub fn absent(&'g self) -> Var<'g, T> {
        Var { graph: self, place: Place::absent() }
    }

    /// A weight. It is not copied: its gradient goes straight into the flat gradient.
    #[track_caller]
    pub fn param(&'g self, param: Param) -> Var<'g, T> {
        if !self.params.knows(&param) {
            self.fail(Error::ForeignParam { shape: param.shape, line: Location::caller() });
            return self.absent();
        }
        if self.replaces()
            && let Some(other) = self.replacement(&param)
        {
            return other;
        }
        let Param { start, shape, .. } = param;
        Var {
            graph: self,
            place: Place { start, shape, home: Home::Params, wanted: self.recording },
        }
    }

    /// Data, copied into the recording.
    #[track_caller]
    pub fn input<'a>(&'g self, x: impl Into<View<'a, T>>) -> Var<'g, T> {
        let x = x.into();
        self.place("input", x.shape(), false, Location::caller(), |y| y.copy_from_slice(x.values()))
    }

    /// Data whose gradient is wanted too: [`Tape::wanted`](crate::Tape::wanted) lends it
    /// afterwards, in the order of these calls.
    ///
    /// ```
    /// use elman_autograd::{Grad, Params, Tape};
    /// use elman_tensor::Tensor;
    ///
    /// // How much the loss depends on each input.
    /// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
    /// let x = Tensor::new([3], vec![1.0, 2.0, 3.0])?;
    /// let mut tape = Tape::new();
    /// tape.gradient(&none, &mut Grad::zeros(&none), |g| g.wanted(&x).square().sum())?;
    /// assert_eq!(tape.wanted(0).unwrap().values(), [2.0, 4.0, 6.0]);
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    #[track_caller]
    pub fn wanted<'a>(&'g self, x: impl Into<View<'a, T>>) -> Var<'g, T> {
        self.operand(x.into(), true, Location::caller())
    }

    /// Data that may be asked for the gradient afterwards.
    pub(crate) fn operand(
        &'g self,
        x: View<'_, T>,
        wanted: bool,
        line: &'static Location<'static>,
    ) -> Var<'g, T> {
        let wanted = wanted && self.recording;
        let var = self.place("wanted", x.shape(), wanted, line, |y| y.copy_from_slice(x.values()));
        if let Some(mut arena) = self.lend("wanted", line)
            && self.recording
        {
            arena.wanted.push(var.place);
        }
        var
    }

    /// A constant, the same everywhere.
    #[track_caller]
    pub fn constant(&'g self, shape: impl Into<Shape>, value: f64) -> Var<'g, T> {
        self.place("constant", shape.into(), false, Location::caller(), |y| {
            y.fill(T::from_f64(value));
        })
    }

    /// Zeros.
    #[track_caller]
    pub fn zeros(&'g self, shape: impl Into<Shape>) -> Var<'g, T> {
        self.constant(shape, 0.0)
    }

    /// Applies a rule.
    #[inline]
    #[track_caller]
    pub fn apply<R, const N: usize>(&'g self, rule: R, x: [Var<'g, T>; N]) -> Var<'g, T>
    where
        R: Rule<T, N>,
    {
        self.apply_at(rule, x, Location::caller())
    }

    /// Applies a rule on behalf of a line: for use in closures, in which `#[track_caller]` is
    /// lost.
    #[inline]
    pub fn apply_at<R, const N: usize>(
        &'g self,
        rule: R,
        x: [Var<'g, T>; N],
        line: &'static Location<'static>,
    ) -> Var<'g, T>
    where
        R: Rule<T, N>,
    {
        self.apply_any(Typed::<R, N>(rule), &x, line)
    }

    /// Applies a rule of any number of operands.
    #[inline]
    pub fn apply_any<A: AnyRule<T>>(
        &'g self,
        rule: A,
        x: &[Var<'g, T>],
        line: &'static Location<'static>,
    ) -> Var<'g, T> {
        if !self.owns(rule.name(), x, line) {
            return self.absent();
        }
        self.apply_listed(rule, Listed::Vars(x), line)
    }

    /// Applies a rule to operands of this recording.
    pub(crate) fn apply_listed<A: AnyRule<T>>(
        &'g self,
        rule: A,
        x: Listed<'_, 'g, T>,
        line: &'static Location<'static>,
    ) -> Var<'g, T> {
        let name = rule.name();
        let Some((mut arena, output)) = self.compute(name, &rule, x, line) else {
            return self.absent();
        };
        let place = output.place;
        let recorded = if place.wanted {
            arena.record(self.params, Applied(rule), output, self.call(line))
        } else {
            Ok(())
        };
        drop(arena);
        self.var(recorded.map(|()| place))
    }

    /// Whether the last operation on the way to a Var is a rule of this type, and was recorded.
    pub(crate) fn is_made_by<R: Rule<T, N>, const N: usize>(&self, _: R, x: &Var<'_, T>) -> bool {
        let arena = self.idle();
        x.place.home == Home::Arena
            && arena.is_some_and(|arena| arena.is_made_by::<Applied<Typed<R, N>>>(&x.place))
    }

    /// Computes the output of a rule; `None` in a recording that has failed.
    fn compute(
        &self,
        name: &'static str,
        rule: &dyn AnyRule<T>,
        x: Listed<'_, '_, T>,
        line: &'static Location<'static>,
    ) -> Option<(RefMut<'_, Arena<T>>, Output)> {
        if self.failed() {
            return None;
        }
        let mut arena = self.lend(name, line)?;
        match arena.apply(self.params, (name, rule), x, self.recording, self.call(line)) {
            Ok(output) => Some((arena, output)),
            Err(error) => {
                drop(arena);
                self.fail(error);
                None
            }
        }
    }

    /// Whether all operands belong to this recording; if not, it fails.
    pub(crate) fn owns(
        &self,
        rule: &'static str,
        x: &[Var<'_, T>],
        line: &'static Location<'static>,
    ) -> bool {
        let ours = x.iter().all(|x| std::ptr::addr_eq(x.graph, self));
        if !ours {
            let shapes = x.iter().map(Var::shape).collect();
            self.misfit(rule, shapes, "all operands must belong to this recording".into(), line);
        }
        ours
    }

    /// A place filled by a closure.
    pub(crate) fn place(
        &'g self,
        name: &'static str,
        shape: Shape,
        wanted: bool,
        line: &'static Location<'static>,
        fill: impl FnOnce(&mut [T]),
    ) -> Var<'g, T> {
        if self.failed() {
            return self.absent();
        }
        let call = self.call(line);
        let Some(mut arena) = self.lend(name, line) else { return self.absent() };
        let place = arena.place(self.params, name, shape, wanted, call, fill);
        drop(arena);
        self.var(place)
    }

    pub(crate) fn var(&'g self, place: Result<Place, Error>) -> Var<'g, T> {
        match place {
            Ok(place) => Var { graph: self, place },
            Err(error) => {
                self.fail(error);
                self.absent()
            }
        }
    }
}
