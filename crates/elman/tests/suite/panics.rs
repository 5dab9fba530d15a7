//! Whatever shapes and values public operations are given: an error that names the operation, what
//! it got, and the line in the caller's file, and never a panic; and for sizes that cannot be
//! meant, an error before anything is allocated.

mod given;
mod lines;
mod models;
mod programs;
mod sizes;

use elman::autograd::{self, Site};
use elman::prelude::*;
use elman::train;
use std::panic::Location;

/// No case may take more memory than this at any time.
const MEMORY: u64 = 1 << 22;

/// Where an error says it happened.
fn site(error: &Error) -> Option<&'static Location<'static>> {
    use autograd::Error::*;
    let of = |error: &autograd::Error| match error {
        Misfit { site, .. } | TooLarge { site, .. } | NotFinite { site, .. } => Some(site.line),
        ForeignParam { line, .. } | NotScalar { line, .. } | GradLength { line, .. } => Some(*line),
        _ => None,
    };
    match error {
        Error::Autograd(error) | Error::Train(train::Error::Autograd(error)) => of(error),
        Error::Train(train::Error::NotFinite { line, .. }) => Some(*line),
        Error::Train(train::Error::OtherParams { line, .. }) => Some(*line),
        _ => None,
    }
}

/// An error of a recording names a line of these files, and says it in its message.
#[track_caller]
fn ours(error: &Error) -> &'static Location<'static> {
    let line = site(error).unwrap_or_else(|| panic!("without a line: {error}"));
    assert!(line.file().contains("tests/suite/panics/"), "{error}");
    assert!(error.to_string().contains(&line.to_string()), "{error}");
    line
}

/// A site says all it knows.
#[test]
fn a_site_in_words() {
    let line = Location::caller();
    let site = Site { line, layer: Some("lstm".into()), time: Some(3) };
    assert_eq!(site.to_string(), format!("at {line}, layer \"lstm\", time step 3"));
}
