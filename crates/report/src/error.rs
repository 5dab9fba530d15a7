//! What can go wrong with a report.

use std::io;
use std::path::Path;

/// A file or a picture could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or a folder could not be written.
    #[error("{file}: cannot be written: {source}")]
    Write {
        /// Its path, as it was given, or what stands for it.
        file: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file of pictures with an ending that says nothing, or not what this crate can write.
    #[error("{file}: wanted a name that ends in {wanted}")]
    Ending {
        /// Its path, as it was given.
        file: String,
        /// The endings that there are.
        wanted: &'static str,
    },
    /// A picture could not be drawn.
    #[error("a picture of {width} by {height} cannot be drawn: {what}")]
    Drawing {
        /// Its width, in pixels.
        width: u32,
        /// Its height, in pixels.
        height: u32,
        /// What the library that draws said.
        what: String,
    },
    /// A section of a report has numbers of another shape than it can show.
    #[error("{section}: wanted {wanted}, got {given}")]
    Shape {
        /// The section.
        section: &'static str,
        /// What it can show.
        wanted: &'static str,
        /// What it was given.
        given: String,
    },
}

impl Error {
    /// A failure to write this file.
    pub(crate) fn write(file: &Path) -> impl FnOnce(io::Error) -> Error {
        let file = file.display().to_string();
        move |source| Error::Write { file, source }
    }
}
