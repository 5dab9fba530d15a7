//! Cells over whole sequences.

use super::super::super::error::Error;
use super::super::super::peer::Peer;
use super::super::activations;
use super::super::attributes::Attributes;
use super::super::strides::Strides;
use super::super::value::{Unfit, Value, seen};
use super::Operands;
use elman_autograd::{Graph, Scope, Var};
use elman_rnn::{Activation, CoupledLstm, Elman, Gru, Lstm, PeepholeLstm, ResetFirstGru, Seq};
use elman_tensor::{Real, Shape};

/// The operators RNN, LSTM and GRU: a cell for each direction.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recurrent {
    cells: Vec<Peer>,
    /// Whether the first direction reads backwards.
    reverse: bool,
    /// Whether the batch is the outermost axis.
    batch_first: bool,
}

/// The kind of a node's cells.
#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// With an activation for each direction.
    Simple(Vec<Activation>),
    Lstm,
    Peephole,
    Coupled,
    Gru,
    ResetFirst,
}

/// All that a node says about its cells, but for the weights.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sizes {
    kind: Kind,
    directions: usize,
    reverse: bool,
    batch_first: bool,
    input: usize,
    hidden: usize,
}

impl Sizes {
    /// What a node of this operator says; `w` and `r` are the shapes of its weights, `p` tells
    /// whether it has peepholes. None if it is another operator.
    pub(crate) fn read(
        operator: &str,
        attributes: &mut Attributes,
        [w, r]: [Shape; 2],
        p: bool,
    ) -> Result<Self, Error> {
        let direction = attributes.text("direction", "forward")?;
        let (directions, reverse) = match direction.as_str() {
            "forward" => (1, false),
            "reverse" => (1, true),
            "bidirectional" => (2, false),
            _ => return Err(attributes.refuse(format!("the direction {direction:?}"))),
        };
        let (sigmoid, tanh) = ("Sigmoid", "Tanh");
        let (kind, gates) = match operator {
            "RNN" => (Kind::Simple(activations::read(attributes, directions)?), 1),
            "LSTM" => {
                activations::usual(attributes, &[sigmoid, tanh, tanh], directions)?;
                match (attributes.int("input_forget", 0)? != 0, p) {
                    (true, true) => return Err(attributes.refuse("input_forget with peepholes")),
                    (true, false) => (Kind::Coupled, 4),
                    (false, true) => (Kind::Peephole, 4),
                    (false, false) => (Kind::Lstm, 4),
                }
            }
            _ => {
                activations::usual(attributes, &[sigmoid, tanh], directions)?;
                match attributes.int("linear_before_reset", 0)? != 0 {
                    true => (Kind::Gru, 3),
                    false => (Kind::ResetFirst, 3),
                }
            }
        };
        let (input, hidden) = (w.last(), r.last());
        let rows = gates * hidden.min(1 << 32);
        let wanted = [[directions, rows, input], [directions, rows, hidden]].map(Shape::from);
        if [w, r] != wanted {
            let [a, b] = wanted;
            return Err(attributes.refuse(format!("weights {w} and {r}; wanted {a} and {b}")));
        }
        let said = attributes.int("hidden_size", hidden as i64)?;
        if said != hidden as i64 {
            return Err(attributes.refuse(format!("{said} units, with weights for {hidden}")));
        }
        let batch_first = attributes.int("layout", 0)? != 0;
        Ok(Sizes { kind, directions, reverse, batch_first, input, hidden })
    }

    /// The most operands and outputs: of cells and peepholes, only an LSTM has some.
    pub(crate) fn most(&self) -> [usize; 2] {
        match self.kind {
            Kind::Simple(_) | Kind::Gru | Kind::ResetFirst => [6, 2],
            Kind::Lstm | Kind::Peephole | Kind::Coupled => [8, 3],
        }
    }

