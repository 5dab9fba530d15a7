//! Files as tables of text: fields between separators, JSON lines.

use crate::failure::Failure;
use elman::data::{Missing, Records};
use serde_json::Value;
use std::path::Path;

/// What a file holds, by its name, or by the separator that was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Csv,
    JsonLines,
    Text,
}

impl Kind {
    pub(crate) fn of(path: &Path, separator: Option<char>) -> Self {
        match ending(path).as_str() {
            _ if separator.is_some() => Kind::Csv,
            "csv" | "tsv" | "tab" => Kind::Csv,
            "jsonl" | "ndjson" => Kind::JsonLines,
            _ => Kind::Text,
        }
    }
}

fn ending(path: &Path) -> String {
    path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase()
}

/// Whether a character can lie between two fields.
pub(crate) fn separates(one: char) -> bool {
    one.is_ascii() && !"\"\r\n".contains(one)
}

/// What lies between two fields, as it was said.
pub(crate) fn separator(text: &str) -> Result<char, Failure> {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        _ if matches!(text, "tab" | "\\t") => Ok('\t'),
        (Some(one), None) if separates(one) => Ok(one),
        _ => Err(Failure::Usage(format!(
            "--separator is `{}`; wanted one character, such as `;` or `|`, or `tab`",
            text.escape_debug()
        ))),
    }
}

/// What lies between two fields: what was said; else by the name; else what the header has most
/// of, outside of quotation marks.
fn separator_of(path: &Path, said: Option<char>, bytes: &[u8]) -> u8 {
    const USUAL: [u8; 4] = [b',', b';', b'\t', b'|'];
    if let Some(said) = said.and_then(|said| u8::try_from(said).ok()) {
        return said;
    }
    if ending(path) != "csv" {
        return b'\t';
    }
    let mut lines = bytes.split(|byte| b"\r\n".contains(byte));
    let header = lines.find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    let outside = || header.split(|&byte| byte == b'"').step_by(2).flatten();
    let count = |&separator: &u8| outside().filter(|&&byte| byte == separator).count();
    // Of several that are as many, the first.
    USUAL.into_iter().rev().max_by_key(count).unwrap_or(b',')
}

/// The rows of a table or of JSON lines, by the name and the bytes of the file.
pub(crate) fn records(
    path: &Path,
    bytes: &[u8],
    separator: Option<char>,
) -> Result<Records, Failure> {
    let name = path.display().to_string();
    match Kind::of(path, separator) {
        Kind::Csv => Ok(Records::separated(&name, separator_of(path, separator, bytes), bytes)?),
        Kind::JsonLines => json_lines(&name, bytes),
        Kind::Text => Err(Failure::Data(format!(
            "{name} has none of the endings .csv, .tsv and .jsonl; wanted a table in one of these \
             forms, or its --separator"
        ))),
    }
}

/// How missing values are filled.
pub(crate) fn missing(name: &str) -> Result<Missing, Failure> {
    match name {
        "refuse" => Ok(Missing::Refuse),
        "last" => Ok(Missing::Last),
        "linear" => Ok(Missing::Linear),
        other => {
            Err(Failure::Usage(format!("`missing` is `{other}`; wanted refuse, last or linear")))
        }
    }
}

/// The most bytes that fields may have which are repeated: a short file could fill any memory.
const REPEATED: usize = 1 << 30;

/// One object a line. An array of numbers in a field `values` becomes as many rows, an array of
/// arrays rows of columns `values.0`, `values.1`, …; fields beside it are repeated, and a column
/// `line` tells one object from the next.
fn json_lines(name: &str, bytes: &[u8]) -> Result<Records, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|&&b| b == b'\n').count();
        Failure::Data(format!("{name}, line {line}: not UTF-8; save the file as UTF-8"))
    })?;
    let mut names: Option<Vec<String>> = None;
    let (mut rows, mut repeated) = (Vec::new(), 0usize);
    for (line, text) in (1u64..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        let wrong = |what: String| Failure::Data(format!("{name}, line {line}: {what}"));
        let object: serde_json::Map<String, Value> =
            serde_json::from_str(text).map_err(|error| {
                wrong(format!("no JSON object ({error}); wanted one object on each line"))
            })?;
        repeated = repeated.saturating_add(copies(&object));
        if repeated > REPEATED {
            return Err(wrong(format!(
                "the fields beside `values`, repeated for each of them, are more than {REPEATED} \
                 bytes; leave out those that are not needed"
            )));
        }
        let (found, found_rows) = unfold(line, &object).map_err(wrong)?;
        let names = names.get_or_insert_with(|| found.clone());
        if *names != found {
            return Err(wrong(format!(
                "the columns are {}; those of the first line are {}",
                found.join(", "),
                names.join(", ")
            )));
        }
        rows.extend(found_rows.into_iter().map(|row| (line, row)));
    }
    let names = names.ok_or_else(|| Failure::Data(format!("{name}: empty; wanted JSON lines")))?;
    Ok(Records::new(name, (1, names), rows)?)
}

