//! All rules, compiled for all scalars.
//!
//! Crates that are built without optimisation across them, as in tests, share these instances. In
//! optimised builds they would not, so there are none.

use super::*;
use crate::any::{AnyRule, Typed};
use crate::graph::Graph;
use elman_tensor::{Dual, Real};

#[used]
static INSTANCES: [fn(); 3] = [all::<f32>, all::<f64>, all::<Dual<f64>>];

/// Compiles what applies a rule.
fn instance<T: Real, A: AnyRule<T>>() {
    std::hint::black_box(Graph::<T>::apply_listed::<A> as *const ());
}

macro_rules! instances {
    ($($name:ident: $($rule:ident)+ $([$count:literal])?),* $(,)?) => {
        fn all<T: Real>() {
            $(instances!(@one $($rule)+ $([$count])?);)*
        }
    };
    (@one any $rule:ident) => {
        instance::<T, $rule>()
    };
    (@one $rule:ident[$count:literal]) => {
        instance::<T, Typed<$rule, $count>>()
    };
}

table!(instances);
