//! Errors planted into cells: the laws catch each of them, and name the law that it breaks.

use elman_autograd::{Error, Graph, Scope, Var};
use elman_rnn::laws::{Violation, cell};
use elman_rnn::{Cell, Elman, Gate, Lstm, Seq, scan};
use elman_tensor::Real;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const INPUT: usize = 3;
const HIDDEN: usize = 4;

/// The first law that a cell breaks.
#[track_caller]
fn broken<C: Cell>(build: impl FnOnce(&mut Scope<'_>) -> Result<C, Error>) -> Violation {
    cell("planted", INPUT, build).expect_err("a planted error must be caught")
}

/// Long short-term memory with its four gates to be tampered with.
struct Gates<'g, T: Real> {
    i: Var<'g, T>,
    f: Var<'g, T>,
    g: Var<'g, T>,
    o: Var<'g, T>,
    c: Var<'g, T>,
}

impl<'g, T: Real> Gates<'g, T> {
    fn of(gate: Gate, x: Var<'g, T>, [h, c]: [Var<'g, T>; 2]) -> Self {
        let [i, f, g, o] = gate.of(x, h).split();
        Gates { i, f, g, o, c }
    }

    fn next(self) -> (Var<'g, T>, [Var<'g, T>; 2]) {
        let c = self.f.sigmoid() * self.c + self.i.sigmoid() * self.g.tanh();
        let h = self.o.sigmoid() * c.tanh();
        (h, [h, c])
    }
}

/// What is wrong with a cell: its step, or its whole sequence.
trait Flaw: Send + Sync {
    fn step<'g, T: Real>(&self, gates: Gates<'g, T>) -> (Var<'g, T>, [Var<'g, T>; 2]) {
        gates.next()
    }

    fn sequence<'g, T: Real>(
        &self,
        cell: &Planted<Self>,
        xs: Seq<'g, T>,
        s: [Var<'g, T>; 2],
    ) -> (Var<'g, T>, [Var<'g, T>; 2])
    where
        Self: Sized,
    {
        scan(cell, xs, s)
    }

    fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> Var<'g, T> {
        g.zeros([batch, HIDDEN])
    }
}

/// A long short-term memory with a flaw.
struct Planted<F> {
    gate: Gate,
    flaw: F,
}

fn planted<F: Flaw>(flaw: F) -> impl FnOnce(&mut Scope<'_>) -> Result<Planted<F>, Error> {
    |p| Ok(Planted { gate: Gate::several(p.scope("gates"), INPUT, HIDDEN, 4)?, flaw })
}

impl<F: Flaw> Cell for Planted<F> {
    type State<'g, T: Real> = [Var<'g, T>; 2];

    fn output(&self) -> usize {
        HIDDEN
    }

    fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> [Var<'g, T>; 2] {
        [self.flaw.initial(g, batch); 2]
    }

    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        s: [Var<'g, T>; 2],
    ) -> (Var<'g, T>, [Var<'g, T>; 2]) {
        self.flaw.step(Gates::of(self.gate, x, s))
    }

    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        s: [Var<'g, T>; 2],
    ) -> (Var<'g, T>, [Var<'g, T>; 2]) {
        self.flaw.sequence(self, xs, s)
    }
}

/// Without a flaw everything holds: what is caught below is the flaw.
#[test]
fn nothing() {
    struct None;
    impl Flaw for None {}
    assert_eq!(cell("sound", INPUT, planted(None)), Ok(()));
}

