//! What can go wrong with a report.

use std::io;
use std::path::Path;

/// A file or a picture could not be made.
///
/// ```
/// use elman_report::{Gradients, States};
///
/// let refused = States { units: 3, values: vec![0.0; 4] }.picture().unwrap_err();
/// let sentence = "states: wanted numbers for whole time steps, got 4 numbers for 3 units";
/// assert_eq!(refused.to_string(), sentence);
///
/// let picture = Gradients::default().picture().unwrap();
/// let refused = picture.save("gradients.bmp").unwrap_err();
/// assert!(refused.to_string().starts_with("gradients.bmp: wanted a name that ends in .svg"));
/// ```
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
