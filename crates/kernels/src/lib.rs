//! Loops over slices for recurrent networks: matrix products, elementwise maps, reductions and
//! row-wise softmax, for `f32`, `f64` and dual numbers.
//!
//! Every kernel is one generic source, compiled for the baseline of the target, for AVX2 with
//! fused multiply-add, and the packed ones ([`product`], [`fused`]) also for AVX-512; [`Isa`] is
//! chosen at run time. All give the same bits, because the order of every sum is written down and
//! every multiply-add of a product is fused:
//!
//! * a product adds the terms of one element in the order of `k`, starting from what the element
//!   holds ([`product`]);
//! * a reduction splits its sum into [`LANES`] interleaved partial sums and adds those in a fixed
//!   tree ([`sum`]).
//!
//! So the bits of a result depend on the shapes and the values, never on the machine's vector
//! width, on tiling, on threads, or on how many rows are computed together.
//!
//! ```
//! use elman_kernels::{product, Fill, Matrix};
//!
//! let a = [1.0, 2.0, 3.0, 4.0]; // 2×2
//! let b = [1.0, 1.0]; //           2×1
//! let mut c = [10.0, 20.0];
//! product(Matrix::new(&a, 2, 2)?, Matrix::new(&b, 2, 1)?, Fill::Add, &mut c)?;
//! assert_eq!(c, [13.0, 27.0]);
//! # Ok::<(), elman_kernels::Error>(())
//! ```
//!
//! The packed kernels share their work by [`threads`]; that does not change a bit either, because
//! no sum is split between them.
//!
//! This is the only crate of the workspace with `unsafe` code: functions compiled for more than
//! the baseline, behind a check of the processor; the loads and stores of registers; the memory
//! that threads share; the hand-over of a computation to them; and a wish to the system about
//! memory.

#![deny(unsafe_op_in_unsafe_fn)]

mod dispatch;
mod dual;
mod error;
pub mod fused;
mod lanes;
mod linear;
mod loops;
mod map;
mod memory;
mod parallel;
mod product;
mod real;
mod reduce;
mod softmax;
mod tile;
mod transpose;

/// Divides the sizes from which on work is shared by threads, or memory counts as too large for a
/// cache. Miri interprets the code, so it must reach all of it with small shapes.
pub(crate) const THRESHOLD_DIVISOR: usize = if cfg!(miri) { 1 << 10 } else { 1 };

pub use dispatch::{Isa, Kernel, portable};
pub use dual::Dual;
pub use error::{Error, fit};
pub use linear::{
    Complex, complex_linear, complex_linear_back, complex_linear_back_in_pieces,
    complex_linear_in_pieces, linear, linear_back, linear_back_in_pieces, linear_in_pieces,
    piece_of,
};
pub use loops::{add_rows, each, fold_rows, map3_rows};
pub use map::{all_finite, copy, each2, each3, fill, map, map2, map3, update, zip};
pub use memory::prefer_large_pages;
pub use parallel::{MOST_THREADS, Threads, threads};
pub use product::{Fill, Matrix, PackedMatrix, product};
pub use real::Real;
pub use reduce::{LANES, argmax, dot, sum, sum_by};
pub use softmax::{log_softmax_rows, log_sum_exp, softmax_rows};

/// The README's program is compiled and run with the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
