use crate::Error;
use std::io;

/// The records of a CSV text, each with the line it begins on.
///
/// The `csv` crate skips blank lines, and then counts a record from the blank line
/// before it. Here blank lines between records count: they are records with one
/// empty field, and the lines in errors are the lines an editor shows.
pub(crate) struct Lines<'a> {
    name: &'a str,
    text: &'a str,
    reader: csv::Reader<&'a [u8]>,
    record: csv::StringRecord,
    /// What a blank line is: one empty field.
    empty: csv::StringRecord,
    /// The record that `record` holds is still to be given out.
    waiting: bool,
    /// Text before this byte has been given out or counted.
    byte: usize,
    /// The line, from 1, that contains `byte`.
    line: u64,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(name: &'a str, separator: u8, bytes: &'a [u8]) -> Result<Self, Error> {
        let text = std::str::from_utf8(bytes).map_err(|e| {
            let (good, rest) = bytes.split_at(e.valid_up_to());
            let line = 1 + good.iter().filter(|&&b| b == b'\n').count() as u64;
            Error::NotUtf8 { file: name.to_string(), line, byte: rest[0] }
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let (record, empty) = (csv::StringRecord::new(), csv::StringRecord::from(vec![""]));
        let mut lines =
            Lines { name, text, reader, record, empty, waiting: false, byte: 0, line: 1 };
        // Blank lines before the header are no records, and are skipped.
        while lines.blank().is_some() {}
        Ok(lines)
    }

    /// The next record and its line; `None` at the end, also if blank lines follow.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, &csv::StringRecord)>, Error> {
        if !self.waiting {
            let read = self.reader.read_record(&mut self.record);
            self.waiting = read.map_err(|e| Error::Read {
                file: self.name.to_string(),
                source: io::Error::other(e),
            })?;
        }
        if !self.waiting {
            return Ok(None);
        }
        if let Some(line) = self.blank() {
            return Ok(Some((line, &self.empty)));
        }
        self.waiting = false;
        let line = self.line;
        self.advance(self.reader.position().byte() as usize);
        // The csv reader ends a record at \r, and takes the \n of a pair with the next one.
        if self.text[..self.byte].ends_with('\r') && self.text[self.byte..].starts_with('\n') {
            self.advance(self.byte + 1);
        }
        Ok(Some((line, &self.record)))
    }

    /// Passes one blank line, if one is next, and gives its number.
    fn blank(&mut self) -> Option<u64> {
        let rest = &self.text[self.byte..];
        let length =
            if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with(['\n', '\r'])) };
        let line = self.line;
        self.advance(self.byte + length);
        (length > 0).then_some(line)
    }

    /// Moves on to `byte`, counting lines: each ends in \n, \r\n or a lone \r.
    fn advance(&mut self, byte: usize) {
        let (passed, rest) = (&self.text[self.byte..byte], &self.text[byte..]);
        let newlines = passed.matches('\n').count();
        let pairs = passed.matches("\r\n").count()
            + usize::from(passed.ends_with('\r') && rest.starts_with('\n'));
        self.line += (newlines + passed.matches('\r').count() - pairs) as u64;
        self.byte = byte;
    }
}
