//! The memory of a recording, and the two walks over it.

use crate::any::{AnyPool, AnyRule, Backward, Forward, Machine, Operands, Pool, Pulls, Shapes};
use crate::buffer::{Buffer, LINE};
use crate::error::{Error, Pass, Site};
use crate::mark::Call;
use crate::params::Params;
use crate::place::{Home, Place};
use crate::rule::{Partials, Side};
use crate::stale::Stale;
use crate::var::Var;
use elman_tensor::{Real, Shape, View, ViewMut};
use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Values, gradients, kept numbers, integers and records: filled by a recording, and emptied by
/// moving cursors, so that the next recording of the same shapes allocates nothing.
pub(crate) struct Arena<T: Real> {
    /// Operands lie before results, so that splitting lends a rule its operands and its output.
    values: Buffer<T>,
    used: usize,
    /// The gradients of `values`, element by element.
    grads: Buffer<T>,
    kept: Buffer<T>,
    kept_used: usize,
    pub(crate) ids: Vec<u32>,
    operands: Vec<Place>,
    records: Vec<Record>,
    pools: Vec<Box<dyn AnyPool<T>>>,
    pool_of: HashMap<TypeId, u32, BuildHasherDefault<IdHasher>>,
    /// Inputs whose gradients were asked for, in the order of asking.
    pub(crate) wanted: Vec<Place>,
    /// Weights and what stands for them, the latest last.
    pub(crate) replaced: Vec<(usize, Place)>,
    /// The weights of losses that are not 1, by where the loss is; the latest is last.
    loss_weights: Vec<((Home, usize), T)>,
    /// Lists of operands, lent to whoever collects some.
    pub(crate) lists: Vec<Vec<Place>>,
    /// Memory of recomputed segments.
    pub(crate) spares: Vec<Arena<T>>,
    /// The most bytes that values and kept numbers may take together.
    pub(crate) limit: usize,
    /// Whether every value and every partial is tested for being finite.
    pub(crate) check: bool,
}

/// One application of a rule: its output lies at `start` and has `shape`.
struct Record {
    pool: u32,
    index: u32,
    /// How many operands; they end where those of the next record begin, as kept numbers do.
    count: u32,
    start: usize,
    shape: Shape,
    kept: usize,
    call: Call,
}

/// The operands of a rule, as its caller has them.
#[derive(Clone, Copy)]
pub(crate) enum Listed<'a, 'g, T: Real> {
    Vars(&'a [Var<'g, T>]),
    Places(&'a [Place]),
}

impl<'a, T: Real> Listed<'a, '_, T> {
    pub(crate) fn places(self) -> impl Iterator<Item = Place> {
        let (vars, places): (&[_], &[_]) = match self {
            Listed::Vars(vars) => (vars, &[]),
            Listed::Places(places) => (&[], places),
        };
        vars.iter().map(|x| x.place).chain(places.iter().copied())
    }
}

/// What a rule has computed, and what its record needs: where its operands are listed from, and how
/// many numbers it keeps.
pub(crate) struct Output {
    pub(crate) place: Place,
    first: usize,
    kept: usize,
}

/// What decides about randomness.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Env {
    pub(crate) training: bool,
    pub(crate) seed: u64,
    pub(crate) step: u64,
}

/// A `TypeId` is a hash already.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(b);
        }
    }
    fn write_u64(&mut self, x: u64) {
        self.0 = x;
    }
}

impl<T: Real> Arena<T> {
    pub(crate) fn new(limit: usize, check: bool) -> Self {
        Arena {
            values: Buffer::new(),
            used: 0,
            grads: Buffer::new(),
            kept: Buffer::new(),
            kept_used: 0,
            ids: Vec::new(),
            operands: Vec::new(),
            records: Vec::new(),
            pools: Vec::new(),
            pool_of: HashMap::default(),
            wanted: Vec::new(),
            replaced: Vec::new(),
            loss_weights: Vec::new(),
            lists: Vec::new(),
            spares: Vec::new(),
            limit,
            check,
        }
    }

    /// The memory, its recording forgotten. What stays has the settings and no memory.
    pub(crate) fn take(&mut self) -> Self {
        let mut arena = std::mem::replace(self, Arena::new(self.limit, self.check));
        arena.reset();
        arena
    }

