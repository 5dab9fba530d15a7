//! What the equations say: fixed points, orders of convergence, recursions computed
//! again in another way.

use elman_data::{
    Adding, Batch, CopyMemory, Error, Lorenz, MackeyGlass, Narma10, Parity, RandomSequence, Sines,
    Task,
};

fn filled<K: Task>(task: &K, index: u64) -> Batch<f64> {
    let mut batch = Batch::new();
    task.fill(&mut batch, index).unwrap();
    batch
}

#[test]
fn adding_marks_one_step_in_each_half_and_sums_what_it_marks() {
    let (time, batch) = (7, 200);
    let b = filled(&Adding::new(3, time, batch).unwrap(), 0);
    let mut marked = vec![0; time];
    for k in 0..batch {
        let at = |t: usize, f: usize| b.x.values()[(t * batch + k) * 2 + f];
        let marks: Vec<usize> = (0..time).filter(|&t| at(t, 1) == 1.0).collect();
        assert!((0..time).all(|t| at(t, 1) == 0.0 || at(t, 1) == 1.0));
        assert!((0..time).all(|t| (-1.0..1.0).contains(&at(t, 0))));
        let &[i, j] = &marks[..] else { panic!("marks {marks:?}") };
        assert!(i < 3 && (3..7).contains(&j), "marks {marks:?}");
        assert_eq!(b.y.values()[k], at(i, 0) + at(j, 0));
        marks.iter().for_each(|&t| marked[t] += 1);
    }
    // 67 expected in the first half, 50 in the second: every step can be marked.
    assert!(marked.iter().all(|&n| (25..100).contains(&n)), "{marked:?}");
}

#[test]
fn copy_memory_asks_for_the_word_after_the_cue() {
    let task = CopyMemory { length: 4, symbols: 3, ..CopyMemory::new(3, 5, 1).unwrap() };
    let (blank, cue) = (3, 4);
    for index in 0..50 {
        let b = filled(&task, index);
        let input: Vec<usize> =
            b.x.values()
                .chunks_exact(5)
                .map(|one| {
                    assert_eq!(one.iter().sum::<f64>(), 1.0);
                    one.iter().position(|&v| v == 1.0).unwrap()
                })
                .collect();
        let word = &input[..4];
        assert!(word.iter().all(|&w| w < 3));
        assert_eq!(input[4..], [blank, blank, blank, blank, cue, blank, blank, blank, blank]);
        let target: Vec<usize> = b.ids.iter().map(|&id| id as usize).collect();
        assert_eq!(target[..9], [blank; 9]);
        assert_eq!(&target[9..], word);
        let code: Vec<usize> =
            b.y.values()
                .chunks_exact(5)
                .map(|c| c.iter().position(|&v| v == 1.0).unwrap())
                .collect();
        assert_eq!(code, target);
        assert_eq!(b.y.values().iter().sum::<f64>(), 13.0);
    }
}

#[test]
fn parity_counts_ones() {
    let (time, batch) = (30, 8);
    let b = filled(&Parity::new(3, time, batch).unwrap(), 0);
    for k in 0..batch {
        let mut ones = 0;
        for t in 0..time {
            ones += b.x.values()[t * batch + k] as u32;
            assert_eq!(b.ids[t * batch + k], ones % 2);
            assert_eq!(b.y.values()[t * batch + k], f64::from(ones % 2));
        }
    }
}

#[test]
fn random_sequences_have_no_relation_to_their_targets() {
    let b = filled(&RandomSequence::new(3, 100, 100, 1, 1).unwrap(), 0);
    let product = b.x.values().iter().zip(b.y.values()).map(|(x, y)| x * y).sum::<f64>() / 1e4;
    // The standard deviation of this mean is 1/3 / 100.
    assert!(product.abs() < 0.015, "{product}");
}

