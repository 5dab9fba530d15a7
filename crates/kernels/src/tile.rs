//! The innermost loops of every product: blocks of sums, cut into tiles that fit the registers.

use crate::THRESHOLD_DIVISOR;
use crate::lanes::Lanes;
use crate::real::Real;

/// Columns of packed matrices that lie side by side: as many as the widest tile has lanes.
pub(crate) const PANEL: usize = 64;

/// Bytes of an operand that the own cache of a core holds until they are read again, at most.
pub(crate) const NEAR: usize = (3 << 19) / THRESHOLD_DIVISOR;

/// A left operand: `a[r, k]` at `r · row + k · step` behind an address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Left<S> {
    pub(crate) at: *const S,
    pub(crate) row: usize,
    pub(crate) step: usize,
}

/// A right operand: `b[k, j]` for whole registers of columns `j`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Right<S> {
    at: *const S,
    /// The distance of one [`PANEL`] of columns from the next.
    panel: usize,
    /// The length of the rows; 0 where it is that of the panel.
    row: usize,
}

impl<S> Right<S> {
    /// Panels one after the other, `[panel][k][column]`, the last one as wide as [`padded`] says.
    pub(crate) fn packed(at: *const S, depth: usize) -> Self {
        Right { at, panel: depth * PANEL, row: 0 }
    }

    /// A matrix as it is stored, with rows of that length. Whole registers are read of the last
    /// columns, too.
    pub(crate) fn stored(at: *const S, row: usize) -> Self {
        Right { at, panel: PANEL, row }
    }

    /// Of a packed operand, what begins so many numbers behind the beginning of the panel of a
    /// column, as the operand of all columns of that panel.
    fn part(self, column: usize, numbers: usize) -> Self {
        let panel = column / PANEL * self.panel;
        Right { at: self.at.wrapping_add(panel + numbers), panel: 0, row: 0 }
    }
}

/// A number of columns, rounded up to whole registers of the widest kind.
pub(crate) fn padded(columns: usize) -> usize {
    columns.next_multiple_of(16)
}

/// Terms `a[r, k] · b[k, j]` of sums, in the order of `k`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<S> {
    pub(crate) left: Left<S>,
    pub(crate) right: Right<S>,
    /// How many there are in a run.
    pub(crate) depth: usize,
    /// Runs, and what lies between one and the next, on the left and on the right.
    pub(crate) runs: usize,
    pub(crate) gaps: (usize, usize),
}

impl<S> Terms<S> {
    /// Terms without gaps.
    pub(crate) fn new(left: Left<S>, right: Right<S>, depth: usize) -> Self {
        Terms { left, right, depth, runs: 1, gaps: (0, 0) }
    }
}

/// Memory that is wanted soon, to be brought into a cache, two lines at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Soon {
    at: *const u8,
    end: *const u8,
    /// The distance of the next lines; 0 behind the end.
    lines: usize,
}

/// Bytes of a cache line.
const LINE: usize = 64;

impl Soon {
    pub(crate) const NOTHING: Soon = Soon { at: std::ptr::null(), end: std::ptr::null(), lines: 0 };

    /// So many numbers from an address on. They need not be there.
    pub(crate) fn of<S>(at: *const S, count: usize) -> Self {
        Soon { at: at.cast(), end: at.wrapping_add(count).cast(), lines: 2 * LINE }
    }

    /// Itself, or where there is nothing, an address that is in the cache anyway. The branch spares
    /// small sums the reading of what was written just before, which takes its time.
    #[inline(always)]
    fn start<S>(&self, here: &S) -> Self {
        if self.lines == 0 {
            return Soon { at: std::ptr::from_ref(here).cast(), end: std::ptr::null(), lines: 0 };
        }
        *self
    }

    /// Stays where it is once it has come to the end: at an address that is in the cache anyway.
    #[inline(always)]
    fn stay<S>(&mut self, here: &S) {
        if self.at >= self.end {
            (self.at, self.lines) = (std::ptr::from_ref(here).cast(), 0);
        }
    }
}

/// Rows × columns of sums. Each begins with a number, adds its terms one by one, each by a fused
/// multiply-add, and is stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sums<'a, S> {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) terms: &'a [Terms<S>],
    /// Where the beginnings lie, and the distance of their rows; null where all are 0.
    pub(crate) from: (*const S, usize),
    /// Where the sums go, and the distance of their rows.
    pub(crate) to: (*mut S, usize),
    /// What is brought into a cache meanwhile.
    pub(crate) soon: Soon,
    /// Whether to begin with the last columns.
    pub(crate) back: bool,
    /// Whether the right operands, which are packed then, lie beyond the caches of a core.
    pub(crate) from_far: bool,
}

