//! Segments that are computed twice instead of stored.

use crate::any::{Backward, Machine, Pulls};
use crate::arena::{Arena, Env, Listed};
use crate::error::{Error, Misfit};
use crate::graph::{Behalf, Graph};
use crate::ids::{IdRange, Ids};
use crate::mark::Call;
use crate::params::Params;
use crate::place::{Home, Place};
use crate::var::Var;
use elman_tensor::{Real, View};
use std::panic::Location;

/// What a segment computes of its operands and integers.
///
/// ```
/// use elman_autograd::{Graph, Ids, Params, Tape, Var};
/// use elman_tensor::{Real, Tensor};
///
/// /// The rows that are asked for, squared: recomputed where their gradient is needed.
/// fn squares<'h, T: Real>(
///     _: &'h Graph<'h, T>,
///     x: &[Var<'h, T>],
///     [ids]: [Ids<'h, T>; 1],
/// ) -> Var<'h, T> {
///     x[0].gather(ids).square()
/// }
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let x = Tensor::from_fn([4], |i| i as f64)?;
/// let y = Tape::new().evaluate(&none, |g| {
///     let mut operands = g.items();
///     operands.push(g.input(&x));
///     operands.recompute([g.ids(&[3, 1])], squares).tensor()
/// })?;
/// assert_eq!(y.values(), [9.0, 1.0]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
pub trait Segment<T: Real, const N: usize>:
    for<'h> Fn(&'h Graph<'h, T>, &[Var<'h, T>], [Ids<'h, T>; N]) -> Var<'h, T> + Send + Sync + 'static
{
}

impl<T: Real, F, const N: usize> Segment<T, N> for F where
    F: for<'h> Fn(&'h Graph<'h, T>, &[Var<'h, T>], [Ids<'h, T>; N]) -> Var<'h, T>
        + Send
        + Sync
        + 'static
{
}

/// A computation of which only operands and result are kept; the adjoint records it again.
struct Record<F, const N: usize> {
    f: F,
    ids: [IdRange; N],
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
        if !self.owns(NAME, x, line) {
            return self.absent();
        }
        self.segment(Listed::Vars(x), [], move |g, x, []| f(g, x), line)
    }

    /// Computes a segment on behalf of a line.
    pub(crate) fn segment<F, const N: usize>(
        &'g self,
        x: Listed<'_, 'g, T>,
        ids: [Ids<'g, T>; N],
        f: F,
        line: &'static Location<'static>,
    ) -> Var<'g, T>
    where
        F: Segment<T, N>,
    {
        let ids = ids.map(|ids| ids.range_in(self, NAME, line));
        if self.replaces() {
            let reason = "weights are replaced around it, and not inside of it";
            self.misfit(NAME, x.places().map(|x| x.shape).collect(), reason.into(), line);
        }
        if self.failed() {
            return self.absent();
        }
        let call = self.call(line);
        let Some(mut outer) = self.lend(NAME, line) else { return self.absent() };
        let mut spare = outer.spare();
        let operands = x.places().map(|x| (outer.view(self.params(), &x), false));
        let numbers = ids.map(|range| range.of(&outer.ids));
        let what = Again { f: &f, params: self.params(), ids: numbers, env: self.env, call };
        let ran = what.run(&mut spare, operands, false).map(|ran| {
            self.drawn.set(self.drawn.get() || ran.drawn);
            ran.result
        });
        let output = ran.and_then(|result| {
            let (shape, wanted) = (result.shape, self.recording);
            let values = spare.values(self.params(), &result);
            let place = outer
                .place(self.params(), NAME, shape, wanted, call, |y| y.copy_from_slice(values))?;
            outer.set_loss_weight(&place, spare.loss_weight(&result));
            Ok(place)
        });
        outer.spares.push(spare);
        let output = match output {
            Ok(place) if self.recording => {
                let record = Record { f, ids, call };
                outer.remember(self.params(), record, x, place, call).map(|()| place)
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
const FEW: usize = 16;

/// What became of a segment.
struct Ran {
    result: Place,
    /// Whether random numbers have a part in it.
    drawn: bool,
    behalf: Option<Behalf>,
}

/// A segment about to be computed.
struct Again<'a, T: Real, F, const N: usize> {
    f: &'a F,
    params: &'a Params<T>,
    ids: [&'a [u32]; N],
    env: Env,
    call: Call,
}

impl<T: Real, F: Segment<T, N>, const N: usize> Again<'_, T, F, N> {
    /// Runs it in a spare arena, on copies of its operands, each given with whether its gradient is
    /// wanted.
    fn run<'x>(
        &self,
        spare: &mut Arena<T>,
        operands: impl Iterator<Item = (View<'x, T>, bool)>,
        recording: bool,
    ) -> Result<Ran, Error> {
        let Again { f, params, ids, env, call } = *self;
        let graph = Graph::new(params, spare.take(), recording, env, call.mark);
        let place = {
            let mut operands = operands.map(|(x, wanted)| graph.operand(x, wanted, call.line));
            let ids = ids.map(|ids| graph.ids(ids));
            let mut few = [graph.absent(); FEW];
            let count = few.iter_mut().zip(&mut operands).map(|(few, x)| *few = x).count();
            let more: Vec<_> = operands.collect();
            if more.is_empty() {
                f(&graph, &few[..count], ids).place
            } else {
                f(&graph, &[&few[..], &more].concat(), ids).place
            }
        };
        let (drawn, behalf) = (graph.drawn(), graph.behalf.get());
        let (arena, failure) = graph.into_parts();
        *spare = arena;
        failure.map_or(Ok(Ran { result: place, drawn, behalf }), Err)
    }
}

impl<T: Real, F: Segment<T, N>, const N: usize> Pulls<T> for Record<F, N> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn adjoint(&self, at: Backward<'_, T>) {
        let Backward { x, y, dy, side, mut d, machine } = at;
        let Machine { params, spares, env, limit, check, failure } = machine;
        let mut spare = spares.pop().unwrap_or_else(|| Arena::new(limit, check));
        (spare.limit, spare.check) = (limit, check);
        let operands = (0..x.count()).map(|i| (x.get(i), d.wanted(i)));
        let ids = self.ids.map(|range| range.of(side.ids));
        let again = Again { f: &self.f, params, ids, env, call: self.call };
        let pulled = again.run(&mut spare, operands, true).and_then(
            |Ran { result: again, behalf, .. }| {
                if again.shape != y.shape() {
                    let reason = "its shape when it was computed, and when it was computed again";
                    let (shapes, site) = (vec![y.shape(), again.shape], self.call.site(params));
                    let misfit = Misfit::new(reason);
                    return Err(Error::Misfit { rule: NAME, shapes, misfit, site });
                }
                // Where it can, a sum goes on from what is there: the bits are then those of a pass
                // that keeps everything.
                (0..x.count()).filter(|&i| goes_on(d.places, i)).for_each(|i| _ = d.of(i));
                let begin = |grads: &mut [T], inner: &[Place]| {
                    for (i, place) in
                        inner.iter().enumerate().filter(|(i, _)| goes_on(d.places, *i))
                    {
                        if let Some(outer) = d.arena.get(d.places[i].range()) {
                            grads[place.range()].copy_from_slice(outer);
                        }
                    }
                };
                let seed = (again, dy.values());
                let pulled = spare.backward(params, &mut *d.params, seed, begin, env, self.call);
                pulled.map_err(|error| error.on_behalf(behalf))
            },
        );
        match pulled {
            Ok(()) => (0..x.count()).for_each(|i| {
                let goes_on = goes_on(d.places, i);
                let inner = spare.wanted.get(i).and_then(|place| spare.gradient(place));
                if let (Some(mut dx), Some(inner)) = (d.of(i), inner) {
                    if goes_on {
                        dx.values_mut().copy_from_slice(inner.values());
                    } else {
                        let values = dx.values_mut().iter_mut().zip(inner.values());
                        values.for_each(|(dx, &g)| *dx += g);
                    }
                }
            }),
            Err(error) => {
                failure.get_or_insert(error);
            }
        }
        spares.push(spare);
    }
}

/// Whether nothing but this operand leads to its gradient: it is no weight, which the segment may
/// know itself, and lies in no other operand.
fn goes_on(places: &[Place], i: usize) -> bool {
    let Place { home, wanted, .. } = places[i];
    let own = places[i].range();
    let apart = |other: &Place| {
        let other = other.range();
        other.end <= own.start || own.end <= other.start
    };
    let others = places.iter().enumerate().filter(|&(j, other)| j != i && other.home == home);
    wanted && home == Home::Arena && others.into_iter().all(|(_, other)| apart(other))
}
