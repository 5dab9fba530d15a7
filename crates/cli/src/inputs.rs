//! Which columns are read: those that were asked for, or those that are there; and what is said of
//! the choice.

use crate::failure::Failure;
use crate::source::{quoted, shortened};
use elman::data::{Column, Missing, Records};
use std::collections::BTreeSet;

/// What a column has in its rows.
#[derive(Debug, Clone, PartialEq)]
enum Content {
    /// Numbers that vary, with or without gaps. Few fields may be neither: these are mistakes.
    Numbers,
    /// The same number in each of the rows.
    Constant(f64),
    /// Each number is that of the row before and 1, as in the index that pandas writes.
    RowNumbers,
    /// Nothing but missing values.
    Nothing,
    /// Mostly fields that are no numbers: how many are, of how many.
    Text { numbers: usize, fields: usize },
}

impl Content {
    /// What it has in the first of its rows.
    fn of(records: &Records, column: Column<'_>, rows: usize) -> Self {
        let (mut numbers, mut texts, mut gaps) = (0_usize, 0_usize, 0_usize);
        let (mut first, mut last, mut same) = (None, None, true);
        // The steps of a sequence have no index.
        let mut counts = records.groups().is_none();
        for field in column.iter().take(rows) {
            if Missing::is(field) {
                gaps += 1;
                continue;
            }
            // Infinities are mistakes, too, in a column of numbers.
            let Ok(x) = field.parse::<f64>() else {
                texts += 1;
                continue;
            };
            numbers += 1;
            same &= *first.get_or_insert(x) == x;
            counts &= last.is_none_or(|before: f64| before + 1.0 == x);
            last = Some(x);
        }
        match first {
            _ if texts > numbers => Content::Text { numbers, fields: numbers + texts },
            None => Content::Nothing,
            Some(x) if same && texts == 0 => Content::Constant(x),
            Some(_) if counts && texts + gaps == 0 => Content::RowNumbers,
            Some(_) => Content::Numbers,
        }
    }

    /// Why a column is not read.
    fn reason(&self) -> String {
        match self {
            Content::Numbers => "not asked for".into(),
            Content::Constant(x) => format!("always {x} where it is learned from"),
            Content::RowNumbers => "counts the rows".into(),
            Content::Nothing => "no values".into(),
            Content::Text { numbers: 0, .. } => "text".into(),
            Content::Text { numbers, fields } => {
                format!("text; {numbers} of {fields} are numbers")
            }
        }
    }
}

/// The columns to read beside those that have another role: what was asked for, or all columns
/// whose first `rows` have numbers that vary.
pub(crate) fn choose(
    records: &Records,
    rows: usize,
    asked: &[String],
    others: &[&str],
) -> Vec<String> {
    if !asked.is_empty() {
        return asked.to_vec();
    }
    let others: BTreeSet<&str> = others.iter().copied().collect();
    let free = of_file(records).filter(|column| !others.contains(column.name()));
    let chosen = free.filter(|&column| Content::of(records, column, rows) == Content::Numbers);
    chosen.map(|column| column.name().to_string()).collect()
}

/// The columns of the file: all but the one that counts its objects.
fn of_file(records: &Records) -> impl Iterator<Item = Column<'_>> {
    let counts = |column: &Column<'_>| records.groups().is_some() && column.name() == "line";
    records.columns().filter(move |column| !counts(column))
}

/// What is read and what is not by the first `rows`, in a sentence; `roles` are columns with another
/// role, which the reader knows of.
pub(crate) fn note(
    records: &Records,
    rows: usize,
    inputs: &[String],
    roles: &[&str],
    dates: Option<&str>,
) -> String {
    let read: BTreeSet<&str> =
        inputs.iter().map(String::as_str).chain(roles.iter().copied()).collect();
    let left = of_file(records).filter(|column| !read.contains(column.name()));
    let left = left.map(|column| {
        let reason = match dates == Some(column.name()) {
            true => "dates".into(),
            false => Content::of(records, column, rows).reason(),
        };
        format!("`{}` ({reason})", column.name())
    });
    let (inputs, left) = (quoted(inputs), shortened(left));
    let inputs = if inputs.is_empty() { "none" } else { &inputs };
    match left.is_empty() {
        true => format!("Inputs: {inputs}."),
        false => format!("Inputs: {inputs}. Not read: {left}."),
    }
}

/// An error if names occur twice, or are those of columns with another role, each with its option.
pub(crate) fn distinct(
    option: &str,
    names: &[String],
    roles: &[(&str, &str)],
) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(Failure::Usage(format!(
                "{option} names `{name}` twice; expected each column once"
            )));
        }
    }
    match roles.iter().find(|(_, role)| seen.contains(&role.to_string())) {
        None => Ok(()),
        Some((role, name)) => Err(Failure::Usage(format!(
            "{option} has `{name}`, which {role} names; leave it out there"
        ))),
    }
}

/// The names of the columns of answers; an error if two are equal.
pub(crate) fn unique_header(names: Vec<String>) -> Result<Vec<String>, Failure> {
    let mut seen = BTreeSet::new();
    match names.iter().find(|name| !seen.insert(*name)) {
        None => Ok(names),
        Some(name) => Err(Failure::Usage(format!(
            "the answers would have two columns named `{name}`, one of them added to those of the \
             data; rename the column `{name}`"
        ))),
    }
}
