//! Burn on its CPU backend in Rust (`flex`): its RNN, LSTM and GRU layers, a linear layer and Adam.

use burn::module::Module;
use burn::nn::loss::{MseLoss, Reduction};
use burn::nn::{
    Gru, GruConfig, Linear, LinearConfig, Lstm, LstmConfig, LstmState, Rnn, RnnConfig, RnnState,
};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Tensor, TensorData};
use common::{Cell, Failure, Peer, Step, Streaming, Training, noise};

#[derive(Module, Debug)]
enum Network {
    Rnn(Rnn),
    Lstm(Lstm),
    Gru(Gru),
}

/// What is carried from step to step.
enum State {
    Rnn(RnnState<2>),
    Lstm(LstmState<2>),
    Gru(Tensor<2>),
}

impl Network {
    fn new(cell: Cell, input: usize, hidden: usize, device: &Device) -> Self {
        match cell {
            Cell::Rnn => Network::Rnn(RnnConfig::new(input, hidden, true).init(device)),
            Cell::Lstm => Network::Lstm(LstmConfig::new(input, hidden, true).init(device)),
            Cell::Gru => Network::Gru(GruConfig::new(input, hidden, true).init(device)),
        }
    }

    /// `[batch, time, input]` to `[batch, time, hidden]`.
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        match self {
            Network::Rnn(rnn) => rnn.forward(x, None).0,
            Network::Lstm(lstm) => lstm.forward(x, None).0,
            Network::Gru(gru) => gru.forward(x, None),
        }
    }

    /// A sequence of a single step.
    fn step(&self, x: Tensor<3>, state: Option<State>) -> (Tensor<3>, State) {
        match (self, state) {
            (Network::Rnn(rnn), state) => {
                let state = state.map(|state| match state {
                    State::Rnn(state) => state,
                    _ => unreachable!("an RNN has the state of one"),
                });
                let (y, state) = rnn.forward(x, state);
                (y, State::Rnn(state))
            }
            (Network::Lstm(lstm), state) => {
                let state = state.map(|state| match state {
                    State::Lstm(state) => state,
                    _ => unreachable!("an LSTM has the state of one"),
                });
                let (y, state) = lstm.forward(x, state);
                (y, State::Lstm(state))
            }
            (Network::Gru(gru), state) => {
                let state = state.map(|state| match state {
                    State::Gru(state) => state,
                    _ => unreachable!("a GRU has the state of one"),
                });
                let y = gru.forward(x, state);
                (y.clone(), State::Gru(y.squeeze_dim(1)))
            }
        }
    }
}

#[derive(Module, Debug)]
struct Model {
    network: Network,
    head: Linear,
}

fn tensor(shape: [usize; 3], seed: u64, device: &Device) -> Tensor<3> {
    let values: Vec<f32> = noise(shape.iter().product(), seed).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn first(x: Tensor<3>) -> Result<f32, Failure> {
    let data = x.into_data();
    let values = data.as_slice::<f32>().map_err(|error| format!("{error:?}"))?;
    Ok(values[0])
}

struct Burn;

impl Peer for Burn {
    const NAME: &'static str = "burn";

    fn train(w: &Training) -> Result<Option<Step>, Failure> {
        let device = Device::flex().autodiff();
        let network = Network::new(w.cell, w.input, w.hidden, &device);
        let head = LinearConfig::new(w.hidden, w.output).init(&device);
        let mut model = Some(Model { network, head });
        let mut adam = AdamConfig::new().with_epsilon(1e-8).init();
        let x = tensor([w.batch, w.time, w.input], 1, &device);
        let y = tensor([w.batch, w.time, w.output], 2, &device);
        Ok(Some(Box::new(move || {
            let this = model.take().ok_or("the model has gone")?;
            let prediction = this.head.forward(this.network.forward(x.clone()));
            let loss = MseLoss::new().forward(prediction, y.clone(), Reduction::Mean);
            let gradients = GradientsParams::from_grads(loss.backward(), &this);
            model = Some(adam.step(1e-3, this, gradients));
            first(loss.reshape([1, 1, 1]))
        })))
    }

    fn stream(w: &Streaming) -> Result<Option<Step>, Failure> {
        let device = Device::flex();
        let network = Network::new(w.cell, w.input, w.hidden, &device);
        let x = tensor([1, 1, w.input], 1, &device);
        let mut state = None;
        Ok(Some(Box::new(move || {
            let (y, next) = network.step(x.clone(), state.take());
            state = Some(next);
            first(y)
        })))
    }
}

fn main() -> Result<(), Failure> {
    common::run::<Burn>()
}
