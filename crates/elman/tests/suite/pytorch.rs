//! Cells against PyTorch's numbers (`tests/reference`): outputs, states, loss, every gradient, and
//! twenty steps of Adam, in f64.

use crate::peers::{HIDDEN, INPUT, Peer, agrees, side_by_side};
use crate::support::reference::Reference;
use elman::prelude::*;

impl Peer for Elman {
    fn weights(&self, r: &Reference, prefix: &str) -> Vec<(Param, Vec<f64>)> {
        side_by_side(self.gate(), r, prefix)
    }
}

impl Peer for Lstm {
    fn weights(&self, r: &Reference, prefix: &str) -> Vec<(Param, Vec<f64>)> {
        side_by_side(self.gates(), r, prefix)
    }
}

impl Peer for ProjectedLstm {
    fn weights(&self, r: &Reference, prefix: &str) -> Vec<(Param, Vec<f64>)> {
        let mut weights = side_by_side(self.gates(), r, prefix);
        let projection = r.of(&format!("{prefix}projection")).values().to_vec();
        weights.push((self.projection(), projection));
        weights
    }
}

impl Peer for Gru {
    /// PyTorch has r, z and n side by side; here the candidate n keeps to itself.
    fn weights(&self, r: &Reference, prefix: &str) -> Vec<(Param, Vec<f64>)> {
        let part = |name: &str, gates: &[usize]| r.gates(&format!("{prefix}{name}"), HIDDEN, gates);
        let ([w, u, b], [wn, bn, un, cn]) = (self.gates().params(), self.candidate());
        vec![
            (w, part("weight", &[0, 1])),
            (u, part("recurrent", &[0, 1])),
            (b, part("bias", &[0, 1])),
            (wn, part("weight", &[2])),
            (un, part("recurrent", &[2])),
            (bn, part("bias", &[2])),
            (cn, part("candidate_bias", &[0])),
        ]
    }
}

#[test]
fn elman_tanh() {
    agrees("elman_tanh", &["h"], |p| Elman::new(p, INPUT, HIDDEN));
}

#[test]
fn elman_relu() {
    agrees("elman_relu", &["h"], |p| Elman::with(p, INPUT, HIDDEN, Activation::Relu));
}

#[test]
fn lstm() {
    agrees("lstm", &["h", "c"], |p| Lstm::new(p, INPUT, HIDDEN));
}

/// PyTorch's `proj_size`: a state of 2 numbers beside a cell of 5.
#[test]
fn projected_lstm() {
    agrees("projected_lstm", &["h", "c"], |p| ProjectedLstm::new(p, INPUT, HIDDEN, 2));
}

#[test]
fn gru() {
    agrees("gru", &["h"], |p| Gru::new(p, INPUT, HIDDEN));
}
