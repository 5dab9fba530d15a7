//! Where the weights of a cell lie in the operands of its node.

use super::super::error::Error;
use super::super::layout::{Array, Layout, Part};
use super::super::peer::{Peer, Sum};

/// What a cell is in ONNX's operators.
pub(crate) struct Form {
    /// The operator.
    pub(crate) operator: &'static str,
    /// Which of our sums stand in ONNX's order of gates; a gate that the cell does not have is 0.
    pub(crate) order: &'static [Option<usize>],
}

/// RNN, LSTM (gates i o f c; ours i f g o, or i g o) and GRU (z r h; ours r z n).
pub(crate) fn form(cell: &Peer) -> Result<Form, Error> {
    let (operator, order): (_, &[_]) = match cell {
        Peer::Elman(_) => ("RNN", &[Some(0)]),
        Peer::Lstm(_) | Peer::PeepholeLstm(_) => ("LSTM", &[Some(0), Some(3), Some(1), Some(2)]),
        Peer::CoupledLstm(_) => ("LSTM", &[Some(0), Some(2), None, Some(1)]),
        Peer::Gru(_) | Peer::ResetFirstGru(_) => ("GRU", &[Some(1), Some(0), Some(2)]),
        Peer::ProjectedLstm(_) => return Err(cell.unknown("ONNX")),
    };
    Ok(Form { operator, order })
}

/// The operands of a node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    /// W: `[directions, gates × hidden, in]`.
    pub(crate) w: &'a str,
    /// R: `[directions, gates × hidden, hidden]`.
    pub(crate) r: &'a str,
    /// B: `[directions, 2 × gates × hidden]`, the biases of the input before those of the state.
    pub(crate) b: &'a str,
    /// P: `[directions, 3 × hidden]`, for the gates i, o, f.
    pub(crate) p: &'a str,
}

/// Where the weights of the cells of a node lie, one for each direction, all of one kind and size.
pub(crate) fn layout(names: Names<'_>, cells: &[Peer]) -> Result<Layout, Error> {
    let mut layout = Layout::default();
    let Some(first) = cells.first() else { return Ok(layout) };
    let (hidden, input, directions) = (first.hidden(), first.input(), cells.len());
    let order = form(first)?.order;
    let rows = order.len() * hidden;
    // Each sum of each direction, with the direction and the gate.
    let mut sums: Vec<(usize, usize, Sum)> = Vec::new();
    for (direction, cell) in cells.iter().enumerate() {
        let ours = cell.sums();
        let gates = order.iter().enumerate();
        sums.extend(gates.filter_map(|(gate, &sum)| Some((direction, gate, *ours.get(sum?)?))));
    }
    let matrix = |of: fn(&Sum) -> Part| {
        let part = move |(direction, gate, sum): &(usize, usize, Sum)| {
            of(sum).turned().at(direction * rows + gate * hidden, 0)
        };
        sums.iter().map(part)
    };
    layout.push(Array::new(names.w, [directions, rows, input], matrix(|sum| sum.w)));
    layout.push(Array::new(names.r, [directions, rows, hidden], matrix(|sum| sum.u)));
    let biases = sums.iter().flat_map(|&(direction, gate, sum)| {
        let state = sum.c.unwrap_or(sum.b.second());
        [sum.b.at(direction, gate * hidden), state.at(direction, rows + gate * hidden)]
    });
    layout.push(Array::new(names.b, [directions, 2 * rows], biases).optional());
    if first.peepholes().is_some() {
        // Ours see i, f, o.
        let parts = cells.iter().enumerate().flat_map(|(direction, cell)| {
            let rows = cell.peepholes().into_iter().flat_map(|p| {
                [0, 2, 1]
                    .into_iter()
                    .enumerate()
                    .map(move |(at, row)| (at, Part::whole(p).row(row)))
            });
            rows.map(move |(at, part)| part.at(direction, at * hidden))
        });
        layout.push(Array::new(names.p, [directions, 3 * hidden], parts));
    }
    Ok(layout)
}
