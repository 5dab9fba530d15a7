//! Segments that are computed twice instead of stored.

use crate::any::{Backward, Machine, Pulls};
use crate::arena::{Arena, Env};
use crate::error::{Error, Misfit};
use crate::graph::Graph;
use crate::mark::Call;
use crate::params::Params;
use crate::place::Place;
use crate::var::Var;
use elman_tensor::{Real, View};
use std::panic::Location;

/// A computation of which only operands and result are kept; the adjoint records it again.
struct Segment<F> {
    f: F,
    call: Call,
}

impl<'g, T: Real> Graph<'g, T> {
    /// Computes `f` of some operands without keeping anything in between: when its gradient is
    /// needed, it is computed again, with the same random masks (Griewank and Walther 2000).
    ///
    /// ```
    /// use elman_autograd::{Grad, Params, Tape};
    /// use elman_tensor::Init;
    ///
    /// let (w, params) = Params::<f64>::init(0, |p| p.weight("w", [4], Init::Constant(0.5)))?;
    /// let mut grad = Grad::zeros(&params);
    /// // Of a hundred steps, one value in ten is kept.
    /// Tape::new().gradient(&params, &mut grad, |g| {
    ///     let mut h = g.zeros([4]);
    ///     for _ in 0..10 {
    ///         h = g.recompute(&[h], move |g, h| {
    ///             (0..10).fold(h[0], |h, _| (h + g.param(w)).tanh())
    ///         });
    ///     }
    ///     h.sum()
    /// })?;
    /// assert!(grad.norm() > 0.0);
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    ///
    /// `f` may read weights, and must depend on nothing else that changes: it has to give the same
    /// value each time. Time steps and layers marked around the segment are marked inside of it.
    #[track_caller]
    pub fn recompute<F>(&'g self, x: &[Var<'g, T>], f: F) -> Var<'g, T>
    where
        F: for<'h> Fn(&'h Graph<'h, T>, &[Var<'h, T>]) -> Var<'h, T> + Send + Sync + 'static,
    {
        let line = Location::caller();
        if !self.owns(NAME, x, line) || self.failed() {
            return self.absent();
        }
        let call = self.call(line);
        let Some(mut outer) = self.lend(NAME, line) else { return self.absent() };
        let mut spare = outer.spare();
        let operands = x.iter().map(|x| (outer.view(self.params(), &x.place), false));
        let ran = run(&f, self.params(), &mut spare, operands, false, self.env, call);
        let output = ran.and_then(|result| {
            let (shape, wanted) = (result.shape, self.recording);
            let values = spare.values(self.params(), &result);
            outer.place(self.params(), NAME, shape, wanted, call, |y| y.copy_from_slice(values))
        });
        outer.spares.push(spare);
        let output = match output {
            Ok(place) if self.recording => {
                let operands = x.iter().map(|x| x.place);
                let segment = Segment { f, call };
                outer.remember(self.params(), segment, operands, place, call).map(|()| place)
            }
            output => output,
        };
        drop(outer);
        self.var(output)
    }
}

/// The name of a segment in errors.
const NAME: &str = "segment";

/// Operands that need no memory of their own.
const FEW: usize = 8;

/// Runs a segment in a spare arena, on copies of its operands, each given with whether its
/// gradient is wanted.
fn run<'a, T, F>(
    f: &F,
    params: &Params<T>,
    spare: &mut Arena<T>,
    operands: impl ExactSizeIterator<Item = (View<'a, T>, bool)>,
    recording: bool,
    env: Env,
    call: Call,
) -> Result<Place, Error>
where
    T: Real,
    F: for<'h> Fn(&'h Graph<'h, T>, &[Var<'h, T>]) -> Var<'h, T>,
{
    let graph = Graph::new(params, spare.take(), recording, env, call.mark);
    let place = {
        let count = operands.len();
        let operands = operands.map(|(x, wanted)| graph.operand(x, wanted, call.line));
        let mut few = [graph.absent(); FEW];
        if count <= FEW {
            few.iter_mut().zip(operands).for_each(|(few, x)| *few = x);
            f(&graph, &few[..count]).place
        } else {
            f(&graph, &operands.collect::<Vec<_>>()).place
        }
    };
    let (arena, failure) = graph.into_parts();
    *spare = arena;
    failure.map_or(Ok(place), Err)
}

impl<T, F> Pulls<T> for Segment<F>
where
    T: Real,
    F: for<'h> Fn(&'h Graph<'h, T>, &[Var<'h, T>]) -> Var<'h, T> + Send + Sync + 'static,
{
    fn name(&self) -> &'static str {
        NAME
    }

    fn adjoint(&self, at: Backward<'_, T>) {
        let Backward { x, y, dy, mut d, machine, .. } = at;
        let Machine { params, spares, env, limit, check, failure } = machine;
        let mut spare = spares.pop().unwrap_or_else(|| Arena::new(limit, check));
        (spare.limit, spare.check) = (limit, check);
        let operands = (0..x.count()).map(|i| (x.get(i), d.wanted(i)));
        let pulled =
            run(&self.f, params, &mut spare, operands, true, env, self.call).and_then(|again| {
                if again.shape != y.shape() {
                    let reason = "its shape when it was computed, and when it was computed again";
                    let (shapes, site) = (vec![y.shape(), again.shape], self.call.site(params));
                    let misfit = Misfit::new(reason);
                    return Err(Error::Misfit { rule: NAME, shapes, misfit, site });
                }
                spare.backward(params, &mut *d.params, (again, dy.values()), env, self.call)
            });
        match pulled {
            Ok(()) => (0..x.count()).for_each(|i| {
                let inner = spare.wanted.get(i).and_then(|place| spare.gradient(place));
                if let (Some(mut dx), Some(inner)) = (d.of(i), inner) {
                    dx.values_mut().iter_mut().zip(inner.values()).for_each(|(dx, &g)| *dx += g);
                }
            }),
            Err(error) => {
                failure.get_or_insert(error);
            }
        }
        spares.push(spare);
    }
}
