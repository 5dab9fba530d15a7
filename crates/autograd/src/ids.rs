//! Integers of a recording.

use crate::arena::Arena;
use crate::error::Error;
use crate::graph::Graph;
use elman_tensor::{Real, Shape};
use std::panic::Location;

/// Integers of a recording: class ids, indices, lengths or resets. A light handle.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_tensor::Tensor;
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let table = Tensor::from_fn([3, 2], |i| i as f64)?; // 0 1, 2 3, 4 5
/// let rows = Tape::new().evaluate(&none, |g| {
///     let ids = g.ids(&[1, 1, 0]);
///     let others = ids.map(|_, id| id + 1); // 2 2 1
///     others.with(|ids| assert_eq!(ids, [2, 2, 1]));
///     g.input(&table).gather(others).tensor()
/// })?;
/// assert_eq!(rows.values(), [4.0, 5.0, 4.0, 5.0, 2.0, 3.0]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Ids<'g, T: Real> {
    graph: &'g Graph<'g, T>,
    range: IdRange,
}

/// A run of integers in the pooled buffer of a recording: what a rule carries of its class ids,
/// indices, lengths or resets.
///
/// It means something in the recording it was made in only; elsewhere it names other integers, or
/// none.
///
/// ```
/// use elman_autograd::{Params, Tape, rules};
/// use elman_tensor::Tensor;
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let x = Tensor::from_fn([3], |i| i as f64)?;
/// let picked = Tape::new().evaluate(&none, |g| {
///     let ids = g.ids(&[2, 0]).range();
///     assert_eq!((ids.len(), ids.bound()), (2, 3)); // a table needs three rows
///     g.apply(rules::Gather { ids }, [g.input(&x)]).tensor()
/// })?;
/// assert_eq!(picked.values(), [2.0, 0.0]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdRange {
    start: usize,
    len: usize,
    /// One more than the largest id; 0 if there are none.
    bound: usize,
}

impl IdRange {
    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One more than the largest id, 0 if there are none: what a table of rows must have.
    pub fn bound(&self) -> usize {
        self.bound
    }

    /// The ids, out of the buffer they were put into; none if they do not lie in it.
    pub fn of<'a>(&self, ids: &'a [u32]) -> &'a [u32] {
        ids.get(self.start..self.start.saturating_add(self.len)).unwrap_or_default()
    }

    /// Appends ids to a buffer.
    pub(crate) fn append(ids: impl IntoIterator<Item = u32>, buffer: &mut Vec<u32>) -> Self {
        let start = buffer.len();
        buffer.extend(ids);
        Self::between(start, buffer.len(), buffer)
    }

    /// The ids of a buffer from `start` to `end`.
    fn between(start: usize, end: usize, buffer: &[u32]) -> Self {
        let largest = buffer[start..end].iter().max();
        let bound = largest.map_or(0, |&id| (id as usize).saturating_add(1));
        IdRange { start, len: end - start, bound }
    }
}

