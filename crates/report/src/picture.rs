//! A picture, as SVG or PNG.

use crate::error::Error;
use std::fs;
use std::path::Path;

/// A picture that was drawn.
///
/// ```
/// use elman_report::Confusion;
///
/// let picture = Confusion::new(["sine", "square"]).picture()?;
/// let [width, height] = picture.size();
/// assert!(width > 0 && height > 0);
/// assert!(picture.svg().starts_with("<svg") && picture.svg().ends_with("</svg>\n"));
/// # Ok::<(), elman_report::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    svg: String,
    size: [u32; 2],
}

impl Picture {
    /// Of what the drawing library made: `units` to so many pixels.
    pub(crate) fn new(svg: String, size: [u32; 2], units: [u32; 2]) -> Self {
        let attributes =
            |[width, height]: [u32; 2]| format!("width=\"{width}\" height=\"{height}\"");
        Picture { svg: svg.replacen(&attributes(units), &attributes(size), 1), size }
    }

    /// Its width and height, in pixels.
    pub fn size(&self) -> [u32; 2] {
        self.size
    }

    /// A file of scalable vector graphics. It names `sans-serif` as its font.
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// A PNG file with two dots to a pixel in either direction, lettered in the font that comes
    /// with this crate.
    ///
    /// # Errors
    /// If there is no memory for the picture.
    #[cfg(feature = "png")]
    pub fn png(&self) -> Result<Vec<u8>, Error> {
        use resvg::tiny_skia::{Pixmap, Transform};
        use resvg::usvg::{Options, Tree};

        let [width, height] = self.size;
        let failed = |what: String| Error::Drawing { width, height, what };
        let mut options = Options::default();
        options.fontdb_mut().load_font_data(FONT.to_vec());
        options.fontdb_mut().set_sans_serif_family("DejaVu Sans");
        let tree =
            Tree::from_str(&self.svg, &options).map_err(|error| failed(error.to_string()))?;
        let dots = |pixels: u32| pixels.saturating_mul(2);
        let mut map = Pixmap::new(dots(width), dots(height))
            .ok_or_else(|| failed("too large, or empty".into()))?;
        resvg::render(&tree, Transform::from_scale(2.0, 2.0), &mut map.as_mut());
        map.encode_png().map_err(|error| failed(error.to_string()))
    }

    /// Writes a file, whose name ends in `.svg` or `.png`.
    ///
    /// # Errors
    /// Another ending, and what the operating system says.
    pub fn save(&self, file: impl AsRef<Path>) -> Result<(), Error> {
        let file = file.as_ref();
        match file.extension().and_then(|ending| ending.to_str()) {
            Some("svg") => fs::write(file, &self.svg),
            #[cfg(feature = "png")]
            Some("png") => fs::write(file, self.png()?),
            _ => {
                let wanted = if cfg!(feature = "png") { ".svg or .png" } else { ".svg" };
                return Err(Error::Ending { file: file.display().to_string(), wanted });
            }
        }
        .map_err(Error::write(file))
    }
}

#[cfg(feature = "png")]
const FONT: &[u8] = include_bytes!("../fonts/DejaVuSans.ttf");
