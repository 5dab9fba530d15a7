use crate::{Error, error::want, fields::Fields};

/// The records of a CSV text, each with the line it begins on.
///
/// A field is quoted if it begins with `"`; it ends with the next `"` that is not doubled, and only
/// blanks may follow up to the separator (RFC 4180). Lines end in `\n`, `\r\n` or a lone `\r`.
/// Blank lines between records count: they are records with one empty field, and the lines in errors
/// are the lines an editor shows.
pub(crate) struct Lines<'a> {
    name: &'a str,
    text: &'a str,
    separator: u8,
    /// Text before this byte has been read.
    byte: usize,
    /// The line, from 1, that contains `byte`.
    line: u64,
    /// Nothing but blank lines follows after this byte.
    end: usize,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(name: &'a str, separator: u8, bytes: &'a [u8]) -> Result<Self, Error> {
        let fits = separator.is_ascii() && !b"\"\r\n".contains(&separator);
        let wanted = "an ASCII character other than a quotation mark and the end of a line";
        want(fits, "Records", "separator", char::from(separator), wanted)?;
        let text = std::str::from_utf8(bytes).map_err(|e| {
            let (good, rest) = bytes.split_at(e.valid_up_to());
            let line = 1 + good.iter().filter(|&&b| b == b'\n').count() as u64;
            Error::NotUtf8 { file: name.to_string(), line, byte: rest[0] }
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let end = text.trim_end_matches(['\n', '\r']).len();
        let mut lines = Lines { name, text, separator, byte: 0, line: 1, end };
        // Blank lines before the header are no records, and are skipped.
        while lines.text[lines.byte..lines.end].starts_with(['\n', '\r']) {
            lines.end_line();
        }
        Ok(lines)
    }

    /// The most records, and the most fields, that there can be.
    pub(crate) fn most(&self) -> (usize, usize) {
        let (mut ends, mut separators) = (1, 0);
        for &byte in self.text.as_bytes() {
            ends += usize::from(matches!(byte, b'\n' | b'\r'));
            separators += usize::from(byte == self.separator);
        }
        (ends, ends + separators)
    }

    /// The number of bytes that have not been read.
    pub(crate) fn left(&self) -> usize {
        self.text.len() - self.byte
    }

    /// Appends the fields of the next record, and returns its line; `None` at the end, also if
    /// blank lines follow.
    pub(crate) fn next(&mut self, fields: &mut Fields) -> Result<Option<u64>, Error> {
        if self.byte >= self.end {
            return Ok(None);
        }
        let line = self.line;
        loop {
            let field = &self.text[self.byte..];
            if field.starts_with('"') {
                self.quoted(fields)?;
            } else {
                let length = self.length(field);
                fields.push(field[..length].trim())?;
                self.byte += length;
            }
            if self.text.as_bytes().get(self.byte) != Some(&self.separator) {
                self.end_line();
                return Ok(Some(line));
            }
            self.byte += 1;
        }
    }

    /// The number of bytes up to the next separator or end of a line.
    fn length(&self, text: &str) -> usize {
        let ends = |&byte: &u8| byte == self.separator || matches!(byte, b'\n' | b'\r');
        text.bytes().position(|byte| ends(&byte)).unwrap_or(text.len())
    }

    /// Appends a field in quotation marks.
    fn quoted(&mut self, fields: &mut Fields) -> Result<(), Error> {
        let (file, opened) = (|| self.name.to_string(), self.line);
        let inner = &self.text[self.byte + 1..];
        let mut close = 0;
        loop {
            let open = || Error::OpenQuote { file: file(), line: opened };
            close += inner[close..].find('"').ok_or_else(open)?;
            if !inner[close + 1..].starts_with('"') {
                break;
            }
            close += 2;
        }
        let (inside, after) = (&inner[..close], &inner[close + 1..]);
        let rest = &after[..self.length(after)];
        self.line += line_ends(inside);
        if !rest.trim().is_empty() {
            let found = rest.trim().chars().take(20).collect();
            return Err(Error::AfterQuote { file: file(), line: self.line, opened, found });
        }
        self.byte += close + 2 + rest.len();
        match inside.contains('"') {
            true => fields.push(inside.replace("\"\"", "\"").trim()),
            false => fields.push(inside.trim()),
        }
    }

    /// Passes the end of a line, if it is next.
    fn end_line(&mut self) {
        let rest = &self.text[self.byte..];
        let pair = rest.starts_with("\r\n");
        self.byte += if pair { 2 } else { usize::from(rest.starts_with(['\n', '\r'])) };
        self.line += 1;
    }
}

/// The number of ends of lines in a text.
fn line_ends(text: &str) -> u64 {
    let count = |end: &str| text.matches(end).count() as u64;
    count("\n") + count("\r") - count("\r\n")
}
