//! A rule on the bench: its forward and its adjoint, called by hand.

use super::{RULE, Violation};
use crate::any::{AnyRule, Backward, Forward, Machine, Operands, Shapes};
use crate::arena::Env;
use crate::params::Params;
use crate::place::{Home, Place};
use crate::rule::{Partials, Side};
use crate::stale::Stale;
use elman_tensor::{Dual, Random, Real, Shape, Tensor, View, ViewMut};

/// What a violation calls the numbers that forward keeps.
const KEPT: &str = "the kept numbers";

/// A rule at both scalars of the laws, which are compiled once for all rules.
pub(super) trait AtBoth: AnyRule<f64> + AnyRule<Dual<f64>> {}

impl<R: AnyRule<f64> + AnyRule<Dual<f64>>> AtBoth for R {}

pub(super) struct Bench<'a> {
    rule: &'a (dyn AtBoth + 'static),
    operands: &'a [Tensor<f64>],
    ids: &'a [u32],
    places: Vec<Place>,
    output: Shape,
    kept: usize,
}

/// The result of forward: output and kept numbers.
struct Passed<T> {
    y: Vec<T>,
    kept: Vec<T>,
}

impl<'a> Bench<'a> {
    /// Lays the operands out one after the other.
    pub(super) fn new(
        rule: &'a (dyn AtBoth + 'static),
        operands: &'a [Tensor<f64>],
        ids: &'a [u32],
    ) -> Result<Self, Violation> {
        let mut start = 0;
        let mut places = Vec::new();
        for x in operands {
            let absent = x.shape() == Shape::from([0]);
            places.push(Place { start, shape: x.shape(), home: Home::Arena, wanted: !absent });
            start += x.values().len();
        }
        let shape = AnyRule::<f64>::shape(rule, Shapes(&places));
        let output = shape.map_err(|misfit| Violation {
            name: AnyRule::<f64>::name(rule).into(),
            law: "shape",
            operand: format!("the operands do not fit: {misfit}"),
            element: 0,
            left: f64::NAN,
            right: f64::NAN,
        })?;
        let kept = AnyRule::<f64>::kept(rule, Shapes(&places));
        Ok(Bench { rule, operands, ids, places, output, kept })
    }

    /// All operands in one vector, each with a tangent.
    fn point(&self, tangents: &[f64]) -> Vec<Dual<f64>> {
        self.values().iter().zip(tangents).map(|(&x, &v)| Dual::new(x, v)).collect()
    }

    fn values(&self) -> Vec<f64> {
        self.operands.iter().flat_map(|x| x.values().iter().copied()).collect()
    }

    /// Forward, in memory that holds `dirt`.
    fn forward<T: Real>(&self, x: &[T], places: &[Place], dirt: T) -> Passed<T>
    where
        dyn AtBoth: AnyRule<T>,
    {
        let mut passed = Passed { y: vec![dirt; self.output.len()], kept: vec![dirt; self.kept] };
        if let Some(y) = ViewMut::new(self.output, &mut passed.y) {
            let side = Side { kept: &mut passed.kept, ids: self.ids };
            let (x, mut weight) = (Operands { arena: x, params: &[], places }, T::ONE);
            let loss_weight = &mut weight;
            AnyRule::<T>::forward(self.rule, Forward { x, y, side, loss_weight });
        }
        passed
    }

    /// Forward and adjoint: what lies in the targets when they held `targets` before.
    fn pull<T: Real>(&self, x: &[T], dy: &[T], places: &[Place], targets: &[T]) -> Vec<T>
    where
        dyn AtBoth: AnyRule<T>,
    {
        self.pull_into(x, dy, places, targets, Stale::new(0..0))
    }

    /// The same where some of what they held is no number yet.
    fn pull_into<T: Real>(
        &self,
        x: &[T],
        dy: &[T],
        places: &[Place],
        targets: &[T],
        mut stale: Stale,
    ) -> Vec<T>
    where
        dyn AtBoth: AnyRule<T>,
    {
        let mut passed = self.forward(x, places, T::NAN);
        let mut targets = targets.to_vec();
        let view = |values| View::new(self.output, values).unwrap_or_else(View::empty);
        let Ok(((), params)) = Params::<T>::init(0, |_| Ok(())) else { return targets };
        let at = Backward {
            x: Operands { arena: x, params: &[], places },
            y: view(&passed.y),
            dy: view(dy),
            side: Side { kept: &mut passed.kept, ids: self.ids },
            d: Partials { arena: &mut targets, params: &mut [], places, stale: &mut stale },
            machine: Machine {
                params: &params,
                spares: &mut Vec::new(),
                env: Env { training: true, seed: 0, step: 0 },
                limit: usize::MAX,
                check: false,
                failure: &mut None,
            },
        };
        AnyRule::<T>::adjoint(self.rule, at);
        stale.settle(&mut targets, &(0..x.len()));
        targets
    }

    pub(super) fn prove(&self) -> Result<(), Violation> {
        let x = self.values();
        let mut random = Random::new(2, "directions", x.len() as u64);
        let mut direction = |n: usize| (0..n).map(|_| random.normal()).collect::<Vec<f64>>();
        let (u, v) = (direction(x.len()), direction(x.len()));
        let (w, old) = (direction(self.output.len()), direction(x.len()));

        let first = self.forward(&x, &self.places, 0.0);
        let again = self.forward(&x, &self.places, 0.0);
        self.same_bits("purity", "the output", &again.y, &first.y)?;
        self.same_bits("purity", KEPT, &again.kept, &first.kept)?;
        let poisoned = self.forward(&x, &self.places, f64::NAN);
        self.same_bits("totality", "the output", &poisoned.y, &first.y)?;
        self.same_bits("totality", KEPT, &poisoned.kept, &first.kept)?;
        let lifted = self.forward(&self.point(&v), &self.places, Dual::NAN).y;
        let lifted: Vec<f64> = lifted.iter().map(|y| y.value).collect();
        self.same_bits("value", "the output", &lifted, &first.y)?;

        let zeros = vec![0.0; x.len()];
        let pulled = self.pull(&x, &w, &self.places, &zeros);
        let again = self.pull(&x, &w, &self.places, &zeros);
        for (i, place) in self.wanted() {
            let (again, pulled) = (&again[place.range()], &pulled[place.range()]);
            self.same_bits("purity", &format!("operand {i}"), again, pulled)?;
        }

        self.choice(&x, &w, &pulled)?;
        self.addition(&x, &w, &old, &pulled)?;
        self.aliasing(&w)?;
        if AnyRule::<f64>::exact(self.rule) {
            self.adjoint(&v, &w, &pulled)?;
            self.symmetry(&u, &v, &w)?;
        }
        let z = direction(w.len());
        self.derivative(&v, (&w, &z), &pulled)
    }

    /// For each operand alone: ⟨w, J v⟩ = ⟨Jᵀ w, v⟩.
    fn adjoint(&self, v: &[f64], w: &[f64], pulled: &[f64]) -> Result<(), Violation> {
        for (i, place) in self.wanted() {
            let only = |keep: std::ops::Range<usize>| -> Vec<f64> {
                let inside = |(j, &v): (usize, &f64)| if keep.contains(&j) { v } else { 0.0 };
                v.iter().enumerate().map(inside).collect()
            };
            let pushed = |v: &[f64]| self.forward(&self.point(v), &self.places, Dual::ZERO).y;
            let jv = pushed(&only(place.range()));
            let terms = jv.iter().zip(w).map(|(jv, w)| jv.tangent * w);
            let (left, left_size) = sums(terms);
            let terms = place.range().map(|j| pulled[j] * v[j]);
            let (right, right_size) = sums(terms);
            if close(left, right, left_size.max(right_size)) {
                continue;
            }
            // Find the element that is off most, by its own unit direction.
            let element = |j: usize| {
                let unit: Vec<f64> = (0..v.len()).map(|k| f64::from(u8::from(k == j))).collect();
                let terms = pushed(&unit).into_iter().zip(w).map(|(y, w)| y.tangent * w);
                (pulled[j], sums(terms).0)
            };
            return Err(self.worst("adjoint", &format!("operand {i}"), place.range().map(element)));
        }
        Ok(())
    }

    /// Targets that held something hold it still, plus the partial; those that held nothing, the
    /// partial alone.
    fn addition(&self, x: &[f64], w: &[f64], old: &[f64], pulled: &[f64]) -> Result<(), Violation> {
        let added = self.pull(x, w, &self.places, old);
        for (i, place) in self.wanted() {
            let pairs = place.range().map(|j| (added[j], old[j] + pulled[j]));
            let scale = pulled.iter().fold(1.0, |m: f64, p| m.max(p.abs()));
            if pairs.clone().any(|(a, b)| !close(a, b, scale)) {
                return Err(self.worst("addition", &format!("operand {i}"), pairs));
            }
            let stale = Stale::new(0..x.len());
            let places = self.only(i);
            let alone = self.pull_into(x, w, &places, &vec![f64::NAN; x.len()], stale);
            let pairs = place.range().map(|j| (alone[j], pulled[j]));
            if pairs.clone().any(|(a, b)| a != b) {
                return Err(self.worst("addition", &format!("operand {i}"), pairs));
            }
        }
        Ok(())
    }

    /// The places, of which one operand's alone is wanted.
    fn only(&self, operand: usize) -> Vec<Place> {
        let mut places = self.places.clone();
        places.iter_mut().enumerate().for_each(|(i, place)| place.wanted = i == operand);
        places
    }

    /// Each partial alone has the bits it has together with the others.
    fn choice(&self, x: &[f64], w: &[f64], pulled: &[f64]) -> Result<(), Violation> {
        for (i, place) in self.wanted() {
            let alone = self.pull(x, w, &self.only(i), &vec![0.0; x.len()]);
            let (alone, together) = (&alone[place.range()], &pulled[place.range()]);
            self.same_bits("choice", &format!("operand {i}"), alone, together)?;
        }
        Ok(())
    }

    /// Any two operands of one shape, made one: its partial is the sum of both.
    fn aliasing(&self, w: &[f64]) -> Result<(), Violation> {
        for (i, a) in self.wanted() {
            for (j, b) in self.wanted().filter(|&(j, b)| j > i && b.shape == a.shape) {
                let mut x = self.values();
                x.copy_within(a.range(), b.start);
                let zeros = vec![0.0; x.len()];
                let apart = self.pull(&x, w, &self.places, &zeros);
                let mut places = self.places.clone();
                places[j] = *a;
                let one = self.pull(&x, w, &places, &zeros);
                let terms = a.range().zip(b.range()).map(|(k, l)| (one[k], apart[k] + apart[l]));
                let scale = apart.iter().fold(1.0, |m: f64, p| m.max(p.abs()));
                if terms.clone().any(|(left, right)| !close(left, right, scale)) {
                    return Err(self.worst("aliasing", &format!("operands {i} and {j}"), terms));
                }
            }
        }
        Ok(())
    }

    /// The adjoint at dual numbers carries its own derivative, in a direction v of the operands
    /// and z of the cotangent: an adjoint that leaves the scalar on the way loses it.
    fn derivative(
        &self,
        v: &[f64],
        (w, z): (&[f64], &[f64]),
        pulled: &[f64],
    ) -> Result<(), Violation> {
        let lifted: Vec<_> = w.iter().zip(z).map(|(&w, &z)| Dual::new(w, z)).collect();
        let zeros = vec![Dual::ZERO; v.len()];
        let carried = self.pull(&self.point(v), &lifted, &self.places, &zeros);
        let carried: Vec<f64> = carried.iter().map(|d| d.tangent).collect();
        let shifted = |h: f64| -> Result<Vec<f64>, Violation> {
            let x = moved(&self.values(), v, h);
            Ok(self.pull(&x, &moved(w, z, h), &self.places, &vec![0.0; v.len()]))
        };
        let Some((at, left, right)) = differs(&carried, pulled, shifted)? else { return Ok(()) };
        let owner = self.wanted().find(|(_, place)| place.range().contains(&at));
        let (i, start) = owner.map_or((0, 0), |(i, place)| (i, place.start));
        Err(self.violation("second order", &format!("operand {i}"), at - start, left, right))
    }

    /// The adjoint at dual numbers gives products with the Hessian of ⟨w, y⟩, which is symmetric.
    fn symmetry(&self, u: &[f64], v: &[f64], cotangent: &[f64]) -> Result<(), Violation> {
        let w: Vec<_> = cotangent.iter().map(|&w| Dual::new(w, 0.0)).collect();
        let zeros = vec![Dual::ZERO; u.len()];
        let hessian = |v: &[f64]| self.pull(&self.point(v), &w, &self.places, &zeros);
        let mask: Vec<_> = self.wanted().flat_map(|(_, p)| p.range()).collect();
        let product = |a: &[Dual<f64>], b: &[f64]| sums(mask.iter().map(|&j| a[j].tangent * b[j]));
        let (left, left_size) = product(&hessian(v), u);
        let (right, right_size) = product(&hessian(u), v);
        // Where large terms cancel within a rule, as those of a saturated softmax, its partials are
        // as exact as these: they are not taken for less than a thousandth of the directions.
        let sizes = [u, v, cotangent].map(|x| x.iter().fold(0.0, |m: f64, x| m.max(x.abs())));
        let least = 1e-3 * sizes.iter().product::<f64>();
        if close(left, right, left_size.max(right_size).max(least)) {
            return Ok(());
        }
        Err(self.violation("second order", "all operands", 0, left, right))
    }

    fn wanted(&self) -> impl Iterator<Item = (usize, &Place)> {
        self.places.iter().enumerate().filter(|(_, place)| place.wanted)
    }

    fn same_bits(
        &self,
        law: &'static str,
        operand: &str,
        left: &[f64],
        right: &[f64],
    ) -> Result<(), Violation> {
        match left.iter().zip(right).position(|(a, b)| a.to_bits() != b.to_bits()) {
            None => Ok(()),
            Some(i) => Err(self.violation(law, operand, i, left[i], right[i])),
        }
    }

    /// The pair that differs most.
    fn worst(
        &self,
        law: &'static str,
        operand: &str,
        pairs: impl Iterator<Item = (f64, f64)>,
    ) -> Violation {
        let off = |&(_, (a, b)): &(usize, (f64, f64))| {
            let d = (a - b).abs() / (1.0 + a.abs().max(b.abs()));
            if d.is_nan() { f64::INFINITY } else { d }
        };
        let worst = pairs.enumerate().max_by(|a, b| off(a).total_cmp(&off(b)));
        let (i, (left, right)) = worst.unwrap_or((0, (f64::NAN, f64::NAN)));
        self.violation(law, operand, i, left, right)
    }

    fn violation(
        &self,
        law: &'static str,
        operand: &str,
        element: usize,
        left: f64,
        right: f64,
    ) -> Violation {
        let name = AnyRule::<f64>::name(self.rule).to_owned();
        Violation { name, law, operand: operand.to_owned(), element, left, right }
    }
}

