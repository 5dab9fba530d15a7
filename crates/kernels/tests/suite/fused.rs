//! Fused sequences give the same bits on every instruction set and for any number of threads.
//! That they are the sequences of their cells is for the laws of cells to say.

use elman_kernels::fused::{
    Backward, Cell, Columns, Forward, Gradients, Marks, Sizes, backward, forward, kept,
};
use elman_kernels::{Dual, Isa, Real, Threads};

/// Numbers without a pattern, the same every time.
fn noise<T: Real>(n: usize, salt: usize) -> Vec<T> {
    (0..n).map(|i| T::from_f64(((i * 7919 + salt * 104_729 + 13) as f64 * 0.618).sin())).collect()
}

/// All partials, or none of inputs and states.
struct Partials<T> {
    of: [Vec<T>; 6],
    states: bool,
}

impl<T> Gradients<T> for Partials<T> {
    fn x(&mut self) -> Option<&mut [T]> {
        self.states.then_some(&mut self.of[0])
    }
    fn h(&mut self) -> Option<&mut [T]> {
        self.states.then_some(&mut self.of[1])
    }
    fn c(&mut self) -> Option<&mut [T]> {
        self.states.then_some(&mut self.of[2])
    }
    fn w(&mut self, _: usize) -> Option<&mut [T]> {
        Some(&mut self.of[3])
    }
    fn u(&mut self, _: usize) -> Option<&mut [T]> {
        Some(&mut self.of[4])
    }
    fn b(&mut self, _: usize) -> Option<&mut [T]> {
        Some(&mut self.of[5])
    }
}

/// Whether rows end and start anew when they like, and whether somebody wants partials of inputs
/// and states.
#[derive(Debug, Clone, Copy)]
struct Rows {
    end: bool,
    start: bool,
    states: bool,
    /// Whether weights, states and cotangents are around [`Real::FLUSH_BELOW`].
    tiny: bool,
}

const ALL: Rows = Rows { end: false, start: false, states: true, tiny: false };

/// [`noise`], if asked of magnitudes on both sides of [`Real::FLUSH_BELOW`].
fn noise_or_tiny<T: Real>(tiny: bool, n: usize, salt: usize) -> Vec<T> {
    let mut numbers = noise::<T>(n, salt);
    if tiny {
        let scales = [8.0, 0.25, 1.0, 0.01, 2.0, 100.0, 0.5].map(T::from_f64);
        let all = numbers.iter_mut().zip(scales.into_iter().cycle());
        all.for_each(|(x, scale)| *x *= scale * T::FLUSH_BELOW);
    }
    numbers
}

/// Outputs, the last cell, and all partials, as bits.
fn results<T: Real>(cell: Cell, sizes: Sizes, isa: Isa, rows: Rows) -> Vec<[u64; 2]> {
    // Memory as it comes, and not at the beginning of a cache line.
    let mut memory = vec![T::NAN; kept(cell, sizes).unwrap() + 1];
    results_in(&mut memory[1..], cell, sizes, isa, rows)
}

/// The same, with that memory.
fn results_in<T: Real>(
    memory: &mut [T],
    cell: Cell,
    sizes: Sizes,
    isa: Isa,
    rows: Rows,
) -> Vec<[u64; 2]> {
    let Sizes { time, batch, input, hidden } = sizes;
    let own = if cell.carries() { batch * hidden } else { 0 };
    let Rows { end, start, states, tiny } = rows;
    let noise = |n, salt| noise_or_tiny::<T>(tiny && salt > 1, n, salt);
    let (x, h, c) = (noise(time * batch * input, 1), noise(batch * hidden, 2), noise(own, 3));
    let (width, rows) = (cell.sums() * hidden, time * batch);
    let lengths: Vec<_> = (0..batch).map(|b| ((5 * b + 2) % (time + 1)) as u32).collect();
    let lengths = end.then_some(&lengths[..]);
    let resets: Vec<_> = (0..rows).map(|i| u32::from((7 * i + 1) % 5 == 0)).collect();
    let marks = Marks { lengths, resets: start.then_some(&resets[..]) };
    let (w, u): (Vec<T>, Vec<T>) = (noise(input * width, 4), noise(hidden * width, 5));
    let b: Vec<T> = noise(cell.stored() * hidden, 6);
    let columns = |sums: usize, values| -> Vec<Columns<'_, T>> {
        (0..sums).map(|sum| Columns { values, width: sums * hidden, first: sum * hidden }).collect()
    };
    let (cw, cu) = (columns(cell.sums(), &w[..]), columns(cell.sums(), &u[..]));
    let cb = columns(cell.stored(), &b[..]);
    let (mut y, mut last) = (vec![T::NAN; rows * hidden], vec![T::NAN; own]);
    let with = Forward {
        x: &x,
        h: &h,
        c: &c,
        w: &cw,
        u: &cu,
        b: &cb,
        marks,
        y: &mut y,
        last: &mut last,
        kept: &mut *memory,
    };
    forward(isa, cell, sizes, with).unwrap();
    let (mut dy, dlast): (Vec<T>, Vec<T>) = (noise(rows * hidden, 7), noise(own, 8));
    if let Some(lengths) = lengths {
        let ended = |&i: &usize| i / batch >= lengths[i % batch] as usize;
        for i in (0..rows).filter(ended) {
            let row = i * hidden..(i + 1) * hidden;
            assert!(y[row.clone()].iter().all(|y| y.bits() == T::ZERO.bits()));
            dy[row].fill(T::NAN);
        }
    }
    let operands = [x.len(), h.len(), c.len(), w.len(), u.len(), b.len()];
    let mut partials = Partials { of: operands.map(|len| noise(len, 9)), states };
    let with = Backward {
        x: &x,
        h: &h,
        w: &cw,
        u: &cu,
        b: &cb,
        marks,
        y: &y,
        dy: &dy,
        dlast: &dlast,
        kept: memory,
    };
    backward(isa, cell, sizes, with, &mut partials).unwrap();
    y.iter().chain(&last).chain(partials.of.iter().flatten()).map(|x| x.bits()).collect()
}