    /// Forgets the recording, keeps the memory.
    fn reset(&mut self) {
        self.used = 0;
        self.kept_used = 0;
        self.ids.clear();
        self.operands.clear();
        self.records.clear();
        self.wanted.clear();
        self.replaced.clear();
        self.loss_weights.clear();
        self.pools.iter_mut().for_each(|pool| pool.clear());
    }

    /// Fills all memory with NaN: whoever reads what he did not write will show it.
    pub(crate) fn poison(&mut self) {
        for buffer in [&mut self.values, &mut self.grads, &mut self.kept] {
            buffer.fill(T::NAN);
        }
        self.spares.iter_mut().for_each(Arena::poison);
    }

    /// The values of a place.
    pub(crate) fn values<'a>(&'a self, params: &'a Params<T>, place: &Place) -> &'a [T] {
        let buffer = match place.home {
            Home::Arena => &self.values,
            Home::Params => params.values(),
        };
        buffer.get(place.range()).unwrap_or_default()
    }

    /// A place, lent for reading.
    pub(crate) fn view<'a>(&'a self, params: &'a Params<T>, place: &Place) -> View<'a, T> {
        View::new(place.shape, self.values(params, place)).unwrap_or_else(View::empty)
    }

    /// Memory for a segment.
    pub(crate) fn spare(&mut self) -> Arena<T> {
        let mut spare = self.spares.pop().unwrap_or_else(|| Arena::new(self.limit, self.check));
        (spare.limit, spare.check) = (self.limit, self.check);
        spare
    }

    /// The weight of a loss, see [`Var::loss_weight`].
    pub(crate) fn loss_weight(&self, loss: &Place) -> T {
        let key = (loss.home, loss.start);
        let own = self.loss_weights.iter().rev().find(|(other, _)| *other == key);
        own.filter(|_| loss.shape.len() == 1).map_or(T::ONE, |&(_, weight)| weight)
    }

    /// Sets the weight of a loss.
    pub(crate) fn set_loss_weight(&mut self, loss: &Place, weight: T) {
        self.loss_weights.push(((loss.home, loss.start), weight));
    }

