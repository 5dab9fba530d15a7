//! Transforms and trainers as objects: what checks them is compiled once, and not for each chain.

use elman_autograd::{Graph, Params, Var};
use elman_tensor::Real;
use elman_train::{Error, Layout, Now, Snapshot, Trainer, Transform};

/// A transform at one scalar.
pub(crate) trait Object<T> {
    /// How many numbers it remembers.
    fn size(&self, layout: Layout<'_>) -> usize;
    fn change(&self, now: Now<'_, T>, memory: &mut [T], update: &mut [T]);
}

impl<T: Real, X: Transform> Object<T> for X {
    fn size(&self, layout: Layout<'_>) -> usize {
        let mut size = 0;
        self.memory(layout, &mut |_, len| size += len);
        size
    }

    fn change(&self, now: Now<'_, T>, memory: &mut [T], update: &mut [T]) {
        self.apply(now, memory, update);
    }
}

/// The updates of steps with these gradients, one after the other, of weights that stay as they
/// are.
pub(crate) fn updates<T: Real>(
    transform: &dyn Object<T>,
    list: &[(String, usize)],
    weights: &[T],
    grads: &[Vec<T>],
) -> Vec<Vec<T>> {
    let layout = Layout::new(list);
    let mut memory = vec![T::ZERO; transform.size(layout)];
    let step = |(step, grad): (usize, &Vec<T>)| {
        let mut update = grad.clone();
        let now = Now::new(step as u64, T::ONE, weights, layout);
        transform.change(now, &mut memory, &mut update);
        update
    };
    grads.iter().enumerate().map(step).collect()
}

/// A loss of the weights.
pub(crate) type Loss<'a, T> = dyn for<'g> Fn(&'g Graph<'g, T>) -> Var<'g, T> + 'a;

/// A loss of a prediction.
pub(crate) type LossOf<'a, T> = dyn for<'g> Fn(&'g Graph<'g, T>, Var<'g, T>) -> Var<'g, T> + 'a;

/// A trainer of some chain; its methods are those of [`Trainer`].
pub(crate) trait Steps<T: Real> {
    fn step(&mut self, params: &mut Params<T>, loss: &Loss<'_, T>) -> Result<T, Error>;
    fn steps(&self) -> u64;
    fn report(&mut self, metric: T);
    fn averaged(&self, params: &Params<T>) -> Params<T>;
    fn snapshot(&self) -> Snapshot<T>;
    fn restore(&mut self, snapshot: &Snapshot<T>);
}

impl<T: Real, X: Transform> Steps<T> for Trainer<T, X> {
    fn step(&mut self, params: &mut Params<T>, loss: &Loss<'_, T>) -> Result<T, Error> {
        self.step(params, loss)
    }

    fn steps(&self) -> u64 {
        self.steps()
    }

    fn report(&mut self, metric: T) {
        self.report(metric);
    }

    fn averaged(&self, params: &Params<T>) -> Params<T> {
        self.averaged(params).unwrap()
    }

    fn snapshot(&self) -> Snapshot<T> {
        self.snapshot()
    }

    fn restore(&mut self, snapshot: &Snapshot<T>) {
        self.restore(snapshot).unwrap();
    }
}
