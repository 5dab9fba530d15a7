//! One page of everything.

use crate::canvas::printed;
use crate::error::Error;
use crate::figures::{Confusion, Forecast, Gradients, States, panels};
use crate::picture::Picture;
use elman_train::History;
use std::fs;
use std::path::Path;

/// A page about a training, in one file that needs no network and runs no program: `report.html`.
///
/// Its sections are plain data, and come in the order in which they are given.
///
/// ```
/// use elman_report::{Confusion, Gradients, Report};
///
/// let report = Report::new("Waves")
///     .text("An LSTM tells four waves apart.")
///     .table("Settings", [("units", "24"), ("rate", "0.01")])
///     .gradients("Gradients", Gradients { norms: vec![("first".into(), vec![1e-3, 0.1, 1.0])] })
///     .confusion("New recordings", Confusion::new(["sine", "square"]));
/// let page = report.html()?;
/// assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<td>24</td>"));
/// # Ok::<(), elman_report::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    title: String,
    sections: Vec<(String, Section)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Section {
    Text(String),
    Table(Vec<(String, String)>),
    Curves(History),
    Forecast(Forecast),
    Gradients(Gradients),
    States(States),
    Confusion(Confusion),
}

impl Report {
    /// An empty page with a title.
    pub fn new(title: impl Into<String>) -> Self {
        Report { title: title.into(), sections: Vec::new() }
    }

    /// A paragraph.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        self.with("", Section::Text(text.into()))
    }

    /// Names and values: settings, or results.
    #[must_use]
    pub fn table<N: ToString, V: ToString>(
        self,
        title: &str,
        rows: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let rows = rows.into_iter().map(|(name, value)| (name.to_string(), value.to_string()));
        self.with(title, Section::Table(rows.collect()))
    }

    /// Losses, metrics and rates of a run over its steps.
    #[must_use]
    pub fn curves(self, title: &str, history: &History) -> Self {
        self.with(title, Section::Curves(history.clone()))
    }

    /// A series and what was said about it.
    #[must_use]
    pub fn forecast(self, title: &str, forecast: Forecast) -> Self {
        self.with(title, Section::Forecast(forecast))
    }

    /// Norms of gradients by time step.
    #[must_use]
    pub fn gradients(self, title: &str, gradients: Gradients) -> Self {
        self.with(title, Section::Gradients(gradients))
    }

    /// Hidden states over time.
    #[must_use]
    pub fn states(self, title: &str, states: States) -> Self {
        self.with(title, Section::States(states))
    }

    /// What is taken for what.
    #[must_use]
    pub fn confusion(self, title: &str, confusion: Confusion) -> Self {
        self.with(title, Section::Confusion(confusion))
    }

    /// The page. In the place of a picture that cannot be drawn it says so.
    ///
    /// # Errors
    /// If a section's numbers do not fit together.
    pub fn html(&self) -> Result<String, Error> {
        let title = escaped(&self.title);
        let mut page = format!("{HEAD}<title>{title}</title>\n<style>\n{STYLE}</style>\n");
        page += &format!("</head>\n<body>\n<main>\n<h1>{title}</h1>\n");
        for (title, section) in &self.sections {
            let wide = matches!(section, Section::Text(_) | Section::Curves(_));
            page += if wide { "<section class=\"wide\">\n" } else { "<section>\n" };
            if !title.is_empty() {
                page += &format!("<h2>{}</h2>\n", escaped(title));
            }
            page += &section.html(title)?;
            page += "</section>\n";
        }
        page += "</main>\n</body>\n</html>\n";
        Ok(page)
    }

    /// Writes the page to a file.
    ///
    /// # Errors
    /// As [`html`](Report::html), and what the operating system says.
    pub fn save(&self, file: impl AsRef<Path>) -> Result<(), Error> {
        let file = file.as_ref();
        fs::write(file, self.html()?).map_err(Error::write(file))
    }

    fn with(mut self, title: &str, section: Section) -> Self {
        self.sections.push((title.into(), section));
        self
    }
}

impl Section {
    fn html(&self, title: &str) -> Result<String, Error> {
        let pictures = match self {
            Section::Text(text) => return Ok(paragraph(text)),
            Section::Table(rows) => return Ok(table(rows)),
            Section::Curves(history) => panels(history),
            Section::Forecast(forecast) => forecast.picture().map(|picture| vec![picture]),
            Section::Gradients(gradients) => gradients.picture().map(|picture| vec![picture]),
            Section::States(states) => states.picture().map(|picture| vec![picture]),
            Section::Confusion(confusion) => confusion.picture().map(|picture| vec![picture]),
        };
        let pictures = match pictures {
            Err(error @ Error::Drawing { .. }) => return Ok(paragraph(&error.to_string())),
            pictures => pictures?,
        };
        let pictures: String = pictures.iter().map(|picture| figure(title, picture)).collect();
        Ok(format!("<div class=\"figures\">\n{pictures}</div>\n"))
    }
}

fn paragraph(text: &str) -> String {
    format!("<p>{}</p>\n", escaped(text))
}

fn table(rows: &[(String, String)]) -> String {
    let row = |(name, value): &(String, String)| {
        format!("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escaped(name), escaped(value))
    };
    format!("<table>\n{}</table>\n", rows.iter().map(row).collect::<String>())
}

/// A picture within the page: without the name space that only a file of its own needs.
fn figure(title: &str, picture: &Picture) -> String {
    let label = format!("<svg role=\"img\" aria-label=\"{}\" ", escaped(title));
    let svg = picture.svg().replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
    format!("<figure>\n{}</figure>\n", svg.replacen("<svg ", &label, 1))
}

/// Text that HTML does not take for anything else.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            '\n' | '\t' => escaped.push(c),
            c => escaped.push(printed(c)),
        }
    }
    escaped
}

/// The policy forbids the page to load anything at all.
const HEAD: &str = "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
";

/// Pictures are drawn for white paper; where the reader prefers a dark page, their ink changes with
/// it.
const STYLE: &str = include_str!("report.css");