    /// The gradient of a place in the arena, after [`backward`](Arena::backward).
    pub(crate) fn gradient(&self, place: &Place) -> Option<View<'_, T>> {
        View::new(place.shape, self.grads.get(place.range())?)
    }

    /// Makes room for an output and kept numbers behind the cursors.
    ///
    /// Outputs of some size begin at a cache line, and so do kept numbers.
    fn grow(&mut self, len: usize, kept: usize) -> Option<()> {
        if len >= LONG {
            self.used = self.used.checked_next_multiple_of(LINE)?;
        }
        let end = self.used.checked_add(len)?;
        let kept_end = self.kept_used.checked_add(lines(kept)?)?;
        // Empty values cost nothing, the records of a million of them do.
        let records = size_of_val(&self.records[..]) + size_of_val(&self.operands[..]);
        let numbers = end.checked_add(kept_end)?.checked_mul(size_of::<T>())?;
        if numbers.checked_add(records)? > self.limit {
            return None;
        }
        self.values.lengthen(end)?;
        self.kept.lengthen(kept_end)
    }

    /// A new place whose values are written by `fill` (which must write all).
    pub(crate) fn place(
        &mut self,
        params: &Params<T>,
        name: &'static str,
        shape: Shape,
        wanted: bool,
        call: Call,
        fill: impl FnOnce(&mut [T]),
    ) -> Result<Place, Error> {
        self.grow(shape.len(), 0).ok_or_else(|| self.too_large(params, name, shape, call))?;
        let place = Place { start: self.used, shape, home: Home::Arena, wanted };
        fill(&mut self.values[place.range()]);
        self.used += shape.len();
        self.check_values(params, name, &place, call)?;
        Ok(place)
    }

    /// Lists the operands of a rule, and applies it: its output's place, to be
    /// [recorded](Arena::record) if a gradient may be wanted through it.
    ///
    /// It is compiled once for each scalar, not for each rule. The name goes along because each
    /// virtual call counts.
    pub(crate) fn apply(
        &mut self,
        params: &Params<T>,
        (name, rule): (&'static str, &dyn AnyRule<T>),
        operands: Listed<'_, '_, T>,
        recording: bool,
        call: Call,
    ) -> Result<Output, Error> {
        let first = self.list(operands);
        let shapes = Shapes(&self.operands[first..]);
        let shape = rule.shape(shapes).map_err(|misfit| Error::Misfit {
            rule: name,
            shapes: shapes.iter().collect(),
            misfit,
            site: call.site(params),
        })?;
        let kept_len = rule.kept(shapes);
        self.grow(shape.len(), kept_len)
            .ok_or_else(|| self.too_large(params, name, shape, call))?;

        let places = &self.operands[first..];
        let wanted = recording && places.iter().any(|p| p.wanted);
        let output = Place { start: self.used, shape, home: Home::Arena, wanted };
        let (before, rest) = self.values.split_at_mut(self.used);
        let x = Operands { arena: before, params: params.values(), places };
        let kept = &mut self.kept[self.kept_used..self.kept_used + kept_len];
        let mut weight = T::ONE;
        if let Some(y) = ViewMut::new(shape, &mut rest[..shape.len()]) {
            let side = Side { kept, ids: &self.ids };
            rule.forward(Forward { x, y, side, loss_weight: &mut weight });
        }
        self.used += shape.len();
        if weight != T::ONE {
            self.set_loss_weight(&output, weight);
        }
        self.check_values(params, name, &output, call)?;
        if !wanted {
            self.operands.truncate(first);
        }
        Ok(Output { place: output, first, kept: kept_len })
    }

    /// Appends the operands of a rule; returns where they begin.
    fn list(&mut self, operands: Listed<'_, '_, T>) -> usize {
        let first = self.operands.len();
        self.operands.extend(operands.places());
        first
    }

    /// Records something whose output is there already.
    pub(crate) fn remember<R: Pulls<T>>(
        &mut self,
        params: &Params<T>,
        what: R,
        operands: Listed<'_, '_, T>,
        place: Place,
        call: Call,
    ) -> Result<(), Error> {
        let first = self.list(operands);
        self.record(params, what, Output { place, first, kept: 0 }, call)
    }

    /// Records a rule whose operands were listed last.
    pub(crate) fn record<R: Pulls<T>>(
        &mut self,
        params: &Params<T>,
        what: R,
        output: Output,
        call: Call,
    ) -> Result<(), Error> {
        let name = what.name();
        let stored = self.store(what);
        self.push(params, name, stored, output, call)
    }

    /// Appends a record of a rule in a pool.
    fn push(
        &mut self,
        params: &Params<T>,
        name: &'static str,
        (pool, index): (u32, u32),
        output: Output,
        call: Call,
    ) -> Result<(), Error> {
        let Output { place: Place { start, shape, .. }, first, kept } = output;
        // Records and operands are counted with 32 bits; their memory ends long before.
        let count = u32::try_from(self.operands.len() - first).ok();
        let count = count.filter(|_| self.records.len() < u32::MAX as usize);
        let count = count.ok_or_else(|| self.too_large(params, name, shape, call))?;
        self.kept_used += lines(kept).unwrap_or(kept);
        self.records.push(Record { pool, index, count, start, shape, kept, call });
        Ok(())
    }

    /// Puts a rule into the pool of its type: the pool and the index in it.
    fn store<R: Pulls<T>>(&mut self, what: R) -> (u32, u32) {
        let id = TypeId::of::<R>();
        let pool = match self.pool_of.get(&id) {
            Some(&pool) => pool,
            None => self.add_pool(id, Box::new(Pool::<R>(Vec::new()))),
        };
        let Some(Pool(rules)) = self.pools[pool as usize].as_any().downcast_mut::<Pool<R>>() else {
            return (pool, 0);
        };
        rules.push(what);
        (pool, rules.len() as u32 - 1)
    }

    fn add_pool(&mut self, id: TypeId, pool: Box<dyn AnyPool<T>>) -> u32 {
        let index = self.pools.len() as u32;
        self.pools.push(pool);
        self.pool_of.insert(id, index);
        index
    }

    /// Whether a record of type `R` made a place.
    pub(crate) fn is_made_by<R: Pulls<T>>(&self, place: &Place) -> bool {
        let Some(&pool) = self.pool_of.get(&TypeId::of::<R>()) else { return false };
        // Records lie in the order of their outputs; several begin at one place if they are empty.
        let first = self.records.partition_point(|record| record.start < place.start);
        self.records[first..]
            .iter()
            .take_while(|record| record.start == place.start)
            .any(|record| record.pool == pool && record.shape == place.shape)
    }

    /// Walks the records backwards, from the cotangent `seed` of one place: adds to `grad`, which
    /// lies like the parameters. Other gradients begin with 0, those of inputs with what `begin`
    /// puts there: it is lent all of them, and the places of the inputs that were asked for.
    pub(crate) fn backward(
        &mut self,
        params: &Params<T>,
        grad: &mut [T],
        (from, seed): (Place, &[T]),
        begin: impl FnOnce(&mut [T], &[Place]),
        env: Env,
        call: Call,
    ) -> Result<(), Error> {
        self.grads
            .lengthen(self.used)
            .ok_or_else(|| self.too_large(params, "backward", [self.used].into(), call))?;
        // Those of inputs stay, and begin at once.
        let inputs = self.wanted.iter().map(|place| place.range().end).max().unwrap_or(0);
        self.grads[..inputs].fill(T::ZERO);
        begin(&mut self.grads, &self.wanted);
        let mut stale = Stale::new(inputs..self.used);
        let target = match from.home {
            Home::Arena => {
                stale.settle(&mut self.grads, &from.range());
                &mut self.grads[..]
            }
            Home::Params => &mut *grad,
        };
        if from.wanted
            && let Some(target) = target.get_mut(from.range())
        {
            target.iter_mut().zip(seed).for_each(|(d, &s)| *d += s);
        }
        let mut failure = None;
        let (mut operands, mut kept) = (&self.operands[..], &mut self.kept[..self.kept_used]);
        for r in self.records.iter().rev() {
            let places;
            (operands, places) = operands.split_at(operands.len() - r.count as usize);
            let own;
            (kept, own) = kept.split_at_mut(kept.len() - lines(r.kept).unwrap_or(r.kept));
            let (before, values) = self.values.split_at(r.start);
            let len = r.shape.len();
            stale.settle(&mut self.grads, &(r.start..r.start + len));
            let (targets, grads) = self.grads.split_at_mut(r.start);
            let view = |values| View::new(r.shape, values).unwrap_or_else(View::empty);
            let rule = self.pools[r.pool as usize].get(r.index as usize);
            rule.adjoint(Backward {
                x: Operands { arena: before, params: params.values(), places },
                y: view(&values[..len]),
                dy: view(&grads[..len]),
                side: Side { kept: &mut own[..r.kept], ids: &self.ids },
                d: Partials { arena: &mut *targets, params: &mut *grad, places, stale: &mut stale },
                machine: Machine {
                    params,
                    spares: &mut self.spares,
                    env,
                    limit: self.limit,
                    check: self.check,
                    failure: &mut failure,
                },
            });
            if let Some(error) = failure {
                return Err(error);
            }
            if self.check {
                let (arena, stale) = (targets, &mut stale);
                let mut d = Partials { arena, params: &mut *grad, places, stale };
                for i in 0..places.len() {
                    if let Some(d) = d.of(i) {
                        finite(rule.name(), Pass::Backward, d.values(), || r.call.site(params))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn check_values(
        &self,
        params: &Params<T>,
        name: &'static str,
        place: &Place,
        call: Call,
    ) -> Result<(), Error> {
        if !self.check {
            return Ok(());
        }
        finite(name, Pass::Forward, &self.values[place.range()], || call.site(params))
    }

    fn too_large(&self, params: &Params<T>, rule: &'static str, shape: Shape, call: Call) -> Error {
        Error::TooLarge { rule, shape, limit: self.limit, site: call.site(params) }
    }
}

/// Outputs that begin at a cache line; shorter ones would waste more memory than they gain time.
const LONG: usize = 16 * LINE;

/// Whole cache lines for so many numbers.
fn lines(numbers: usize) -> Option<usize> {
    numbers.checked_next_multiple_of(LINE)
}

/// The first element that is infinite or NaN, as an error.
fn finite<T: Real>(
    rule: &'static str,
    pass: Pass,
    values: &[T],
    site: impl FnOnce() -> Box<Site>,
) -> Result<(), Error> {
    match values.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(index) => {
            let value = values[index].to_f64();
            Err(Error::NotFinite { rule, pass, index, value, site: site() })
        }
    }
}
