//! Settings as text: TOML in the folder of a run, JSON in the file of a model.

use super::Settings;
use crate::failure::Failure;

/// How settings are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// In the folder of a run.
    Toml,
    /// In the file of a model.
    Json,
}

impl Form {
    /// Settings of which a network can be built, or what is wrong with them, in a sentence.
    pub(crate) fn read(self, text: &str) -> Result<Settings, String> {
        let settings: Settings = match self {
            Form::Toml => toml::from_str(text).map_err(|error| error.message().to_string())?,
            Form::Json => serde_json::from_str(text).map_err(|error| error.to_string())?,
        };
        settings.check().map(|()| settings)
    }

    pub(crate) fn write(self, settings: &Settings) -> Result<String, Failure> {
        let text = match self {
            Form::Toml => toml::to_string(settings).map_err(|error| error.to_string()),
            Form::Json => serde_json::to_string(settings).map_err(|error| error.to_string()),
        };
        text.map_err(Failure::Inside)
    }
}