/// How many bytes the fields of an object have when they are repeated for each of its values.
fn copies(object: &serde_json::Map<String, Value>) -> usize {
    let rows = object.get("values").and_then(Value::as_array).map_or(0, Vec::len);
    let plain = object.iter().filter(|(key, _)| *key != "values");
    let length = |value: &Value| value.as_str().map_or(0, str::len) + size_of::<String>();
    plain.map(|(_, value)| length(value)).sum::<usize>().saturating_mul(rows)
}

/// What to do with a file that is no text, though it is no table either.
pub(crate) fn no_text(path: &Path, bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'P', b'K', 3, 4, ..] => Some("a spreadsheet or an archive; save the table as CSV"),
        [0x1f, 0x8b, ..] => Some("compressed; unpack it"),
        [b'%', b'P', b'D', b'F', ..] => Some("a PDF; save its text or its table"),
        _ if ending(path) == "json" => {
            Some("JSON; wanted one object a line, in a file with the ending .jsonl")
        }
        _ => None,
    }
}

/// Whether rows are steps of `values`, so that each line of JSON is a sequence.
pub(crate) fn are_steps(records: &Records) -> bool {
    let json = matches!(Kind::of(Path::new(records.file()), None), Kind::JsonLines);
    let steps = |pair: &[String]| pair[0] == "line" && matches!(&*pair[1], "values" | "values.0");
    json && records.names().windows(2).any(steps)
}

const EMPTY: &str = "`values` is empty; wanted one number at least";

/// The columns and rows of an object.
fn unfold(
    line: u64,
    object: &serde_json::Map<String, Value>,
) -> Result<(Vec<String>, Vec<Vec<String>>), String> {
    let plain = object.iter().filter(|(key, _)| *key != "values");
    let (mut names, mut fields) = (Vec::new(), Vec::new());
    for (key, value) in plain {
        names.push(key.clone());
        fields.push(field(key, value)?);
    }
    let Some(values) = object.get("values") else {
        return Ok((names, vec![fields]));
    };
    let Value::Array(steps) = values else {
        return Err("`values` is no array; wanted an array of numbers or of arrays".into());
    };
    if steps.is_empty() {
        return Err(EMPTY.into());
    }
    names.push("line".into());
    fields.push(line.to_string());
    let width = steps.first().and_then(Value::as_array).map(Vec::len);
    match width {
        Some(0) => return Err(EMPTY.into()),
        None => names.push("values".into()),
        Some(width) => names.extend((0..width).map(|i| format!("values.{i}"))),
    }
    let mut rows = Vec::new();
    for step in steps {
        let numbers = match (step, width) {
            (Value::Array(numbers), Some(width)) if numbers.len() == width => numbers.as_slice(),
            (Value::Number(_) | Value::Null, None) => std::slice::from_ref(step),
            _ => return Err("`values` has elements of different forms".into()),
        };
        let numbers = numbers.iter().map(|number| field("values", number));
        rows.push([fields.clone(), numbers.collect::<Result<_, _>>()?].concat());
    }
    Ok((names, rows))
}

fn field(key: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::Bool(truth) => Ok(truth.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        Value::String(text) => Ok(text.clone()),
        Value::Array(_) | Value::Object(_) => Err(format!(
            "`{key}` is neither a number nor a text; sequences of numbers are called `values`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_tells_the_separator() {
        let of = |name: &str, said, text: &str| {
            char::from(separator_of(Path::new(name), said, text.as_bytes()))
        };
        assert_eq!(of("a.csv", None, "t,x;y,z\n1;2;3;4"), ',');
        assert_eq!(of("a.csv", None, "\n\r\nt;x;\"a,b,c,d\"\n1,2"), ';');
        assert_eq!(of("a.csv", None, "t|x\ty|z\n"), '|');
        assert_eq!(of("a.csv", None, "t\tx"), '\t');
        assert_eq!(of("a.csv", None, "t,x;y"), ',', "of two that are as many, the first");
        assert_eq!((of("a.csv", None, "one"), of("a.csv", None, "")), (',', ','));
        assert_eq!(of("A.TSV", None, "t,x,y"), '\t');
        assert_eq!(of("a.tsv", Some(';'), "t\tx"), ';');
    }

    #[test]
    fn a_short_file_does_not_fill_the_memory() {
        let values = "0,".repeat(100_000);
        let line = |name: &str| format!("{{\"name\":\"{name}\",\"values\":[{values}0]}}\n");
        let read = |text: String| records(Path::new("a.jsonl"), text.as_bytes(), None);
        assert_eq!(read(line("x")).unwrap().rows(), 100_001);
        // Without the rows, which would make a long message.
        let refused = read(line("x") + &line(&"x".repeat(20_000))).map(|_| ());
        let failure = refused.unwrap_err();
        let said = failure.to_string();
        assert!(said.starts_with("a.jsonl, line 2: the fields beside `values`"), "{said}");
        assert_eq!(failure.code(), 3);
    }
}