#[test]
fn a_sequence_with_two_gates_swapped() {
    struct Swapped;
    impl Flaw for Swapped {
        fn sequence<'g, T: Real>(
            &self,
            cell: &Planted<Self>,
            xs: Seq<'g, T>,
            s: [Var<'g, T>; 2],
        ) -> (Var<'g, T>, [Var<'g, T>; 2]) {
            /// The same weights, read in the order f i g o.
            struct Other(Gate);
            impl Cell for Other {
                type State<'g, T: Real> = [Var<'g, T>; 2];
                fn output(&self) -> usize {
                    HIDDEN
                }
                fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, n: usize) -> [Var<'g, T>; 2] {
                    [g.zeros([n, HIDDEN]); 2]
                }
                fn step<'g, T: Real>(
                    &self,
                    x: Var<'g, T>,
                    s: [Var<'g, T>; 2],
                ) -> (Var<'g, T>, [Var<'g, T>; 2]) {
                    let Gates { i, f, g, o, c } = Gates::of(self.0, x, s);
                    Gates { i: f, f: i, g, o, c }.next()
                }
            }
            scan(&Other(cell.gate), xs, s)
        }
    }
    let found = broken(planted(Swapped));
    assert_eq!((found.law, &found.operand[..]), ("sequence = scan", "outputs"));
}

/// The value is right, the gradient lacks dc ∘ f.
#[test]
fn a_path_of_the_gradient_dropped() {
    struct Dropped;
    impl Flaw for Dropped {
        fn step<'g, T: Real>(&self, gates: Gates<'g, T>) -> (Var<'g, T>, [Var<'g, T>; 2]) {
            Gates { c: gates.c.stop(), ..gates }.next()
        }
    }
    assert_eq!(broken(planted(Dropped)).law, "adjoint");
}

/// The same, in the cell's own sequence only: values agree to the bit.
#[test]
fn a_path_of_the_gradient_dropped_by_the_sequence() {
    struct Dropped;
    impl Flaw for Dropped {
        fn sequence<'g, T: Real>(
            &self,
            cell: &Planted<Self>,
            xs: Seq<'g, T>,
            [h, c]: [Var<'g, T>; 2],
        ) -> (Var<'g, T>, [Var<'g, T>; 2]) {
            scan(cell, xs, [h.stop(), c])
        }
    }
    // Whatever of the initial state does not come through cannot change inputs' gradients, nor
    // the weights': only the initial state's own gradient is short.
    assert_eq!(broken(planted(Dropped)).law, "adjoint");
}

/// One partial of 1 + 1e-9 times its size.
#[test]
fn a_gradient_off_by_a_billionth() {
    struct Stretched;
    impl Flaw for Stretched {
        fn step<'g, T: Real>(&self, gates: Gates<'g, T>) -> (Var<'g, T>, [Var<'g, T>; 2]) {
            let f = gates.f;
            // f + 1e-9 (f − f): nothing forward, and 1e-9 more of it backward.
            let f = f + (f - f.stop()) * 1e-9;
            Gates { f, ..gates }.next()
        }
    }
    let law = broken(planted(Stretched)).law;
    assert!(["adjoint", "second order"].contains(&law), "{law}");
}

/// Batch statistics: a row depends on its neighbours.
#[test]
fn a_step_that_mixes_rows() {
    struct Mixing;
    impl Flaw for Mixing {
        fn step<'g, T: Real>(&self, gates: Gates<'g, T>) -> (Var<'g, T>, [Var<'g, T>; 2]) {
            Gates { g: gates.g - gates.g.mean_axis(0), ..gates }.next()
        }
    }
    assert_eq!(broken(planted(Mixing)).law, "batch = rows");
}

/// An initial state that depends on the number of rows shows where a reset asks for it.
#[test]
fn an_initial_state_that_mixes_rows() {
    struct Counting;
    impl Flaw for Counting {
        fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> Var<'g, T> {
            g.constant([batch, HIDDEN], 0.1 * batch as f64)
        }
    }
    assert_eq!(broken(planted(Counting)).law, "batch = rows");
}

