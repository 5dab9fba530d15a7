//! Maps and linear recurrences give the same bits for any number of threads.

use elman_kernels::{
    Threads, all_finite, complex_linear, complex_linear_back, complex_linear_back_in_pieces,
    complex_linear_in_pieces, copy, each2, each3, fill, linear, linear_back, linear_back_in_pieces,
    linear_in_pieces, map, map2, map3, piece_of, update, zip,
};

/// Numbers between −1 and 1.
fn noise(n: usize, salt: usize) -> Vec<f64> {
    (0..n).map(|i| ((i * 7919 + salt * 104_729 + 13) as f64 * 0.618).sin()).collect()
}

/// What one thread computes, which has to be what two compute.
fn by_any_threads(compute: impl Fn() -> Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let [one, two] = [1, 2].map(|threads| {
        let _threads = Threads::limit(threads);
        compute()
    });
    assert_eq!(one, two);
    one
}

/// Small enough for Miri.
#[test]
fn small_maps_reach_every_number_once() {
    let n = 150;
    let x = noise(n, 1);
    by_any_threads(|| {
        let [mut a, mut b, mut c] = [(); 3].map(|()| vec![f64::NAN; n]);
        fill(&mut a, 1.0);
        copy(&x, &mut b).unwrap();
        map(&x, &mut c, |x| x + 1.0).unwrap();
        map2(&x, &b, &mut a, |x, z| x * z).unwrap();
        map3(&x, &x, &x, &mut b, |a, b, c| a * b - c).unwrap();
        update(&mut b, &x, |y, x| *y -= x).unwrap();
        zip(&mut c, [&x, &x], |y, [a, b]| *y += a * b).unwrap();
        each2(&mut a, &mut b, |a, b| (*a, *b) = (*b, *a)).unwrap();
        each3(&mut a, &mut b, &mut c, |a, b, c| *a += *b * *c).unwrap();
        assert!([&a, &b, &c].into_iter().all(|x| all_finite(x)));
        vec![a, b, c]
    });
}

/// Small enough for Miri.
#[test]
fn small_recurrences_are_their_pieces_to_rounding() {
    let (time, width) = (10, 33);
    let n = time * width;
    let ([a, b, dy], h) = ([1, 2, 3].map(|salt| noise(n, salt)), noise(width, 4));
    let steps = by_any_threads(|| {
        let [mut y, mut g] = [(); 2].map(|()| vec![f64::NAN; n]);
        linear(&a, &b, &h, &mut y).unwrap();
        linear_back(&a, &dy, width, &mut g).unwrap();
        vec![y, g]
    });
    let pieces = by_any_threads(|| {
        let [mut y, mut g, mut products] = [(); 3].map(|()| vec![f64::NAN; n]);
        linear_in_pieces(&a, &b, &h, &mut y, &mut products).unwrap();
        linear_back_in_pieces(&a, &dy, width, &mut g, &mut products).unwrap();
        vec![y, g]
    });
    close(&steps, &pieces);
}

/// Small enough for Miri.
#[test]
fn small_complex_recurrences_are_their_pieces_to_rounding() {
    let (time, batch, n) = (10, 3, 4);
    let (width, len) = (batch * n, time * batch * n);
    let [lr, li] = [1, 2].map(|salt| noise(n, salt).iter().map(|x| 0.7 * x).collect::<Vec<_>>());
    let ([br, bi], [hr, hi]) = ([3, 4].map(|s| noise(len, s)), [5, 6].map(|s| noise(width, s)));
    let (l, b, h) = ([&lr[..], &li], [&br[..], &bi], [&hr[..], &hi]);
    let steps = by_any_threads(|| {
        let mut found = vec![vec![f64::NAN; len]; 4];
        let [yr, yi, gr, gi] = &mut found[..] else { unreachable!() };
        complex_linear(l, b, h, [yr, yi]).unwrap();
        complex_linear_back(l, b, width, [gr, gi]).unwrap();
        found
    });
    let pieces = by_any_threads(|| {
        let mut found = vec![vec![f64::NAN; len]; 4];
        let [yr, yi, gr, gi] = &mut found[..] else { unreachable!() };
        let [mut pr, mut pi] = [(); 2].map(|()| vec![f64::NAN; piece_of(time) * n]);
        complex_linear_in_pieces(l, b, h, [yr, yi], [&mut pr, &mut pi]).unwrap();
        complex_linear_back_in_pieces(l, b, width, [gr, gi], [&mut pr, &mut pi]).unwrap();
        found
    });
    close(&steps, &pieces);
}

fn close(a: &[Vec<f64>], b: &[Vec<f64>]) {
    let mut pairs = a.iter().flatten().zip(b.iter().flatten());
    assert!(pairs.all(|(a, b)| (a - b).abs() <= 1e-12 * (1.0 + a.abs())));
}
