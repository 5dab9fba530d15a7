//! What goes wrong is said: what, where, and with which shapes.

use elman_autograd::rules::Elementwise;
use elman_autograd::{Error, Grad, Params, Pass, Site, Tape};
use elman_tensor::{Dual, Init, Real, Shape, Tensor};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

fn nothing() -> Params<f64> {
    Params::init(0, |_| Ok(())).unwrap().1
}

/// Makes a closure return nothing.
fn done<T>(_: T) {}

fn here(site: &Site) -> bool {
    site.line.file() == file!()
}

#[test]
fn a_value_that_is_not_finite_is_found_where_it_arises() {
    let (w, mut params) =
        Params::<f64>::init(0, |p| p.scope("lstm").weight("w", [3], Init::Zeros)).unwrap();
    params.values_mut().copy_from_slice(&[1.0, 0.0, 2.0]);
    let mut grad = Grad::zeros(&params);
    let mut tape = Tape::new().check(true);
    let forward = tape.gradient(&params, &mut grad, |g| {
        let w = {
            let _layer = g.layer(w);
            g.time(Some(7));
            g.param(w).ln()
        };
        w.sum()
    });
    let Err(Error::NotFinite { rule, pass, index, value, site }) = forward else { panic!() };
    assert_eq!((rule, pass, index, value), ("ln", Pass::Forward, 1, f64::NEG_INFINITY));
    assert_eq!((site.layer.as_deref(), site.time), (Some("lstm"), Some(7)));
    assert!(here(&site));

    let backward = tape.gradient(&params, &mut grad, |g| {
        g.time(Some(3));
        let root = {
            let _layer = g.layer("root");
            g.param(w).sqrt()
        };
        root.sum()
    });
    let Err(error @ Error::NotFinite { .. }) = backward else { panic!("{backward:?}") };
    let text = error.to_string();
    for part in ["sqrt", "inf", "index 1", "backward", "layer \"root\"", "time step 3", file!()] {
        assert!(text.contains(part), "{text} does not say {part}");
    }
    let nan = Tensor::new([2], vec![0.0, f64::NAN]).unwrap();
    let input = tape.evaluate(&params, |g| done(g.input(&nan)));
    assert!(matches!(input, Err(Error::NotFinite { rule: "input", index: 1, .. })));
    // Without the check nothing is said.
    let quiet = Tape::new().gradient(&params, &mut grad, |g| g.param(w).ln().sum());
    assert_eq!(quiet, Ok(f64::NEG_INFINITY));
}

#[test]
fn layers_end_and_nest_and_time_goes_on() {
    let params = nothing();
    let fail = |depth: usize| {
        let failed = Tape::<f64>::new().evaluate(&params, |g| {
            let _outer = g.layer("outer");
            {
                let _inner = g.layer("inner");
                g.time(Some(5));
                if depth == 1 {
                    let _ = g.zeros([2]) + g.zeros([3]);
                }
            }
            g.zeros([2]).mean_axis(4).shape()
        });
        let Err(Error::Misfit { site, .. }) = failed else { panic!() };
        (site.layer, site.time)
    };
    assert_eq!(fail(1), (Some("inner".into()), Some(5)));
    assert_eq!(fail(0), (Some("outer".into()), Some(5)));
}

#[test]
fn a_size_that_cannot_be_meant_is_refused_before_any_allocation() {
    let params = nothing();
    let mut tape = Tape::<f64>::new().limit(1 << 20);
    let mut refused = None;
    let memory = allocation_counter::measure(|| {
        refused = Some(tape.evaluate(&params, |g| done(g.zeros([1 << 10, 1 << 10]))));
    });
    let Some(Err(Error::TooLarge { rule, shape, limit, site })) = refused else { panic!() };
    assert_eq!((rule, shape, limit), ("constant", Shape::from([1 << 10, 1 << 10]), 1 << 20));
    assert!(here(&site) && memory.bytes_max < 1 << 10, "{memory:?}");

    // What rules keep counts, and what is there already, and integers.
    let fits = tape.evaluate(&params, |g| done(g.zeros([1 << 17])));
    assert_eq!(fits, Ok(()));
    let half = Tensor::zeros([1 << 15]).unwrap();
    let kept = tape.gradient(&params, &mut Grad::zeros(&params), |g| {
        g.wanted(&half).dropout(0.5, 0).dropout(0.5, 1).sum()
    });
    assert!(matches!(kept, Err(Error::TooLarge { rule: "dropout", .. })), "{kept:?}");
    let ids = tape.evaluate(&params, |g| done(g.ids_from(0..)));
    assert!(matches!(ids, Err(Error::TooLarge { rule: "ids", .. })), "{ids:?}");
    let product = tape.evaluate(&params, |g| {
        let x = g.zeros([1 << 10, 1]);
        done(x.dot(x.reshape([1, 1 << 10])))
    });
    let Err(error @ Error::TooLarge { rule: "dot", .. }) = product else { panic!("{product:?}") };
    assert!(error.to_string().contains("[1024, 1024]"), "{error}");
}