impl<'g, T: Real> Graph<'g, T> {
    /// Integers, copied into the recording.
    #[track_caller]
    pub fn ids(&'g self, ids: &[u32]) -> Ids<'g, T> {
        self.ids_from(ids.iter().copied())
    }

    /// Integers, as an iterator gives them. While it does, the recording is busy: no rule can be
    /// applied and no value read.
    #[track_caller]
    pub fn ids_from(&'g self, ids: impl IntoIterator<Item = u32>) -> Ids<'g, T> {
        let line = Location::caller();
        let Some(mut arena) = self.lend("ids", line) else { return Ids::none(self) };
        let room = Self::room(&arena);
        let range = IdRange::append(ids.into_iter().take(room.saturating_add(1)), &mut arena.ids);
        if range.len > room {
            self.too_many(range.len, arena.limit, line);
            return Ids::none(self);
        }
        Ids { graph: self, range }
    }

    /// As many integers as said, each made by `f` of its index and of other integers, in which the
    /// recording is busy: no rule can be applied and no value read.
    #[track_caller]
    pub fn ids_of<const N: usize>(
        &'g self,
        of: [Ids<'g, T>; N],
        len: usize,
        mut f: impl FnMut(usize, [&[u32]; N]) -> u32,
    ) -> Ids<'g, T> {
        let line = Location::caller();
        let of = of.map(|ids| ids.range_in(self, "ids", line));
        let Some(mut arena) = self.lend("ids", line) else { return Ids::none(self) };
        if len > Self::room(&arena) || arena.ids.try_reserve(len).is_err() {
            self.too_many(len, arena.limit, line);
            return Ids::none(self);
        }
        let ids = &mut arena.ids;
        let start = ids.len();
        ids.resize(start + len, 0);
        let (before, new) = ids.split_at_mut(start);
        let of = of.map(|range| range.of(before));
        new.iter_mut().enumerate().for_each(|(i, id)| *id = f(i, of));
        Ids { range: IdRange::between(start, start + len, ids), graph: self }
    }

    /// How many more integers the limit allows.
    fn room(arena: &Arena<T>) -> usize {
        (arena.limit / size_of::<u32>()).saturating_sub(arena.ids.len())
    }

    fn too_many(&self, len: usize, limit: usize, line: &'static Location<'static>) {
        let (shape, site) = (Shape::from([len]), self.call(line).site(self.params()));
        self.fail(Error::TooLarge { rule: "ids", shape, limit, site });
    }
}

impl<'g, T: Real> Ids<'g, T> {
    /// No integers.
    fn none(graph: &'g Graph<'g, T>) -> Self {
        Ids { graph, range: IdRange { start: 0, len: 0, bound: 0 } }
    }

    /// The recording they belong to.
    pub fn graph(&self) -> &'g Graph<'g, T> {
        self.graph
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.range.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.range.len == 0
    }

    /// `len` of them from `start`, as a view; `None` if there are not so many.
    #[track_caller]
    pub fn part(&self, start: usize, len: usize) -> Option<Self> {
        (start.checked_add(len)? <= self.range.len).then_some(())?;
        let start = self.range.start + start;
        let arena = self.graph.look("ids", Location::caller())?;
        Some(Ids { range: IdRange::between(start, start + len, &arena.ids), ..*self })
    }

    /// As many others, made from each one's index and value by `f`, in which the recording is
    /// busy: no rule can be applied and no value read.
    #[track_caller]
    #[must_use]
    pub fn map(&self, mut f: impl FnMut(usize, u32) -> u32) -> Self {
        self.graph.ids_of([*self], self.range.len, |i, [ids]| match ids.get(i) {
            Some(&id) => f(i, id),
            None => 0,
        })
    }

    /// As many others, made from each one's value and that of `other` at the same index by `f`, in
    /// which the recording is busy: no rule can be applied and no value read.
    ///
    /// Another number of them, or those of another recording, are a misfit.
    #[track_caller]
    #[must_use]
    pub fn map2(&self, other: Self, mut f: impl FnMut(u32, u32) -> u32) -> Self {
        let (g, line) = (self.graph, Location::caller());
        let range = other.range_in(g, "ids", line);
        if range.len != self.range.len {
            let reason = format!("{} integers meet {}", self.range.len, range.len);
            g.refuse("ids", reason, line);
        }
        if g.failed() {
            return Ids::none(g);
        }
        g.ids_of([*self, other], range.len, |i, [a, b]| f(a[i], b[i]))
    }

    /// What a rule carries of them. In another recording it names other integers: a public
    /// function takes [`range_in`](Ids::range_in).
    pub fn range(&self) -> IdRange {
        self.range
    }

    /// What a rule of a recording carries of them; the recording fails, on behalf of a line, if
    /// they are another's.
    pub fn range_in(
        &self,
        graph: &Graph<'_, T>,
        rule: &'static str,
        line: &'static Location<'static>,
    ) -> IdRange {
        if !std::ptr::addr_eq(self.graph, graph) {
            graph.refuse(rule, "the ids must belong to this recording".into(), line);
        }
        self.range
    }

    /// Calls `f` with the integers. While it runs the recording is busy: no rule can be applied.
    #[track_caller]
    pub fn with<R>(&self, f: impl FnOnce(&[u32]) -> R) -> R {
        match self.graph.look("ids", Location::caller()) {
            Some(arena) => f(self.range.of(&arena.ids)),
            None => f(&[]),
        }
    }
}