/// The sum of terms, and of their magnitudes: the scale of its rounding error.
pub(super) fn sums(terms: impl Iterator<Item = f64>) -> (f64, f64) {
    terms.fold((0.0, 0.0), |(sum, size), term| (sum + term, size + term.abs()))
}

/// `x + h v`.
pub(super) fn moved(x: &[f64], v: &[f64], h: f64) -> Vec<f64> {
    x.iter().zip(v).map(|(x, v)| x + h * v).collect()
}

/// The first element of a gradient whose derivative `carried` (by dual numbers) is none: not to
/// four digits that of any one-sided difference between the gradient `here` and `shifted` by h.
///
/// One side and one step are enough: a kink may lie between here and there, but not in all of
/// them.
pub(super) fn differs<E>(
    carried: &[f64],
    here: &[f64],
    mut shifted: impl FnMut(f64) -> Result<Vec<f64>, E>,
) -> Result<Option<(usize, f64, f64)>, E> {
    let scale = carried.iter().chain(here).fold(0.0, |m: f64, x| m.max(x.abs()));
    let mut open: Vec<(usize, f64)> = (0..here.len()).map(|i| (i, f64::NAN)).collect();
    for h in [1e-6, -1e-6, 1e-8, -1e-8] {
        if open.is_empty() {
            return Ok(None);
        }
        let there = shifted(h)?;
        open.iter_mut().for_each(|(i, slope)| *slope = (there[*i] - here[*i]) / h);
        open.retain(|&(i, slope)| {
            let off = (slope - carried[i]).abs();
            off.is_nan() || off > 1e-4 * scale
        });
    }
    Ok(open.first().map(|&(i, slope)| (i, carried[i], slope)))
}

fn close(a: f64, b: f64, scale: f64) -> bool {
    (a - b).abs() <= RULE * scale
}