/// [`compute`] for one kind of register. Code that prepares sums takes it as an argument, so that
/// this code is compiled once for each scalar.
pub(crate) type Compute<S> = unsafe fn(&Sums<'_, S>);

/// Computes sums, compiled once for each kind of register.
///
/// # Safety
/// Operands have to be readable for all rows, terms and whole registers of columns; `from` and
/// `to`, for all rows and columns. `to` may be `from`, but no operand.
pub(crate) unsafe fn compute<L: Lanes>(sums: &Sums<'_, L::Scalar>) {
    // A single block of rows has no time to bring anything, and who has no terms, nothing to bring.
    let chunks = sums.from_far && sums.rows > L::ROWS && sums.terms.iter().any(|t| t.depth > 0);
    let compute = if chunks { in_chunks::<L> } else { in_panels::<L> };
    // SAFETY: as the caller promises.
    unsafe { compute(sums) }
}

/// Panel by panel.
unsafe fn in_panels<L: Lanes>(sums: &Sums<'_, L::Scalar>) {
    L::apart(
        #[inline(always)]
        || {
            let mut soon = sums.soon.start(sums);
            for columns in sums.panels() {
                // SAFETY: as the caller promises.
                unsafe { panel::<L>(sums, columns, &mut soon) }
            }
        },
    );
}

/// Terms of a chunk: two chunks, and the left operands, leave room in an L2 cache.
const CHUNK: usize = 640;

/// Chunk by chunk of the terms of a panel, each brought into the cache while all rows take up the
/// one before. Between chunks the sums rest where they go to, which loses nothing.
unsafe fn in_chunks<L: Lanes>(sums: &Sums<'_, L::Scalar>) {
    let mut next = sums.chunks().skip(1);
    for ((first, columns), terms, begin) in sums.chunks() {
        let soon = match next.next() {
            Some(((_, count), Terms { right, depth, .. }, _)) => {
                Soon::of(right.at, depth * padded(count))
            }
            None => sums.soon,
        };
        let to = (sums.to.0.wrapping_add(first), sums.to.1);
        let from = match sums.from {
            (from, pitch) if begin && from.is_null() => (from, pitch),
            (from, pitch) if begin => (from.wrapping_add(first), pitch),
            _ => (to.0.cast_const(), to.1),
        };
        let chunk = Sums { columns, terms: &[terms], from, to, soon, ..*sums };
        // SAFETY: as the caller promises; the operand of a chunk begins with its first column.
        unsafe { in_panels::<L>(&chunk) }
    }
}

impl<'a, S> Sums<'a, S> {
    /// So many rows and columns, of operands that are near, from the first column on.
    pub(crate) fn new(
        [rows, columns]: [usize; 2],
        terms: &'a [Terms<S>],
        from: (*const S, usize),
        to: (*mut S, usize),
    ) -> Self {
        let soon = Soon::NOTHING;
        Sums { rows, columns, terms, from, to, soon, back: false, from_far: false }
    }
}

impl<S: Copy> Sums<'_, S> {
    /// The panels: their first columns, and how many they have.
    #[inline(always)]
    fn panels(&self) -> impl Iterator<Item = (usize, usize)> {
        let panels = self.columns.div_ceil(PANEL);
        (0..panels).map(move |panel| {
            let first = PANEL * if self.back { panels - 1 - panel } else { panel };
            (first, PANEL.min(self.columns - first))
        })
    }

    /// The columns and terms of the chunks of all panels, and whether they are a panel's first.
    #[inline(always)]
    fn chunks(&self) -> impl Iterator<Item = ((usize, usize), Terms<S>, bool)> {
        let of_panel = move |(first, count): (usize, usize)| {
            let of_terms = move |(i, terms): (usize, &Terms<S>)| {
                let Terms { left, right, depth, .. } = *terms;
                let begin = self.terms[..i].iter().all(|before| before.depth == 0);
                blocks(depth, CHUNK).map(move |(k, depth)| {
                    let left = Left { at: left.at.wrapping_add(k * left.step), ..left };
                    let right = right.part(first, k * padded(count));
                    ((first, count), Terms::new(left, right, depth), begin && k == 0)
                })
            };
            self.terms.iter().enumerate().flat_map(of_terms)
        };
        self.panels().flat_map(of_panel)
    }
}

