//! Segments that are computed twice instead of stored.

use crate::any::{Backward, Machine, Pulls};
use crate::arena::{Arena, Call, Env, Mark};
use crate::error::Error;
use crate::graph::Graph;
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
    /// `f` may read weights, and must depend on nothing else that changes.
    #[track_caller]
    pub fn recompute<F>(&'g self, x: &[Var<'g, T>], f: F) -> Var<'g, T>
    where
        F: for<'h> Fn(&'h Graph<'h, T>, &[Var<'h, T>]) -> Var<'h, T> + Send + Sync + 'static,
    {
        let line = Location::caller();
        if x.iter().any(|x| !std::ptr::eq(x.graph, self)) {
            self.refuse("segment", "all operands must belong to this recording".into(), line);
        }
        if self.failed() {
            return self.absent();
        }
        let call = self.call(line);
        let mut outer = self.arena.borrow_mut();
        let mut spare = outer.spare();
        let operands = x.iter().map(|x| outer.view(self.params(), &x.place));
        let (result, failure) =
            run(&f, self.params(), &mut spare, operands, false, self.env, call.mark);
        let output = match failure {
            Some(error) => Err(error),
            None => {
                let shape = result.shape;
                let wanted = self.recording;
                let values = spare.values(self.params(), &result);
                outer.place(self.params(), "segment", shape, wanted, call, |y| {
                    y.copy_from_slice(values);
                })
            }
        };
        outer.spares.push(spare);
        if let Ok(place) = output
            && self.recording
        {
            outer.remember(Segment { f, call }, x.iter().map(|x| x.place), place, call);
        }
        drop(outer);
        self.var(output)
    }
}

/// Runs a segment in a spare arena, on copies of its operands.
fn run<'a, T, F>(
    f: &F,
    params: &Params<T>,
    spare: &mut Arena<T>,
    operands: impl Iterator<Item = View<'a, T>>,
    recording: bool,
    env: Env,
    mark: Mark,
) -> (Place, Option<Error>)
where
    T: Real,
    F: for<'h> Fn(&'h Graph<'h, T>, &[Var<'h, T>]) -> Var<'h, T>,
{
    let limit = spare.limit;
    let mut arena = std::mem::replace(spare, Arena::new(limit));
    arena.reset();
    let graph = Graph::new(params, arena, recording, env, mark);
    let place = {
        let x: Vec<Var<'_, T>> = operands.map(|x| graph.wanted(x)).collect();
        f(&graph, &x).place
    };
    let (arena, failure) = graph.into_parts();
    *spare = arena;
    (place, failure)
}

impl<T, F> Pulls<T> for Segment<F>
where
    T: Real,
    F: for<'h> Fn(&'h Graph<'h, T>, &[Var<'h, T>]) -> Var<'h, T> + Send + Sync + 'static,
{
    fn name(&self) -> &'static str {
        "segment"
    }

    fn adjoint(&self, at: Backward<'_, T>) {
        let Backward { x, dy, mut d, machine, .. } = at;
        let Machine { params, spares, env, mark, failure, limit, check } = machine;
        let mut spare = spares.pop().unwrap_or_else(|| Arena::new(limit));
        (spare.limit, spare.check) = (limit, check);
        let operands = (0..x.count()).map(|i| x.get(i));
        let (result, misfit) = run(&self.f, params, &mut spare, operands, true, env, mark);
        let seed = (result, dy.values());
        let pulled = match misfit {
            Some(error) => Err(error),
            None => spare.backward(params, &mut *d.params, seed, env, self.call),
        };
        for i in 0..x.count() {
            let inner = spare.wanted.get(i).and_then(|place| spare.gradient(place));
            if let (Some(mut dx), Some(inner)) = (d.of(i), inner) {
                dx.values_mut().iter_mut().zip(inner.values()).for_each(|(dx, &g)| *dx += g);
            }
        }
        spares.push(spare);
        if let Err(error) = pulled {
            failure.get_or_insert(error);
        }
    }
}
