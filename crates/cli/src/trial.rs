//! The command without its files: what it makes of bytes, up to the first step of a training. For
//! fuzz targets and tests; no part of what is kept stable.

use crate::args::Generate;
use crate::commands::{answer, wishes};
use crate::failure::Failure;
use crate::folder::{Model, build};
use crate::job::{self, Job};
use crate::settings::{Settings, Task};
use elman::autograd::Tape;
use std::path::{Path, PathBuf};

pub use crate::settings::Form;

/// A failure: the exit code, and what is said.
pub type Refusal = (u8, String);

/// What a training would begin with.
#[derive(Debug)]
pub struct Start {
    /// Its settings as TOML and as JSON.
    pub written: [String; 2],
    /// The loss of the first step, and what the first validation finds.
    pub numbers: Vec<f64>,
}

/// The start of a training on the bytes of a file of some name, with wishes as TOML and a network
/// and batches of at most so many numbers.
///
/// # Errors
/// What `elman train` says.
pub fn train(name: &str, bytes: &[u8], wishes: &str, most: usize) -> Result<Start, Refusal> {
    let file = Path::new(name);
    let start = || -> Result<Start, Failure> {
        let settings = job::plan(file, bytes, &self::wishes(Path::new("wishes.toml"), wishes)?)?;
        let written = forms(&settings)?;
        let (network, mut params) = build(&settings, most)?;
        let mut job = Job::new(&settings, &network, file, bytes)?;
        job.start(&network, &mut params);
        if settings.training.batch.saturating_mul(settings.training.window) > most {
            return Ok(Start { written, numbers: Vec::new() });
        }
        let task = job.task();
        task.prepare(0)?;
        let loss = Tape::new().evaluate(&params, |g| task.loss(g, &network).item())?;
        let found = task.validate(&network, &params)?.into_iter().map(|(_, number)| number);
        Ok(Start { written, numbers: std::iter::once(f64::from(loss)).chain(found).collect() })
    };
    start().map_err(refusal)
}

/// Settings, read and written again as TOML and as JSON.
///
/// # Errors
/// What is said of settings that no network can have.
pub fn again(settings: &str, form: Form) -> Result<[String; 2], Refusal> {
    form.read(settings).map_err(Failure::Model).and_then(|read| forms(&read)).map_err(refusal)
}

/// What an untrained network of at most so many numbers says of the bytes of a file of some name:
/// rows below a header, or text.
///
/// # Errors
/// What `elman predict` says, or `elman generate`.
pub fn predict(
    settings: &str,
    form: Form,
    most: usize,
    name: &str,
    bytes: &[u8],
) -> Result<Vec<Vec<String>>, Refusal> {
    let said = || -> Result<Vec<Vec<String>>, Failure> {
        let settings = form.read(settings).map_err(Failure::Model)?;
        let (network, params) = build(&settings, most)?;
        if let Task::Text(task) = &settings.task {
            let text = task.generate(&network, &params, &some_text())?;
            return Ok(vec![vec![String::from_utf8_lossy(&text).into_owned()]]);
        }
        let model = Model { settings, network, params };
        let said = answer(&model, Path::new(name), bytes)?;
        Ok(std::iter::once(said.header).chain(said.rows).collect())
    };
    said().map_err(refusal)
}

fn forms(settings: &Settings) -> Result<[String; 2], Failure> {
    Ok([Form::Toml.write(settings)?, Form::Json.write(settings)?])
}

fn refusal(failure: Failure) -> Refusal {
    (failure.code(), failure.to_string())
}

/// A few bytes of text.
fn some_text() -> Generate {
    Generate {
        model: PathBuf::new(),
        prompt: String::new(),
        length: 8,
        temperature: 1.0,
        top_k: None,
        nucleus: None,
        seed: 1,
    }
}
