//! A recurrent network from first principles, as a textbook writes it, and then as a practitioner
//! does.
//!
//! The textbook's network multiplies the input and the hidden state, side by side, by one matrix,
//! and the hidden state once more by another; tanh of the sum is the next hidden state, and an
//! output matrix reads it out:
//!
//! h′ = tanh([x, h] · W + h · U),  y = h′ · V
//!
//! There are no biases, and every weight is drawn from N(0, 1). It is trained going through the
//! sequence step by step: after each step, plain gradient descent on the squared error of that
//! step, with the hidden state carried along as a given number. The task is a random sequence in,
//! a random sequence out: there is no rule to find, the network has to learn it by heart.
//!
//! A practitioner does three things differently:
//!
//! * **Full back-propagation through time.** The textbook's gradient ends at the current step: it
//!   never learns how the state it was handed came about. Here the loss is that of the whole
//!   sequence, and the gradient flows through all states, back to the first.
//! * **Smaller initial weights**, uniform on ±1/√hidden instead of N(0, 1). A sum of n terms of
//!   size 1 has size √n: it drives tanh into its flat ends, where the gradient is nearly 0.
//! * **One recurrent matrix.** The lower rows of W and all of U multiply the same h: their sum
//!   says as much with half the numbers, and with two the same step is taken twice.
//!
//! The optimizer stays plain gradient descent with the same rate, and both see the sequence
//! equally often: what differs is what the gradient knows.
//!
//! Run with `cargo run --release --example from_scratch`.

use elman::autograd::Error as GraphError;
use elman::prelude::{
    Batch, Cell, ConcatElman, Elman, Error, Grad, Init, Layer, Linear, Params, RandomSequence,
    Tape, Task, Tensor, Trainer, mse, sgd,
};
use std::process::ExitCode;

/// The textbook's network, with its own hidden state.
struct Rnn {
    cell: ConcatElman,
    output: Linear,
    params: Params<f64>,
    hidden: Tensor<f64>,
    tape: Tape<f64>,
    grad: Grad<f64>,
}

impl Rnn {
    fn new(input_size: usize, hidden_size: usize, output_size: usize) -> Result<Self, GraphError> {
        let ((cell, output), params) = Params::init(5, |p| {
            let cell = ConcatElman::new(p.scope("rnn"), input_size, hidden_size)?;
            let normal = Init::Normal { std: 1.0 };
            let output = Linear::unbiased(p.scope("output"), hidden_size, output_size, normal)?;
            Ok((cell, output))
        })?;
        let hidden = Tensor::zeros([1, hidden_size])?;
        let grad = Grad::zeros(&params);
        Ok(Rnn { cell, output, params, hidden, tape: Tape::new(), grad })
    }

    /// One step from the present hidden state: the output and the next hidden state.
    fn forward(&mut self, x: &Tensor<f64>) -> Result<(Tensor<f64>, Tensor<f64>), GraphError> {
        let Rnn { cell, output, hidden, .. } = self;
        self.tape.evaluate(&self.params, |g| {
            let (h, _) = cell.step(g.input(x), [g.input(&*hidden)]);
            (output.of(h).tensor(), h.tensor())
        })
    }

    fn reset_hidden_state(&mut self) {
        self.hidden.values_mut().fill(0.0);
    }

    /// The output for one input; the hidden state moves on.
    fn predict_next_step(&mut self, x: &Tensor<f64>) -> Result<Tensor<f64>, GraphError> {
        let (y, hidden) = self.forward(x)?;
        self.hidden = hidden;
        Ok(y)
    }

    /// Goes through the sequence step by step, `epochs` times: the mean squared error of each.
    fn train(
        &mut self,
        inputs: &[Tensor<f64>],
        targets: &[Tensor<f64>],
        epochs: usize,
        rate: f64,
    ) -> Result<Vec<f64>, GraphError> {
        let mut curve = Vec::with_capacity(epochs);
        for _ in 0..epochs {
            self.reset_hidden_state();
            let mut total = 0.0;
            for (x, y) in inputs.iter().zip(targets) {
                let Rnn { cell, output, params, hidden, tape, grad } = self;
                let mut next = Tensor::default();
                total += tape.gradient(params, grad, |g| {
                    // The hidden state enters as data: here the gradient ends.
                    let (h, _) = cell.step(g.input(x), [g.input(&*hidden)]);
                    next = h.tensor();
                    mse(output.of(h), g.input(y))
                })?;
                let update = params.values_mut().iter_mut().zip(grad.values());
                update.for_each(|(w, dw)| *w -= rate * dw);
                *hidden = next;
            }
            curve.push(total / inputs.len() as f64);
        }
        Ok(curve)
    }

