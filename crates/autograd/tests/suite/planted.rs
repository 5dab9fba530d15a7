//! Rules and functions that are wrong on purpose: each law catches its own.

use elman_autograd::laws::{self, Function, Violation};
use elman_autograd::{At, Graph, Misfit, Params, Partials, Rule, Side, Var};
use elman_tensor::{Init, Real, Shape, Tensor, View, ViewMut};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    Nothing,
    /// Element 3 of b's partial is larger by one part in a billion.
    Factor,
    /// `=` for `+=` in a's partial.
    Assign,
    /// a's partial takes a for b.
    Swapped,
    /// b's partial is forgotten.
    Forgotten,
    /// Element 2 of y is not written.
    Unwritten,
    /// Element 4 of the kept numbers is not written.
    KeptUnwritten,
    /// y counts the calls.
    Counting,
    /// a's partial counts the calls.
    CountingBack,
    /// b's target is saved before a's is added to, and overwrites it if they are one.
    Aliasing,
    /// b's partial is right only where a's is wanted too.
    Choosy,
    /// a's partial is added to where it has to overwrite.
    Presuming,
    /// Forward is another function at dual numbers.
    Scalar,
    /// The adjoint takes the operands out of the scalar.
    Leaving,
    /// As before, for a's partial only.
    LeavingOnce,
    /// The adjoint takes the cotangent out of the scalar.
    LeavingCotangent,
    /// The operands are refused.
    Refusing,
}

/// y = a ∘ b, with a fault.
struct Product {
    fault: Fault,
    calls: AtomicU64,
}

impl Product {
    fn with(fault: Fault) -> Self {
        Product { fault, calls: AtomicU64::new(0) }
    }

    fn count<T: Real>(&self) -> T {
        T::from_f64(self.calls.fetch_add(1, Relaxed) as f64)
    }
}

impl<T: Real> Rule<T, 2> for Product {
    const NAME: &'static str = "product";

    fn shape(&self, [a, b]: [Shape; 2]) -> Result<Shape, Misfit> {
        if a == b && self.fault != Fault::Refusing {
            Ok(a)
        } else {
            Err(Misfit::new("wanted equal shapes"))
        }
    }

    fn kept(&self, [a, _]: [Shape; 2]) -> usize {
        a.len()
    }

