//! Which columns are read, what is said of the choice, and that nothing of a file goes in silence.

use crate::shared::{command, done, numbers, series};
use elman_cli::trial::{Refusal, train};
use std::fs;
use std::path::Path;

/// A series of columns; each field by its row.
fn table(header: &str, rows: usize, fields: impl Fn(usize) -> String) -> String {
    format!("{header}\n{}", (0..rows).map(|t| fields(t) + "\n").collect::<String>())
}

/// The list of inputs as the settings have it.
fn inputs(name: &str, text: &str, wishes: &str) -> Result<String, Refusal> {
    let start = train(name, text.as_bytes(), &format!("hidden = 2\nsteps = 2\n{wishes}"), 1 << 14)?;
    let line = start.written[0].lines().find(|line| line.starts_with("inputs = ")).unwrap();
    Ok(line["inputs = ".len()..].to_string())
}

fn refused(text: &str, wishes: &str) -> String {
    let (code, said) = inputs("a.csv", text, wishes).unwrap_err();
    assert!([2, 3].contains(&code), "{said}");
    said
}

const TARGET: &str = "target = ['y']\n";

/// A target, a number and a word.
fn mixed(field: impl Fn(usize) -> String) -> String {
    table("y,wind,room", 60, |t| format!("{},{},r{}", t * t % 11, field(t), t % 3))
}

#[test]
fn a_field_that_is_no_number_is_an_error_with_its_line() {
    let plain = mixed(|t| (t * 7 % 13).to_string());
    assert_eq!(inputs("a.csv", &plain, TARGET).unwrap(), "[\"wind\"]");
    for (row, text) in [(30, "?"), (59, "Total"), (0, "km/h"), (5, "3,5")] {
        let field =
            |t: usize| if t == row { format!("\"{text}\"") } else { (t * 7 % 13).to_string() };
        let said = refused(&mixed(field), TARGET);
        let wanted = format!("a.csv, line {}, column `wind`: `{text}` is not a number", row + 2);
        assert!(said.starts_with(&wanted), "{said}");
    }
    let infinite = mixed(|t: usize| if t == 9 { "inf".into() } else { (t * 7 % 13).to_string() });
    assert!(refused(&infinite, TARGET).starts_with("a.csv, line 11, column `wind`: `inf`"));
    // The last field of all is missing: that is filled, or refused, as any other.
    let end = mixed(|t: usize| if t == 59 { String::new() } else { (t * 7 % 13).to_string() });
    assert_eq!(inputs("a.csv", &end, TARGET).unwrap(), "[\"wind\"]");
    let said = refused(&end, &format!("{TARGET}missing = 'linear'"));
    assert!(said.starts_with("a.csv, line 61, column `wind`: missing value"), "{said}");
    let begin = mixed(|t: usize| if t == 0 { String::new() } else { (t * 7 % 13).to_string() });
    assert!(refused(&begin, TARGET).starts_with("a.csv, line 2, column `wind`: missing value"));
    // In classes of rows it is the same.
    let label = "label = 'room'\n";
    assert_eq!(inputs("a.csv", &plain, label).unwrap(), "[\"y\", \"wind\"]");
    let mark = mixed(|t: usize| if t == 8 { "?".into() } else { (t * 7 % 13).to_string() });
    assert!(refused(&mark, label).starts_with("a.csv, line 10, column `wind`: `?` is not"));
}

#[test]
fn a_line_below_the_table_is_an_error() {
    let months = series(60);
    assert!(inputs("a.csv", &months, "target = ['load']").is_ok());
    let said = refused(&format!("{months}Total,300,5\n"), "target = ['load']");
    let wanted = "a.csv, line 62, column `month`: expected a date such as `1990-01`, got `Total`";
    assert!(said.starts_with(wanted), "{said}");
    // Without a value to forecast it is left out, as rows to come are.
    assert!(inputs("a.csv", &format!("{months}Total,,\n"), "target = ['load']").is_ok());
}

#[test]
fn columns_that_say_nothing_are_not_read() {
    let text = table(",year,quarter,y,same,name,none", 60, |t| {
        format!("{t},{},{},{},4,n{t},NA", 1990 + t / 4, 1 + t % 4, t * t % 11)
    });
    assert_eq!(inputs("a.csv", &text, TARGET).unwrap(), "[\"year\", \"quarter\"]");
    // What is asked for is read.
    let asked = format!("{TARGET}input = ['', 'year']");
    assert_eq!(inputs("a.csv", &text, &asked).unwrap(), "[\"\", \"year\"]");
    let said = refused(&text, &format!("{TARGET}input = ['same']"));
    assert!(said.contains("the column `same` is 4 in rows 1 to"), "{said}");
}

#[test]
fn names_are_told_apart() {
    let text = table("y,\"load, kW\",row,x,x_low", 60, |t| {
        format!("{},{},{},{},{}", t * t % 11, t % 5, t * 3 % 7, t % 6, t % 9)
    });
    for (wishes, said) in [
        ("target = ['y', 'y']", "--target names `y` twice; expected each column once"),
        (
            "target = ['y']\ninput = ['x', 'x']",
            "--input names `x` twice; expected each column once",
        ),
        (
            "target = ['y']\ninput = ['y']",
            "--input has `y`, which --target names; leave it out there",
        ),
        ("target = ['row']", "the answers would have two columns named `row`"),
        ("target = ['x', 'x_low']", "the answers would have two columns named `x_low`"),
    ] {
        let found = refused(&text, wishes);
        assert!(found.starts_with(said), "{found}");
    }
    let classes = table("y,probability,line", 60, |t| format!("{},{},a{}", t % 11, t % 2, t % 2));
    for label in ["probability", "line"] {
        let found = refused(&classes, &format!("label = '{label}'"));
        assert!(found.starts_with(&format!("the answers would have two columns named `{label}`")));
    }
    // A column of years is no calendar if it is the target.
    let years = table("year,y", 60, |t| format!("{},{}", 1950 + t, t * t % 11));
    assert!(inputs("a.csv", &years, "target = ['year']").is_ok());
}

