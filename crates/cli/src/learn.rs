//! The loop: train, validate, save; and a run that goes on.

use crate::failure::Failure;
use crate::folder::Folder;
use crate::job::sum;
use crate::output;
use crate::settings::{self, Form, Settings};
use crate::task::Task;
use elman::autograd::Params;
use elman::rnn::Network;
use elman::train::{End, History, Row, Run, RunSnapshot, Trainer, Transform, Turn};
use elman::train::{adam, clip_norm, cosine};
use elman_io::{Best, Checkpoint, Checkpoints, Vector};
use elman_report::Progress;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Trains until the run ends, from its last checkpoint on if there is one; returns the history. The
/// best weights are in `params` then.
pub(crate) fn learn(
    task: &mut dyn Task,
    settings: &Settings,
    folder: &Folder,
    network: &Network,
    params: &mut Params<f32>,
    quiet: bool,
) -> Result<History, Failure> {
    let training = &settings.training;
    let chain = clip_norm(1.0).then(adam(training.rate)).then(cosine(training.steps).floor(0.02));
    let mut trainer = Trainer::new(chain);
    let mut run = Run::steps(training.steps)
        .validate_every(training.validate_every)
        .save_every(training.validate_every)
        .patience(training.patience);
    let checkpoints = folder.checkpoints();
    let mark = mark(settings)?;
    if let Some(checkpoint) = last(&checkpoints, params)? {
        if checkpoint.texts.get(SETTINGS) != Some(&mark) {
            return Err(Failure::Model(format!(
                "{}: its checkpoints are those of other settings; put these back, or begin anew \
                 with `elman train --force`",
                folder.path().display()
            )));
        }
        let kept: Kept =
            checkpoint.texts.get(RUN).and_then(|text| serde_json::from_str(text).ok()).ok_or_else(
                || Failure::Model("a checkpoint without the state of its run".into()),
            )?;
        run.restore(&kept.snapshot(checkpoint.best.as_ref()))?;
        trainer.restore(&checkpoint.trainer)?;
        if let Some(carried) = checkpoint.vectors.get(CARRIED).and_then(Vector::get::<f32>) {
            task.carry(carried);
        }
        *params = checkpoint.params;
    }
    let stop = on_interrupt()?;
    let mut progress = (!quiet).then(Progress::new);
    while let Some(turn) = run.turn()? {
        match turn {
            Turn::Train { step, .. } => {
                task.prepare(step)?;
                run.trained(trainer.step(params, |g| task.loss(g, network))?);
            }
            Turn::Validate { .. } => {
                let metrics = task.validate(network, params)?;
                run.validated(params, &metrics)?;
                folder.write_history(run.history())?;
            }
            Turn::Save { step, best, .. } => {
                let mut checkpoint = Checkpoint::new(params.clone(), trainer.snapshot());
                checkpoint.best = run.best().map(|best| {
                    let mut weights = params.clone();
                    weights.values_mut().copy_from_slice(&best.weights);
                    Best { step: best.step, metric: best.metric, params: weights }
                });
                let kept = serde_json::to_string(&Kept::of(run.snapshot()));
                let kept = kept.map_err(|error| Failure::Inside(error.to_string()))?;
                checkpoint.texts.insert(RUN.into(), kept);
                checkpoint.texts.insert(SETTINGS.into(), mark.clone());
                let carried = Vector::from(task.carried().to_vec());
                checkpoint.vectors.insert(CARRIED.into(), carried);
                checkpoints.save(step, &checkpoint, best)?;
            }
        }
        if let Some(progress) = &mut progress {
            progress.follow(&run);
        }
        if stop.load(Ordering::Relaxed) {
            run.stop();
        }
    }
    if run.end() == Some(End::Stopped) {
        return Err(Failure::Stopped(folder.path().display().to_string()));
    }
    run.restore_best(params)?;
    Ok(run.history().clone())
}

