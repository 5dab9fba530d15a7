//! The rules: one operation a file, forward and adjoint side by side.
//!
//! Most users meet them as operators and methods of [`Var`](crate::Var); the types are public so
//! that layers of other crates can apply them on behalf of a caller's line.

mod affine;
mod antisymmetric;
mod arithmetic;
mod axis;
mod clip_gradient;
mod dot;
mod dropout;
mod elementwise;
mod gather;
mod join;
mod part;
mod recurrence;
mod select;
mod softmax;
mod sum;
mod zoneout;

pub use affine::Affine;
pub use antisymmetric::Antisymmetric;
pub use arithmetic::{Add, Div, Mul, Sub};
pub use axis::SumAxis;
pub use clip_gradient::ClipGradient;
pub use dot::Dot;
pub use dropout::Dropout;
pub use elementwise::{
    Abs, Complement, Cos, Elementwise, Exp, Ln, Neg, Over, Ratio, Relu, Scale, Shift, Sigmoid, Sin,
    Softplus, Sqrt, Square, Tanh,
};
pub use gather::Gather;
pub use join::{Concat, Stack};
pub use part::Part;
pub use recurrence::{ComplexRecurrence, Recurrence};
pub use select::Select;
pub use softmax::{LogSoftmax, Softmax};
pub use sum::Sum;
pub use zoneout::Zoneout;

#[cfg(debug_assertions)]
use {
    crate::any::{AnyRule, Typed},
    crate::graph::Graph,
    elman_tensor::{Dual, Real},
};

/// Has all rules compiled for all scalars here. Builds without optimisation, as those of tests are,
/// share these instances; optimised ones would not, and have none.
#[cfg(debug_assertions)]
#[used]
static INSTANCES: [fn() -> usize; 3] = [instances::<f32>, instances::<f64>, instances::<Dual<f64>>];

#[cfg(debug_assertions)]
fn instances<T: Real>() -> usize {
    fn instance<T: Real, A: AnyRule<T>>() -> usize {
        Graph::<T>::apply_listed::<A> as *const () as usize
    }
    macro_rules! typed {
        ($($rule:ident[$count:literal])*) => {
            0 $(+ instance::<T, Typed<$rule, $count>>())*
        };
    }
    instance::<T, Concat>()
        + instance::<T, Stack>()
        + typed! {
            Tanh[1] Sigmoid[1] Relu[1] Softplus[1] Exp[1] Ln[1] Sin[1] Cos[1] Sqrt[1] Square[1] Abs[1]
            Neg[1] Scale[1] Shift[1] Complement[1] Ratio[1] Over[1] Add[2] Sub[2] Mul[2] Div[2] Dot[2]
            Affine[5] Antisymmetric[1] Sum[1] SumAxis[1] Part[1] Recurrence[3] ComplexRecurrence[6]
            Gather[1] Select[2] Softmax[1] LogSoftmax[1] Dropout[1] Zoneout[2] ClipGradient[1]
        }
}

#[cfg(test)]
crate::prove! {
    tanh: Tanh[1],
    sigmoid: Sigmoid[1],
    relu: Relu[1],
    softplus: Softplus[1],
    exp: Exp[1],
    ln: Ln[1],
    sin: Sin[1],
    cos: Cos[1],
    sqrt: Sqrt[1],
    square: Square[1],
    abs: Abs[1],
    neg: Neg[1],
    scale: Scale[1],
    shift: Shift[1],
    complement: Complement[1],
    ratio: Ratio[1],
    over: Over[1],
    add: Add[2],
    sub: Sub[2],
    mul: Mul[2],
    div: Div[2],
    dot: Dot[2],
    affine: Affine[5],
    antisymmetric: Antisymmetric[1],
    sum: Sum[1],
    sum_axis: SumAxis[1],
    part: Part[1],
    recurrence: Recurrence[3],
    complex_recurrence: ComplexRecurrence[6],
    gather: Gather[1],
    select: Select[2],
    softmax: Softmax[1],
    log_softmax: LogSoftmax[1],
    dropout: Dropout[1],
    zoneout: Zoneout[2],
    clip_gradient: ClipGradient[1],
    concat: any Concat,
    stack: any Stack,
}