#[test]
fn one_series_is_forecast() {
    let values = |from: usize| -> String {
        let all: Vec<_> = (from..from + 60).map(|t| (t * t % 11).to_string()).collect();
        format!("{{\"values\": [{}]}}\n", all.join(", "))
    };
    let wishes = "target = ['values']";
    assert!(inputs("a.jsonl", &values(0), wishes).is_ok());
    let (code, said) = inputs("a.jsonl", &(values(0) + "\n" + &values(3)), wishes).unwrap_err();
    // The column `line` that tells objects apart is none of the file.
    let named = |wishes: &str| {
        let object = |i: usize| {
            format!("{{\"k\": \"{}\", \"id\": {i}, \"values\": [{}, 1, 2]}}\n", i % 2, i * i % 7)
        };
        inputs("a.jsonl", &(0..40).map(object).collect::<String>(), wishes).unwrap()
    };
    assert_eq!(named("label = 'k'\nsequence = 'id'\nbatch = 4"), "[\"values\"]");
    let wanted = "a.jsonl, line 3: a second object with `values`; expected one series, in one \
                  object (--label classifies the sequences of several)";
    assert_eq!((code, said.as_str()), (3, wanted));
}

/// What is printed: standard output, and standard error.
fn said(folder: &Path, arguments: &[&str]) -> [String; 2] {
    let output = command(folder, arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap())
}

#[test]
fn notes_are_in_every_form_of_what_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let day = |t: usize| format!("2024-{:02}-{:02}", 1 + t / 20, 1 + t % 20 + t / 3 % 2);
    let text = table("day,\"load, kW\",wind,place", 100, |t| {
        format!("{},{},{},here", day(t), t * t % 11, t * 7 % 13)
    });
    fs::write(folder.join("a.csv"), text).unwrap();
    let inputs = "Inputs: `wind`. Not read: `day` (text), `place` (text).";
    let counted = "Rows are counted: `day` is not at equal intervals (line";
    let both = |text: &str| text.contains(inputs) && text.contains(counted);
    let train = ["train", "a.csv", "--force", "--target", "\"load, kW\"", "--horizon", "4"];
    let train = [&train[..], &["--steps", "10", "--hidden", "2", "--window", "16"]].concat();

    let [plain, _] = said(folder, &train);
    assert!(both(&plain), "{plain}");
    let [quiet, beside] = said(folder, &[&train[..], &["-q"]].concat());
    assert!(!quiet.contains("Inputs") && both(&beside), "{quiet}{beside}");
    let [json, beside] = said(folder, &[&train[..], &["--json"]].concat());
    let notes = numbers(&json)["notes"].clone();
    assert!(notes[0] == inputs && notes[1].as_str().unwrap().starts_with(counted), "{notes}");
    assert_eq!(beside, "");

    let [table, beside] = said(folder, &["predict", "runs/a"]);
    assert!(table.starts_with("row,\"load, kW\",\"load, kW_low\"") && beside.starts_with(counted));
    let [json, beside] = said(folder, &["predict", "runs/a", "--json"]);
    assert!(numbers(&json)["notes"][0].as_str().unwrap().starts_with(counted) && beside.is_empty());
    let judged = done(folder, &["evaluate", "runs/a"]);
    assert!(both(&judged), "{judged}");
    let judged = numbers(&done(folder, &["evaluate", "runs/a", "--json"]));
    assert_eq!(judged["notes"], notes);
    let [resumed, _] = said(folder, &["resume", "runs/a"]);
    assert!(both(&resumed), "{resumed}");
}

/// Several columns with commas between them, quoted as in CSV, or the option again.
#[test]
fn columns_are_named_on_the_command_line_as_in_a_header() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = table("\"load, kW\",\"5\"\" tube\",x", 60, |t| {
        format!("{},{},{}", t * t % 11, t * 3 % 7, t % 5)
    });
    fs::write(folder.join("a.csv"), text).unwrap();
    let sizes = ["--steps", "2", "--hidden", "2", "--window", "8", "--horizon", "2", "-q"];
    for names in [
        &["--target", "\"load, kW\",x", "--input", "\"5\"\" tube\""][..],
        &["--target", "\"load, kW\"", "--target", "x"],
    ] {
        done(folder, &[&["train", "a.csv", "--force"][..], names, &sizes].concat());
        let settings = fs::read_to_string(folder.join("runs/a/settings.toml")).unwrap();
        assert!(settings.contains("targets = [\"load, kW\", \"x\"]"), "{settings}");
        assert!(settings.contains("inputs = ['5\" tube']"), "{settings}");
    }
    let output = command(folder, &["train", "a.csv", "--target", "\"load, kW"]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("expected names with commas between them"), "{error}");
}
