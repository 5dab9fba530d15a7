//! One cell, one batch of sequences, all laws.

use super::given::{By, Given, row};
use super::{Sizes, Violation};
use crate::cell::Cell;
use crate::seq::Seq;
use crate::state::State;
use crate::stream::Stream;
use elman_autograd::laws::{Function, function};
use elman_autograd::{Error, Grad, Graph, Params, Tape, Var};
use elman_tensor::{Random, Real, Shape, Tensor};

/// The relative error allowed between two ways of adding up the same gradient.
const GRADIENT: f64 = 1e-12;
/// The relative error of the laws of a whole sequence.
const SEQUENCE: f64 = 1e-10;

/// What a law returns: whether it holds, unless the cell fails.
type Verdict = Result<Result<(), Violation>, Error>;

/// A cell on trial.
pub(super) struct Trial<'a, C> {
    name: &'a str,
    cell: &'a C,
    params: &'a Params<f64>,
    given: Given<f64>,
    random: Random,
}

/// What came out of a run.
struct Outcome<T> {
    y: Tensor<T>,
    states: Vec<Tensor<T>>,
    dx: Tensor<T>,
    weights: Vec<T>,
}

impl<'a, C: Cell> Trial<'a, C> {
    pub(super) fn new(
        name: &'a str,
        cell: &'a C,
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
        let mut states = Vec::new();
        Tape::new().evaluate(params, |g| {
            cell.initial(g, batch).each(&mut |s: Var<'_, f64>| states.push(s.shape()));
        })?;
        if let Some(shape) = states.iter().find(|s| s.get(0) != Some(batch)) {
            let (wanted, given) = ("of shape [batch, ..]", format!("{shape} for {batch} rows"));
            return Err(Error::Setting { what: "a state", wanted, given });
        }
        let mut draw = |shape: Shape| Tensor::from_fn(shape, |_| random.normal());
        let given = Given {
            x: draw(Shape::from([time, batch, input]))?,
            wy: draw(Shape::from([time, batch, cell.output()]))?,
            ws: states.iter().map(|&s| draw(s)).collect::<Result<_, _>>()?,
            states: states.iter().map(|&s| draw(s)).collect::<Result<_, _>>()?,
            lengths: None,
            resets: None,
        };
        Ok(Trial { name, cell, params, given, random })
    }

    pub(super) fn prove(mut self) -> Verdict {
        let plain = self.given.clone();
        let marked = self.marked();
        // Each alone, too: short rows may end before their first reset, and a cell may have a fast
        // sequence for either.
        let reset = Given { lengths: None, ..marked.clone() };
        let ending = Given { resets: None, ..marked.clone() };
        for given in [&plain, &reset, &ending, &marked] {
            let checks = [
                self.purity(given)?,
                self.own_sequence::<f64>(given, self.params)?,
                self.own_sequence::<f32>(&given.cast(), &self.params.cast())?,
                self.halves(given)?,
                self.rows(given)?,
                self.derivatives(given),
            ];
            if let Some(broken) = checks.into_iter().find(Result::is_err) {
                return Ok(broken);
            }
        }
        let checks = [
            self.padding(&marked)?,
            self.padding(&ending)?,
            self.resets(&reset)?,
            self.stream(&plain)?,
        ];
        Ok(checks.into_iter().collect())
    }

    /// The same sequences with random lengths and resets.
    fn marked(&mut self) -> Given<f64> {
        let (time, batch) = (self.given.time(), self.given.batch());
        let lengths = (0..batch).map(|_| self.random.below(time + 1) as u32).collect();
        let resets = (0..time * batch).map(|_| self.random.below(3) as u32 / 2).collect();
        Given { lengths: Some(lengths), resets: Some(resets), ..self.given.clone() }
    }

    /// Nothing but weights, inputs and state decides.
    fn purity(&self, given: &Given<f64>) -> Verdict {
        let first = self.run(given, self.params, By::Scan)?;
        let again = self.run(given, self.params, By::Scan)?;
        let first_is = (first.y.values(), &first.states[..]);
        self.same_outcome("purity", (again.y.values(), &again.states), first_is)
    }

    fn own_sequence<T: Real>(&self, given: &Given<T>, params: &Params<T>) -> Verdict {
        let law = "sequence = scan";
        let own = self.run(given, params, By::Sequence)?;
        let steps = self.run(given, params, By::Scan)?;
        let pairs = [
            ("outputs".to_owned(), own.y.values(), steps.y.values()),
            ("gradient of the inputs".into(), own.dx.values(), steps.dx.values()),
            ("gradient of the weights".into(), &own.weights, &steps.weights),
        ];
        let states = own.states.iter().zip(&steps.states).enumerate();
        let states = states.map(|(i, (a, b))| (format!("state {i}"), a.values(), b.values()));
        for (what, a, b) in pairs.into_iter().chain(states) {
            // Gradients may be added up in another order; values may not.
            let verdict = if what.starts_with("gradient") {
                self.close(law, &what, a, b, GRADIENT.max(32.0 * T::EPSILON))
            } else {
                self.same(law, &what, a, b)
            };
            if verdict.is_err() {
                return Ok(verdict);
            }
        }
        Ok(Ok(()))
    }

    fn halves(&self, given: &Given<f64>) -> Verdict {
        let whole = self.run(given, self.params, By::Sequence)?;
        let (first, mut second) = given.halves()?;
        let first = self.run(&first, self.params, By::Sequence)?;
        second.states = first.states;
        let second = self.run(&second, self.params, By::Sequence)?;
        let y = [first.y.values(), second.y.values()].concat();
        self.same_outcome("whole = halves", (whole.y.values(), &whole.states), (&y, &second.states))
    }

    fn rows(&self, given: &Given<f64>) -> Verdict {
        let together = self.run(given, self.params, By::Sequence)?;
        for b in 0..given.batch() {
            let alone = self.run(&given.row(b)?, self.params, By::Sequence)?;
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
    fn padding(&self, given: &Given<f64>) -> Verdict {
        let mut dirty = given.clone();
        let (batch, input) = (given.batch(), given.x.shape().last());
        for (i, x) in dirty.x.values_mut().iter_mut().enumerate() {
            let (t, b) = (i / input / batch, i / input % batch);
            if given.lengths.as_ref().is_some_and(|l| t >= l[b] as usize) {
                *x = f64::NAN;
            }
        }
        let (clean, dirty) = (
            self.run(given, self.params, By::Sequence)?,
            self.run(&dirty, self.params, By::Sequence)?,
        );
        let law = "lengths";
        let size = self.cell.output();
        let past = |i: usize| {
            let (t, b) = (i / size / batch, i / size % batch);
            given.lengths.as_ref().is_some_and(|l| t >= l[b] as usize)
        };
        if let Some(i) =
            (0..clean.y.values().len()).find(|&i| past(i) && clean.y.values()[i] != 0.0)
        {
            let pair = (clean.y.values()[i], 0.0);
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
        for b in 0..batch {
            let mut alone = given.row(b)?;
            let length = alone.lengths.take().map_or(0, |l| l[0] as usize);
            let (alone, _) = alone.cut(length)?;
            let alone = self.run(&alone, self.params, By::Sequence)?;
            let y = row(&clean.y, 1, b)?;
            let states: Result<Vec<_>, _> = clean.states.iter().map(|s| row(s, 0, b)).collect();
            let y = &y.values()[..length * size];
            let alone_is = (alone.y.values(), &alone.states[..]);
            if let Err(broken) = self.same_outcome(law, alone_is, (y, &states?))? {
                return Ok(Err(broken));
            }
        }
        Ok(Ok(()))
    }

    /// A row with resets is its pieces, each but the first from the initial state.
    fn resets(&self, given: &Given<f64>) -> Verdict {
        let initial = self.initial()?;
        for b in 0..given.batch() {
            let whole = self.run(&given.row(b)?, self.params, By::Sequence)?;
            let mut rest = given.row(b)?;
            let flags = rest.resets.take().unwrap_or_default();
            let (mut y, mut from) = (Vec::new(), 0);
            for t in (0..=flags.len()).filter(|&t| flags.get(t).is_none_or(|&f| f != 0)) {
                let (piece, after) = rest.cut(t - from)?;
                let piece = self.run(&piece, self.params, By::Sequence)?;
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

    fn stream(&self, given: &Given<f64>) -> Verdict {
        let (time, batch) = (given.time(), given.batch());
        if batch == 0 {
            // Without rows an input does not say how many features it has.
            return Ok(Ok(()));
        }
        let mut y = Vec::new();
        let mut stream = Stream::rows(self.params, self.cell, batch);
        for t in 0..time {
            if let Some(x) = given.x.at(t) {
                y.extend_from_slice(stream.push(x.values())?);
            }
        }
        let start = self.initial_rows(batch)?;
        let given = Given { states: start, ..given.clone() };
        let whole = self.run(&given, self.params, By::Sequence)?;
        let law = "stream = sequence";
        if let Err(broken) = self.same(law, "outputs", &y, whole.y.values()) {
            return Ok(Err(broken));
        }
        let last: Vec<f64> = whole.states.iter().flat_map(|s| s.values().to_vec()).collect();
        let state = stream.state().unwrap_or(&last);
        if time == 0 && whole.y.shape() != Shape::from([0, batch, self.cell.output()]) {
            return Ok(Err(Violation::new(self.name, "nothing", "outputs", 0, (0.0, 1.0))));
        }
        Ok(self.same(law, "state", state, &last))
    }

    /// Adjoint and second order, with respect to weights, inputs and initial state.
    fn derivatives(&self, given: &Given<f64>) -> Result<(), Violation> {
        let inputs: Vec<_> = std::iter::once(&given.x).chain(&given.states).cloned().collect();
        let whole = Whole { cell: self.cell, given };
        function(self.name, self.params, &inputs, &whole, SEQUENCE)
    }

    fn run<T: Real>(
        &self,
        given: &Given<T>,
        params: &Params<T>,
        by: By,
    ) -> Result<Outcome<T>, Error> {
        let (mut tape, mut grad) = (Tape::new(), Grad::zeros(params));
        let (mut y, mut states) = (Tensor::default(), Vec::new());
        tape.gradient(params, &mut grad, |g| {
            let x = g.wanted(&given.x);
            let mut start = given.states.iter();
            let initial = self.cell.initial(g, given.batch());
            let initial = initial.map(&mut |s| start.next().map_or(s, |s| g.input(s)));
            let (ys, last) = given.through(self.cell, x, initial, by);
            y = ys.tensor();
            let mut loss = (ys * g.input(&given.wy)).sum();
            let mut w = given.ws.iter();
            last.each(&mut |s| {
                states.push(s.tensor());
                if let Some(w) = w.next() {
                    loss = loss + (s * g.input(w)).sum();
                }
            });
            loss
        })?;
        let dx = tape.wanted(0).map(|v| v.values().to_vec()).unwrap_or_default();
        let dx = Tensor::new(given.x.shape(), dx)?;
        Ok(Outcome { y, states, dx, weights: grad.values().to_vec() })
    }

    /// The initial state of one row.
    fn initial(&self) -> Result<Vec<Tensor<f64>>, Error> {
        self.initial_rows(1)
    }

    fn initial_rows(&self, batch: usize) -> Result<Vec<Tensor<f64>>, Error> {
        Tape::new().evaluate(self.params, |g| {
            let mut states = Vec::new();
            self.cell.initial(g, batch).each(&mut |s: Var<'_, f64>| states.push(s.tensor()));
            states
        })
    }

    fn same_outcome(
        &self,
        law: &'static str,
        (ya, sa): (&[f64], &[Tensor<f64>]),
        (yb, sb): (&[f64], &[Tensor<f64>]),
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
        let size = |x: &[T]| x.iter().fold(0.0, |m: f64, x| m.max(x.to_f64().abs()));
        let allowed = tolerance * size(a).max(size(b)).max(1.0);
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

/// A cell over a whole sequence, as a function of inputs and initial state.
struct Whole<'a, C> {
    cell: &'a C,
    given: &'a Given<f64>,
}

impl<C: Cell> Function for Whole<'_, C> {
    fn call<'g, T: Real>(&self, g: &'g Graph<'g, T>, x: &[Var<'g, T>]) -> Var<'g, T> {
        let mut inputs = x.iter().copied();
        let xs = inputs.next().unwrap_or(g.absent());
        let initial = self.cell.initial(g, self.given.batch());
        let initial = initial.map(&mut |s| inputs.next().unwrap_or(s));
        let (y, last) = self.given.through(self.cell, xs, initial, By::Sequence);
        let mut all = vec![y.reshape([y.shape().len()])];
        last.each(&mut |s| all.push(s.reshape([s.shape().len()])));
        g.concat(0, &all)
    }
}
