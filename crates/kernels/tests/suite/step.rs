//! Single steps with packed weights give the bits of the sequence, on every instruction set, for
//! any number of rows and threads.

use elman_kernels::fused::{Cell, Columns, Forward, Marks, Sizes, Step, forward, kept};
use elman_kernels::{Dual, Isa, Real, Threads};

const CELLS: [Cell; 4] = [Cell::Tanh, Cell::Relu, Cell::LongShort, Cell::Gated];
const STEPS: usize = 3;

/// Numbers without a pattern, the same every time, of such a size.
fn noise<T: Real>(n: usize, salt: usize, size: f64) -> Vec<T> {
    let number = |i| (i * 7919 + salt * 104_729 + 13) as f64 * 0.618;
    (0..n).map(|i| T::from_f64(number(i).sin() * size)).collect()
}

fn bits<T: Real>(x: &[T]) -> Vec<[u64; 2]> {
    x.iter().map(|x| x.bits()).collect()
}

/// A cell's weights, behind which there are other ones in each row of a matrix.
struct Weights<T> {
    cell: Cell,
    hidden: usize,
    w: Vec<T>,
    u: Vec<T>,
    b: Vec<T>,
}

impl<T: Real> Weights<T> {
    const OTHERS: usize = 3;

    fn new(cell: Cell, input: usize, hidden: usize) -> Self {
        let width = cell.sums() * hidden + Self::OTHERS;
        let size = 2.0 / (hidden as f64 + 1.0).sqrt();
        let (w, u) = (noise(input * width, 4, size), noise(hidden * width, 5, size));
        let b = noise(cell.stored() * hidden + Self::OTHERS, 6, 1.0);
        Weights { cell, hidden, w, u, b }
    }

    fn columns<'a>(&self, sums: usize, values: &'a [T]) -> Vec<Columns<'a, T>> {
        let width = sums * self.hidden + Self::OTHERS;
        (0..sums).map(|sum| Columns { values, width, first: sum * self.hidden }).collect()
    }

    fn all(&self) -> [Vec<Columns<'_, T>>; 3] {
        let (sums, stored) = (self.cell.sums(), self.cell.stored());
        [(sums, &self.w), (sums, &self.u), (stored, &self.b)].map(|(n, v)| self.columns(n, v))
    }
}

/// Rows, features and units.
const SHAPES: [[usize; 3]; 14] = [
    [1, 1, 1],
    [1, 0, 5],
    [1, 3, 0],
    [1, 4, 8],
    [1, 1, 16],
    [1, 6, 17],
    [1, 5, 33],
    [1, 2, 64],
    [1, 9, 70],
    [1, 30, 130],
    [0, 2, 3],
    [2, 3, 5],
    [3, 1, 40],
    [7, 20, 100],
];

fn steps_are_the_sequence<T: Real>(isas: &[Isa], shapes: &[[usize; 3]]) {
    for (cell, [batch, input, hidden]) in
        CELLS.into_iter().flat_map(|cell| shapes.iter().map(move |&shape| (cell, shape)))
    {
        let weights = Weights::<T>::new(cell, input, hidden);
        let [w, u, b] = weights.all();
        let (state, own) = (batch * hidden, if cell.carries() { batch * hidden } else { 0 });
        let (x, h, c) =
            (noise(STEPS * batch * input, 1, 1.0), noise(state, 2, 1.0), noise(own, 3, 1.0));
        let sizes = Sizes { time: STEPS, batch, input, hidden };
        let (mut y, mut last) = (vec![T::NAN; STEPS * state], vec![T::NAN; own]);
        let with = Forward {
            x: &x,
            h: &h,
            c: &c,
            w: &w,
            u: &u,
            b: &b,
            marks: Marks::default(),
            y: &mut y,
            last: &mut last,
            kept: &mut vec![T::NAN; kept(cell, sizes).unwrap()],
        };
        forward(Isa::Portable, cell, sizes, with).unwrap();
        for (&isa, threads) in isas.iter().flat_map(|isa| [1, 2, 3].map(|threads| (isa, threads))) {
            let _threads = Threads::limit(threads);
            let mut step = Step::new(cell, [batch, input, hidden], &w, &u, &b).unwrap();
            // More than once: each step goes through the weights in the other direction.
            for _ in 0..2 {
                let (mut h, mut c, mut copy) = (h.clone(), c.clone(), h.clone());
                for t in 0..STEPS {
                    let x = &x[t * batch * input..][..batch * input];
                    step.run(isa, x, &mut h, &mut c, &mut copy).unwrap();
                    let wanted = bits(&y[t * state..][..state]);
                    let what = (cell, [batch, input, hidden], isa, threads, t);
                    assert_eq!(bits(&h), wanted, "{what:?}");
                    assert_eq!(bits(&copy), wanted, "{what:?}");
                }
                assert_eq!(bits(&c), bits(&last), "{cell:?}");
            }
        }
    }
}

/// Small enough for Miri, with enough units for two threads.
#[test]
fn small_steps_are_the_sequence() {
    steps_are_the_sequence::<f32>(&[Isa::Portable], &[[1, 2, 5], [1, 1, 33], [2, 1, 34]]);
}

#[test]
fn steps_of_f32_are_the_sequence() {
    steps_are_the_sequence::<f32>(&Isa::ALL, &SHAPES);
}

#[test]
fn steps_of_f64_are_the_sequence() {
    steps_are_the_sequence::<f64>(&Isa::ALL, &SHAPES);
}

#[test]
fn steps_of_dual_numbers_are_the_sequence() {
    steps_are_the_sequence::<Dual<f64>>(&[Isa::Portable, Isa::Avx2], &SHAPES);
}

#[test]
fn lengths_that_do_not_fit_are_errors() {
    for (cell, batch) in CELLS.into_iter().flat_map(|cell| [(cell, 1), (cell, 3)]) {
        let (input, hidden) = (2, 5);
        let weights = Weights::<f32>::new(cell, input, hidden);
        let [w, u, b] = weights.all();
        let sizes = [batch, input, hidden];
        let own = if cell.carries() { batch * hidden } else { 0 };
        let mut step = Step::new(cell, sizes, &w, &u, &b).unwrap();
        let mut lengths = [batch * input, batch * hidden, own, batch * hidden];
        for i in 0..4 {
            lengths[i] += 1;
            let [x, mut h, mut c, mut y] = lengths.map(|length| vec![0.5; length]);
            let refused = step.run(Isa::used(), &x, &mut h, &mut c, &mut y).unwrap_err();
            let wanted = format!("wanted {} elements, got {}", lengths[i] - 1, lengths[i]);
            assert!(refused.to_string().ends_with(&wanted), "{refused}");
            assert!(h.iter().all(|&h| h == 0.5));
            lengths[i] -= 1;
        }
        assert!(Step::new(cell, [batch, input + 1, hidden], &w, &u, &b).is_err());
        assert!(Step::new(cell, [batch, input, hidden + 4], &w, &u, &b).is_err());
        assert!(Step::new(cell, [batch, input, usize::MAX / 2], &w, &u, &b).is_err());
        assert!(Step::new(cell, sizes, &w[1..], &u, &b).is_err());
    }
}
