//! A state that goes on step by step, and the derivatives of single steps.

use crate::cell::Cell;
use crate::state::{State, flush};
use elman_autograd::{Error, Grad, Graph, Params, Tape, Var};
use elman_kernels::{copy, fill, fit};
use elman_tensor::{Real, Shape, View, reserve};
use std::panic::Location;

/// The state of a cell as plain numbers, and what one step makes of it.
pub(super) struct Present<T: Real, C> {
    pub(super) cell: C,
    pub(super) numbers: Numbers<T>,
}

/// What does not depend on the cell.
pub(super) struct Numbers<T: Real> {
    batch: usize,
    tape: Tape<T>,
    /// The shapes of the state's Vars.
    pub(super) shapes: Vec<Shape>,
    /// Its numbers, Var by Var, now and after the step.
    pub(super) state: Vec<T>,
    next: Vec<T>,
    /// What the last pass says of the state before the step.
    pub(super) through: Vec<T>,
    steps: u64,
    /// How many weights there are.
    pub(super) weights: usize,
}

/// Numbers of a state that are added up.
#[derive(Clone, Copy)]
pub(super) enum Picked {
    /// One of them, counted Var by Var.
    Number(usize),
    /// Those of a row of one of the Vars.
    Row { part: usize, row: usize },
}

impl<T: Real, C: Cell> Present<T, C> {
    /// The initial state of so many rows.
    pub(super) fn new(params: &Params<T>, cell: C, batch: usize) -> Result<Self, Error> {
        let (mut shapes, mut tape) = (Vec::new(), Tape::new());
        tape.evaluate(params, |g| cell.initial(g, batch).each(&mut |s| shapes.push(s.shape())))?;
        let mut present =
            Present { cell, numbers: Numbers::new(shapes, tape, batch, params.len())? };
        present.begin(params)?;
        Ok(present)
    }

    pub(super) fn with_tape(self, tape: Tape<T>) -> Self {
        Present { numbers: Numbers { tape, ..self.numbers }, ..self }
    }

    /// Goes back to the initial state.
    pub(super) fn begin(&mut self, params: &Params<T>) -> Result<(), Error> {
        let Present { cell, numbers: Numbers { tape, state, batch, .. } } = self;
        tape.evaluate(params, |g| read(&cell.initial(g, *batch), state))?;
        self.numbers.steps = 0;
        Ok(())
    }

    /// The loss of a step, its gradient by the weights as they enter this step alone, and what it
    /// says of the state before.
    pub(super) fn loss<F>(
        &mut self,
        params: &Params<T>,
        x: View<'_, T>,
        grad: &mut Grad<T>,
        loss: F,
        line: &'static Location<'static>,
    ) -> Result<T, Error>
    where
        F: for<'g> FnOnce(&'g Graph<'g, T>, Var<'g, T>) -> Var<'g, T>,
    {
        let Present { cell, numbers } = self;
        let Numbers { tape, shapes, state, next, batch, steps, .. } = numbers;
        tape.set_step(*steps);
        let value = tape.gradient(params, grad, |g| {
            g.on_behalf(file!(), line);
            g.time(Some(*steps as usize));
            let (y, s) = cell.step(g.input(x), enter(cell.initial(g, *batch), g, shapes, state));
            read(&flush(s, line), next);
            loss(g, y)
        })?;
        numbers.read_through();
        Ok(value)
    }

    /// The derivatives of some numbers of the state after a step from `x`, or, without one, of the
    /// initial state: by the weights, and by the state before.
    pub(super) fn derive(
        &mut self,
        params: &Params<T>,
        x: Option<View<'_, T>>,
        picked: Picked,
        direct: &mut Grad<T>,
        line: &'static Location<'static>,
    ) -> Result<(), Error> {
        let Present { cell, numbers } = self;
        let Numbers { tape, shapes, state, batch, steps, .. } = numbers;
        tape.set_step(*steps);
        tape.gradient(params, direct, |g| {
            g.on_behalf(file!(), line);
            let s = match x {
                Some(x) => {
                    g.time(Some(*steps as usize));
                    let s = enter(cell.initial(g, *batch), g, shapes, state);
                    flush(cell.step(g.input(x), s).1, line)
                }
                None => cell.initial(g, *batch),
            };
            picked.sum(g, &s)
        })?;
        numbers.read_through();
        Ok(())
    }
}

