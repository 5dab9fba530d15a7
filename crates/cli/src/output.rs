//! The output streams: results on standard output, messages on standard error.

use crate::failure::Failure;
use std::io::{self, ErrorKind, Write};

/// Writes a result to standard output. A closed pipe is not an error: its reader, such as `head`,
/// has what it wants.
pub(crate) fn result(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| {
            Failure::File(format!("the standard output cannot be written: {error}"))
        }),
    }
}

/// Writes a line to standard error. One that cannot be written is dropped: the work goes on, and
/// the exit code says how it ended.
pub(crate) fn note(line: &str) {
    _ = writeln!(io::stderr(), "{line}");
}