#[test]
fn sines_without_noise_satisfy_their_recurrence() {
    // One wave: s(t+1) = 2 cos(2π/p) s(t) - s(t-1), whatever amplitude and phase are.
    let wave =
        Sines { waves: 1, noise: 0.0, periods: (12.5, 12.5), ..Sines::new(3, 40, 1).unwrap() };
    let s = wave.series(5, 40).unwrap();
    let c = 2.0 * (std::f64::consts::TAU / 12.5).cos();
    for t in 1..39 {
        assert!((c * s[t] - s[t - 1] - s[t + 1]).abs() < 1e-12);
    }
    // Targets are the series itself, `horizon` steps later, without its noise.
    let b = filled(&Sines { horizon: 3, noise: 0.5, ..wave.clone() }, 5);
    for t in 0..37 {
        assert!((b.y.values()[t] - s[t + 3]).abs() < 1e-12);
    }
    // The noise has the variance that is asked for.
    let noisy = Sines { noise: 0.5, ..wave.clone() }.series(5, 20_000).unwrap();
    let clean = wave.series(5, 20_000).unwrap();
    let variance = noisy.iter().zip(&clean).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / 20_000.0;
    assert!((variance - 0.25).abs() < 0.01, "{variance}");
}

#[test]
fn mackey_glass_stays_at_its_equilibrium() {
    let still = MackeyGlass { history: (1.0, 1.0), ..MackeyGlass::new(3, 1, 1).unwrap() };
    assert!(still.series(0, 200).unwrap().iter().all(|&x| x == 1.0));
    // With another decay rate 1 is no equilibrium, and the same start leaves it.
    let moving = MackeyGlass { gamma: 0.11, ..still };
    assert!(moving.series(0, 200).unwrap().iter().any(|&x| (x - 1.0).abs() > 0.1));
}

#[test]
fn mackey_glass_decays_exactly_without_production() {
    let decay = MackeyGlass {
        beta: 0.0,
        washout: 0,
        history: (1.0, 1.0),
        ..MackeyGlass::new(3, 1, 1).unwrap()
    };
    for (t, x) in decay.series(0, 50).unwrap().into_iter().enumerate() {
        let exact = (-0.1 * t as f64).exp();
        assert!((x / exact - 1.0).abs() < 1e-9, "t = {t}: {x}, {exact}");
    }
}

#[test]
fn mackey_glass_follows_the_method_of_steps() {
    // Up to t = τ the delayed value is the history H, so production is a constant P:
    // x(t) = P/γ + (H - P/γ) exp(-γ t).
    let series =
        MackeyGlass { washout: 0, history: (0.7, 0.7), ..MackeyGlass::new(3, 1, 1).unwrap() };
    let p = 0.2 * 0.7 / (1.0 + 0.7f64.powi(10)) / 0.1;
    for (t, x) in series.series(0, 18).unwrap().into_iter().enumerate() {
        let exact = p + (0.7 - p) * (-0.1 * t as f64).exp();
        assert!((x - exact).abs() < 1e-9, "t = {t}: {x}, {exact}");
    }
}

#[test]
fn mackey_glass_is_of_order_four() {
    // Halving the step divides the error by 16. The exponent is small so that the
    // errors do not grow chaotically; τ is passed several times.
    let at = |substeps| {
        let base = MackeyGlass::new(3, 1, 1).unwrap();
        let series =
            MackeyGlass { washout: 0, n: 3, history: (0.3, 0.3), tau: 4, substeps, ..base };
        series.series(0, 31).unwrap()[30]
    };
    let (coarse, fine, exact) = (at(2), at(4), at(64));
    let order = ((coarse - exact) / (fine - exact)).log2();
    assert!((3.5..4.5).contains(&order), "order {order}, errors {}", coarse - exact);
}

#[test]
fn lorenz_rests_at_its_fixed_points() {
    let system = Lorenz::new(3, 1, 1).unwrap();
    let c = (system.beta * (system.rho - 1.0)).sqrt();
    for point in [[0.0; 3], [c, c, 27.0], [-c, -c, 27.0]] {
        let velocity = system.velocity(point);
        assert!(velocity.iter().all(|v| v.abs() < 1e-12), "{velocity:?}");
        let next = system.advance(point);
        assert!(next.iter().zip(point).all(|(a, b)| (a - b).abs() < 1e-12), "{next:?}");
    }
    assert!(system.velocity([1.0, 2.0, 3.0]) == [10.0, 23.0, 2.0 - 8.0]);
}