fn same_everywhere<T: Real>(cell: Cell) {
    let sizes = |[time, batch, input, hidden]: [usize; 4]| Sizes { time, batch, input, hidden };
    for shape in [
        [0, 2, 3, 4],
        [3, 0, 2, 4],
        [3, 2, 0, 5],
        [2, 3, 4, 0],
        [1, 1, 1, 1],
        [4, 7, 3, 16],
        [3, 13, 5, 17],
        [2, 6, 1, 33],
        [3, 4, 150, 90],
        [5, 9, 7, 130],
    ] {
        let kinds = [
            ALL,
            Rows { end: true, ..ALL },
            Rows { start: true, ..ALL },
            Rows { end: true, start: true, ..ALL },
            Rows { tiny: true, ..ALL },
        ];
        let all = kinds.map(|rows| results::<T>(cell, sizes(shape), Isa::Portable, rows));
        let wanted = &all[0];
        for isa in Isa::ALL {
            for threads in [1, 2, 3, 8] {
                let _threads = Threads::limit(threads);
                for (rows, wanted) in kinds.into_iter().zip(&all) {
                    let found = results::<T>(cell, sizes(shape), isa, rows);
                    assert!(found == *wanted, "{isa:?}, {threads} threads, {shape:?}, {rows:?}");
                }
            }
        }
        // What nobody wants is not written, and does not change the rest.
        let found = results::<T>(cell, sizes(shape), Isa::used(), Rows { states: false, ..ALL });
        let state = shape[1] * shape[3];
        let outputs = shape[0] * state + if cell.carries() { state } else { 0 };
        let weights = (shape[2] + shape[3]) * cell.sums() * shape[3] + cell.stored() * shape[3];
        assert!(found[..outputs] == wanted[..outputs], "{shape:?}");
        let ends = [found.len() - weights, wanted.len() - weights];
        assert!(found[ends[0]..] == wanted[ends[1]..], "{shape:?}");
    }
}

/// Has the same bits by one thread and by two, without marks and with both kinds. The shapes of the
/// tests below are small enough for Miri.
fn same_by_two_threads(cell: Cell, [time, batch, input, hidden]: [usize; 4]) {
    let sizes = Sizes { time, batch, input, hidden };
    for marks in [false, true] {
        let rows = Rows { end: marks, start: marks, ..ALL };
        let [one, two] = [1, 2].map(|threads| {
            let _threads = Threads::limit(threads);
            results::<f32>(cell, sizes, Isa::Portable, rows)
        });
        assert!(one == two, "{cell:?}, {sizes:?}, {rows:?}");
    }
}

/// Threads share the rows of each step, and then the gradients.
#[test]
fn small_sequences_in_one_shard() {
    same_by_two_threads(Cell::Tanh, [3, 2, 2, 3]);
    same_by_two_threads(Cell::LongShort, [2, 2, 1, 2]);
}

/// Threads go through all steps of the rows of their shards, whose gradients are added in pairs.
#[test]
fn small_sequences_in_shards() {
    same_by_two_threads(Cell::LongShort, [2, 8, 1, 1]);
    same_by_two_threads(Cell::Gated, [2, 16, 1, 1]);
}

