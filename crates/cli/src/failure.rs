//! What can go wrong, in one sentence that says what to do, and the exit code it ends with.

use std::path::Path;

/// A failure of the command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// What was asked for cannot be.
    #[error("{0}")]
    Usage(String),
    /// The data cannot be used.
    #[error("{0}")]
    Data(String),
    /// A model, a run folder or a file of settings cannot be used.
    #[error("{0}")]
    Model(String),
    /// A file or folder cannot be read or written.
    #[error("{0}")]
    File(String),
    /// Stopped, with a checkpoint.
    #[error("stopped; `elman resume {0}` goes on")]
    Stopped(String),
    /// An error that no input should lead to.
    #[error("{0}; this should not happen: please report it")]
    Inside(String),
}

impl Failure {
    /// The exit code, as `elman --help` lists it.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Failure::Inside(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Data(_) => 3,
            Failure::Model(_) => 4,
            Failure::File(_) => 5,
            Failure::Stopped(_) => 130,
        }
    }

    /// A file that could not be read or written.
    pub(crate) fn file(what: &str, path: &Path, error: &std::io::Error) -> Self {
        Failure::File(format!("{} cannot be {what}: {error}", path.display()))
    }
}

impl From<clap::Error> for Failure {
    /// The first paragraph of what is said of a command line, in one line.
    fn from(error: clap::Error) -> Self {
        let text = error.to_string();
        let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
        let line = lines.collect::<Vec<_>>().join(" ");
        Failure::Usage(line.trim_start_matches("error: ").to_string())
    }
}

impl From<elman::data::Error> for Failure {
    fn from(error: elman::data::Error) -> Self {
        use elman::data::Error;
        let advice = match &error {
            Error::Open { .. } => return Failure::File(error.to_string()),
            Error::NotUtf8 { .. } => "; save the file as UTF-8",
            Error::NotFinite { .. } => "; correct it, or leave the field empty",
            Error::NoRows { .. } => "; wanted one row for each step in time",
            Error::RaggedRow { .. } => {
                "; a field that has the separator in it belongs between quotation marks, and another \
                 separator is said by --separator"
            }
            Error::AmbiguousColumn { .. } => "; rename one of them",
            Error::NotANumber { found, .. }
                if found.replacen(',', ".", 1).parse::<f64>().is_ok() =>
            {
                "; wanted a point before the decimals"
            }
            Error::NotANumber { .. } => {
                "; choose other columns with --target and --input, or correct the file"
            }
            Error::MissingValue { .. } => "; try --missing last",
            Error::OpenGap { side: "after", .. } => "; try --missing last",
            Error::OpenGap { .. } => "; leave out the rows before the first value",
            _ => "",
        };
        Failure::Data(format!("{error}{advice}"))
    }
}

impl From<elman::autograd::Error> for Failure {
    fn from(error: elman::autograd::Error) -> Self {
        use elman::autograd::Error;
        match error {
            Error::Setting { .. } => Failure::Usage(error.to_string()),
            Error::TooManyWeights { .. } => {
                Failure::Usage(format!("{error}; choose a smaller --hidden or fewer --layers"))
            }
            Error::TooLarge { limit, .. } => Failure::Usage(format!(
                "a step of the training takes more than {} GiB; choose a smaller --batch, --window \
                 or --hidden",
                limit >> 30
            )),
            error => Failure::Inside(error.to_string()),
        }
    }
}

impl From<elman::tensor::Error> for Failure {
    fn from(error: elman::tensor::Error) -> Self {
        use elman::tensor::Error;
        match error {
            Error::TooLarge { .. } => {
                Failure::Data(format!("{error}; use less data, or a machine with more memory"))
            }
            error => Failure::Inside(error.to_string()),
        }
    }
}

impl From<elman::train::Error> for Failure {
    fn from(error: elman::train::Error) -> Self {
        use elman::train::Error;
        match error {
            Error::Autograd(error) => error.into(),
            Error::Setting { .. } => Failure::Usage(error.to_string()),
            Error::NotFinite { quantity, value, step, .. } => Failure::Usage(format!(
                "{quantity} is {value} in step {step}: the training has exploded; try a smaller \
                 --rate"
            )),
            error => Failure::Inside(error.to_string()),
        }
    }
}