/// Some columns of a panel.
#[inline(always)]
unsafe fn panel<L: Lanes>(
    sums: &Sums<'_, L::Scalar>,
    (first, count): (usize, usize),
    soon: &mut Soon,
) {
    let mut lane = 0;
    while lane < count {
        let most = if L::ROWS == 1 { 1 } else { 4 };
        let registers = (count - lane).div_ceil(L::WIDTH).min(most);
        let last = L::WIDTH.min(count - lane - (registers - 1) * L::WIDTH);
        let tile = Tile { sums, first, lane, width: padded(count), row: 0, last };
        for (row, rows) in blocks(sums.rows, L::ROWS) {
            // SAFETY: these are rows and columns of the sums.
            unsafe { with_size::<L>(Tile { row, ..tile }, rows, registers, soon) }
        }
        lane += registers * L::WIDTH;
    }
}

/// Some rows, and some registers of columns of a panel, of which the last one may be part.
#[derive(Clone, Copy)]
struct Tile<'a, S> {
    sums: &'a Sums<'a, S>,
    first: usize,
    lane: usize,
    width: usize,
    row: usize,
    last: usize,
}

/// Calls the tile of that size: those of several rows are functions of their own.
#[inline(always)]
unsafe fn with_size<L: Lanes>(
    tile: Tile<'_, L::Scalar>,
    rows: usize,
    registers: usize,
    soon: &mut Soon,
) {
    macro_rules! sizes {
        ($($R:literal)*) => {
            match (rows, registers) {
                // A single row has no time to be called.
                // SAFETY, here and below: the caller's promises.
                (1, 1) => unsafe { tile.compute::<L, 1, 1>(soon) },
                (1, 2) if const { L::ROWS > 1 } => unsafe { tile.compute::<L, 1, 2>(soon) },
                (1, 3) if const { L::ROWS > 1 } => unsafe { tile.compute::<L, 1, 3>(soon) },
                (1, 4) if const { L::ROWS > 1 } => unsafe { tile.compute::<L, 1, 4>(soon) },
                $(
                    ($R, 1) if const { $R <= L::ROWS } => unsafe { apart::<L, $R, 1>(tile, soon) },
                    ($R, 2) if const { $R <= L::ROWS } => unsafe { apart::<L, $R, 2>(tile, soon) },
                    ($R, 3) if const { $R <= L::ROWS } => unsafe { apart::<L, $R, 3>(tile, soon) },
                    ($R, 4) if const { $R <= L::ROWS } => unsafe { apart::<L, $R, 4>(tile, soon) },
                )*
                _ => unreachable!("tiles have at most 6 rows of 4 registers"),
            }
        };
    }
    sizes! { 2 3 4 5 6 }
}

/// The tile as a function of its own.
///
/// # Safety
/// As of [`compute`].
#[inline(always)]
unsafe fn apart<L: Lanes, const R: usize, const V: usize>(
    tile: Tile<'_, L::Scalar>,
    soon: &mut Soon,
) {
    L::apart(
        #[inline(always)]
        // SAFETY: the caller's promises.
        || unsafe { tile.compute::<L, R, V>(soon) },
    );
}

/// Terms that are written out in a row, for a tile of so many registers: less counting. The
/// compiler reads all right operands of such a row first; of 4 x 4 tiles there are as many as
/// registers, and with four terms the sums would go through memory.
const fn unrolled(registers: usize) -> usize {
    if registers == 16 { 2 } else { 4 }
}