#[test]
fn lorenz_is_of_order_four_and_symmetric() {
    let run = |step: f64, steps: usize, mut s: [f64; 3]| {
        let system = Lorenz { step, ..Lorenz::new(3, 1, 1).unwrap() };
        (0..steps).for_each(|_| s = system.advance(s));
        s
    };
    let start = [1.0, 2.0, 20.0];
    let (coarse, fine, exact) =
        (run(0.01, 50, start), run(0.005, 100, start), run(0.0005, 1000, start));
    let order = ((coarse[0] - exact[0]) / (fine[0] - exact[0])).abs().log2();
    assert!((3.5..4.5).contains(&order), "order {order}");
    // (x, y, z) -> (-x, -y, z) is a symmetry, exact in floating point too.
    let [x, y, z] = run(0.01, 500, start);
    assert_eq!(run(0.01, 500, [-1.0, -2.0, 20.0]), [-x, -y, z]);
}

#[test]
fn lorenz_batches_are_the_scaled_series_and_its_future() {
    let task = Lorenz { horizon: 4, washout: 10, ..Lorenz::new(3, 6, 1).unwrap() };
    let (b, s) = (filled(&task, 2), task.series(2, 10).unwrap());
    for t in 0..6 {
        for i in 0..3 {
            let scaled = |t: usize| (s[3 * t + i] - task.shift[i]) / task.scale[i];
            assert_eq!(b.x.values()[3 * t + i], scaled(t));
            assert_eq!(b.y.values()[3 * t + i], scaled(t + 4));
        }
    }
}

#[test]
fn mackey_glass_batches_are_the_series_and_its_future() {
    let task = MackeyGlass { horizon: 4, washout: 10, ..MackeyGlass::new(3, 6, 1).unwrap() };
    let (b, s) = (filled(&task, 2), task.series(2, 10).unwrap());
    assert_eq!((b.x.values(), b.y.values()), (&s[..6], &s[4..]));
}

#[test]
fn narma_follows_from_its_inputs() {
    // Far from its start the system has forgotten it, so y can be computed from u
    // alone, with y = 0 before: the influence of the past falls by about 2 a step.
    let (u, y) = Narma10::new(3, 1, 1).unwrap().series(4, 400).unwrap();
    assert!(u.iter().all(|u| (0.0..0.5).contains(u)));
    let mut past = std::collections::VecDeque::from([0.0; 10]); // y(t), y(t-1), ..
    for t in 9..400 {
        let next =
            0.3 * past[0] + 0.05 * past[0] * past.iter().sum::<f64>() + 1.5 * u[t - 9] * u[t] + 0.1;
        past.pop_back();
        past.push_front(next);
        if t >= 300 {
            assert!((y[t] - next).abs() < 1e-9, "t = {t}: {} and {next}", y[t]);
        }
    }
    let mean = y.iter().sum::<f64>() / 400.0;
    assert!((mean - 0.388).abs() < 0.05, "{mean}");
}

#[test]
fn narma_never_passes_one_and_gives_up_where_it_must() {
    let task = Narma10::new(3, 1, 1).unwrap();
    let (_, y) = task.series(0, 100_000).unwrap();
    assert!(y.iter().all(|y| (0.0..=1.0).contains(y)));
    let endless = task.series(0, 4_000_000);
    assert!(matches!(endless, Err(Error::Diverged { series: 0, .. })), "{endless:?}");
}

#[test]
fn what_grows_without_bound_is_an_error() {
    let lorenz = Lorenz { step: 1.0, ..Lorenz::new(3, 5, 1).unwrap() };
    assert!(matches!(lorenz.series(0, 5), Err(Error::Diverged { what: "Lorenz", .. })));
    let growing = MackeyGlass { beta: 1e10, n: 0, ..MackeyGlass::new(3, 5, 1).unwrap() };
    assert!(matches!(growing.baseline(), Err(Error::Diverged { what: "MackeyGlass", .. })));
}
