//! Candle (`candle-core`, `candle-nn`): its LSTM and GRU layers, a linear layer and AdamW without
//! decay. It has no layer for a plain recurrent network, which is written out here.

use candle_core::{DType, Device, IndexOp, Tensor};
use candle_nn::rnn::{GRUState, LSTMState};
use candle_nn::{
    AdamW, GRU, GRUConfig, Init, LSTM, LSTMConfig, Linear, Module, Optimizer, ParamsAdamW, RNN,
    VarBuilder, VarMap, linear,
};
use common::{Cell, Failure, Peer, Step, Streaming, Training, noise};

type Result<T> = candle_core::Result<T>;

const DEVICE: Device = Device::Cpu;

/// A cell whose outputs can be told from its states.
trait Outputs: RNN {
    fn output(state: &Self::State) -> &Tensor;
}

impl Outputs for LSTM {
    fn output(state: &LSTMState) -> &Tensor {
        state.h()
    }
}

impl Outputs for GRU {
    fn output(state: &GRUState) -> &Tensor {
        state.h()
    }
}

/// h′ = tanh(b + x · W + h · U)
struct Elman {
    w: Linear,
    u: Tensor,
    hidden: usize,
}

impl Elman {
    fn new(input: usize, hidden: usize, weights: VarBuilder<'_>) -> Result<Self> {
        let bound = (hidden as f64).sqrt().recip();
        let init = Init::Uniform { lo: -bound, up: bound };
        let u = weights.get_with_hints((hidden, hidden), "u", init)?;
        Ok(Elman { w: linear(input, hidden, weights.pp("w"))?, u, hidden })
    }
}

impl RNN for Elman {
    type State = Tensor;

    fn zero_state(&self, batch: usize) -> Result<Tensor> {
        Tensor::zeros((batch, self.hidden), DType::F32, &DEVICE)
    }

    fn step(&self, x: &Tensor, h: &Tensor) -> Result<Tensor> {
        (self.w.forward(x)? + h.matmul(&self.u)?)?.tanh()
    }

    fn states_to_tensor(&self, states: &[Tensor]) -> Result<Tensor> {
        Tensor::stack(states, 1)
    }
}

impl Outputs for Elman {
    fn output(state: &Tensor) -> &Tensor {
        state
    }
}

fn tensor(shape: &[usize], seed: u64) -> Result<Tensor> {
    let n = shape.iter().product();
    Tensor::from_vec(noise(n, seed).collect(), shape, &DEVICE)
}

/// The layers of candle begin with weights for a rectifier, with which a loss need not go down.
fn uniform(hidden: usize) -> Init {
    let bound = (hidden as f64).sqrt().recip();
    Init::Uniform { lo: -bound, up: bound }
}

fn new_lstm(input: usize, hidden: usize, weights: VarBuilder<'_>) -> Result<LSTM> {
    let (w_ih_init, w_hh_init) = (uniform(hidden), uniform(hidden));
    LSTM::new(input, hidden, LSTMConfig { w_ih_init, w_hh_init, ..Default::default() }, weights)
}

fn new_gru(input: usize, hidden: usize, weights: VarBuilder<'_>) -> Result<GRU> {
    let (w_ih_init, w_hh_init) = (uniform(hidden), uniform(hidden));
    GRU::new(input, hidden, GRUConfig { w_ih_init, w_hh_init, ..Default::default() }, weights)
}

type New<C> = fn(usize, usize, VarBuilder<'_>) -> Result<C>;

fn train<C: Outputs + 'static>(w: &Training, new: New<C>) -> Result<Step> {
    let all = VarMap::new();
    let weights = VarBuilder::from_varmap(&all, DType::F32, &DEVICE);
    let cell = new(w.input, w.hidden, weights.pp("cell"))?;
    let head = linear(w.hidden, w.output, weights.pp("head"))?;
    let adam = ParamsAdamW { lr: 1e-3, weight_decay: 0.0, ..Default::default() };
    let mut adam = AdamW::new(all.all_vars(), adam)?;
    let x = tensor(&[w.batch, w.time, w.input], 1)?;
    let y = tensor(&[w.batch, w.time, w.output], 2)?;
    Ok(Box::new(move || {
        let states = cell.seq(&x)?;
        let outputs: Vec<_> = states.iter().map(C::output).collect();
        let prediction = head.forward(&Tensor::stack(&outputs, 1)?)?;
        let loss = candle_nn::loss::mse(&prediction, &y)?;
        adam.backward_step(&loss)?;
        Ok(loss.to_scalar::<f32>()?)
    }))
}

fn stream<C: Outputs + 'static>(w: &Streaming, new: New<C>) -> Result<Step> {
    // Weights as they are loaded for inference: from plain tensors, through which nothing is
    // recorded. With those of a `VarMap`, every state would keep all the steps before it.
    let all = VarMap::new();
    new(w.input, w.hidden, VarBuilder::from_varmap(&all, DType::F32, &DEVICE))?;
    let vars = all.data().lock().expect("nobody has panicked");
    let plain = vars.iter().map(|(name, var)| (name.clone(), var.as_detached_tensor())).collect();
    drop(vars);
    let cell = new(w.input, w.hidden, VarBuilder::from_tensors(plain, DType::F32, &DEVICE))?;
    let x = tensor(&[1, w.input], 1)?;
    let mut state = cell.zero_state(1)?;
    Ok(Box::new(move || {
        state = cell.step(&x, &state)?;
        Ok(C::output(&state).i((0, 0))?.to_scalar::<f32>()?)
    }))
}

struct Candle;

impl Peer for Candle {
    const NAME: &'static str = "candle";

    fn train(w: &Training) -> std::result::Result<Option<Step>, Failure> {
        Ok(Some(match w.cell {
            Cell::Rnn => train(w, Elman::new),
            Cell::Lstm => train(w, new_lstm),
            Cell::Gru => train(w, new_gru),
        }?))
    }

    fn stream(w: &Streaming) -> std::result::Result<Option<Step>, Failure> {
        Ok(Some(match w.cell {
            Cell::Rnn => stream(w, Elman::new),
            Cell::Lstm => stream(w, new_lstm),
            Cell::Gru => stream(w, new_gru),
        }?))
    }
}

fn main() -> std::result::Result<(), Failure> {
    common::run::<Candle>()
}