    /// The cells, with weights that are to be replaced.
    pub(crate) fn build(&self, mut p: Scope<'_>) -> Result<Recurrent, elman_autograd::Error> {
        let (input, hidden) = (self.input, self.hidden);
        let mut cells = Vec::new();
        for (direction, name) in ["forward", "backward"].iter().enumerate().take(self.directions) {
            let p = p.scope(name);
            cells.push(match &self.kind {
                Kind::Simple(activations) => {
                    Elman::with(p, input, hidden, activations[direction])?.into()
                }
                Kind::Lstm => Lstm::new(p, input, hidden)?.into(),
                Kind::Peephole => PeepholeLstm::new(p, input, hidden)?.into(),
                Kind::Coupled => CoupledLstm::new(p, input, hidden)?.into(),
                Kind::Gru => Gru::new(p, input, hidden)?.into(),
                Kind::ResetFirst => ResetFirstGru::new(p, input, hidden)?.into(),
            });
        }
        Ok(Recurrent { cells, reverse: self.reverse, batch_first: self.batch_first })
    }
}

impl Recurrent {
    /// The cells, one for each direction.
    pub(crate) fn cells(&self) -> &[Peer] {
        &self.cells
    }

    /// Operands X, W, R, B, lengths, first h, first c, P, of which the weights are in the cells;
    /// outputs `[time, directions, batch, hidden]`, last h, last c.
    #[track_caller]
    pub(super) fn apply<'g, T: Real>(
        &self,
        g: &'g Graph<'g, T>,
        x: Operands<'_, 'g, T>,
    ) -> Result<[Option<Value<'g, T>>; 3], Unfit> {
        let xs = self.exchanged(x.floats(0)?, &[1, 0, 2])?;
        if xs.shape().rank() != 3 {
            return Err(format!("wanted a sequence of three axes, got {}", xs.shape()));
        }
        let mut xs = Seq::from(xs);
        let hidden = self.cells.iter().map(|cell| cell.output()).fold(0, usize::saturating_add);
        x.check_room(xs.time().saturating_mul(xs.batch()).saturating_mul(hidden))?;
        if let Some(lengths) = x.ints(4)? {
            let lengths = lengths.iter().map(|&length| u32::try_from(length));
            let lengths = lengths.collect::<Result<Vec<_>, _>>();
            xs = xs.with_lengths(&lengths.map_err(|_| "lengths below 0")?);
        }
        let (mut outputs, mut hs, mut cs) = (Vec::new(), Vec::new(), Vec::new());
        for (direction, cell) in self.cells.iter().enumerate() {
            let state =
                [self.state(g, &x, 5, direction, xs)?, self.state(g, &x, 6, direction, xs)?];
            let backwards = self.reverse || direction == 1;
            let from = if backwards { xs.reversed() } else { xs };
            let (mut y, [h, c]) = cell.sequence(from, state);
            if backwards {
                y = from.with_values(y).reversed().values();
            }
            let hidden = cell.output();
            outputs.push(y.reshape([xs.time(), 1, xs.batch(), hidden]));
            hs.push(h.reshape([1, xs.batch(), hidden]));
            cs.push(c.reshape([1, xs.batch(), hidden]));
        }
        let y = self.exchanged(g.concat(1, &outputs), &[2, 0, 1, 3])?;
        let h = self.exchanged(g.concat(0, &hs), &[1, 0, 2])?;
        let c = self.exchanged(g.concat(0, &cs), &[1, 0, 2])?;
        Ok([Some(y.into()), Some(h.into()), Some(c.into())])
    }

    /// The state that an operand gives to a direction, zeros if there is none.
    #[track_caller]
    fn state<'g, T: Real>(
        &self,
        g: &'g Graph<'g, T>,
        x: &Operands<'_, 'g, T>,
        operand: usize,
        direction: usize,
        xs: Seq<'g, T>,
    ) -> Result<Var<'g, T>, Unfit> {
        let (batch, hidden) = (xs.batch(), self.cells[direction].output());
        if x.optional(operand).is_none() {
            return Ok(g.zeros([batch, hidden]));
        }
        let states = self.exchanged(x.floats(operand)?, &[1, 0, 2])?;
        let wanted = Shape::from([self.cells.len(), batch, hidden]);
        if states.shape() != wanted {
            return Err(format!("states {}; wanted {wanted}", states.shape()));
        }
        Ok(states.at(direction))
    }

    /// With the axes in another order, if the batch is outermost.
    #[track_caller]
    fn exchanged<'g, T: Real>(&self, x: Var<'g, T>, order: &[usize]) -> Result<Var<'g, T>, Unfit> {
        if !self.batch_first {
            return Ok(x);
        }
        seen(x, &Strides::of_shape(x.shape()).permuted(order)?)
    }
}