/// Threads share two blocks of units.
#[test]
fn small_sequences_in_blocks_of_units() {
    same_by_two_threads(Cell::Tanh, [2, 1, 0, 65]);
}

#[test]
fn f32_has_the_same_bits_everywhere() {
    same_everywhere::<f32>(Cell::Tanh);
    same_everywhere::<f32>(Cell::Relu);
    same_everywhere::<f32>(Cell::LongShort);
    same_everywhere::<f32>(Cell::Gated);
}

#[test]
fn f64_has_the_same_bits_everywhere() {
    same_everywhere::<f64>(Cell::Tanh);
    same_everywhere::<f64>(Cell::LongShort);
    same_everywhere::<f64>(Cell::Gated);
}

#[test]
fn dual_numbers_have_the_same_bits_everywhere() {
    same_everywhere::<Dual<f64>>(Cell::LongShort);
    same_everywhere::<Dual<f64>>(Cell::Gated);
}

/// Records that no cache holds are written past the caches, where they begin with a cache line.
#[test]
fn records_past_the_caches_have_the_same_bits() {
    // Units that are whole registers of every width, of the narrower ones, and of none.
    for hidden in [16, 20, 21] {
        let sizes = Sizes { time: 1250, batch: 16, input: 1, hidden };
        let wanted = results::<f64>(Cell::LongShort, sizes, Isa::Portable, ALL);
        for isa in [Isa::Avx2, Isa::Avx512] {
            let len = kept(Cell::LongShort, sizes).unwrap();
            assert!(8 * len > 16 << 20);
            let mut memory = vec![f64::NAN; len + 8];
            let start = memory.as_ptr().align_offset(64);
            let memory = &mut memory[start..][..len];
            assert!(results_in(memory, Cell::LongShort, sizes, isa, ALL) == wanted, "{isa:?}");
        }
    }
}

#[test]
fn lengths_that_do_not_fit_are_errors() {
    let sizes = Sizes { time: 2, batch: 3, input: 4, hidden: 5 };
    let (x, h, w, u, b) = ([0.0f32; 24], [0.0; 15], [0.0; 20], [0.0; 25], [0.0; 5]);
    let mut memory = vec![0.0; kept(Cell::Tanh, sizes).unwrap()];
    let mut y = [0.0; 30];
    let mut run = |x: &[f32], w: Columns<'_, f32>, sums, marks, memory: &mut [f32]| {
        let [u, b] = [&u[..], &b[..]].map(|values| [Columns { values, width: 5, first: 0 }]);
        let (w, y) = (&[w][..sums], &mut y);
        let with =
            Forward { x, h: &h, c: &[], w, u: &u, b: &b, marks, y, last: &mut [], kept: memory };
        forward(Isa::used(), Cell::Tanh, sizes, with)
    };
    let none = Marks::default();
    let lengths = |lengths| Marks { lengths: Some(lengths), ..none };
    let resets = |resets| Marks { resets: Some(resets), ..none };
    let good = Columns { values: &w[..], width: 5, first: 0 };
    assert!(run(&x, good, 1, none, &mut memory).is_ok());
    assert!(run(&x, good, 1, lengths(&[2, 0, 9]), &mut memory).is_ok());
    assert!(run(&x, good, 1, lengths(&[2, 0]), &mut memory).is_err());
    assert!(run(&x, good, 1, resets(&[0; 6]), &mut memory).is_ok());
    assert!(run(&x, good, 1, resets(&[0; 5]), &mut memory).is_err());
    assert!(run(&x[1..], good, 1, none, &mut memory).is_err());
    assert!(run(&x, good, 0, none, &mut memory).is_err());
    assert!(run(&x, Columns { first: 1, ..good }, 1, none, &mut memory).is_err());
    assert!(run(&x, Columns { width: 4, ..good }, 1, none, &mut memory).is_err());
    assert!(run(&x, Columns { first: usize::MAX, ..good }, 1, none, &mut memory).is_err());
    // Four rows so wide have, modulo 2⁶⁴, no numbers or as many as there are.
    let wide = Columns { width: 1 << 62, ..good };
    assert!(run(&x, wide, 1, none, &mut memory).is_err());
    assert!(run(&x, Columns { values: &[], ..wide }, 1, none, &mut memory).is_err());
    assert!(run(&x, Columns { width: 5 + (1 << 62), ..good }, 1, none, &mut memory).is_err());
    assert!(run(&x, good, 1, none, &mut memory[1..]).is_err());
    assert!(kept(Cell::Tanh, Sizes { time: usize::MAX, ..sizes }).is_err());
    assert!(kept(Cell::Tanh, Sizes { hidden: usize::MAX, ..sizes }).is_err());
}