    /// One output for each input, from a fresh hidden state.
    fn predict<'a>(
        &'a mut self,
        inputs: &'a [Tensor<f64>],
    ) -> impl Iterator<Item = Result<Tensor<f64>, GraphError>> + 'a {
        self.reset_hidden_state();
        inputs.iter().map(|x| self.predict_next_step(x))
    }
}

/// The practitioner's network on the same sequence: the mean squared error of each epoch.
fn practitioner(
    data: &Batch<f64>,
    hidden: usize,
    epochs: usize,
    rate: f64,
) -> Result<Vec<f64>, Error> {
    let (inputs, outputs) = (data.x.shape().last(), data.y.shape().last());
    let (model, mut params) = Params::init(5, |p| {
        let cell = Elman::new(p.scope("rnn"), inputs, hidden)?;
        Ok(elman::prelude::Rnn(cell.readout(Linear::new(p.scope("output"), hidden, outputs)?)))
    })?;
    let mut trainer = Trainer::new(sgd(rate));
    let steps = data.x.shape().get(0).unwrap_or(1);
    let mut curve = Vec::with_capacity(epochs);
    for _ in 0..epochs {
        // As many updates an epoch as the textbook makes: one for each step of the sequence.
        for _ in 0..steps {
            let loss = trainer.step(&mut params, |g| {
                mse(model.forward(g.input(&data.x)).values(), g.input(&data.y))
            })?;
            curve.push(loss);
        }
    }
    Ok(curve.into_iter().step_by(steps).collect())
}

fn main() -> Result<ExitCode, Error> {
    let (steps, size, hidden, epochs, rate) = (20, 2, 16, 400, 0.05);
    let task = RandomSequence::new(7, steps, 1, size, size)?;
    let mut data = Batch::new();
    task.fill(&mut data, 0)?;
    let step = |x: &Tensor<f64>, t| {
        Tensor::new([1, size], x.at(t).map(|v| v.values().to_vec()).unwrap_or_default())
    };
    let inputs = (0..steps).map(|t| step(&data.x, t)).collect::<Result<Vec<_>, _>>()?;
    let targets = (0..steps).map(|t| step(&data.y, t)).collect::<Result<Vec<_>, _>>()?;

    let mut rnn = Rnn::new(size, hidden, size)?;
    let mut flat = 0;
    for x in &inputs {
        rnn.predict_next_step(x)?;
        flat += rnn.hidden.values().iter().filter(|h| h.abs() > 0.9).count();
    }
    let textbook = rnn.train(&inputs, &targets, epochs, rate)?;
    let practitioner = practitioner(&data, hidden, epochs, rate)?;

    println!("A random sequence of {steps} steps, to be learned by heart; mean squared error:\n");
    println!("epoch   textbook  practitioner");
    for epoch in (0..epochs).filter(|e| (e + 1) % 40 == 0 || *e == 0) {
        println!("{:5}   {:8.5}  {:12.5}", epoch + 1, textbook[epoch], practitioner[epoch]);
    }
    let predicted = rnn.predict(&inputs).collect::<Result<Vec<_>, _>>()?;
    println!("\nThe textbook's network, asked again, step by step (first output, target):");
    for (t, (y, target)) in predicted.iter().zip(&targets).enumerate().take(5) {
        println!("{t:5}   {:8.3}  {:8.3}", y.values()[0], target.values()[0]);
    }
    let share = 100 * flat / (steps * hidden);
    println!("\nWith weights from N(0, 1), {share} % of all hidden states began beyond |h| = 0.9.");

    let (theirs, ours) = (textbook[epochs - 1], practitioner[epochs - 1]);
    if theirs.is_finite() && ours < 0.5 * theirs && ours < 0.1 * practitioner[0] {
        println!("The practitioner's error is {:.1} times smaller.", theirs / ours);
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("expected the practitioner's error to be less than half: {ours} and {theirs}");
    Ok(ExitCode::FAILURE)
}
