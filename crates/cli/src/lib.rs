//! The command `elman`: recurrent networks for people who have data.
//!
//! The command is the binary; its handbook is `elman --help` and the README. The library is
//! [`main`], for a program that wants to be the command under another name.

#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod args;
mod classify;
mod commands;
mod dates;
mod failure;
mod file;
mod folder;
mod forecast;
mod inputs;
mod inside;
mod job;
mod json_lines;
mod learn;
mod output;
mod settings;
mod source;
mod task;
mod text;
#[doc(hidden)]
pub mod trial;

use args::{Cli, Command};
use clap::{CommandFactory, Parser};
use failure::Failure;
use serde_json::json;
use std::process::ExitCode;

/// The command: reads the arguments of the process, does what they say, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let said = || std::env::args_os().skip(1).take_while(|argument| argument != "--");
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() && said().any(|argument| argument == "--json") => {
            return fail(&Failure::from(error), true);
        }
        // Its words are those of the command line, where a shell may have put names of files.
        Err(error) if error.use_stderr() && error.to_string().chars().any(output::is_escaped) => {
            return fail(&Failure::from(error), false);
        }
        Err(error) => error.exit(),
    };
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(&failure, cli.json),
    }
}

/// Says what went wrong.
fn fail(failure: &Failure, json: bool) -> ExitCode {
    if json {
        let error = output::message(&failure.to_string());
        let object = output::json(&json!({ "error": error, "code": failure.code() }));
        // If it cannot be written, the exit code still says it.
        _ = output::result(object.as_bytes());
    } else {
        output::note(&format!("elman: {failure}"));
    }
    ExitCode::from(failure.code())
}

fn run(cli: &Cli) -> Result<(), Failure> {
    match &cli.command {
        Command::Train(train) => commands::train(train, cli),
        Command::Resume { run } => commands::resume(run, cli),
        Command::Predict { model, data, out, form } => {
            commands::predict(model, data.as_deref(), out.as_deref(), form, cli)
        }
        Command::Generate(wishes) => commands::generate(wishes, cli),
        Command::Evaluate { model, data, form } => {
            commands::evaluate(model, data.as_deref(), form, cli)
        }
        Command::Export { model, onnx } => commands::export(model, onnx, cli),
        Command::Inspect { file } => commands::inspect(file, cli),
        Command::Completions { shell } => {
            let (mut command, mut text) = (Cli::command(), Vec::new());
            clap_complete::generate(*shell, &mut command, "elman", &mut text);
            output::result(&text)
        }
    }
}