    fn forward(&self, [a, b]: [View<'_, T>; 2], mut y: ViewMut<'_, T>, side: Side<'_, T>) {
        let (a, b, y) = (a.values(), b.values(), y.values_mut());
        for i in 0..y.len() {
            if (self.fault, i) != (Fault::Unwritten, 2) {
                y[i] = a[i] * b[i];
            }
            if (self.fault, i) != (Fault::KeptUnwritten, 4) {
                side.kept[i] = a[i];
            }
        }
        match self.fault {
            Fault::Counting => y[0] += self.count(),
            Fault::Scalar if size_of::<T>() > 8 => y[1] += T::ONE,
            _ => {}
        }
    }

    fn adjoint(&self, at: At<'_, T, 2>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        let [_, b] = at.x.map(|x| x.values());
        let (a, dy) = (&*at.side.kept, dy.values());
        let leave = |fault, x: T| if self.fault == fault { T::from_f64(x.to_f64()) } else { x };
        let old: Vec<T> = d.of(1).map_or(Vec::new(), |d| d.values().to_vec());
        let both = d.wanted(0);
        let presuming = self.fault == Fault::Presuming;
        let da = if presuming { d.fill(0).map(|(d, _)| d) } else { d.of(0) };
        if let Some(mut da) = da {
            for (i, da) in da.values_mut().iter_mut().enumerate() {
                let other = if self.fault == Fault::Swapped { a[i] } else { b[i] };
                let other = leave(Fault::Leaving, leave(Fault::LeavingOnce, other));
                let partial = leave(Fault::LeavingCotangent, dy[i]) * other;
                match self.fault {
                    Fault::Assign => *da = partial,
                    Fault::CountingBack => *da += partial + self.count(),
                    _ => *da += partial,
                }
            }
        }
        if let Some(mut db) = d.of(1)
            && self.fault != Fault::Forgotten
        {
            for (i, db) in db.values_mut().iter_mut().enumerate() {
                let partial = dy[i] * leave(Fault::Leaving, a[i]);
                match self.fault {
                    Fault::Factor if i == 3 => *db += partial * T::from_f64(1.0 + 1e-9),
                    Fault::Aliasing => *db = old[i] + partial,
                    Fault::Choosy if !both => *db += partial + partial,
                    _ => *db += partial,
                }
            }
        }
    }
}

fn verdict(fault: Fault) -> Result<(), Violation> {
    laws::rule(Product::with(fault), [[2, 3], [2, 3]])
}

#[test]
fn a_right_rule_passes() {
    verdict(Fault::Nothing).unwrap();
}

#[test]
fn each_fault_breaks_its_law_and_is_located() {
    for (fault, law, operand, element) in [
        (Fault::Factor, "adjoint", "operand 1", Some(3)),
        (Fault::Assign, "addition", "operand 0", None),
        (Fault::Swapped, "adjoint", "operand 0", None),
        (Fault::Forgotten, "adjoint", "operand 1", None),
        (Fault::Unwritten, "totality", "the output", Some(2)),
        (Fault::KeptUnwritten, "totality", "the kept numbers", Some(4)),
        (Fault::Counting, "purity", "the output", Some(0)),
        (Fault::CountingBack, "purity", "operand 0", Some(0)),
        (Fault::Aliasing, "aliasing", "operands 0 and 1", None),
        (Fault::Choosy, "choice", "operand 1", Some(0)),
        (Fault::Presuming, "addition", "operand 0", None),
        (Fault::Scalar, "value", "the output", Some(1)),
        (Fault::Leaving, "second order", "operand 0", Some(0)),
        (Fault::LeavingOnce, "second order", "all operands", None),
        (Fault::LeavingCotangent, "second order", "operand 0", Some(0)),
    ] {
        let violation = verdict(fault).expect_err(&format!("{fault:?} was not caught"));
        assert_eq!(violation.law, law, "{fault:?}: {violation}");
        assert_eq!(violation.operand, operand, "{fault:?}: {violation}");
        if let Some(element) = element {
            assert_eq!(violation.element, element, "{fault:?}: {violation}");
        }
        assert_ne!(violation.left.to_bits(), violation.right.to_bits(), "{fault:?}");
    }
}

#[test]
fn both_numbers_are_given() {
    let factor = verdict(Fault::Factor).unwrap_err();
    let ratio = factor.left / factor.right - 1.0;
    assert!((ratio - 1e-9).abs() < 1e-12, "{factor}");
    assert_eq!(verdict(Fault::Forgotten).unwrap_err().left, 0.0);
    assert!(verdict(Fault::Unwritten).unwrap_err().left.is_nan());
    let text = factor.to_string();
    let numbers = [format!("{:e}", factor.left), format!("{:e}", factor.right)];
    for part in ["product", "adjoint", "operand 1", "element 3", &numbers[0], &numbers[1]] {
        assert!(text.contains(part), "{text} does not say {part}");
    }
}

#[test]
fn operands_that_do_not_fit_are_said_to() {
    let refused = verdict(Fault::Refusing).unwrap_err();
    assert_eq!(refused.law, "shape");
    assert!(refused.to_string().contains("wanted equal shapes"), "{refused}");
}

/// y = x, whose gradient is doubled on purpose, by `=` or `+=`.
struct Bent {
    adds: bool,
}

impl<T: Real> Rule<T, 1> for Bent {
    const NAME: &'static str = "bent";
    const EXACT: bool = false;

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, Misfit> {
        Ok(x)
    }

    fn forward(&self, [x]: [View<'_, T>; 1], mut y: ViewMut<'_, T>, _: Side<'_, T>) {
        y.values_mut().copy_from_slice(x.values());
    }

    fn adjoint(&self, _: At<'_, T, 1>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        if let Some(mut dx) = d.of(0) {
            for (dx, &dy) in dx.values_mut().iter_mut().zip(dy.values()) {
                *dx = if self.adds { *dx + dy + dy } else { dy + dy };
            }
        }
    }
}

#[test]
fn a_bent_gradient_is_excused_from_exactness_only() {
    laws::rule(Bent { adds: true }, [[3]]).unwrap();
    assert_eq!(laws::rule(Bent { adds: false }, [[3]]).unwrap_err().law, "addition");
}

/// The update of an LSTM's state, c′ = f ∘ c + i ∘ g, as one rule; `path` is whether dc gets its
/// share.
struct Update {
    path: bool,
}

impl<T: Real> Rule<T, 4> for Update {
    const NAME: &'static str = "update";

    fn shape(&self, [f, ..]: [Shape; 4]) -> Result<Shape, Misfit> {
        Ok(f)
    }

