//! The command `elman`: recurrent networks for people who have data.
//!
//! The command is the binary; its handbook is `elman --help` and the README. The library is
//! [`main`], for a program that wants to be the command under another name.

#![forbid(unsafe_code)]

mod args;
mod classify;
mod commands;
mod dates;
mod failure;
mod folder;
mod forecast;
mod job;
mod learn;
mod settings;
mod source;
mod task;
mod text;
#[doc(hidden)]
pub mod trial;

use args::{Cli, Command};
use clap::Parser;
use failure::Failure;
use serde_json::json;
use std::process::ExitCode;

/// The command: reads the arguments of the process, does what they say, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if cli.json {
                println!("{}", json!({ "error": failure.to_string(), "code": failure.code() }));
            } else {
                eprintln!("elman: {failure}");
            }
            ExitCode::from(failure.code())
        }
    }
}

fn run(cli: &Cli) -> Result<(), Failure> {
    match &cli.command {
        Command::Train(train) => commands::train(train, cli),
        Command::Resume { run } => commands::resume(run, cli),
        Command::Predict { model, data, out } => {
            commands::predict(model, data.as_deref(), out.as_deref(), cli)
        }
        Command::Generate(wishes) => commands::generate(wishes, cli),
        Command::Evaluate { model, data } => commands::evaluate(model, data.as_deref(), cli),
        Command::Export { model, onnx } => commands::export(model, onnx, cli),
        Command::Inspect { file } => commands::inspect(file, cli),
        Command::Completions { shell } => {
            let mut command = <Cli as clap::CommandFactory>::command();
            clap_complete::generate(*shell, &mut command, "elman", &mut std::io::stdout());
            Ok(())
        }
    }
}
