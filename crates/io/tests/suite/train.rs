//! A small network with random masks, trained in an order that is drawn for each pass over the
//! data: its bits are the same only if everything is restored.

use elman_autograd::{Graph, Param, Params, Tape, Var};
use elman_io::{Best, Checkpoint, Scalar, Vector};
use elman_tensor::{Init, Random, Real, Tensor};
use elman_train::{
    Trainer, Transform, adam, clip_norm, cosine, ema, mse, plateau, rmsprop, warm_up,
};

/// Examples in the data.
const EXAMPLES: usize = 12;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Network {
    w: Param,
    b: Param,
    u: Param,
    key: u64,
}

impl Network {
    pub(crate) fn new<T: Real>(seed: u64) -> (Self, Params<T>) {
        Params::init(seed, |p| {
            let key = p.scope("dropout").key();
            let mut cell = p.scope("cell");
            let w = cell.weight("w", [3, 4], Init::Normal { std: 1.0 })?;
            let b = cell.weight("b", [4], Init::Zeros)?;
            let u = p.weight("u", [4, 1], Init::Normal { std: 1.0 })?;
            Ok(Network { w, b, u, key })
        })
        .unwrap()
    }

    fn loss<T: Real>(
        self,
        [x, y]: [&Tensor<T>; 2],
    ) -> impl for<'g> FnOnce(&'g Graph<'g, T>) -> Var<'g, T> {
        move |g| {
            let h = (g.input(x).dot(g.param(self.w)) + g.param(self.b)).tanh();
            mse(h.dropout(0.3, self.key).dot(g.param(self.u)), g.input(y))
        }
    }
}

/// Everything that a run has, beside its settings.
pub(crate) struct Run<T: Real, X> {
    network: Network,
    pub(crate) params: Params<T>,
    pub(crate) trainer: Trainer<T, X>,
    best: Option<Best<T>>,
    /// The sum of all inputs: something of the caller's that is carried along.
    carried: Vec<T>,
    history: String,
}

impl<T: Scalar, X: Transform> Run<T, X>
where
    Vector: From<Vec<T>>,
{
    pub(crate) fn new(trainer: Trainer<T, X>) -> Self {
        let (network, params) = Network::new(5);
        let trainer = trainer.with_tape(Tape::new().seed(9));
        let carried = vec![T::ZERO; 3];
        Run { network, params, trainer, best: None, carried, history: String::from("step,loss\n") }
    }

    pub(crate) fn step(&mut self) {
        let step = self.trainer.steps();
        let (pass, at) = (step / EXAMPLES as u64, step as usize % EXAMPLES);
        let mut order: Vec<u64> = (0..EXAMPLES as u64).collect();
        Random::new(3, "order", pass).shuffle(&mut order);
        let mut random = Random::new(1, "example", order[at]);
        let x = Tensor::from_fn([2, 3], |_| T::from_f64(random.normal())).unwrap();
        let y = Tensor::from_fn([2, 1], |row| x.values()[3 * row] - T::ONE).unwrap();
        let loss = self.trainer.step(&mut self.params, self.network.loss([&x, &y])).unwrap();
        self.carried.iter_mut().zip(x.values()).for_each(|(carried, x)| *carried += *x);
        self.history += &format!("{step},{loss}\n");
        if step % 3 == 2 {
            let metric = loss + self.carried[0] * T::from_f64(1e-3);
            self.trainer.report(metric);
            if self.best.as_ref().is_none_or(|best| metric.to_f64() < best.metric) {
                let (metric, params) = (metric.to_f64(), self.params.clone());
                self.best = Some(Best { step, metric, params });
            }
        }
    }

    pub(crate) fn to(mut self, end: u64) -> Self {
        while self.trainer.steps() < end {
            self.step();
        }
        self
    }

    pub(crate) fn is_best(&self) -> bool {
        self.best.as_ref().is_some_and(|best| best.step + 1 == self.trainer.steps())
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint<T> {
        let mut checkpoint = Checkpoint::new(self.params.clone(), self.trainer.snapshot());
        checkpoint.best = self.best.clone();
        checkpoint.texts.insert("history".into(), self.history.clone());
        checkpoint.vectors.insert("carried".into(), self.carried.clone().into());
        checkpoint
    }

    pub(crate) fn restored(mut self, checkpoint: Checkpoint<T>) -> Self {
        self.trainer.restore(&checkpoint.trainer).unwrap();
        self.params = checkpoint.params;
        self.best = checkpoint.best;
        self.history.clone_from(&checkpoint.texts["history"]);
        self.carried = checkpoint.vectors["carried"].get().unwrap().to_vec();
        self
    }

    /// All bits there are.
    pub(crate) fn bits(&self) -> Vec<u8> {
        self.checkpoint().to_bytes().unwrap()
    }
}

pub(crate) fn usual<T: Real>() -> Trainer<T, impl Transform> {
    let chain = clip_norm(1.0).then(adam(0.05)).then(warm_up(4)).then(plateau(0.5, 1));
    Trainer::new(chain).average(ema(0.9)).accumulate(2)
}

pub(crate) fn other<T: Real>() -> Trainer<T, impl Transform> {
    Trainer::new(rmsprop(0.01).then(cosine(20)))
}
