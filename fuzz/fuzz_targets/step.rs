//! Single steps with weights packed once: the bits of sequences of one step.

#![no_main]

use arbitrary::Arbitrary;
use elman_fuzz::{
    Contents, Flaw, Layout, Matrices, Memory, Number, Scalar, cell, demand_same, hash, isa,
    with_scalar,
};
use elman_kernels::fused::{Forward, Marks, Sizes, Step, forward, kept};
use elman_kernels::{Isa, Threads};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug, Hash)]
struct Input {
    scalar: Scalar,
    cell: u8,
    sizes: [u8; 3],
    /// Which of the sizes is smaller where the three are too much.
    least: u8,
    seed: u64,
    layouts: [Layout; 3],
    /// The instruction set, the threads, and whether the memory is that of a clone: of each step.
    steps: [(u8, u8, bool); 5],
    count: u8,
    flaw: Option<(u8, Flaw)>,
    /// Which slice has another length, and whether it is a longer one.
    wrong: Option<(u8, bool)>,
}

fn run<T: Number>(input: &Input) {
    let cell = cell(input.cell);
    let mut sizes = input.sizes.map(usize::from);
    for (size, most) in sizes.iter_mut().zip([10, 70, 200]) {
        *size %= most;
    }
    // Most are small, so that many are tried; a few are worth several threads.
    let class = hash(input);
    let mut most = 12_000;
    if class.is_multiple_of(256) {
        sizes = [1 + sizes[0], sizes[1], 65 + sizes[2]];
        most = 1_000_000;
    }
    let operations =
        |[batch, input, hidden]: [usize; 3]| batch * (input + hidden) * cell.sums() * hidden;
    let mut least = usize::from(input.least);
    while operations(sizes) > most {
        sizes[least % 3] = sizes[least % 3].div_ceil(2);
        least += 1;
    }
    let [batch, features, hidden] = sizes;
    let state = batch * hidden;
    let own = if cell.carries() { state } else { 0 };
    let (sums, stored, seed) = (cell.sums(), cell.stored(), input.seed);
    let shapes = [[sums, features, hidden], [sums, hidden, hidden], [stored, 1, hidden]];
    let matrices = |flaw: Option<(u8, Flaw)>| {
        [0, 1, 2].map(|i| {
            let flaw = flaw.filter(|(of, _)| usize::from(of % 3) == i).map(|(_, flaw)| flaw);
            (Matrices::<T>::new(shapes[i], input.layouts[i], flaw, true, seed, i as u64), flaw)
        })
    };
    if input.flaw.is_some() {
        let weights = matrices(input.flaw);
        let [w, u, b] = [0, 1, 2].map(|i| weights[i].0.columns(weights[i].1));
        let fits = [&w, &u, &b].into_iter().zip(&weights).all(|(c, (m, _))| m.fit(c));
        assert_eq!(Step::new(cell, sizes, &w, &u, &b).is_ok(), fits);
    }

    let weights = matrices(None);
    let [w, u, b] = [0, 1, 2].map(|i| weights[i].0.columns(None));
    let mut step = Step::new(cell, sizes, &w, &u, &b).unwrap();
    assert_eq!((step.sizes(), step.cell()), (sizes, cell));
    let noise = |len: usize, salt: u64| Memory::noise(len, true, seed, salt, Contents::Small);
    let (mut h, mut c): (Memory<T>, Memory<T>) = (noise(state, 10), noise(own, 11));
    let count = usize::from(input.count) % 6;
    for (t, &(choice, threads, clone)) in input.steps.iter().enumerate().take(count) {
        let x: Memory<T> = noise(batch * features, 12 + t as u64);
        let sizes = Sizes { time: 1, batch, input: features, hidden };
        let mut memory = Memory::poison(kept(cell, sizes).unwrap(), false);
        let (mut y, mut last) = (Memory::poison(state, false), Memory::poison(own, false));
        {
            let _threads = Threads::limit(1);
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
                kept: &mut memory,
            };
            forward(Isa::Portable, cell, sizes, with).unwrap();
        }
        let _threads = Threads::limit(1 + usize::from(threads) % 4);
        if clone {
            step = step.clone();
        }
        if let Some((slice, longer)) = input.wrong {
            let lens = [x.len(), state, own, state];
            let mut changed = lens;
            let len = &mut changed[usize::from(slice) % 4];
            *len = if longer { *len + 1 } else { len.saturating_sub(1) };
            let x = noise(changed[0], 1);
            let (mut h, mut c) = (noise(changed[1], 2), noise(changed[2], 3));
            let mut copy = noise(changed[3], 4);
            // No copy is always right.
            let right = changed == lens || changed[..3] == lens[..3] && copy.is_empty();
            assert_eq!(step.run(isa(choice), &x, &mut h, &mut c, &mut copy).is_ok(), right);
        }
        let mut copy = noise(state, 5);
        step.run(isa(choice), &x, &mut h, &mut c, &mut copy).unwrap();
        demand_same(&format!("copy of step {t} of {cell:?}, {sizes:?}"), &copy, &y);
        demand_same(&format!("h of step {t} of {cell:?}, {sizes:?}"), &h, &y);
        demand_same(&format!("c of step {t} of {cell:?}, {sizes:?}"), &c, &last);
        assert!(h.is_whole() && c.is_whole() && copy.is_whole());
    }
}

fuzz_target!(|input: Input| with_scalar!(input.scalar, run(&input)));
