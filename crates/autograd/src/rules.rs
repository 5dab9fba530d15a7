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
mod flush_to_zero;
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
pub use flush_to_zero::FlushToZero;
pub use gather::Gather;
pub use join::{Concat, Stack};
pub use part::Part;
pub use recurrence::{ComplexRecurrence, Recurrence};
pub use select::Select;
pub use softmax::{LogSoftmax, Softmax};
pub use sum::Sum;
pub use zoneout::Zoneout;

/// Hands the table of rules to a macro: of each a name, and its type with the number of operands.
#[cfg(any(test, debug_assertions))]
macro_rules! table {
    ($($macro:tt)+) => {
        $($macro)+! {
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
            flush_to_zero: FlushToZero[1],
            concat: any Concat,
            stack: any Stack,
        }
    };
}

#[cfg(test)]
table!(crate::prove);

#[cfg(debug_assertions)]
mod instances;
