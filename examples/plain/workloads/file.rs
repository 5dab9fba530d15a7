//! Workloads as a JSON file lists them.

use crate::Failure;
use serde::Deserialize;
use std::num::NonZeroUsize;

#[derive(Deserialize)]
pub(crate) struct Workloads {
    pub(crate) train: Vec<Training>,
    pub(crate) step: Vec<Streaming>,
}

/// Batches of sequences, and a target for every step of each.
#[derive(Deserialize)]
pub(crate) struct Training {
    pub(crate) name: String,
    pub(crate) cell: Kind,
    pub(crate) batch: NonZeroUsize,
    pub(crate) time: NonZeroUsize,
    pub(crate) input: NonZeroUsize,
    pub(crate) hidden: NonZeroUsize,
    pub(crate) output: NonZeroUsize,
}

/// One input at a time, without a readout.
#[derive(Deserialize)]
pub(crate) struct Streaming {
    pub(crate) name: String,
    pub(crate) cell: Kind,
    pub(crate) input: NonZeroUsize,
    pub(crate) hidden: NonZeroUsize,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Rnn,
    Lstm,
    Gru,
}

impl Workloads {
    pub(crate) fn parse(json: &str) -> Result<Self, Failure> {
        let workloads: Workloads = serde_json::from_str(json)?;
        if workloads.train.is_empty() && workloads.step.is_empty() {
            return Err("there are no workloads in it".into());
        }
        Ok(workloads)
    }

    /// Those of this name.
    pub(crate) fn only(mut self, name: &str) -> Result<Self, Failure> {
        let names = self.train.iter().map(|w| &w.name).chain(self.step.iter().map(|w| &w.name));
        let names: Vec<_> = names.map(String::as_str).collect();
        if !names.contains(&name) {
            return Err(format!("no workload is named {name:?} among {}", names.join(", ")).into());
        }
        self.train.retain(|w| w.name == name);
        self.step.retain(|w| w.name == name);
        Ok(self)
    }
}