#[test]
fn a_loss_is_one_number_and_a_gradient_fits() {
    let (w, params) = Params::<f64>::init(0, |p| p.weight("w", [2], Init::Zeros)).unwrap();
    let mut tape = Tape::new();
    let mut grad = Grad::zeros(&params);
    let vector = tape.gradient(&params, &mut grad, |g| g.param(w));
    let Err(Error::NotScalar { given, line }) = vector else { panic!() };
    assert_eq!((given, line.file()), (Shape::from([2]), file!()));
    assert!(tape.gradient(&params, &mut grad, |g| g.absent()).is_err());
    // One element in any shape is one number.
    assert_eq!(tape.gradient(&params, &mut grad, |g| g.param(w).sum().reshape([1, 1])), Ok(0.0));

    let mut other = Grad::zeros(&nothing());
    let short = tape.gradient(&params, &mut other, |g| g.param(w).sum());
    assert!(
        matches!(short, Err(Error::GradLength { wanted: 2, given: 0, line }) if line.file() == file!())
    );
    let direction = params.cast::<Dual<f64>>().direct(&[1.0]);
    assert!(matches!(direction, Err(Error::GradLength { wanted: 2, given: 1, .. })));
}

#[test]
fn handles_and_vars_and_ids_belong_somewhere() {
    let (w, params) = Params::<f64>::init(0, |p| p.weight("w", [2], Init::Zeros)).unwrap();
    let foreign = Tape::new().evaluate(&nothing(), |g| done(g.param(w)));
    assert!(matches!(foreign, Err(Error::ForeignParam { shape, line })
        if shape == Shape::from([2]) && line.file() == file!()));

    // A weight of the same number and shape, but of another name; the same name in another shape.
    for (name, shape) in [("v", [2]), ("w", [3])] {
        let (other, _) = Params::<f64>::init(0, |p| p.weight(name, shape, Init::Zeros)).unwrap();
        let foreign = Tape::new().evaluate(&params, |g| done(g.param(other)));
        assert!(matches!(foreign, Err(Error::ForeignParam { .. })), "{foreign:?}");
        assert!(params.get(other).is_none());
    }

    let mut inside = None;
    let outside = Tape::new().evaluate(&params, |outer| {
        let x = outer.zeros([2]);
        let ids = outer.ids(&[1, 0, 1, 1]);
        let mut inner = Tape::new();
        inside = Some([
            inner.evaluate(&params, |g| done(g.zeros([2]) + x)),
            inner.evaluate(&params, |g| done(g.stack(&[g.zeros([2]), x]))),
            inner.evaluate(&params, |g| g.items().push(x)),
            inner.evaluate(&params, |g| done(g.zeros([2]).gather(ids))),
            inner.evaluate(&params, |g| done(g.zeros([4]).select(ids, g.zeros([4])))),
            inner.evaluate(&params, |g| done(g.recompute(&[x], |_, x| x[0]))),
        ]);
        // A range that names other integers, or none, gives NaN.
        let rows = inner.evaluate(&params, |g| {
            let _ = g.ids(&[70, 80, 90]);
            let rule = elman_autograd::rules::Gather { ids: ids.range() };
            g.apply(rule, [g.zeros([2])]).tensor()
        });
        assert!(rows.unwrap().values().iter().all(|x| x.is_nan()));
        let rows = inner.evaluate(&params, |g| {
            let rule = elman_autograd::rules::Select { flags: ids.range() };
            g.apply(rule, [g.zeros([4]), g.zeros([4])]).tensor()
        });
        assert!(rows.unwrap().values().iter().all(|x| x.is_nan()));
        x.sum().item()
    });
    assert_eq!(outside, Ok(0.0));
    for (i, failed) in inside.unwrap().into_iter().enumerate() {
        let Err(Error::Misfit { site, misfit, .. }) = failed else { panic!("{i}: {failed:?}") };
        assert!(here(&site) && misfit.to_string().contains("belong to this recording"), "{misfit}");
    }
}