    fn forward(&self, x: [View<'_, T>; 4], mut y: ViewMut<'_, T>, _: Side<'_, T>) {
        let [f, c, i, g] = x.map(|x| x.values());
        for (j, y) in y.values_mut().iter_mut().enumerate() {
            *y = f[j] * c[j] + i[j] * g[j];
        }
    }

    fn adjoint(&self, at: At<'_, T, 4>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        let [f, c, i, g] = at.x.map(|x| x.values());
        for (operand, factor) in [(0, c), (1, f), (2, g), (3, i)] {
            if let Some(mut d) = d.of(operand)
                && (operand != 1 || self.path)
            {
                for (j, d) in d.values_mut().iter_mut().enumerate() {
                    *d += dy.values()[j] * factor[j];
                }
            }
        }
    }
}

#[test]
fn the_forgotten_path_of_a_state_is_caught() {
    laws::rule(Update { path: true }, [[5]; 4]).unwrap();
    let violation = laws::rule(Update { path: false }, [[5]; 4]).unwrap_err();
    assert_eq!((violation.law, violation.operand.as_str()), ("adjoint", "operand 1"));
    assert_eq!(violation.left, 0.0);
}

/// The same update made of Vars, twice in a row, with c or a weight treated wrongly.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Slip {
    Nothing,
    /// No gradient flows through c in f ∘ c.
    Stopped,
    /// The weight is stopped.
    StoppedWeight,
    /// A value is read out and comes back as a constant.
    ReadOut,
    /// The result counts the calls.
    Counting,
    /// Another function at dual numbers.
    Scalar,
    /// Shapes that do not fit.
    Misfit,
}

struct Twice {
    w: elman_autograd::Param,
    slip: Slip,
    calls: AtomicU64,
}

impl<T: Real> Function<T> for Twice {
    fn call<'g>(&self, g: &'g Graph<'g, T>, x: &[Var<'g, T>]) -> Var<'g, T> {
        let [f, c, i] = [x[0].sigmoid(), x[1], x[2].sigmoid()];
        let w =
            if self.slip == Slip::StoppedWeight { g.param(self.w).stop() } else { g.param(self.w) };
        let kept = if self.slip == Slip::Stopped { c.stop() } else { c };
        let c = f * kept + i * w.tanh();
        let c = f * c + i * (w * c).tanh();
        match self.slip {
            Slip::ReadOut => c * c.at(0).item().to_f64(),
            Slip::Counting => c + self.calls.fetch_add(1, Relaxed) as f64,
            Slip::Scalar if size_of::<T>() > 8 => c * 2.0,
            Slip::Misfit => c + g.zeros([2]),
            _ => c,
        }
    }
}

fn slipped(slip: Slip) -> Result<(), Violation> {
    let (w, params) = Params::init(5, |p| p.weight("w", [4], Init::Normal { std: 1.0 })).unwrap();
    let mut draw = laws::Draw::new(3, &[]);
    let x: Vec<Tensor<f64>> = (0..3).map(|_| draw.normal(&[4])).collect();
    laws::function("twice", &params, &x, &Twice { w, slip, calls: AtomicU64::new(0) }, 1e-12)
}

#[test]
fn functions_are_held_to_the_laws_too() {
    slipped(Slip::Nothing).unwrap();
    for (slip, law, operand) in [
        (Slip::Stopped, "adjoint", "input 1"),
        (Slip::StoppedWeight, "adjoint", "weight \"w\""),
        (Slip::Counting, "purity", ""),
        (Slip::Scalar, "value", "the output"),
        (Slip::Misfit, "shape", ""),
        (Slip::ReadOut, "second order", ""),
    ] {
        let violation = slipped(slip).expect_err(&format!("{slip:?} was not caught"));
        assert_eq!(violation.law, law, "{slip:?}: {violation}");
        assert!(violation.operand.contains(operand), "{slip:?}: {violation}");
        assert_eq!(violation.name, "twice");
    }
}

/// x with a random mask.
struct Masked;

impl<T: Real> Function<T> for Masked {
    fn call<'g>(&self, _: &'g Graph<'g, T>, x: &[Var<'g, T>]) -> Var<'g, T> {
        x[0].tanh().dropout(0.5, 9).square()
    }
}

#[test]
fn random_masks_are_no_impurity() {
    let ((), params) = Params::init(0, |_| Ok(())).unwrap();
    let x = laws::Draw::new(3, &[]).normal(&[40]);
    laws::function("masked", &params, &[x], &Masked, 1e-12).unwrap();
}
