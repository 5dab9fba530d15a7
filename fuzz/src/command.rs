//! What has to hold of the command's readers, whatever bytes they are given. The tests of the
//! command put the seeds through the same functions.

use elman::data::{Missing, Records, Table};
use elman_cli::trial::{self, Form, Refusal};

/// The most numbers of a network, and of a batch.
const MOST: usize = 1 << 14;

/// A table to say something of.
const TABLE: &[u8] = b"day,x,y,line,label\n\
    2024-01-01,1,0.5,1,a\n2024-01-02,2,0.25,1,a\n2024-01-03,3,,2,b\n2024-01-04,5,-1,3,a\n";

/// Wishes as TOML, a line `---`, and a table, which is CSV, or JSON lines if it begins with `{`.
pub fn table(bytes: &[u8]) {
    let Some(place) = bytes.windows(5).position(|part| part == b"\n---\n") else {
        return read(bytes);
    };
    let (wishes, bytes) = (&bytes[..place], &bytes[place + 5..]);
    read(bytes);
    let Ok(wishes) = std::str::from_utf8(wishes) else { return };
    let name = if bytes.starts_with(b"{") { "table.jsonl" } else { "table.csv" };
    let start = match trial::train(name, bytes, wishes, MOST) {
        Ok(start) => start,
        Err(refusal) => return said(&refusal),
    };
    assert!(start.numbers.iter().all(|x| x.is_finite()), "{:?}", start.numbers);
    let [toml, json] = &start.written;
    assert_eq!(trial::again(toml, Form::Toml).as_ref(), Ok(&start.written));
    assert_eq!(trial::again(json, Form::Json).as_ref(), Ok(&start.written));
    match trial::predict(json, Form::Json, MOST, name, bytes) {
        Ok(rows) => whole(&rows),
        Err(refusal) => said(&refusal),
    }
}

/// Settings: TOML, or JSON if they begin with `{`.
pub fn settings(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let form = if text.starts_with('{') { Form::Json } else { Form::Toml };
    let written = match trial::again(text, form) {
        Ok(written) => written,
        Err(refusal) => return said(&refusal),
    };
    assert_eq!(trial::again(&written[0], Form::Toml).as_ref(), Ok(&written));
    assert_eq!(trial::again(&written[1], Form::Json).as_ref(), Ok(&written));
    match trial::predict(text, form, MOST, "table.csv", TABLE) {
        Ok(rows) => whole(&rows),
        Err(refusal) => said(&refusal),
    }
}

/// A refusal is a sentence, and not that something should not have happened.
fn said((code, sentence): &Refusal) {
    assert!(*code != 1 && !sentence.is_empty(), "{code}: {sentence}");
}

/// Rows are as long as the header, and forecasts are numbers.
fn whole(rows: &[Vec<String>]) {
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    if rows[0].get(2) == rows[0].get(1).map(|name| format!("{name}_low")).as_ref() {
        let number = |text: &String| text.parse::<f64>().is_ok_and(f64::is_finite);
        assert!(rows[1..].iter().all(|row| row.iter().skip(1).step_by(3).all(number)), "{rows:?}");
    }
}

/// CSV as text and as numbers, and written again.
fn read(bytes: &[u8]) {
    let Ok(records) = Records::from_bytes("table.csv", bytes) else { return };
    let lines: Vec<_> = (0..records.rows()).map(|row| records.line(row)).collect();
    assert!(lines.is_sorted_by(|a, b| a < b) && !lines.contains(&None));

    let row = |row: usize| records.columns().map(|column| column.get(row).unwrap()).collect();
    let rows = (0..records.rows()).map(|i| quoted(row(i)));
    let header = quoted(records.names().iter().map(String::as_str).collect());
    let text: String = std::iter::once(header).chain(rows).collect();
    let again = Records::from_bytes("table.csv", text.as_bytes()).unwrap();
    assert_eq!((again.names(), again.rows()), (records.names(), records.rows()));
    assert!(records.columns().zip(again.columns()).all(|(a, b)| a.iter().eq(b.iter())));

    for missing in [Missing::Refuse, Missing::Last, Missing::Linear] {
        let names: Vec<&str> = records.names().iter().take(8).map(String::as_str).collect();
        for columns in names.chunks(1).chain([&names[..]]) {
            let table = Table::from_reader("table.csv", bytes, columns, missing);
            let same = records.numbers(columns, missing);
            match (table, same) {
                (Ok(table), Ok(same)) => {
                    assert_eq!(table, same);
                    assert_eq!(table.rows(), records.rows());
                    assert_eq!(table.values().len(), records.rows() * columns.len());
                    assert!(table.values().iter().all(|x| x.is_finite()));
                }
                (Err(error), Err(same)) => assert_eq!(error.to_string(), same.to_string()),
                (table, same) => panic!("{table:?}, but {same:?}"),
            }
        }
    }
}

/// A line of CSV, all of its fields between quotation marks.
fn quoted(fields: Vec<&str>) -> String {
    let fields: Vec<_> =
        fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
    fields.join(",") + "\n"
}
