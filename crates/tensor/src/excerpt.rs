//! Texts of files in messages.

use std::fmt::{self, Write};

/// A text from a file, as a message shows it: without anything that a terminal would obey, and of a
/// limited length.
///
/// Control characters, and those that change the direction of text, are escaped. The middle of a
/// long text is left out: three quarters of what is shown are its beginning, the rest is its end.
/// [`Debug`](fmt::Debug) adds quotation marks.
///
/// ```
/// use elman_tensor::{Excerpt, excerpt};
///
/// assert_eq!(excerpt("a\x1b[2J\nb").to_string(), r"a\u{1b}[2J\nb");
/// assert_eq!(excerpt("größe").to_string(), "größe");
/// assert_eq!(format!("{:?}", excerpt("a \"b\"")), r#""a \"b\"""#);
/// assert_eq!(Excerpt::new("from 1 to 100", 8).to_string(), "from 1…00");
/// assert!(excerpt(&"long".repeat(1000)).to_string().chars().count() <= 81);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Excerpt<'a> {
    start: &'a str,
    end: Option<&'a str>,
}

/// The most characters of a name or a cell in a message.
const NAME: usize = 80;

/// A name or a cell, as a message shows it: at most 80 of its characters.
///
/// ```
/// use elman_tensor::excerpt;
///
/// assert_eq!(excerpt("x\x07").to_string(), r"x\u{7}");
/// assert_eq!(excerpt(&"x".repeat(81)).to_string(), "x".repeat(60) + "…" + &"x".repeat(20));
/// ```
pub fn excerpt(text: &str) -> Excerpt<'_> {
    Excerpt::new(text, NAME)
}

impl<'a> Excerpt<'a> {
    /// At most `limit` characters of a text.
    pub fn new(text: &'a str, limit: usize) -> Self {
        let (tail, mut places) = (limit / 4, text.char_indices());
        // Where the beginning ends, if there are more characters than the limit.
        let head = places.nth(limit - tail).map(|(at, _)| at);
        let more = tail == 0 || places.nth(tail - 1).is_some();
        match head.filter(|_| more) {
            None => Excerpt { start: text, end: None },
            Some(head) => {
                let last = text.char_indices().rev().take(tail).last();
                let end = last.map_or("", |(at, _)| &text[at..]);
                Excerpt { start: &text[..head], end: Some(end) }
            }
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, quoted: bool) -> fmt::Result {
        let write = |f: &mut fmt::Formatter<'_>, text: &str| {
            text.chars().try_for_each(|c| match c {
                _ if is_obeyed(c) => write!(f, "{}", c.escape_default()),
                '"' | '\\' if quoted => write!(f, "\\{c}"),
                _ => f.write_char(c),
            })
        };
        write(f, self.start)?;
        match self.end {
            None => Ok(()),
            Some(end) => f.write_char('…').and_then(|()| write(f, end)),
        }
    }
}

/// Whether a terminal does something else with a character than to show it: control characters, and
/// those that change the direction of text.
///
/// ```
/// use elman_tensor::is_obeyed;
///
/// assert!(is_obeyed('\x1b') && is_obeyed('\u{202e}') && !is_obeyed('é'));
/// ```
pub fn is_obeyed(c: char) -> bool {
    let direction = matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    c.is_control() || direction
}

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, false)
    }
}

impl fmt::Debug for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        self.write(f, true)?;
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::Excerpt;

    #[test]
    fn only_what_is_longer_is_cut() {
        for length in 0..30 {
            for limit in 0..30 {
                let text: String = "aä\u{1f600}".chars().cycle().take(length).collect();
                let shown = Excerpt::new(&text, limit).to_string();
                let count = shown.chars().filter(|&c| c != '…').count();
                assert_eq!(count, length.min(limit), "{length} of {limit}: {shown}");
                assert_eq!(shown == text, length <= limit, "{length} of {limit}: {shown}");
                assert!(length <= limit || text.ends_with(shown.split('…').nth(1).unwrap()));
            }
        }
    }
}
