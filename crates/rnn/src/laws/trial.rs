//! One subject, one batch of sequences, the laws of all of them.

mod cell;

use super::given::{Given, row};
use super::subject::{At, By, Subject};
use super::{Sizes, Violation};
use crate::seq::Seq;
use elman_autograd::laws::{Function, function};
use elman_autograd::{Error, Grad, Graph, Params, Tape, Var};
use elman_tensor::{Random, Real, Shape, Tensor};

/// The relative error allowed between two ways of adding up the same gradient.
const GRADIENT: f64 = 1e-12;
/// The relative error of the laws of a whole sequence.
const SEQUENCE: f64 = 1e-10;

/// The relative error allowed between two ways of adding up the same gradient at a scalar.
fn rounding<T: Real>() -> f64 {
    GRADIENT.max(32.0 * T::EPSILON)
}

/// The relative error of gradients that are tiny: a number that is flushed in one way of computing
/// them only makes a larger one.
const FLUSHED: f64 = 1e-4;

/// What an error is relative to.
#[derive(Clone, Copy)]
pub(super) enum Scale {
    /// The largest number, or 1 if that is more.
    One,
    /// The largest number, however small.
    Largest,
}

/// What a law returns: whether it holds, unless the subject fails.
pub(super) type Verdict = Result<Result<(), Violation>, Error>;

/// A cell or a layer on trial.
pub(super) struct Trial<'a> {
    name: &'a str,
    subject: &'a (dyn Subject + 'a),
    params: &'a Params<f64>,
    given: Given<f64>,
    random: Random,
    /// Whether it draws random masks in training, which know the rows of a batch and the time.
    masked: bool,
}

/// What came out of a run.
struct Outcome<T> {
    y: Tensor<T>,
    states: Vec<Tensor<T>>,
    dx: Tensor<T>,
    weights: Vec<T>,
}

