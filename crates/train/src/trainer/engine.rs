//! What trainers of all chains have in common.

use super::weights::{demand, listed};
use crate::average::Average;
use crate::error::{Error, Quantity, Settings};
use crate::layout::Layout;
use crate::transform::{Now, TransformAt, total};
use elman_autograd::{Grad, Graph, Params, Tape, Var};
use elman_kernels::{copy, fill, fit, update};
use elman_tensor::Real;
use std::panic::Location;

/// A trainer without its chain, which is lent for each call: so it is compiled once for each
/// scalar, and not for each chain.
pub(super) struct Engine<T: Real> {
    /// How many steps make one update.
    pub(super) batches: u64,
    pub(super) average: Option<Average>,
    pub(super) tape: Tape<T>,
    pub(super) grad: Grad<T>,
    pub(super) update: Vec<T>,
    /// What the transforms remember, then the sums of gradients and losses, then the average.
    pub(super) memory: Vec<T>,
    /// The weights that the memory is for: paths and sizes; `None` before the first step.
    pub(super) weights: Option<Vec<(String, usize)>>,
    pub(super) step: u64,
    pub(super) metric: Option<T>,
    pub(super) guard: bool,
}

/// The buffer of the sum of the weights of accumulated losses.
pub(super) const ACCUMULATED_WEIGHT: &str = "accumulate.weight";

impl<T: Real> Engine<T> {
    pub(super) fn new() -> Self {
        Engine {
            batches: 1,
            average: None,
            tape: Tape::new(),
            grad: Grad::default(),
            update: Vec::new(),
            memory: Vec::new(),
            weights: None,
            step: 0,
            metric: None,
            guard: true,
        }
    }

    #[track_caller]
    pub(super) fn step<F>(
        &mut self,
        chain: &dyn TransformAt<T>,
        params: &mut Params<T>,
        loss: F,
    ) -> Result<T, Error>
    where
        F: for<'g> FnOnce(&'g Graph<'g, T>) -> Var<'g, T>,
    {
        let line = Location::caller();
        self.prepare(chain, params, line)?;
        // Random masks follow from the step, also after a step that failed or was restored.
        self.tape.set_step(self.step);
        let loss = self.tape.gradient(params, &mut self.grad, loss)?;
        self.learn(chain, params, (loss, self.tape.loss_weight()), line)?;
        Ok(loss)
    }

    #[track_caller]
    pub(super) fn step_by(
        &mut self,
        chain: &dyn TransformAt<T>,
        params: &mut Params<T>,
        loss: T,
        grad: &Grad<T>,
    ) -> Result<(), Error> {
        let line = Location::caller();
        self.prepare(chain, params, line)?;
        let (wanted, given) = (params.len(), grad.values().len());
        if wanted != given {
            return Err(elman_autograd::Error::GradLength { wanted, given, line }.into());
        }
        fit(copy(grad.values(), self.grad.values_mut()));
        self.learn(chain, params, (loss, T::ONE), line)
    }

    /// A step by the gradient that is there, of a loss with a weight.
    fn learn(
        &mut self,
        chain: &dyn TransformAt<T>,
        params: &mut Params<T>,
        (loss, weight): (T, T),
        line: &'static Location<'static>,
    ) -> Result<(), Error> {
        if self.guard {
            self.finite(Quantity::Loss, &[loss], line)?;
            self.finite_in(params, self.grad.values(), Quantity::Gradient, line)?;
        }
        if let Some(mean) = self.gather(chain, loss, weight) {
            self.apply(chain, params, mean);
            if self.guard {
                self.finite_in(params, &self.update, Quantity::Update, line)?;
            }
            fit(update(params.values_mut(), &self.update, |w, u| *w -= u));
            if let Some(average) = self.average {
                // The last buffer.
                let mean = self.memory.len() - params.len();
                average.take(self.updates(), params.values(), &mut self.memory[mean..]);
            }
        }
        self.step += 1;
        Ok(())
    }

    #[track_caller]
    pub(super) fn averaged(&self, params: &Params<T>) -> Result<Params<T>, Error> {
        let mut averaged = params.clone();
        if let Some(weights) = &self.weights {
            demand(weights, params, Location::caller())?;
            if self.average.is_some() && self.updates() > 0 {
                let mean = self.memory.len() - params.len();
                averaged.values_mut().copy_from_slice(&self.memory[mean..]);
            }
        }
        Ok(averaged)
    }

