//! Rules of a user's own, and types that cross threads.

use elman_autograd::rules::Elementwise;
use elman_autograd::{
    AnyRule, At, Backward, Error, Forward, Grad, Misfit, Param, Params, Partials, Rule, Shapes,
    Side, Tape, laws, prove,
};
use elman_tensor::{Dual, Init, Random, Real, Shape, Tensor, View, ViewMut};
use std::panic::Location;

/// y = x / (1 + |x|) (Bergstra et al. 2009).
#[derive(Debug, Clone, Copy)]
struct Softsign;

impl Elementwise for Softsign {
    const NAME: &'static str = "softsign";
    fn value<T: Real>(&self, x: T) -> T {
        x / (T::ONE + x.abs())
    }
    fn slope<T: Real>(&self, x: T, _: T) -> T {
        let d = T::ONE + x.abs();
        T::ONE / (d * d)
    }
}

/// `y = a × b` for vectors of three.
struct Cross;

impl<T: Real> Rule<T, 2> for Cross {
    const NAME: &'static str = "cross";
    fn shape(&self, [a, b]: [Shape; 2]) -> Result<Shape, Misfit> {
        let three = Shape::from([3]);
        if a == three && b == three { Ok(three) } else { Err(Misfit::new("wanted [3], [3]")) }
    }
    fn forward(&self, [a, b]: [View<'_, T>; 2], mut y: ViewMut<'_, T>, _: Side<'_, T>) {
        cross(a.values(), b.values(), |i, x| y.values_mut()[i] = x);
    }
    fn adjoint(&self, at: At<'_, T, 2>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        let [a, b] = at.x.map(|x| x.values());
        if let Some(mut da) = d.of(0) {
            cross(b, dy.values(), |i, x| da.values_mut()[i] += x);
        }
        if let Some(mut db) = d.of(1) {
            cross(dy.values(), a, |i, x| db.values_mut()[i] += x);
        }
    }
}

fn cross<T: Real>(a: &[T], b: &[T], mut to: impl FnMut(usize, T)) {
    for i in 0..3 {
        let (j, k) = ((i + 1) % 3, (i + 2) % 3);
        to(i, a[j] * b[k] - a[k] * b[j]);
    }
}

/// The element-wise product of any number of operands of one shape.
struct Prod;

impl<T: Real> AnyRule<T> for Prod {
    fn name(&self) -> &'static str {
        "prod"
    }
    fn shape(&self, x: Shapes<'_>) -> Result<Shape, Misfit> {
        if x.count() > 0 && x.iter().all(|s| s == x.get(0)) {
            Ok(x.get(0))
        } else {
            Err(Misfit::new("wanted equal shapes"))
        }
    }
    fn forward(&self, at: Forward<'_, T>) {
        let Forward { x, mut y, .. } = at;
        y.values_mut().fill(T::ONE);
        for i in 0..x.count() {
            y.values_mut().iter_mut().zip(x.get(i).values()).for_each(|(y, &x)| *y *= x);
        }
    }
    fn adjoint(&self, at: Backward<'_, T>) {
        let Backward { x, dy, mut d, .. } = at;
        for i in 0..x.count() {
            let Some(mut di) = d.of(i) else { continue };
            for (e, (d, &dy)) in di.values_mut().iter_mut().zip(dy.values()).enumerate() {
                let others = (0..x.count()).filter(|&j| j != i);
                *d += others.fold(dy, |p, j| p * x.get(j).values()[e]);
            }
        }
    }
}

impl laws::Sample for Softsign {
    fn sample(draw: &mut laws::Draw) -> (Self, Vec<Tensor<f64>>) {
        (Softsign, vec![draw.normal(&[draw.size(0), draw.size(1)])])
    }
}

impl laws::Sample for Cross {
    fn sample(draw: &mut laws::Draw) -> (Self, Vec<Tensor<f64>>) {
        (Cross, vec![draw.normal(&[3]), draw.normal(&[3])])
    }
}

impl laws::Sample for Prod {
    fn sample(draw: &mut laws::Draw) -> (Self, Vec<Tensor<f64>>) {
        let shape = [draw.size(0), draw.size(1)];
        (Prod, (0..1 + draw.pick(4)).map(|_| draw.uniform(&shape, 0.5, 2.0)).collect())
    }
}

prove! {
    softsign: Softsign[1],
    cross: Cross[2],
    product: any Prod,
}

#[test]
fn own_rules_are_applied_like_ours() {
    let (w, params) = Params::<f64>::init(1, |p| p.weight("w", [3], Init::He)).unwrap();
    let mut grad = Grad::zeros(&params);
    let mut tape = Tape::new();
    tape.gradient(&params, &mut grad, |g| {
        let w = g.param(w);
        let y = g.apply(Cross, [g.apply(Softsign, [w]), w]);
        g.apply_any(Prod, &[y, w, y], Location::caller()).sum()
    })
    .unwrap();
    assert!(grad.norm() > 0.0);
    let line = line!() + 1;
    let misfit = tape.gradient(&params, &mut grad, |g| g.apply(Cross, [g.param(w), g.zeros([4])]));
    let Err(Error::Misfit { rule: "cross", shapes, site, .. }) = misfit else { panic!() };
    assert_eq!(shapes, [Shape::from([3]), Shape::from([4])]);
    assert_eq!((site.line.file(), site.line.line()), (file!(), line));
}

#[test]
fn what_crosses_threads_may() {
    fn both<T: Send + Sync>() {}
    fn send<T: Send>() {}
    both::<Params<f32>>();
    both::<Param>();
    both::<Grad<Dual<f64>>>();
    both::<Error>();
    both::<laws::Violation>();
    both::<Tensor<f32>>();
    send::<Random>();
    both::<Tape<f32>>();
    both::<Tape<Dual<f64>>>();
}
