//! Elementwise loops, broadcasts, reductions and softmax, of lengths that fit and that do not:
//! what they are defined to be, or an error, never a panic.

#![no_main]

use arbitrary::Arbitrary;
use elman_fuzz::{
    Contents, Memory, Number, Scalar, demand_same, hash, of_any_size, same, with_scalar,
};
use elman_kernels::{
    LANES, Threads, add_rows, all_finite, argmax, copy, dot, each, each2, each3, fill, fold_rows,
    log_softmax_rows, log_sum_exp, map, map2, map3, map3_rows, softmax_rows, sum, sum_by, update,
};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug, Hash)]
struct Input {
    scalar: Scalar,
    kernel: Kernel,
    /// How long the first vector is, and how much longer or shorter others are.
    len: u8,
    others: [i8; 3],
    /// How many rows there are, where there are rows.
    rows: u8,
    /// Whether each vector is a row that stands for all.
    one: [bool; 3],
    width: Option<usize>,
    contents: Contents,
    threads: u8,
    seed: u64,
    off: bool,
}

#[derive(Arbitrary, Debug, Hash)]
enum Kernel {
    Map,
    Map2,
    Map3,
    Map3Rows,
    Each,
    Each2,
    Each3,
    Update,
    Fill,
    Copy,
    AllFinite,
    AddRows,
    FoldRows,
    Softmax,
    Reduce,
}

