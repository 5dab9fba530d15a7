//! What can be wrong with the slices handed to a kernel.

/// A kernel was handed slices that do not fit together.
///
/// ```
/// use elman_kernels::{Fill, Matrix, map, product};
///
/// let refused = map(&[1.0, 2.0], &mut [0.0; 3], |x| x).unwrap_err();
/// assert_eq!(refused.to_string(), "map: wanted 2 elements, got 3");
///
/// let (a, b) = (Matrix::new(&[1.0; 6], 2, 3)?, Matrix::new(&[1.0; 4], 2, 2)?);
/// let refused = product(a, b, Fill::Overwrite, &mut [0.0; 4]).unwrap_err();
/// let sentence = "product: the left matrix has 3 columns, the right one 2 rows";
/// assert_eq!(refused.to_string(), sentence);
/// # Ok::<(), elman_kernels::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A slice holds another number of elements than its shape or its partner asks for.
    Length {
        /// The kernel.
        kernel: &'static str,
        /// Elements wanted.
        wanted: usize,
        /// Elements given.
        given: usize,
    },
    /// The inner sizes of a product differ: `[rows, k] · [k, columns]`.
    Inner {
        /// Columns of the left matrix.
        left: usize,
        /// Rows of the right matrix.
        right: usize,
    },
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Length { kernel, wanted, given } => {
                write!(f, "{kernel}: wanted {wanted} elements, got {given}")
            }
            Error::Inner { left, right } => {
                write!(f, "product: the left matrix has {left} columns, the right one {right} rows")
            }
        }
    }
}

impl std::error::Error for Error {}

/// A kernel's verdict on slices whose lengths the caller has checked already: they fit.
///
/// Rules check shapes once, when they are applied, and have nobody to return an error to
/// afterwards. A verdict of another kind is a bug, and stops a debug build.
///
/// ```
/// use elman_kernels::{fit, map};
///
/// let (x, mut y) = ([1.0, 4.0, 9.0], [0.0; 3]);
/// fit(map(&x, &mut y, f64::sqrt)); // both were seen to have three elements
/// assert_eq!(y, [1.0, 2.0, 3.0]);
/// ```
#[inline]
pub fn fit(verdict: Result<(), Error>) {
    debug_assert_eq!(verdict, Ok(()), "shapes were accepted that the kernel does not fit");
}

/// `Ok` when `given == wanted`.
pub(crate) fn length(kernel: &'static str, wanted: usize, given: usize) -> Result<(), Error> {
    if wanted == given { Ok(()) } else { Err(Error::Length { kernel, wanted, given }) }
}
