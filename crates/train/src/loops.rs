//! Loops over several vectors that change, compiled for the machine they run on.

use elman_kernels::Kernel;
use elman_tensor::Real;

struct Loop<F>(F);

impl<F: FnOnce()> Kernel for Loop<F> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        (self.0)();
    }
}

/// `f(&mut x[i])`.
pub(crate) fn each<T: Real>(x: &mut [T], f: impl Fn(&mut T)) {
    T::dispatch(Loop(
        #[inline(always)]
        || x.iter_mut().for_each(f),
    ));
}

/// `f(&mut x[i], &mut a[i])`.
pub(crate) fn each2<T: Real>(x: &mut [T], a: &mut [T], f: impl Fn(&mut T, &mut T)) {
    T::dispatch(Loop(
        #[inline(always)]
        || {
            for (x, a) in x.iter_mut().zip(a) {
                f(x, a);
            }
        },
    ));
}

/// `f(&mut x[i], &mut a[i], &mut b[i])`.
pub(crate) fn each3<T: Real>(
    x: &mut [T],
    a: &mut [T],
    b: &mut [T],
    f: impl Fn(&mut T, &mut T, &mut T),
) {
    T::dispatch(Loop(
        #[inline(always)]
        || {
            for ((x, a), b) in x.iter_mut().zip(a).zip(b) {
                f(x, a, b);
            }
        },
    ));
}

/// A kernel's verdict on slices of equal lengths: they fit.
pub(crate) fn fit(verdict: Result<(), elman_kernels::Error>) {
    debug_assert_eq!(verdict, Ok(()), "lengths were checked before");
}
