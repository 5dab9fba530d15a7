//! Cells against Keras's numbers (`tests/reference`): outputs, states, loss, every gradient, and
//! twenty steps of Adam, in f64. Its LSTM has the order of PyTorch, with another letter: i, f, c, o.

use crate::peers::{HIDDEN, INPUT, Peer, agrees};
use crate::support::reference::Reference;
use elman::prelude::*;

/// Keras has z, r and h side by side; here r comes before z, and the candidate keeps to itself.
impl Peer for ResetFirstGru {
    fn weights(&self, r: &Reference, prefix: &str) -> Vec<(Param, Vec<f64>)> {
        let names = ["weight", "recurrent", "bias"].map(|name| format!("{prefix}{name}"));
        let (gates, candidate) = (self.gates().params(), self.candidate().params());
        let gates =
            gates.into_iter().zip(&names).map(|(w, name)| (w, r.gates(name, HIDDEN, &[1, 0])));
        let candidate =
            candidate.into_iter().zip(&names).map(|(w, name)| (w, r.gates(name, HIDDEN, &[2])));
        gates.chain(candidate).collect()
    }
}

#[test]
fn lstm() {
    agrees("keras_lstm", &["h", "c"], |p| Lstm::new(p, INPUT, HIDDEN));
}

#[test]
fn gru_that_resets_first() {
    agrees("keras_gru", &["h"], |p| ResetFirstGru::new(p, INPUT, HIDDEN));
}
