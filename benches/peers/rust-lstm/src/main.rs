//! The crate `rust-lstm`: its LSTM and GRU networks, its linear layer, and Adam. It computes in
//! `f64`, with a batch in the columns, and has no plain recurrent network.

use common::{Cell, Failure, Peer, Step, Streaming, Training, noise};
use ndarray::{Array2, s};
use rust_lstm::layers::linear::LinearLayer;
use rust_lstm::models::gru_network::GRUNetwork;
use rust_lstm::models::lstm_network::LSTMNetwork;
use rust_lstm::optimizers::Adam;

/// One layer of cells.
enum Network {
    Lstm(LSTMNetwork),
    Gru(GRUNetwork),
}

fn array(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
    let values = noise(rows * columns, seed).map(f64::from).collect();
    Array2::from_shape_vec((rows, columns), values).expect("as many values as elements")
}

/// Time steps `[features, batch]`.
fn sequence(time: usize, features: usize, batch: usize, seed: u64) -> Vec<Array2<f64>> {
    (0..time).map(|t| array(features, batch, seed + t as u64)).collect()
}

/// A linear layer over all time steps at once: they lie side by side in the columns.
struct Head {
    layer: LinearLayer,
    batch: usize,
}

impl Head {
    /// The loss, and its cotangents at each step's output.
    fn back(
        &mut self,
        outputs: &[Array2<f64>],
        y: &Array2<f64>,
        adam: &mut Adam,
    ) -> Result<(f32, Vec<Array2<f64>>), Failure> {
        let views: Vec<_> = outputs.iter().map(Array2::view).collect();
        let all = ndarray::concatenate(ndarray::Axis(1), &views)?;
        let error = self.layer.forward(&all) - y;
        let n = error.len() as f64;
        let loss = error.iter().map(|e| e * e).sum::<f64>() / n;
        let (gradients, back) = self.layer.backward(&(error * (2.0 / n)));
        self.layer.update_parameters(&gradients, adam, "head");
        let step = |t| back.slice(s![.., t * self.batch..(t + 1) * self.batch]).to_owned();
        Ok((loss as f32, (0..outputs.len()).map(step).collect()))
    }
}

fn train(w: &Training, mut network: Network) -> Step {
    let mut head = Head { layer: LinearLayer::new(w.hidden, w.output), batch: w.batch };
    let mut adam = Adam::new(1e-3);
    let xs = sequence(w.time, w.input, w.batch, 1);
    let y = array(w.output, w.time * w.batch, 1 << 32);
    Box::new(move || match &mut network {
        Network::Lstm(network) => {
            let (states, kept) = network.forward_sequence_with_cache(&xs);
            let outputs: Vec<_> = states.into_iter().map(|(h, _)| h).collect();
            let (loss, back) = head.back(&outputs, &y, &mut adam)?;
            let (gradients, _) = network.backward_sequence(&back, &kept);
            network.update_parameters(&gradients, &mut adam);
            Ok(loss)
        }
        Network::Gru(network) => {
            let (states, kept) = network.forward_sequence_with_cache(&xs);
            let outputs: Vec<_> = states.into_iter().map(|(h, _)| h).collect();
            let (loss, back) = head.back(&outputs, &y, &mut adam)?;
            let (gradients, _) = network.backward_sequence(&back, &kept);
            network.update_parameters(&gradients, &mut adam);
            Ok(loss)
        }
    })
}

fn stream(w: &Streaming, network: Network) -> Step {
    let x = array(w.input, 1, 1);
    match network {
        Network::Lstm(mut network) => {
            let mut state = network.zero_state(1);
            Box::new(move || {
                let (y, next) = network.forward(&x, &state);
                state = next;
                Ok(y[[0, 0]] as f32)
            })
        }
        Network::Gru(mut network) => {
            let mut state = vec![Array2::zeros((w.hidden, 1))];
            Box::new(move || {
                state = network.forward(&x, &state);
                Ok(state[0][[0, 0]] as f32)
            })
        }
    }
}

fn network(cell: Cell, input: usize, hidden: usize) -> Option<Network> {
    match cell {
        Cell::Rnn => None,
        Cell::Lstm => Some(Network::Lstm(LSTMNetwork::new(input, hidden, 1))),
        Cell::Gru => Some(Network::Gru(GRUNetwork::new(input, hidden, 1))),
    }
}

struct RustLstm;

impl Peer for RustLstm {
    const NAME: &'static str = "rust-lstm";

    fn train(w: &Training) -> Result<Option<Step>, Failure> {
        Ok(network(w.cell, w.input, w.hidden).map(|network| train(w, network)))
    }

    fn stream(w: &Streaming) -> Result<Option<Step>, Failure> {
        Ok(network(w.cell, w.input, w.hidden).map(|network| stream(w, network)))
    }
}

fn main() -> Result<(), Failure> {
    common::run::<RustLstm>()
}
