//! Sequences of cells, forward and backward: the same bits on every instruction set, for any number
//! of threads, wherever the memory lies; and an error for every length that does not fit.

#![no_main]

use arbitrary::Arbitrary;
use elman_fuzz::{
    Contents, Flaw, Layout, Matrices, Memory, Number, Scalar, cell, demand_same, hash, isa,
    of_any_size, with_scalar,
};
use elman_kernels::fused::{
    Backward, Cell, Forward, Gradients, Marks, Sizes, backward, forward, kept,
};
use elman_kernels::{Isa, Threads};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug, Hash)]
struct Input {
    scalar: Scalar,
    cell: u8,
    isa: u8,
    threads: u8,
    sizes: [u8; 4],
    /// Which of the sizes is smaller where the four are too much.
    least: u8,
    seed: u64,
    /// Which partial derivatives are wanted, a bit each.
    wants: u8,
    layouts: [Layout; 3],
    /// How many steps each row has, in turns.
    lengths: Option<[u8; 4]>,
    /// Which rows start anew, in turns, a bit each.
    resets: Option<u8>,
    wrong: Option<Wrong>,
    /// Sizes that nobody has the memory for.
    claim: Option<[usize; 4]>,
}

#[derive(Arbitrary, Debug, Clone, Copy, Hash)]
enum Wrong {
    /// A slice of another length.
    Length { slice: u8, longer: bool },
    /// Weights of the input, of the state, or biases.
    Columns { of: u8, flaw: Flaw },
}

/// The slices whose lengths can be wrong, and those of partial derivatives.
const SLICES: usize = 16;
const X: usize = 0;
const H: usize = 1;
const C: usize = 2;
const Y: usize = 3;
const LAST: usize = 4;
const KEPT: usize = 5;
const DY: usize = 6;
const DLAST: usize = 7;
/// The first of six.
const PARTIAL: usize = 8;
const LENGTHS: usize = 14;
const RESETS: usize = 15;

struct Partials<T> {
    states: [Memory<T>; 3],
    weights: [Vec<Memory<T>>; 3],
    together: [usize; 3],
    wants: u8,
}

impl<T: Number> Partials<T> {
    fn state(&mut self, i: usize) -> Option<&mut [T]> {
        (self.wants >> i & 1 == 1).then(|| &mut self.states[i][..])
    }

    fn weight(&mut self, i: usize, sum: usize) -> Option<&mut [T]> {
        let matrix = sum / self.together[i];
        (self.wants >> (3 + i) & 1 == 1).then(|| &mut self.weights[i][matrix][..])
    }

    fn all(&self) -> impl Iterator<Item = &Memory<T>> {
        self.states.iter().chain(self.weights.iter().flatten())
    }
}

impl<T: Number> Gradients<T> for Partials<T> {
    fn x(&mut self) -> Option<&mut [T]> {
        self.state(0)
    }
    fn h(&mut self) -> Option<&mut [T]> {
        self.state(1)
    }
    fn c(&mut self) -> Option<&mut [T]> {
        self.state(2)
    }
    fn w(&mut self, sum: usize) -> Option<&mut [T]> {
        self.weight(0, sum)
    }
    fn u(&mut self, sum: usize) -> Option<&mut [T]> {
        self.weight(1, sum)
    }
    fn b(&mut self, sum: usize) -> Option<&mut [T]> {
        self.weight(2, sum)
    }
}

/// How a sequence is computed.
#[derive(Clone, Copy)]
struct How {
    isa: Isa,
    threads: usize,
    off: bool,
    wrong: Option<Wrong>,
}

