//! What can be said on the command line.

use clap::{Args, Parser, Subcommand};
use elman::data::Records;
use serde::Deserialize;
use std::path::PathBuf;

/// Recurrent networks for your data: forecasts of series, classes of sequences, text.
#[derive(Debug, Parser)]
#[command(name = "elman", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Prints one JSON object instead of sentences; errors too.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Says nothing but the result.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  elman train sunspots.csv --target sunspots --horizon 12
  elman predict runs/sunspots
  elman train gestures.csv --label gesture --sequence recording
  elman train alice.txt && elman generate runs/alice --prompt 'The ' --length 300
  elman export runs/sunspots --onnx sunspots.onnx

Exit codes:
  0  done
  1  something that should not happen: please report it
  2  the command line is wrong
  3  the data cannot be used
  4  a model, a run folder or a file of settings cannot be used
  5  a file or folder cannot be read or written
  130  stopped by Ctrl-C, with a checkpoint from which `elman resume` goes on";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Trains a network on a file and writes a run folder.
    #[command(after_help = TRAIN)]
    Train(Box<Train>),
    /// Goes on with a run that was stopped or killed, to the same bits.
    Resume {
        /// The run folder.
        run: PathBuf,
    },
    /// Forecasts what follows the data, or tells the class of each sequence.
    #[command(after_help = PREDICT)]
    Predict {
        /// The run folder, or the file of a model.
        model: PathBuf,
        /// The data; `-` is the standard input. Of a run folder [default: those that the network was
        /// trained on].
        data: Option<PathBuf>,
        /// Where to write: a CSV file. Standard output, if nothing else is said.
        #[arg(long, short)]
        out: Option<PathBuf>,
        #[command(flatten)]
        form: Form,
    },
    /// Writes text, symbol after symbol.
    Generate(Generate),
    /// Tells how well a network does on a file, beside what needs no network.
    Evaluate {
        /// The run folder, or the file of a model.
        model: PathBuf,
        /// The data, with what is to be predicted, all of which are judged; `-` is the standard
        /// input. Of a run folder [default: the part that was held out of those that the network
        /// was trained on].
        data: Option<PathBuf>,
        #[command(flatten)]
        form: Form,
    },
    /// Writes a model for other programs.
    Export {
        /// The run folder, or the file of a model.
        model: PathBuf,
        /// The ONNX file to write.
        #[arg(long, value_name = "FILE")]
        onnx: PathBuf,
    },
    /// Says what is in a file of weights.
    Inspect {
        /// The run folder, or the file.
        file: PathBuf,
    },
    /// Prints completions for a shell, to be put where the shell looks for them.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

const TRAIN: &str = "\
What is to be learned follows from what is given:
  --target COLUMN   the next rows of a series, in the order of time (table, JSON lines)
  --label COLUMN    the class of each sequence: rows that share what --sequence names, one
                    after the other (table), or one object with the label and `values` a line
                    (JSON lines)
  a text file       the next symbol

Examples:
  elman train sunspots.csv --target sunspots --horizon 12
  elman train load.csv --target load --input temperature,wind --season 24 --horizon 48
  elman train gestures.jsonl --label gesture
  elman train alice.txt --layers 2 --hidden 256 --out runs/alice";

const PREDICT: &str = "\
Examples:
  elman predict runs/sunspots                        what follows the last row
  elman predict runs/sunspots newer.csv --out next.csv
  elman predict runs/gestures unknown.csv
  elman predict runs/sunspots --json                 {\"rows\": [{\"month\": …, \"sunspots\": …}, …]}";

/// How a file is written.
#[derive(Debug, Clone, Args)]
pub(crate) struct Form {
    /// What lies between two fields [default: as in the training, or found in the header].
    #[arg(long, value_name = "CHARACTER")]
    pub(crate) separator: Option<String>,
}

/// The settings of a training, all of which have a choice of their own.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Wishes {
    /// The column to forecast. For several, repeat the option, or put commas between their names;
    /// a name with a comma belongs between quotation marks, as in CSV: '"load, kW",wind'.
    #[arg(long, value_name = "COLUMN", value_parser = columns)]
    target: Vec<Columns>,
    /// The columns to read besides, named as for --target [default: all columns of numbers that
    /// vary and do more than count the rows; the choice is printed].
    #[arg(long, value_name = "COLUMN", value_parser = columns)]
    input: Vec<Columns>,
    /// How many rows to forecast [default: a season, or 12].
    #[arg(long, value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(crate) horizon: Option<usize>,
    /// After how many rows the series repeats itself, roughly; 0 for never [default: found].
    #[arg(long, value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(crate) season: Option<usize>,
    /// The column with the class of each sequence.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) label: Option<String>,
    /// The column that tells one sequence from the next.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) sequence: Option<String>,
    /// What lies between two fields: one character, or `tab` [default: found in the header].
    #[arg(long, value_name = "CHARACTER")]
    pub(crate) separator: Option<String>,
    /// What a missing value becomes: the `last` one before it; a value between its neighbours
    /// (`linear`), of which a forecast cannot know the later one, so that errors look smaller than
    /// they are; or a mistake (`refuse`). Before the first value it is a mistake, whatever is said
    /// here [default: last].
    #[arg(long, value_parser = ["refuse", "last", "linear"])]
    pub(crate) missing: Option<String>,
    /// The cell: lstm, gru, elman, min_gru, lru, … [default: gru, for text lstm].
    #[arg(long)]
    pub(crate) cell: Option<String>,
    /// The units of a layer [default: by the size of the data].
    #[arg(long, value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(crate) hidden: Option<usize>,
    /// The number of layers, 1 to 8 [default: 1].
    #[arg(long, value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(crate) layers: Option<usize>,
    /// The rate at which outputs of layers are dropped in training [default: 0].
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) dropout: Option<f64>,
    /// The most training steps [default: by the task].
    #[arg(long, value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub(crate) steps: Option<u64>,
    /// Sequences in a step [default: by the task].
    #[arg(long, value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(crate) batch: Option<usize>,
    /// Rows of the past that a step looks at [default: by the data].
    #[arg(long, value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(crate) window: Option<usize>,
    /// The learning rate [default: 0.003].
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) rate: Option<f64>,
    /// How many validations without any progress end the training; 0 for never [default: 10].
    #[arg(long, value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub(crate) patience: Option<u64>,
    /// What random numbers are drawn from; equal seeds give equal bits [default: 1].
    #[arg(long, value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,
}

