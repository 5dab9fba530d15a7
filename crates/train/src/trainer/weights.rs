//! Which weights are trained.

use crate::error::Error;
use crate::layout::Layout;
use elman_autograd::Params;
use elman_tensor::Real;
use std::panic::Location;

/// Paths and sizes.
pub(super) fn paths<T: Real>(params: &Params<T>) -> impl Iterator<Item = (&str, usize)> {
    params.iter().map(|(path, param)| (path, param.shape().len()))
}

/// Paths and sizes, to keep.
pub(crate) fn listed<T: Real>(params: &Params<T>) -> Vec<(String, usize)> {
    paths(params).map(|(path, len)| (path.into(), len)).collect()
}

/// An error unless the weights are those that are trained.
pub(crate) fn demand<T: Real>(
    wanted: &[(String, usize)],
    given: &Params<T>,
    line: &'static Location<'static>,
) -> Result<(), Error> {
    let trained = wanted.iter().map(|(path, len)| (path.as_str(), *len));
    if paths(given).eq(trained) { Ok(()) } else { Err(differ(wanted, &listed(given), line)) }
}

/// How lists of weights differ.
pub(super) fn differ(
    wanted: &[(String, usize)],
    given: &[(String, usize)],
    line: &'static Location<'static>,
) -> Error {
    let [all, others] = [wanted, given].map(|list| Layout::new(list).len());
    if all != others {
        return Error::OtherParams { wanted: all, given: others, line };
    }
    let at = given.iter().zip(wanted).take_while(|(a, b)| a == b).count();
    let name = |list: &[(String, usize)]| match list.get(at) {
        Some((path, len)) => format!("{path:?} of {len}"),
        None => "nothing".into(),
    };
    Error::OtherWeight { wanted: name(wanted), given: name(given), line }
}