#[test]
fn while_integers_are_lent_the_recording_is_busy() {
    let params = nothing();
    let mut tape = Tape::<f64>::new();
    for i in 0..7 {
        let busy = tape.evaluate(&params, |g| {
            let (ids, x) = (g.ids(&[1, 2]), g.zeros([2]));
            let items = g.items();
            match i {
                0 => ids.with(|_| done(x + x)),
                1 => done(ids.map(|_, _| x.at(0).item() as u32)),
                2 => done(g.ids_from((0..3).map(|_| g.ids(&[1]).len() as u32))),
                3 => ids.with(|_| done(g.zeros([1]))),
                4 => ids.with(|_| done(ids.map(|_, id| id))),
                5 => ids.with(|_| done(ids.map2(ids, |a, _| a))),
                _ => ids.with(|_| drop(items)),
            }
        });
        match busy {
            Ok(()) => assert_eq!(i, 6, "a list is only lost"),
            Err(Error::Misfit { site, misfit, .. }) => {
                assert!(here(&site) && misfit.to_string().contains("busy"), "{misfit}");
            }
            Err(error) => panic!("{error}"),
        }
    }
    let pairs = tape.evaluate(&params, |g| {
        let (a, b) = (g.ids(&[1, 2, 3]), g.ids(&[4, 5]));
        a.part(1, 2).map(|a| a.map2(b, |a, b| 10 * a + b).with(<[u32]>::to_vec))
    });
    assert_eq!(pairs, Ok(Some(vec![24, 35])));
    let lengths = tape.evaluate(&params, |g| done(g.ids(&[1]).map2(g.ids(&[]), |a, _| a)));
    assert!(lengths.unwrap_err().to_string().contains("1 integers meet 0"));
    // Reading while integers are being read is fine.
    let read = tape.evaluate(&params, |g| {
        let x = g.zeros([1]);
        g.ids(&[1]).with(|ids| x.item() + f64::from(ids[0]))
    });
    assert_eq!(read, Ok(1.0));
}

/// y = x; counts the elements it has seen.
struct Counted(Arc<AtomicUsize>);

impl Elementwise for Counted {
    const NAME: &'static str = "counted";
    fn value<T: Real>(&self, x: T) -> T {
        self.0.fetch_add(1, Relaxed);
        x
    }
    fn slope<T: Real>(&self, _: T, _: T) -> T {
        T::ONE
    }
}

#[test]
fn only_the_first_failure_counts_and_nothing_happens_after_it() {
    let params = nothing();
    let calls = Arc::new(AtomicUsize::new(0));
    let line = line!() + 3;
    let failed = Tape::<f64>::new().evaluate(&params, |g| {
        let (a, b) = (g.zeros([2, 3]), g.zeros([4]));
        let y = a * b;
        assert!(g.failed() && y.is_absent());
        let z = (y.sum() + a.dot(b)).softmax().split::<2>()[0].at(9);
        assert!(z.item().is_nan() && z.tensor().values().is_empty());
        assert!(g.apply(Counted(calls.clone()), [a]).is_absent());
    });
    let Err(Error::Misfit { rule, shapes, site, .. }) = failed.clone() else { panic!() };
    assert_eq!((rule, site.line.line()), ("mul", line));
    assert_eq!(calls.load(Relaxed), 0);
    assert_eq!(shapes, [Shape::from([2, 3]), Shape::from([4])]);
    let text = failed.unwrap_err().to_string();
    assert!(text.contains("[2, 3], [4]") && text.contains(file!()), "{text}");
}

#[test]
fn a_panic_in_the_closure_leaves_a_usable_tape() {
    let (w, params) = Params::<f64>::init(0, |p| p.weight("w", [2], Init::He)).unwrap();
    let mut tape = Tape::new().check(true).limit(1 << 10);
    let mut grad = Grad::zeros(&params);
    let broken = catch_unwind(AssertUnwindSafe(|| {
        tape.gradient(&params, &mut grad, |g| {
            let _ = g.param(w) * 2.0;
            if g.training() {
                std::panic::resume_unwind(Box::new("the user's own"));
            }
            g.zeros([])
        })
    }));
    assert!(broken.is_err());
    assert!(tape.gradient(&params, &mut grad, |g| g.param(w).sum()).is_ok());
    assert_eq!(grad.values(), [1.0, 1.0]);
    // Its settings are still there.
    assert!(tape.evaluate(&params, |g| done(g.zeros([1]).ln())).is_err());
    assert!(tape.evaluate(&params, |g| done(g.zeros([1 << 10]))).is_err());
}

/// Values without elements cost nothing, a million records of them do.
#[test]
fn records_count_towards_the_limit() {
    let (w, params) = Params::<f64>::init(0, |p| p.weight("w", [1], Init::Zeros)).unwrap();
    let mut grad = Grad::zeros(&params);
    let mut tape = Tape::new().limit(1 << 16);
    let refused = tape.gradient(&params, &mut grad, |g| {
        let mut nothing = g.param(w).slice(0, 0);
        for _ in 0..1_000_000 {
            nothing = nothing.tanh();
        }
        nothing.sum()
    });
    assert!(matches!(refused, Err(Error::TooLarge { rule: "tanh", .. })), "{refused:?}");
    let refused = tape.evaluate(&params, |g| {
        let (mut items, nothing) = (g.items(), g.zeros([0]));
        (0..1_000_000).for_each(|_| items.push(nothing));
        items.stack().shape()
    });
    let said = refused.unwrap_err().to_string();
    assert!(said.contains("items are beyond the tape's limit"), "{said}");
}
