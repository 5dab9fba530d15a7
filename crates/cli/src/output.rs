//! The output streams: results on standard output, messages on standard error.

use crate::failure::Failure;
use elman::tensor::{Excerpt, is_obeyed};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, IsTerminal, Write};

/// The most characters of a message: its beginning and its end, whatever names and cells it has.
const MESSAGE: usize = 2000;

/// Writes a result to standard output; on a terminal, as [lines]. A closed pipe is not an error:
/// its reader, such as `head`, has what it wants.
pub(crate) fn result(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let shown = out.is_terminal().then(|| lines(&String::from_utf8_lossy(bytes)));
    let bytes = shown.as_ref().map_or(bytes, String::as_bytes);
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| {
            Failure::File(format!("the standard output cannot be written: {error}"))
        }),
    }
}

/// Whether [lines] escape a character.
pub(crate) fn is_escaped(c: char) -> bool {
    c != '\n' && is_obeyed(c)
}

/// Lines in which a terminal obeys nothing but their ends.
pub(crate) fn lines(text: &str) -> String {
    let lines = text.split('\n').map(|line| Excerpt::new(line, usize::MAX).to_string());
    lines.collect::<Vec<_>>().join("\n")
}

/// A message: one line of limited length.
pub(crate) fn message(text: &str) -> String {
    Excerpt::new(text, MESSAGE).to_string()
}

/// A line of JSON, in which escapes take the place of what a terminal obeys.
pub(crate) fn json(value: &Value) -> String {
    let mut text = String::new();
    for c in value.to_string().chars() {
        // All that is left of these is in strings.
        match is_obeyed(c) {
            true => _ = write!(text, "\\u{:04x}", u32::from(c)),
            false => text.push(c),
        }
    }
    text + "\n"
}

/// Writes a line to standard error. One that cannot be written is dropped: the work goes on, and
/// the exit code says how it ended.
pub(crate) fn note(line: &str) {
    _ = writeln!(io::stderr(), "{}", message(line));
}

#[cfg(test)]
mod tests {
    use super::{json, lines};
    use serde_json::{Value, json};

    #[test]
    fn a_terminal_obeys_nothing_but_the_ends_of_lines() {
        let hostile = "a\x1b[2J\tb\u{9b}31m\u{202e}\u{7f}ä\r\nc\n";
        let shown = lines(hostile);
        assert_eq!(shown, "a\\u{1b}[2J\\tb\\u{9b}31m\\u{202e}\\u{7f}ä\\r\nc\n");
        let object = json!({ hostile: hostile });
        let text = json(&object);
        assert!(text.trim_end().chars().all(|c| c == 'ä' || (' '..='~').contains(&c)), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), object);
    }
}