/// Everything that was written, unless something was wrong.
fn compute<T: Number>(input: &Input, sizes: Sizes, how: How) -> Option<Vec<Memory<T>>> {
    let Sizes { time, batch, input: features, hidden } = sizes;
    let (cell, How { isa, off, wrong, .. }) = (cell(input.cell), how);
    let _threads = Threads::limit(how.threads);
    let (rows, state) = (time * batch, batch * hidden);
    let own = if cell.carries() { state } else { 0 };
    let changed = |i: usize, len: usize| match wrong {
        Some(Wrong::Length { slice: s, longer }) if usize::from(s) % SLICES == i => {
            if longer {
                len + 1
            } else {
                len.saturating_sub(1)
            }
        }
        _ => len,
    };
    let noise = |i: usize, len: usize| {
        Memory::<T>::noise(changed(i, len), off, input.seed, i as u64, Contents::Small)
    };
    let flaw = |i: u8| match wrong {
        Some(Wrong::Columns { of, flaw }) if of % 3 == i => Some(flaw),
        _ => None,
    };
    let [sums, stored] = [cell.sums(), cell.stored()];
    let shapes = [[sums, features, hidden], [sums, hidden, hidden], [stored, 1, hidden]];
    let weights = [0, 1, 2].map(|i| {
        let (layout, flaw, salt) = (input.layouts[i], flaw(i as u8), 20 + i as u64);
        Matrices::<T>::new(shapes[i], layout, flaw, off, input.seed, salt)
    });
    let columns = [0, 1, 2].map(|i| weights[i].columns(flaw(i as u8)));
    let columns_fit = weights.iter().zip(&columns).all(|(weights, columns)| weights.fit(columns));
    let [w, u, b] = &columns;
    let wanted = |i: usize, len: usize| changed(i, len) == len;

    let (x, h, c) = (noise(X, rows * features), noise(H, state), noise(C, own));
    let lengths: Option<Vec<u32>> = input.lengths.map(|lengths| {
        let all = lengths.into_iter().cycle().map(|length| u32::from(length) % 8);
        all.take(changed(LENGTHS, batch)).collect()
    });
    let resets: Option<Vec<u32>> = input.resets.map(|resets| {
        (0..changed(RESETS, rows)).map(|i| u32::from(resets >> (i % 8) & 1)).collect()
    });
    let marks = Marks { lengths: lengths.as_deref(), resets: resets.as_deref() };
    let mut y = Memory::<T>::poison(changed(Y, rows * hidden), off);
    let mut last = Memory::<T>::poison(changed(LAST, own), off);
    let memory = kept(cell, sizes).unwrap();
    let mut memory_kept = Memory::<T>::poison(changed(KEPT, memory), off);
    let with = Forward {
        x: &x,
        h: &h,
        c: &c,
        w,
        u,
        b,
        marks,
        y: &mut y,
        last: &mut last,
        kept: &mut memory_kept,
    };
    let inputs_fit = columns_fit
        && wanted(X, rows * features)
        && wanted(H, state)
        && wanted(Y, rows * hidden)
        && (lengths.is_none() || wanted(LENGTHS, batch))
        && (resets.is_none() || wanted(RESETS, rows))
        && wanted(KEPT, memory);
    // The way back has none of them.
    let cells_fit = wanted(C, own) && wanted(LAST, own);
    let verdict = forward(isa, cell, sizes, with);
    assert_eq!(verdict.is_ok(), inputs_fit && cells_fit, "forward: {verdict:?}");

    let (dy, dlast) = (noise(DY, rows * hidden), noise(DLAST, own));
    let of_states = [rows * features, state, own];
    let partial = |i: usize, len: usize| {
        let (len, salt) = (changed(PARTIAL + i, len), 30 + i as u64);
        Memory::<T>::noise(len, off, input.seed, salt, Contents::Small)
    };
    let of_weights = |i: usize| -> Vec<_> {
        weights[i].values.iter().map(|values| partial(3 + i, values.len())).collect()
    };
    let mut partials = Partials {
        states: [0, 1, 2].map(|i| partial(i, of_states[i])),
        weights: [0, 1, 2].map(of_weights),
        together: [0, 1, 2].map(|i| weights[i].together),
        wants: input.wants,
    };
    let with = Backward {
        x: &x,
        h: &h,
        w,
        u,
        b,
        marks,
        y: &y,
        dy: &dy,
        dlast: &dlast,
        kept: &mut memory_kept,
    };
    let verdict = backward(isa, cell, sizes, with, &mut partials);
    let asked = |i: usize| {
        let nothing = rows == 0 || hidden == 0;
        input.wants >> i & 1 == 1 && if i == 2 { nothing || cell.carries() } else { !nothing }
    };
    let len = |i: usize| if i < 3 { of_states[i] } else { weights[i - 3].values[0].len() };
    let partials_fit = (0..6).all(|i| !asked(i) || wanted(PARTIAL + i, len(i)));
    let fits = inputs_fit && wanted(DY, rows * hidden) && wanted(DLAST, own) && partials_fit;
    assert_eq!(verdict.is_ok(), fits, "backward: {verdict:?}");
    assert!([&y, &last, &memory_kept].into_iter().chain(partials.all()).all(Memory::is_whole));
    let all = [&y, &last].into_iter().chain(partials.all()).cloned().collect();
    (fits && cells_fit).then_some(all)
}