/// The names of columns that one value of an option gives; in a file of settings each value is one
/// name.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "String")]
struct Columns(Vec<String>);

impl From<String> for Columns {
    fn from(name: String) -> Self {
        Columns(vec![name])
    }
}

/// Names with commas between them, as the header of a CSV file has them.
fn columns(text: &str) -> Result<Columns, String> {
    let header = Records::from_bytes("names", text.as_bytes()).ok().filter(|r| r.rows() == 0);
    let names = header.map(|header| Columns(header.names().to_vec()));
    names.ok_or_else(|| {
        "expected names with commas between them; a name with a comma or a quotation mark belongs \
         between quotation marks, as in CSV"
            .into()
    })
}

/// A whole number, or what is wanted.
fn whole<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| "wanted a whole number, 0 or more".into())
}

#[derive(Debug, Args)]
pub(crate) struct Train {
    /// The data: a table with a header (.csv, .tsv), JSON lines (.jsonl, .ndjson), else text; `-` is
    /// the standard input, a table if there is a --separator.
    pub(crate) data: PathBuf,
    /// The run folder to write [default: runs/ and the name of the data].
    #[arg(long, short)]
    pub(crate) out: Option<PathBuf>,
    /// Replaces a run that is already there.
    #[arg(long)]
    pub(crate) force: bool,
    /// A TOML file with any of the options below; what is said here has priority.
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) wishes: Wishes,
}

#[derive(Debug, Args)]
pub(crate) struct Generate {
    /// The run folder, or the file of a model.
    pub(crate) model: PathBuf,
    /// What the text begins with.
    #[arg(long, default_value = "")]
    pub(crate) prompt: String,
    /// How many bytes to write.
    #[arg(long, default_value_t = 400)]
    pub(crate) length: usize,
    /// Below 1 the likely becomes likelier, above it all become alike.
    #[arg(long, default_value_t = 0.7, allow_negative_numbers = true)]
    pub(crate) temperature: f64,
    /// Only so many of the likeliest symbols.
    #[arg(long, value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(crate) top_k: Option<usize>,
    /// Only the likeliest symbols that together have this probability.
    #[arg(long)]
    pub(crate) nucleus: Option<f64>,
    /// What random numbers are drawn from.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

impl Wishes {
    /// The columns to forecast.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.target.iter().flat_map(|columns| columns.0.clone()).collect()
    }

    /// The columns to read besides.
    pub(crate) fn inputs(&self) -> Vec<String> {
        self.input.iter().flat_map(|columns| columns.0.clone()).collect()
    }

    /// What these leave open is as others have it.
    pub(crate) fn or(self, others: Wishes) -> Wishes {
        let list = |a: Vec<Columns>, b: Vec<Columns>| if a.is_empty() { b } else { a };
        Wishes {
            target: list(self.target, others.target),
            input: list(self.input, others.input),
            horizon: self.horizon.or(others.horizon),
            season: self.season.or(others.season),
            label: self.label.or(others.label),
            sequence: self.sequence.or(others.sequence),
            separator: self.separator.or(others.separator),
            missing: self.missing.or(others.missing),
            cell: self.cell.or(others.cell),
            hidden: self.hidden.or(others.hidden),
            layers: self.layers.or(others.layers),
            dropout: self.dropout.or(others.dropout),
            steps: self.steps.or(others.steps),
            batch: self.batch.or(others.batch),
            window: self.window.or(others.window),
            rate: self.rate.or(others.rate),
            patience: self.patience.or(others.patience),
            seed: self.seed.or(others.seed),
        }
    }
}
