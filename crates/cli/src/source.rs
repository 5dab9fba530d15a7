//! Files as tables of text.

use crate::failure::Failure;
use crate::json_lines;
use elman::data::{Missing, Records};
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
        Kind::JsonLines => json_lines::read(&name, bytes),
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

/// Names in quotation marks, the first of them.
pub(crate) fn quoted(names: &[String]) -> String {
    shortened(names.iter().map(|name| format!("`{name}`")))
}

/// The first of some words, and the number of the others.
pub(crate) fn shortened(mut words: impl Iterator<Item = String>) -> String {
    let shown: Vec<_> = words.by_ref().take(12).collect();
    let more = words.count();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
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
}