/// Multiplications of a sequence.
fn operations([time, batch, input, hidden]: [usize; 4], cell: Cell) -> usize {
    time * batch * (input + hidden) * cell.sums() * hidden
}

fn run<T: Number>(input: &Input) {
    let cell = cell(input.cell);
    let mut sizes = input.sizes.map(usize::from);
    for (size, most) in sizes.iter_mut().zip([6, 20, 70, 140]) {
        *size %= most;
    }
    // Most are small, so that many are tried; a few are worth several threads, by rows, and very
    // few by units.
    let class = hash(input);
    let mut most = 20_000;
    if class.is_multiple_of(256) {
        most = 700_000;
    }
    if class.is_multiple_of(4096) {
        sizes = [1 + sizes[0] % 3, 4 + sizes[1], 200 + sizes[2], 129 + sizes[3] * 4];
        most = 8_000_000;
    }
    let mut least = usize::from(input.least);
    while operations(sizes, cell) > most {
        sizes[least % 4] = sizes[least % 4].div_ceil(2);
        least += 1;
    }
    let [time, batch, features, hidden] = sizes;
    let sizes = Sizes { time, batch, input: features, hidden };

    let right = How { isa: Isa::Portable, threads: 1, off: false, wrong: None };
    let wanted = compute::<T>(input, sizes, right).unwrap();
    let threads = 1 + usize::from(input.threads) % 4;
    let other = How { isa: isa(input.isa), threads, off: true, wrong: None };
    let found = compute::<T>(input, sizes, other).unwrap();
    for (i, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
        demand_same(&format!("result {i} of {cell:?}, {sizes:?}"), found, wanted);
    }
    if input.wrong.is_some() {
        compute::<T>(input, sizes, How { wrong: input.wrong, ..other });
    }
    if let Some(claim) = input.claim {
        let [time, batch, input, hidden] = claim.map(of_any_size);
        let sizes = Sizes { time, batch, input, hidden };
        if let Ok(memory) = kept(cell, sizes) {
            let all = [time, batch, input, hidden].map(|n| n as u128);
            let lower = all[0].saturating_mul(all[1]).saturating_mul(all[3]);
            // Of a single sum nothing is kept but what the last step carries.
            assert!(cell.sums() == 1 || memory as u128 >= lower, "{memory} for {sizes:?}");
        }
        let (none, with) = (&mut [T::ZERO; 0][..], &[][..]);
        let mut partials = Partials {
            states: [0, 1, 2].map(|_| Memory::poison(0, false)),
            weights: [0, 1, 2].map(|_| vec![]),
            together: [1; 3],
            wants: 0,
        };
        let nothing = Forward {
            x: &[],
            h: &[],
            c: &[],
            w: with,
            u: with,
            b: with,
            marks: Marks::default(),
            y: &mut [],
            last: &mut [],
            kept: none,
        };
        assert!(forward::<T>(other.isa, cell, sizes, nothing).is_err());
        let nothing = Backward {
            x: &[],
            h: &[],
            w: with,
            u: with,
            b: with,
            marks: Marks::default(),
            y: &[],
            dy: &[],
            dlast: &[],
            kept: &mut [],
        };
        assert!(backward::<T>(other.isa, cell, sizes, nothing, &mut partials).is_err());
    }
}

fuzz_target!(|input: Input| with_scalar!(input.scalar, run(&input)));
