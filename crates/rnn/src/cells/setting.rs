//! Settings that are numbers.

use elman_autograd::Error;

/// A number that has to be finite.
pub(super) fn finite(what: &'static str, x: f64) -> Result<f64, Error> {
    checked(what, "a finite number", x, x.is_finite())
}

/// A number that has to be finite and not below 0.
pub(super) fn not_negative(what: &'static str, x: f64) -> Result<f64, Error> {
    checked(what, "a finite number, 0 or more", x, x.is_finite() && x >= 0.0)
}

/// A number that has to be finite and above 0.
pub(super) fn positive(what: &'static str, x: f64) -> Result<f64, Error> {
    checked(what, "a finite number above 0", x, x.is_finite() && x > 0.0)
}

fn checked(what: &'static str, wanted: &'static str, x: f64, fits: bool) -> Result<f64, Error> {
    if fits { Ok(x) } else { Err(Error::Setting { what, wanted, given: x.to_string() }) }
}