fn run<T: Number>(input: &Input) {
    let _threads = Threads::limit(1 + usize::from(input.threads) % 4);
    let long = hash(input).is_multiple_of(512);
    let len = usize::from(input.len) + if long { 150_000 } else { 0 };
    // Most are as long as the first.
    let other = |i: usize| match input.others[i] {
        d @ -3..=3 => len.saturating_add_signed(isize::from(d)),
        _ => len,
    };
    let noise = |len: usize, salt: u64| {
        Memory::<T>::noise(len, input.off, input.seed, salt, input.contents)
    };
    let lens = [len, other(0), other(1), other(2)];
    let [mut a, mut b, mut c, mut d] = [0, 1, 2, 3].map(|i| noise(lens[i], i as u64));
    let [a0, b0, c0, d0] = [&a, &b, &c, &d].map(Memory::clone);
    let two = lens[1] == len;
    let three = two && lens[2] == len;
    let four = three && lens[3] == len;
    let f = |x: T| x * x + T::ONE;
    let g = |x: T, y: T| x * y - y;
    let h = |x: T, y: T, z: T| x * y - z;
    let row = usize::from(input.rows % 24);
    let width = input.width.map_or(row, of_any_size);
    let whole = |len: usize, width: usize| len.checked_rem(width).unwrap_or(len) == 0;
    match input.kernel {
        Kernel::Map => {
            assert_eq!(map(&a, &mut b, f).is_ok(), two);
            let wanted: Vec<T> = a.iter().map(|&x| f(x)).collect();
            demand_same("map", &b, if two { &wanted } else { &b0 });
        }
        Kernel::Map2 => {
            assert_eq!(map2(&a, &b, &mut c, g).is_ok(), three);
            let wanted: Vec<T> = a.iter().zip(&b[..]).map(|(&x, &y)| g(x, y)).collect();
            demand_same("map2", &c, if three { &wanted } else { &c0 });
        }
        Kernel::Map3 => {
            assert_eq!(map3(&a, &b, &c, &mut d, h).is_ok(), four);
            let wanted: Vec<T> =
                if four { (0..len).map(|i| d0[i] + h(a[i], b[i], c[i])).collect() } else { vec![] };
            demand_same("map3", &d, if four { &wanted } else { &d0 });
        }
        Kernel::Map3Rows => {
            let rows = if long { 4000 } else { usize::from(input.len % 9) };
            let all = rows * row;
            let of = |i: usize| {
                let len = if input.one[i] { row } else { all };
                match input.others[i] {
                    d @ -3..=3 => len.saturating_add_signed(isize::from(d)),
                    _ => len,
                }
            };
            let (a, b, c) = (noise(of(0), 0), noise(of(1), 1), noise(all, 2));
            let mut d = noise(of(2), 3);
            let d0 = d.clone();
            let verdict = map3_rows(&a, &b, &c, &mut d, h);
            let width = a.len().min(b.len()).min(d.len());
            let fits = all == 0
                || whole(all, width)
                    && [a.len(), b.len(), d.len()].iter().all(|&n| n == width || n == all);
            assert_eq!(verdict.is_ok(), fits);
            let mut wanted = d0.clone();
            if fits && all > 0 {
                for i in 0..all {
                    let at = |len: usize| if len == all { i } else { i % width };
                    wanted[at(d0.len())] += h(a[at(a.len())], b[at(b.len())], c[i]);
                }
            }
            demand_same("map3_rows", &d, &wanted);
        }
        Kernel::Each => {
            each(&mut a, |x| *x = f(*x));
            let wanted: Vec<T> = a0.iter().map(|&x| f(x)).collect();
            demand_same("each", &a, &wanted);
        }
        Kernel::Each2 => {
            let verdict = each2(&mut a, &mut b, |x, y| (*x, *y) = (g(*x, *y), *x));
            assert_eq!(verdict.is_ok(), two);
            if two {
                let wanted: Vec<T> = a0.iter().zip(&b0[..]).map(|(&x, &y)| g(x, y)).collect();
                demand_same("each2, first", &a, &wanted);
                demand_same("each2, second", &b, &a0);
            }
        }
        Kernel::Each3 => {
            let verdict =
                each3(&mut a, &mut b, &mut c, |x, y, z| (*x, *y, *z) = (h(*x, *y, *z), *z, *y));
            assert_eq!(verdict.is_ok(), three);
            if three {
                let wanted: Vec<T> = (0..len).map(|i| h(a0[i], b0[i], c0[i])).collect();
                demand_same("each3, first", &a, &wanted);
                demand_same("each3, second", &b, &c0);
                demand_same("each3, third", &c, &b0);
            }
        }
        Kernel::Update => {
            assert_eq!(update(&mut b, &a, |y, x| *y = g(*y, x)).is_ok(), two);
            let wanted: Vec<T> = b0.iter().zip(&a[..]).map(|(&y, &x)| g(y, x)).collect();
            demand_same("update", &b, if two { &wanted } else { &b0 });
        }
        Kernel::Fill => {
            let value = c.first().copied().unwrap_or(T::ONE);
            fill(&mut a, value);
            assert!(a.iter().all(|&x| same(x, value)));
        }
        Kernel::Copy => {
            assert_eq!(copy(&a, &mut b).is_ok(), two);
            demand_same("copy", &b, if two { &a } else { &b0 });
        }
        Kernel::AllFinite => assert_eq!(all_finite(&a), a.iter().all(|x| x.is_finite())),
        Kernel::AddRows => {
            let x = noise(row, 9);
            let fits = whole(len, row);
            assert_eq!(add_rows(&mut a, &x, g).is_ok(), fits);
            let wanted: Vec<T> = if fits {
                a0.iter().enumerate().map(|(i, &y)| g(y, x[i % row])).collect()
            } else {
                a0.to_vec()
            };
            demand_same("add_rows", &a, &wanted);
        }
        Kernel::FoldRows => {
            let mut y = noise(row, 9);
            let mut wanted = y.clone();
            let fits = whole(len, row);
            assert_eq!(fold_rows(&a, &mut y).is_ok(), fits);
            if fits {
                a.iter().enumerate().for_each(|(i, &x)| wanted[i % row] += x);
            }
            demand_same("fold_rows", &y, &wanted);
        }
        Kernel::Softmax => {
            let fits = two && whole(len, width);
            assert_eq!(softmax_rows(&a, width, &mut b).is_ok(), fits);
            let mut logs = noise(lens[1], 5);
            assert_eq!(log_softmax_rows(&a, width, &mut logs).is_ok(), fits);
            if fits && len > 0 {
                rows_of_softmax(&a, width, &b, &logs, input.contents);
            }
        }
        Kernel::Reduce => {
            let by_hand = |f: &dyn Fn(T, usize) -> T| {
                let mut lanes = [T::ZERO; LANES];
                for i in 0..len {
                    lanes[i % LANES] = f(lanes[i % LANES], i);
                }
                for width in [8, 4, 2, 1] {
                    for i in 0..width {
                        let other = lanes[i + width];
                        lanes[i] += other;
                    }
                }
                lanes[0]
            };
            assert!(same(sum(&a), by_hand(&|lane, i| lane + a[i])));
            assert!(same(sum_by(&a, f), by_hand(&|lane, i| lane + f(a[i]))));
            let product = dot(&a, &b);
            assert_eq!(product.is_ok(), two);
            if let Ok(product) = product {
                assert!(same(product, by_hand(&|lane, i| a[i].mul_add(b[i], lane))));
            }
            let value = |i: usize| a[i].to_f64();
            let best = (0..len).filter(|&i| !value(i).is_nan()).fold(None, |best, i| match best {
                Some(best) if value(best) >= value(i) => Some(best),
                _ => Some(i),
            });
            assert_eq!(argmax(&a), best);
            let all = log_sum_exp(&a).to_f64();
            if input.contents != Contents::Wild && len > 0 {
                let most = value(best.unwrap());
                let room = 1e-5 * (1.0 + most.abs());
                assert!(all >= most - room && all <= most + (len as f64).ln() + room);
            }
        }
    }
    assert!([&a, &b, &c, &d].into_iter().all(Memory::is_whole));
}

/// Rows of probabilities and of their logarithms, each as if it were alone.
fn rows_of_softmax<T: Number>(x: &[T], width: usize, p: &[T], logs: &[T], contents: Contents) {
    for (r, x) in x.chunks(width).enumerate() {
        let (p, logs) = (&p[r * width..][..width], &logs[r * width..][..width]);
        let (mut alone, mut log_alone) = (vec![T::ZERO; width], vec![T::ZERO; width]);
        softmax_rows(x, width, &mut alone).unwrap();
        log_softmax_rows(x, width, &mut log_alone).unwrap();
        demand_same("softmax", p, &alone);
        demand_same("log_softmax", logs, &log_alone);
        if contents != Contents::Wild {
            let total: f64 = p.iter().map(|p| p.to_f64()).sum();
            assert!((total - 1.0).abs() < 1e-3, "{total}");
            assert!(logs.iter().all(|log| log.to_f64() <= 1e-6 && log.is_finite()));
        }
    }
}

fuzz_target!(|input: Input| with_scalar!(input.scalar, run(&input)));