/// The checkpoint to go on from, if there are any: the newest that is whole, or else the best one.
fn last(
    checkpoints: &Checkpoints,
    params: &Params<f32>,
) -> Result<Option<Checkpoint<f32>>, Failure> {
    let latest = checkpoints.latest(params)?;
    let Some((newest, error)) = latest.damaged.first() else {
        return Ok(latest.checkpoint.map(|(_, checkpoint)| checkpoint));
    };
    let whole = match latest.checkpoint {
        Some((_, checkpoint)) => Some(checkpoint),
        None => match checkpoints.best(params) {
            Err(elman_io::Error::Flaw { file, flaw }) if flaw.is_misfit() => {
                return Err(elman_io::Error::Flaw { file, flaw }.into());
            }
            best => best.ok().flatten(),
        },
    };
    if whole.is_none() {
        return Err(Failure::Model(format!(
            "{} is damaged ({error}), and no checkpoint before it is whole, nor the best one; \
             begin anew with `elman train --force`",
            newest.display()
        )));
    }
    for (path, error) in &latest.damaged {
        let path = path.display();
        output::note(&format!("{path} is damaged ({error}); the one before it is used"));
    }
    Ok(whole)
}

/// What a checkpoint knows its settings by: all that its bits follow from, not where the data lie,
/// and not the errors that are noted when a training has ended.
fn mark(settings: &Settings) -> Result<String, Failure> {
    let mut settings = settings.clone();
    settings.data.file = PathBuf::new();
    if let settings::Task::Forecast(task) = &mut settings.task {
        task.errors.clear();
    }
    Ok(sum(Form::Json.write(&settings)?.as_bytes()))
}

const RUN: &str = "run";
const SETTINGS: &str = "settings";
const CARRIED: &str = "carried";

/// Set at the first Ctrl-C; a second one ends the program.
fn on_interrupt() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    let handler = move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    };
    ctrlc::set_handler(handler).map_err(|error| Failure::Inside(error.to_string()))?;
    Ok(stop)
}

/// The state of a run, but for its best weights.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    step: u64,
    validated: Option<u64>,
    saved: Option<u64>,
    mark: Option<f64>,
    waits: u64,
    rate: Option<f64>,
    losses: f64,
    counted: u64,
    metrics: Vec<String>,
    rows: Vec<KeptRow>,
    seconds: Vec<f64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptRow(u64, u64, Option<f64>, Option<f64>, Vec<f64>);

impl Kept {
    fn of(run: &RunSnapshot<f32>) -> Self {
        let row = |row: &Row| KeptRow(row.step, row.epoch, row.loss, row.rate, row.metrics.clone());
        Kept {
            step: run.step,
            validated: run.validated,
            saved: run.saved,
            mark: run.mark,
            waits: run.waits,
            rate: run.rate,
            losses: run.losses,
            counted: run.counted,
            metrics: run.history.metrics.clone(),
            rows: run.history.rows.iter().map(row).collect(),
            seconds: run.history.seconds.clone(),
        }
    }

    fn snapshot(self, best: Option<&Best<f32>>) -> RunSnapshot<f32> {
        let best = best.map(|best| elman::train::Best {
            step: best.step,
            metric: best.metric,
            paths: best.params.iter().map(|(p, w)| (p.to_string(), w.shape().len())).collect(),
            weights: best.params.values().to_vec(),
        });
        let row = |KeptRow(step, epoch, loss, rate, metrics): KeptRow| Row {
            step,
            epoch,
            loss,
            rate,
            metrics,
        };
        let rows = self.rows.into_iter().map(row).collect();
        RunSnapshot {
            step: self.step,
            validated: self.validated,
            saved: self.saved,
            best,
            mark: self.mark,
            waits: self.waits,
            rate: self.rate,
            losses: self.losses,
            counted: self.counted,
            history: History { metrics: self.metrics, rows, seconds: self.seconds },
        }
    }
}

impl From<elman_io::Error> for Failure {
    fn from(error: elman_io::Error) -> Self {
        match error {
            elman_io::Error::System { .. } => Failure::File(error.to_string()),
            elman_io::Error::Flaw { .. } => Failure::Model(error.to_string()),
            error => Failure::Inside(error.to_string()),
        }
    }
}

impl From<elman_report::Error> for Failure {
    fn from(error: elman_report::Error) -> Self {
        match error {
            elman_report::Error::Write { .. } => Failure::File(error.to_string()),
            error => Failure::Inside(error.to_string()),
        }
    }
}