    /// Makes room at the first step, and demands the same weights at the others, and a step that can
    /// be counted.
    fn prepare(
        &mut self,
        chain: &dyn TransformAt<T>,
        params: &Params<T>,
        line: &'static Location<'static>,
    ) -> Result<(), Error> {
        if self.step == u64::MAX {
            return Err(Error::StepLimit { step: self.step, line });
        }
        match &self.weights {
            Some(weights) => demand(weights, params, line)?,
            None => {
                let weights = listed(params);
                let layout = Layout::new(&weights);
                self.check(chain, layout)?;
                let mut size = 0;
                self.list(chain, layout, &mut |_, len| size += len);
                self.memory.resize(size, T::ZERO);
                self.weights = Some(weights);
            }
        }
        if self.update.len() != params.len() {
            self.grad = Grad::zeros(params);
            self.update.resize(params.len(), T::ZERO);
        }
        Ok(())
    }

    pub(super) fn check(
        &self,
        chain: &dyn TransformAt<T>,
        layout: Layout<'_>,
    ) -> Result<(), Error> {
        chain.check(layout)?;
        Settings("accumulate").steps("batches", self.batches)?;
        self.average.map_or(Ok(()), |average| average.check())
    }

    /// Lists the buffers of the memory.
    pub(super) fn list(
        &self,
        chain: &dyn TransformAt<T>,
        layout: Layout<'_>,
        list: &mut dyn FnMut(&'static str, usize),
    ) {
        chain.memory(layout, list);
        if self.batches > 1 {
            list("accumulate.gradient", layout.len());
            list("accumulate.loss", 1);
            list(ACCUMULATED_WEIGHT, 1);
        }
        if let Some(average) = self.average {
            list(average.name(), layout.len());
        }
    }

    pub(super) fn layout(&self) -> Layout<'_> {
        Layout::new(self.weights.as_deref().unwrap_or_default())
    }

    /// How many updates were done.
    fn updates(&self) -> u64 {
        self.step.checked_div(self.batches).unwrap_or(self.step)
    }

    /// Adds the gradient and the loss, times the weight of the loss, and the weight to the sums. At
    /// the last step of an update, makes the means: the update, as it enters the chain, and the
    /// loss. Where all weights are 0, the means are 0.
    fn gather(&mut self, chain: &dyn TransformAt<T>, loss: T, weight: T) -> Option<T> {
        let grad = self.grad.values();
        fit(copy(grad, &mut self.update));
        if self.batches <= 1 {
            return Some(loss);
        }
        let start = total(&|list| chain.memory(self.layout(), list));
        let (sum, rest) = self.memory[start..].split_at_mut(grad.len());
        let [losses, weights, ..] = rest else { return None };
        let turn = self.step % self.batches;
        if turn == 0 {
            fill(sum, T::ZERO);
            (*losses, *weights) = (T::ZERO, T::ZERO);
        }
        // The sums stay as they are in the last step: it may fail, and be done again.
        if turn + 1 == self.batches {
            let total = *weights + weight;
            let part = if total == T::ZERO { T::ZERO } else { T::ONE / total };
            fit(update(&mut self.update, sum, |u, sum| *u = (sum + *u * weight) * part));
            return Some((*losses + loss * weight) * part);
        }
        fill(&mut self.update, T::ZERO);
        fit(update(sum, grad, |sum, g| *sum += g * weight));
        *losses += loss * weight;
        *weights += weight;
        None
    }

    /// Runs the chain.
    fn apply(&mut self, chain: &dyn TransformAt<T>, params: &Params<T>, loss: T) {
        let (step, metric) = (self.updates(), self.metric.take());
        let layout = Layout::new(self.weights.as_deref().unwrap_or_default());
        let now = Now { step, loss, metric, weights: params.values(), layout };
        let own = total(&|list| chain.memory(layout, list));
        chain.apply(now, &mut self.memory[..own], &mut self.update);
        for (_, range) in layout.iter().filter(|(path, _)| chain.frozen(path)) {
            fill(&mut self.update[range], T::ZERO);
        }
    }
}