/// A sequence that forgets the lengths, or the resets, that come with its inputs.
#[test]
fn a_sequence_that_ignores_its_marks() {
    struct Deaf {
        lengths: bool,
        resets: bool,
    }
    impl Flaw for Deaf {
        fn sequence<'g, T: Real>(
            &self,
            cell: &Planted<Self>,
            xs: Seq<'g, T>,
            s: [Var<'g, T>; 2],
        ) -> (Var<'g, T>, [Var<'g, T>; 2]) {
            let mut heard = Seq::from(xs.values());
            if let Some(lengths) = xs.lengths().filter(|_| !self.lengths) {
                heard = heard.with_lengths(&lengths.with(<[u32]>::to_vec));
            }
            if let Some(resets) = xs.resets().filter(|_| !self.resets) {
                heard = heard.with_resets(&resets.with(<[u32]>::to_vec));
            }
            scan(cell, heard, s)
        }
    }
    for (lengths, resets) in [(true, false), (false, true)] {
        assert_eq!(broken(planted(Deaf { lengths, resets })).law, "sequence = scan");
    }
    assert_eq!(cell("all ears", INPUT, planted(Deaf { lengths: false, resets: false })), Ok(()));
}

/// A step that looks at the clock: the second half of a sequence begins at noon, not at midnight.
#[test]
fn a_step_that_depends_on_absolute_time() {
    struct Clock;
    impl Flaw for Clock {
        fn step<'g, T: Real>(&self, gates: Gates<'g, T>) -> (Var<'g, T>, [Var<'g, T>; 2]) {
            let t = gates.c.graph().now().unwrap_or(0);
            Gates { g: gates.g + 0.1 * t as f64, ..gates }.next()
        }
    }
    assert_eq!(broken(planted(Clock)).law, "whole = halves");
}

/// A cell that remembers more than its state.
#[test]
fn a_step_that_counts_its_calls() {
    struct Tally(AtomicUsize);
    impl Flaw for Tally {
        fn step<'g, T: Real>(&self, gates: Gates<'g, T>) -> (Var<'g, T>, [Var<'g, T>; 2]) {
            let n = self.0.fetch_add(1, Relaxed);
            Gates { g: gates.g + 1e-6 * n as f64, ..gates }.next()
        }
    }
    assert_eq!(broken(planted(Tally(AtomicUsize::new(0)))).law, "purity");
}

/// A cell that does something else in training than in prediction.
#[test]
fn a_step_that_differs_in_prediction() {
    struct Hypocrite;
    impl Flaw for Hypocrite {
        fn step<'g, T: Real>(&self, gates: Gates<'g, T>) -> (Var<'g, T>, [Var<'g, T>; 2]) {
            let o = if gates.o.graph().training() { gates.o } else { gates.o + 1.0 };
            Gates { o, ..gates }.next()
        }
    }
    assert_eq!(broken(planted(Hypocrite)).law, "stream = sequence");
}

/// A state that is shared by all rows.
#[test]
fn a_state_without_rows() {
    struct Shared;
    impl Flaw for Shared {
        fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, _: usize) -> Var<'g, T> {
            g.zeros([HIDDEN])
        }
    }
    let found = broken(planted(Shared));
    assert_eq!(found.law, "shape");
    assert!(found.operand.contains("[4] for 3 rows"), "{}", found.operand);
}

/// A cell that cannot be built, or does not fit its inputs, breaks *shape*, and says why.
#[test]
fn a_cell_that_does_not_fit() {
    let found = broken(|p| Lstm::new(p.scope("cell"), INPUT + 1, HIDDEN));
    assert_eq!(found.law, "shape");
    assert!(found.operand.contains("affine") && found.operand.contains("[4, 16]"), "{found}");
    let found = broken(|p| Lstm::new(p.scope("cell"), usize::MAX, HIDDEN));
    assert_eq!(found.law, "shape");
}

#[test]
fn a_cell_that_cannot_be_run_is_reported_at_the_line_that_asked() {
    let line = line!() + 1;
    let violation = cell("narrow", 3, |p| Elman::new(p.scope("cell"), 2, 4)).unwrap_err();
    let said = violation.to_string();
    assert!(said.contains("x has 3 columns, W 2 rows"), "{said}");
    assert!(said.contains(&format!("{}:{line}:", file!())), "{said}");
    assert!(!said.contains("NaN"), "{said}");
}
