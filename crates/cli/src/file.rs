//! The files of the user: read within limits, written whole.

use crate::failure::Failure;
use crate::job::sum;
use crate::settings::Data;
use elman_io::Error;
use std::io::Read;
use std::path::Path;

/// The most bytes of data: 1 GiB.
const DATA_LIMIT: u64 = 1 << 30;

/// The most bytes of a file of settings: 16 MiB, as in the header of a model.
const SETTINGS_LIMIT: u64 = 1 << 24;

/// The name of standard input.
const STDIN: &str = "-";

/// The bytes of data that the user has named; `-` is standard input, up to its end.
pub(crate) fn data(path: &Path) -> Result<Vec<u8>, Failure> {
    if path != Path::new(STDIN) {
        return regular(path, DATA_LIMIT, Failure::Data);
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(DATA_LIMIT + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::File(format!("the standard input cannot be read: {error}")))?;
    if bytes.len() as u64 > DATA_LIMIT {
        return Err(Failure::Data(format!(
            "the standard input: expected at most {DATA_LIMIT} bytes, got more"
        )));
    }
    Ok(bytes)
}

/// The bytes of the data of a run folder, which its settings name. Anybody may have written these:
/// nothing is made of the bytes unless they have the checksum that the settings have. `otherwise`
/// is what to do with data that have changed.
pub(crate) fn data_of_run(data: &Data, otherwise: &str) -> Result<Vec<u8>, Failure> {
    let (path, name) = (&data.file, data.file.display());
    if path == Path::new(STDIN) {
        return Err(Failure::Data(format!(
            "the run learned from the standard input, which is gone; {otherwise}"
        )));
    }
    let bytes = regular(path, DATA_LIMIT, Failure::Data).map_err(|failure| match failure {
        Failure::File(what) => Failure::File(format!(
            "{what}; that is how the run names its data, from the folder in which it was trained: \
             go there, or {otherwise}"
        )),
        failure => failure,
    })?;
    if sum(&bytes) != data.sha256 {
        return Err(Failure::Data(format!("{name} has changed since the run began; {otherwise}")));
    }
    Ok(bytes)
}

/// The text of a file of settings.
pub(crate) fn settings(path: &Path) -> Result<String, Failure> {
    let bytes = regular(path, SETTINGS_LIMIT, Failure::Model)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count();
        Failure::Model(format!("{}, line {line}: expected UTF-8", path.display()))
    })
}

/// Writes a file, or leaves the one that is there as it was.
pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
    elman_io::write(path, bytes).map_err(|error| match error {
        Error::System { source, .. } => Failure::file("written", path, &source),
        error => error.into(),
    })
}

/// The bytes of a regular file; one that is too large is a failure of its kind.
fn regular(
    path: &Path,
    limit: u64,
    kind: impl FnOnce(String) -> Failure,
) -> Result<Vec<u8>, Failure> {
    elman_io::read(path, limit).map_err(|error| match error {
        Error::System { source, .. } if source.kind() == std::io::ErrorKind::InvalidInput => {
            Failure::File(format!(
                "{} cannot be read: {source}; of data, `{STDIN}` is the standard input",
                path.display()
            ))
        }
        Error::System { source, .. } => Failure::file("read", path, &source),
        error => kind(error.to_string()),
    })
}