impl<S: Real> Tile<'_, S> {
    #[inline(always)]
    unsafe fn compute<L: Lanes<Scalar = S>, const R: usize, const V: usize>(self, soon: &mut Soon) {
        let Sums { terms, from, to, .. } = *self.sums;
        // SAFETY: the promises of `compute`, for these rows and columns.
        unsafe {
            let mut own = [[L::splat(S::ZERO); V]; R];
            if !from.0.is_null() {
                self.begin(&mut own);
            }
            for &Terms { left, right, depth, runs, gaps } in terms {
                let mut a = left.at.wrapping_add(self.row * left.row);
                let mut b = right.at.wrapping_add(self.first / PANEL * right.panel + self.lane);
                let row = if right.row == 0 { self.width } else { right.row };
                for _ in 0..runs {
                    // Behind the last `k` the addresses are computed, and never read.
                    for _ in 0..depth / const { unrolled(R * V) } {
                        L::prefetch(soon.at);
                        L::prefetch(soon.at.wrapping_add(soon.lines / 2));
                        soon.at = soon.at.wrapping_add(soon.lines);
                        for _ in 0..const { unrolled(R * V) } {
                            term(&mut own, a, left.row, b);
                            a = a.wrapping_add(left.step);
                            b = b.wrapping_add(row);
                        }
                    }
                    for _ in 0..depth % const { unrolled(R * V) } {
                        term(&mut own, a, left.row, b);
                        a = a.wrapping_add(left.step);
                        b = b.wrapping_add(row);
                    }
                    a = a.wrapping_add(gaps.0);
                    b = b.wrapping_add(gaps.1);
                }
            }
            soon.stay(self.sums);
            for r in 0..R {
                let to = to.0.add((self.row + r) * to.1 + self.column());
                for v in 0..V {
                    own[r][v].store_part(to.add(v * L::WIDTH), self.count::<L, V>(v));
                }
            }
        }
    }

    /// Loads what the sums begin with.
    ///
    /// # Safety
    /// There has to be something.
    #[inline(always)]
    unsafe fn begin<L: Lanes<Scalar = S>, const R: usize, const V: usize>(
        &self,
        own: &mut [[L; V]; R],
    ) {
        let (from, pitch) = self.sums.from;
        let at = |r: usize| from.wrapping_add((self.row + r) * pitch + self.column());
        // A single row is that of all.
        let rows = if pitch == 0 { 1 } else { R };
        for r in 0..R {
            if r == rows {
                *own = [own[0]; R];
                return;
            }
            for v in 0..V {
                // SAFETY: the promises of `compute`, for these rows and columns.
                own[r][v] = unsafe { L::load_part(at(r).add(v * L::WIDTH), self.count::<L, V>(v)) };
            }
        }
        // Where the next tile begins; at the end of a panel nothing comes of it.
        for r in R..2 * R {
            for v in 0..V {
                L::prefetch(at(r).wrapping_add(v * L::WIDTH).cast());
            }
        }
    }

    #[inline(always)]
    fn column(&self) -> usize {
        self.first + self.lane
    }

    /// Lanes of a register that count.
    #[inline(always)]
    fn count<L: Lanes, const V: usize>(&self, v: usize) -> usize {
        if v + 1 == V { self.last } else { L::WIDTH }
    }
}

/// `sums[r] += a[r] · b`.
#[inline(always)]
unsafe fn term<L: Lanes, const R: usize, const V: usize>(
    sums: &mut [[L; V]; R],
    a: *const L::Scalar,
    row: usize,
    b: *const L::Scalar,
) {
    // SAFETY: the caller has as many rows, and as many registers.
    unsafe {
        // What is fewer is held in registers: of 3 x 4 sums of AVX2, the rows' operands.
        if const { R < V } {
            let mut left = [L::splat(*a); R];
            for r in 1..R {
                left[r] = L::splat(*a.add(r * row));
            }
            for v in 0..V {
                let right = L::load(b.add(v * L::WIDTH));
                for r in 0..R {
                    sums[r][v] = left[r].mul_add(right, sums[r][v]);
                }
            }
            return;
        }
        let mut right = [L::splat(*a); V];
        for v in 0..V {
            right[v] = L::load(b.add(v * L::WIDTH));
        }
        for r in 0..R {
            let left = L::splat(*a.add(r * row));
            for v in 0..V {
                sums[r][v] = left.mul_add(right[v], sums[r][v]);
            }
        }
    }
}

/// Cuts rows into the fewest blocks of at most `most`, whose sizes differ by at most one: where
/// they begin, and how long they are.
#[inline(always)]
pub(crate) fn blocks(rows: usize, most: usize) -> impl DoubleEndedIterator<Item = (usize, usize)> {
    let count = rows.div_ceil(most);
    // Nobody shall wait for a division where nothing is cut.
    let (least, longer) = if count > 1 { (rows / count, rows % count) } else { (rows, 0) };
    (0..count).map(move |i| (i * least + i.min(longer), least + usize::from(i < longer)))
}

/// The `i`-th of `parts` shares of so many things: from where, and up to where.
pub(crate) fn share(count: usize, parts: usize, i: usize) -> (usize, usize) {
    (i * count / parts, (i + 1) * count / parts)
}

#[cfg(test)]
mod tests;