impl<T: Real> Numbers<T> {
    fn new(shapes: Vec<Shape>, tape: Tape<T>, batch: usize, weights: usize) -> Result<Self, Error> {
        let size = shapes.iter().fold(0usize, |sum, shape| sum.saturating_add(shape.len()));
        let (state, next, through) = (room(size)?, room(size)?, room(size)?);
        Ok(Numbers { batch, tape, shapes, state, next, through, steps: 0, weights })
    }

    pub(super) fn batch(&self) -> usize {
        self.batch
    }

    /// The state after the step is that of the next one.
    pub(super) fn go_on(&mut self) {
        std::mem::swap(&mut self.state, &mut self.next);
        self.steps += 1;
    }

    /// Copies what the last pass says of the state before it; zeros where it had none.
    fn read_through(&mut self) {
        fill(&mut self.through, T::ZERO);
        let mut rest = &mut self.through[..];
        for (i, shape) in self.shapes.iter().enumerate() {
            let (to, after) = rest.split_at_mut(shape.len());
            if let Some(found) = self.tape.wanted(i) {
                fit(copy(found.values(), to));
            }
            rest = after;
        }
    }

    /// What the last pass says of a row of one of the Vars of the state before, `[batch, n]` all.
    pub(super) fn through_of(&self, part: usize, row: usize) -> &[T] {
        let n = self.shapes[part].last();
        &self.through[(part * self.batch + row) * n..][..n]
    }

    /// An error unless the parameters are as many as at the beginning.
    pub(super) fn demand(
        &self,
        params: &Params<T>,
        line: &'static Location<'static>,
    ) -> Result<(), Error> {
        let (wanted, given) = (self.weights, params.len());
        if wanted == given { Ok(()) } else { Err(Error::GradLength { wanted, given, line }) }
    }
}

impl Picked {
    fn sum<'g, T: Real>(self, g: &'g Graph<'g, T>, s: &impl State<'g, T>) -> Var<'g, T> {
        let (mut sum, mut from, mut vars) = (g.zeros([]), 0, 0);
        s.each(&mut |s| {
            let len = s.shape().len();
            match self {
                Picked::Number(number) => {
                    if let Some(i) = number.checked_sub(from).filter(|&i| i < len) {
                        sum = s.reshape([len]).slice(i, 1).reshape([]);
                    }
                }
                Picked::Row { part, row } => {
                    if part == vars {
                        sum = s.slice(row, 1).sum();
                    }
                }
            }
            from += len;
            vars += 1;
        });
        sum
    }
}

/// Zeros, unless there is no memory for them.
pub(super) fn room<T: Real>(count: usize) -> Result<Vec<T>, Error> {
    let mut room = Vec::new();
    reserve(&mut room, count)?;
    room.resize(count, T::ZERO);
    Ok(room)
}

/// Copies a state out.
fn read<'g, T: Real>(s: &impl State<'g, T>, to: &mut [T]) {
    let mut from = 0;
    s.each(&mut |s| {
        let until = from + s.shape().len();
        s.read(to.get_mut(from..until).unwrap_or_default());
        from = until;
    });
}

/// A state of these shapes and numbers, whose gradient is wanted.
fn enter<'g, T: Real, S: State<'g, T>>(
    start: S,
    g: &'g Graph<'g, T>,
    shapes: &[Shape],
    state: &[T],
) -> S {
    let (mut shapes, mut rest) = (shapes.iter(), state);
    start.map(&mut |s| {
        let numbers = shapes.next().and_then(|&shape| {
            let (numbers, after) = rest.split_at_checked(shape.len())?;
            rest = after;
            View::new(shape, numbers)
        });
        numbers.map_or(s, |numbers| g.wanted(numbers))
    })
}