impl<'a> Trial<'a> {
    pub(super) fn new(
        name: &'a str,
        subject: &'a (dyn Subject + 'a),
        params: &'a Params<f64>,
        sizes: Sizes,
        seed: u64,
    ) -> Result<Self, Error> {
        let Sizes { time, batch, input } = sizes;
        if time.saturating_mul(batch.max(1)) > Seq::<f64>::LIMIT {
            let (wanted, given) = ("at most 2^28 steps × rows", format!("{time} × {batch}"));
            return Err(Error::Setting { what: "the sizes of a trial", wanted, given });
        }
        let mut random = Random::new(seed, "trial", 0);
        let mut draw = |shape: Shape| Tensor::from_fn(shape, |_| random.normal());
        let x = draw(Shape::from([time, batch, input]))?;
        let states: Vec<_> = Tape::new()
            .evaluate(params, |g| subject.initial(g, batch).iter().map(Var::shape).collect())?;
        if let Some(shape) = states.iter().find(|s| s.get(0) != Some(batch)) {
            let (wanted, given) = ("of shape [batch, ..]", format!("{shape} for {batch} rows"));
            return Err(Error::Setting { what: "a state", wanted, given });
        }
        let (mut y, mut masked) = (Shape::SCALAR, false);
        Tape::new().gradient(params, &mut Grad::zeros(params), |g| {
            let xs = Seq::from(g.input(&x));
            let (ys, _) = subject.run(xs, subject.initial(g, batch), By::Sequence);
            (y, masked) = (ys.shape(), g.drawn());
            ys.sum()
        })?;
        let given = Given {
            x,
            wy: draw(y)?,
            ws: states.iter().map(|&s| draw(s)).collect::<Result<_, _>>()?,
            states: states.iter().map(|&s| draw(s)).collect::<Result<_, _>>()?,
            lengths: None,
            resets: None,
        };
        Ok(Trial { name, subject, params, given, random, masked })
    }

    pub(super) fn prove(mut self) -> Verdict {
        let all = self.all_given();
        self.prove_over(&all)
    }

    /// The laws of cells and layers alike.
    fn prove_over(&self, all: &[Given<f64>; 4]) -> Verdict {
        if let Some(broken) = all.iter().map(|given| self.derivatives(given)).find(Result::is_err) {
            return Ok(broken);
        }
        let singly = all.each_ref().map(Given::cast::<f32>);
        let checks =
            [self.prove_at(all, self.params)?, self.prove_at(&singly, &self.params.cast())?];
        Ok(checks.into_iter().collect())
    }

    /// The laws of values and of what is one way of computing the same gradient, at a scalar.
    fn prove_at<T: Real>(&self, all: &[Given<T>; 4], params: &Params<T>) -> Verdict
    where
        dyn Subject + 'a: At<T>,
    {
        for given in all {
            let checks = [self.purity(given, params)?, self.rows(given, params)?];
            if let Some(broken) = checks.into_iter().find(Result::is_err) {
                return Ok(broken);
            }
        }
        let [_, reset, ending, marked] = all;
        let checks = [
            self.padding(marked, params)?,
            self.padding(ending, params)?,
            self.resets(reset, params)?,
        ];
        Ok(checks.into_iter().collect())
    }

    /// The sequences as they are, with resets, with lengths, and with both. Each alone, too: short
    /// rows may end before their first reset, and a cell may have a fast sequence for either.
    fn all_given(&mut self) -> [Given<f64>; 4] {
        let marked = self.marked();
        let reset = Given { lengths: None, ..marked.clone() };
        let ending = Given { resets: None, ..marked.clone() };
        [self.given.clone(), reset, ending, marked]
    }

    /// The same sequences with random lengths and resets.
    fn marked(&mut self) -> Given<f64> {
        let (time, batch) = (self.given.time(), self.given.batch());
        let lengths = (0..batch).map(|_| self.random.below(time + 1) as u32).collect();
        let resets = (0..time * batch).map(|_| self.random.below(3) as u32 / 2).collect();
        Given { lengths: Some(lengths), resets: Some(resets), ..self.given.clone() }
    }

    /// Nothing but weights, inputs and state decides.
    fn purity<T: Real>(&self, given: &Given<T>, params: &Params<T>) -> Verdict
    where
        dyn Subject + 'a: At<T>,
    {
        let first = self.run(given, params, By::Scan)?;
        let again = self.run(given, params, By::Scan)?;
        let first_is = (first.y.values(), &first.states[..]);
        self.same_outcome("purity", (again.y.values(), &again.states), first_is)
    }

    fn rows<T: Real>(&self, given: &Given<T>, params: &Params<T>) -> Verdict
    where
        dyn Subject + 'a: At<T>,
    {
        let together = self.values(given, params)?;
        for b in 0..given.batch() {
            let alone = self.values(&given.row(b)?, params)?;
            let dx = row(&together.dx, 1, b)?;
            let y = row(&together.y, 1, b)?;
            let states: Result<Vec<_>, _> = together.states.iter().map(|s| row(s, 0, b)).collect();
            let law = "batch = rows";
            let alone_is = (alone.y.values(), &alone.states[..]);
            if let Err(broken) = self.same_outcome(law, alone_is, (y.values(), &states?))? {
                return Ok(Err(broken));
            }
            let what = format!("gradient of the inputs, row {b}");
            if let Err(broken) = self.same(law, &what, alone.dx.values(), dx.values()) {
                return Ok(Err(broken));
            }
        }
        Ok(Ok(()))
    }

    /// Whatever lies behind a row's end changes nothing, NaN included.
    fn padding<T: Real>(&self, given: &Given<T>, params: &Params<T>) -> Verdict
    where
        dyn Subject + 'a: At<T>,
    {
        let mut dirty = given.clone();
        let (batch, input) = (given.batch(), given.x.shape().last());
        for (i, x) in dirty.x.values_mut().iter_mut().enumerate() {
            let (t, b) = (i / input / batch, i / input % batch);
            if given.lengths.as_ref().is_some_and(|l| t >= l[b] as usize) {
                *x = T::from_f64(f64::NAN);
            }
        }
        let (clean, dirty) =
            (self.run(given, params, By::Sequence)?, self.run(&dirty, params, By::Sequence)?);
        let law = "lengths";
        let size = clean.y.shape().last();
        let past = |i: usize| {
            let (t, b) = (i / size / batch, i / size % batch);
            given.lengths.as_ref().is_some_and(|l| t >= l[b] as usize)
        };
        if let Some(i) =
            (0..clean.y.values().len()).find(|&i| past(i) && clean.y.values()[i] != T::ZERO)
        {
            let pair = (clean.y.values()[i].to_f64(), 0.0);
            return Ok(Err(Violation::new(self.name, law, "outputs past the end", i, pair)));
        }
        let pairs = [
            ("outputs", clean.y.values(), dirty.y.values()),
            ("gradient of the inputs", clean.dx.values(), dirty.dx.values()),
            ("gradient of the weights", &clean.weights, &dirty.weights),
        ];
        let checks = pairs.map(|(what, a, b)| self.same(law, what, a, b));
        if let Some(broken) = checks.into_iter().find(Result::is_err) {
            return Ok(broken);
        }
        // Each row is the shorter row alone.
        let clean = self.values(given, params)?;
        for b in 0..batch {
            let mut alone = given.row(b)?;
            let length = alone.lengths.take().map_or(0, |l| l[0] as usize);
            let (alone, _) = alone.cut(length)?;
            let alone = self.values(&alone, params)?;
            let y = row(&clean.y, 1, b)?;
            let states: Result<Vec<_>, _> = clean.states.iter().map(|s| row(s, 0, b)).collect();
            let y = &y.values()[..length * size];
            let alone_is = (alone.y.values(), &alone.states[..]);
            if let Err(broken) = self.same_outcome(law, alone_is, (y, &states?))? {
                return Ok(Err(broken));
            }
            let (what, dx) = (format!("gradient of the inputs, row {b}"), row(&clean.dx, 1, b)?);
            let dx = &dx.values()[..length * input];
            // What comes back from the last state is added in another order.
            if let Err(broken) = self.close(law, &what, alone.dx.values(), dx, rounding::<T>()) {
                return Ok(Err(broken));
            }
        }
        Ok(Ok(()))
    }

    /// A row with resets is its pieces, each but the first from the initial state.
    fn resets<T: Real>(&self, given: &Given<T>, params: &Params<T>) -> Verdict
    where
        dyn Subject + 'a: At<T>,
    {
        let initial = self.initial_rows(1, params)?;
        for b in 0..given.batch() {
            let whole = self.values(&given.row(b)?, params)?;
            let mut rest = given.row(b)?;
            let flags = rest.resets.take().unwrap_or_default();
            let (mut y, mut from) = (Vec::new(), 0);
            for t in (0..=flags.len()).filter(|&t| flags.get(t).is_none_or(|&f| f != 0)) {
                let (piece, after) = rest.cut(t - from)?;
                let piece = self.values(&piece, params)?;
                y.extend_from_slice(piece.y.values());
                let states = if t == flags.len() { piece.states } else { initial.clone() };
                rest = Given { states, ..after };
                from = t;
            }
            let pieces = (&y[..], &rest.states[..]);
            let whole_is = (whole.y.values(), &whole.states[..]);
            if let Err(broken) = self.same_outcome("resets", whole_is, pieces)? {
                return Ok(Err(broken));
            }
        }
        Ok(Ok(()))
    }

    /// Adjoint and second order, with respect to weights, inputs and initial state.
    fn derivatives(&self, given: &Given<f64>) -> Result<(), Violation> {
        if !self.subject.exact() {
            return Ok(());
        }
        let inputs: Vec<_> = std::iter::once(&given.x).chain(&given.states).cloned().collect();
        let whole = Whole { subject: self.subject, given };
        function(self.name, self.params, &inputs, &whole, SEQUENCE)
    }

    /// A run whose numbers depend on nothing but inputs, state and weights: an evaluation, which
    /// has no gradients, where there are random masks.
    fn values<T: Real>(&self, given: &Given<T>, params: &Params<T>) -> Result<Outcome<T>, Error>
    where
        dyn Subject + 'a: At<T>,
    {
        if self.masked {
            self.evaluate(given, params)
        } else {
            self.run(given, params, By::Sequence)
        }
    }

    fn evaluate<T: Real>(&self, given: &Given<T>, params: &Params<T>) -> Result<Outcome<T>, Error>
    where
        dyn Subject + 'a: At<T>,
    {
        let (y, states) = Tape::new().evaluate(params, |g| {
            let start = given.states.iter().map(|s| g.input(s)).collect();
            let xs = given.marked(g.input(&given.x));
            let (ys, last) = self.subject.run(xs, start, By::Sequence);
            (ys.tensor(), last.iter().map(Var::tensor).collect())
        })?;
        let dx = Tensor::zeros(given.x.shape())?;
        Ok(Outcome { y, states, dx, weights: vec![T::ZERO; params.len()] })
    }

    /// A training pass.
    fn run<T: Real>(
        &self,
        given: &Given<T>,
        params: &Params<T>,
        by: By,
    ) -> Result<Outcome<T>, Error>
    where
        dyn Subject + 'a: At<T>,
    {
        let (mut tape, mut grad) = (Tape::new(), Grad::zeros(params));
        let (mut y, mut states) = (Tensor::default(), Vec::new());
        tape.gradient(params, &mut grad, |g| {
            let xs = given.marked(g.wanted(&given.x));
            let start = given.states.iter().map(|s| g.input(s)).collect();
            let (ys, last) = self.subject.run(xs, start, by);
            y = ys.tensor();
            states = last.iter().map(Var::tensor).collect();
            let loss = (ys * g.input(&given.wy)).sum();
            last.iter().zip(&given.ws).fold(loss, |loss, (&s, w)| loss + (s * g.input(w)).sum())
        })?;
        let dx = tape.wanted(0).map(|v| v.values().to_vec()).unwrap_or_default();
        let dx = Tensor::new(given.x.shape(), dx)?;
        Ok(Outcome { y, states, dx, weights: grad.values().to_vec() })
    }

    /// The initial state of some rows.
    fn initial_rows<T: Real>(
        &self,
        batch: usize,
        params: &Params<T>,
    ) -> Result<Vec<Tensor<T>>, Error>
    where
        dyn Subject + 'a: At<T>,
    {
        Tape::new()
            .evaluate(params, |g| self.subject.initial(g, batch).iter().map(Var::tensor).collect())
    }

    fn same_outcome<T: Real>(
        &self,
        law: &'static str,
        (ya, sa): (&[T], &[Tensor<T>]),
        (yb, sb): (&[T], &[Tensor<T>]),
    ) -> Verdict {
        if let Err(broken) = self.same(law, "outputs", ya, yb) {
            return Ok(Err(broken));
        }
        let states = sa.iter().zip(sb).enumerate();
        let mut states =
            states.map(|(i, (a, b))| self.same(law, &format!("state {i}"), a.values(), b.values()));
        Ok(states.find(Result::is_err).unwrap_or(Ok(())))
    }

    fn same<T: Real>(
        &self,
        law: &'static str,
        what: &str,
        a: &[T],
        b: &[T],
    ) -> Result<(), Violation> {
        self.compare(law, what, a, b, |a, b| a.bits() == b.bits())
    }

    fn close<T: Real>(
        &self,
        law: &'static str,
        what: &str,
        a: &[T],
        b: &[T],
        tolerance: f64,
    ) -> Result<(), Violation> {
        self.close_by(law, what, (a, b), tolerance, Scale::One)
    }

    fn close_by<T: Real>(
        &self,
        law: &'static str,
        what: &str,
        (a, b): (&[T], &[T]),
        tolerance: f64,
        scale: Scale,
    ) -> Result<(), Violation> {
        let largest = |x: &[T]| x.iter().fold(0.0, |m: f64, x| m.max(x.to_f64().abs()));
        let allowed = match scale {
            Scale::One => tolerance * largest(a).max(largest(b)).max(1.0),
            Scale::Largest => FLUSHED * largest(a).max(largest(b)),
        };
        self.compare(law, what, a, b, |a, b| (a.to_f64() - b.to_f64()).abs() <= allowed)
    }

    fn compare<T: Real>(
        &self,
        law: &'static str,
        what: &str,
        a: &[T],
        b: &[T],
        equal: impl Fn(T, T) -> bool,
    ) -> Result<(), Violation> {
        if a.len() != b.len() {
            let (what, sizes) = (format!("{what}, their number"), (a.len() as f64, b.len() as f64));
            return Err(Violation::new(self.name, law, what, 0, sizes));
        }
        match a.iter().zip(b).position(|(&a, &b)| !equal(a, b)) {
            None => Ok(()),
            Some(i) => Err(Violation::new(self.name, law, what, i, (a[i].to_f64(), b[i].to_f64()))),
        }
    }
}

/// A subject over a whole sequence, as a function of inputs and initial state.
struct Whole<'a> {
    subject: &'a (dyn Subject + 'a),
    given: &'a Given<f64>,
}

impl<'a, T: Real> Function<T> for Whole<'a>
where
    dyn Subject + 'a: At<T>,
{
    fn call<'g>(&self, g: &'g Graph<'g, T>, x: &[Var<'g, T>]) -> Var<'g, T> {
        let Some((&x, start)) = x.split_first() else { return g.absent() };
        let (y, last) = self.subject.run(self.given.marked(x), start.to_vec(), By::Sequence);
        let all: Vec<_> =
            std::iter::once(&y).chain(&last).map(|x| x.reshape([x.shape().len()])).collect();
        g.concat(0, &all)
    }
}
