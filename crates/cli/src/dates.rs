//! Dates: which column has them, and how they go on.

mod form;

use crate::failure::Failure;
use elman::data::{Column, Records};
use form::{Form, may_be_date};
use jiff::Span;
use jiff::civil::DateTime;
use std::collections::BTreeSet;
use std::fmt;

/// The dates of a series at equal intervals, and how they are written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dates {
    /// The column.
    pub(crate) column: String,
    last: DateTime,
    step: Step,
    form: Form,
}

/// Where dates do not go on as they began.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Uneven {
    pub(crate) column: String,
    pub(crate) line: u64,
    pub(crate) before: String,
    pub(crate) now: String,
    /// Whether they go back.
    pub(crate) back: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Months(i32),
    Seconds(i64),
}

impl Dates {
    /// The first column, other than the targets, that has nothing but dates at equal intervals.
    ///
    /// # Errors
    ///
    /// If there is none, nor one of dates at other intervals, but one that has some fields besides
    /// its dates: a row with a sum at the end, say.
    pub(crate) fn find(records: &Records, targets: &[String]) -> Result<Option<Self>, Failure> {
        let found = others(records, targets).find_map(|column| {
            Form::ALL.iter().find_map(|&form| {
                let dates = form.read_all(column)?;
                let step = Step::of(&dates)?;
                let name = column.name().to_string();
                Some(Dates { column: name, last: *dates.last()?, step, form })
            })
        });
        if found.is_none() && Dates::uneven(records, targets).is_none() {
            others(records, targets).try_for_each(|column| whole(records, column))?;
        }
        Ok(found)
    }

    /// What a user has to know of dates that are not at equal intervals, or are not understood.
    pub(crate) fn notes(records: &Records, targets: &[String]) -> Vec<String> {
        if let Some(uneven) = Dates::uneven(records, targets) {
            return vec![format!(
                "Rows are counted: `{}` is not at equal intervals (line {}: {} after {}).",
                uneven.column, uneven.line, uneven.now, uneven.before
            )];
        }
        let unknown = others(records, targets).find(|column| {
            let first = column.get(0).unwrap_or("");
            may_be_date(first) && Form::ALL.iter().all(|form| form.read(first).is_none())
        });
        let note = unknown.map(|column| {
            format!(
                "Rows are counted, the oldest first: `{}` may have dates, but `{}` is in none of                  the known forms, such as 2024-01-31.",
                column.name(),
                column.get(0).unwrap_or("")
            )
        });
        note.into_iter().collect()
    }

    /// An error if the rows do not go forward in time.
    pub(crate) fn check_order(records: &Records, targets: &[String]) -> Result<(), Failure> {
        match Dates::uneven(records, targets).filter(|uneven| uneven.back) {
            None => Ok(()),
            Some(uneven) => Err(Failure::Data(format!(
                "{}, line {}: `{}` goes back, from {} to {}; sort the rows, oldest first",
                records.file(),
                uneven.line,
                uneven.column,
                uneven.before,
                uneven.now
            ))),
        }
    }

    /// The first column, other than the targets, of nothing but dates that do not go on evenly, and
    /// how. Numbers of four digits count as years only where their column is called so, and they
    /// never go forward.
    fn uneven(records: &Records, targets: &[String]) -> Option<Uneven> {
        others(records, targets).find_map(|column| {
            let forms = Form::ALL.iter().filter(|form| !form.is_number());
            let years = Form::Year.read_all(column).filter(|years| {
                let named = column.name().to_ascii_lowercase().contains("year");
                named && back(years).is_some() && years.is_sorted_by(|a, b| a >= b)
            });
            let mut readings = forms.filter_map(|form| form.read_all(column)).chain(years);
            // Of days and months that can change places, those that go forward.
            let first = readings.next()?;
            let dates = match back(&first) {
                Some(_) => readings.find(|dates| back(dates).is_none()).unwrap_or(first),
                None => first,
            };
            let back = back(&dates);
            // Two dates say how the others should go on. What is uneven stays so.
            let counts: Vec<usize> = (3..=dates.len()).collect();
            let even = counts.partition_point(|&count| Step::of(&dates[..count]).is_some());
            let t = back.or(counts.get(even).map(|count| count - 1))?;
            let line = records.line(t).unwrap_or(0);
            let [before, now] = [t - 1, t].map(|t| column.get(t).unwrap_or("").to_string());
            Some(Uneven {
                column: column.name().to_string(),
                line,
                before,
                now,
                back: back.is_some(),
            })
        })
    }

    /// The interval between two rows, as text.
    pub(crate) fn interval(&self) -> String {
        self.step.to_string()
    }

    /// So many dates after the last row; fewer at the end of all calendars.
    pub(crate) fn after(&self, count: usize) -> Vec<String> {
        let dates =
            (1..=count as i64).map_while(|i| self.last.checked_add(self.step.times(i)?).ok());
        dates.map(|date| self.form.write(date)).collect()
    }

    /// How many rows make a season, by what the calendar has: days, weeks, years.
    pub(crate) fn season(&self) -> Option<usize> {
        let (days, weeks) = (86_400, 7 * 86_400);
        match self.step {
            Step::Months(months) => (months < 12 && 12 % months == 0).then(|| 12 / months as usize),
            Step::Seconds(step) if step < days && days % step == 0 => Some((days / step) as usize),
            Step::Seconds(step) if step < weeks && weeks % step == 0 => {
                Some((weeks / step) as usize)
            }
            Step::Seconds(_) => None,
        }
    }
}

/// The first row that is before the one above it.
fn back(dates: &[DateTime]) -> Option<usize> {
    (1..dates.len()).find(|&t| dates[t] < dates[t - 1])
}

/// The columns that may have dates: all but the targets.
fn others<'a>(records: &'a Records, targets: &[String]) -> impl Iterator<Item = Column<'a>> {
    let targets: BTreeSet<String> = targets.iter().cloned().collect();
    records.columns().filter(move |column| !targets.contains(column.name()))
}

/// An error for a column that has mostly dates of a form, but not only.
fn whole(records: &Records, column: Column<'_>) -> Result<(), Failure> {
    let forms = || Form::ALL.iter().filter(|form| !form.is_number());
    // A form that one of the first fields has.
    let mut fields = column.iter().take(3);
    let Some((example, form)) = fields.find_map(|field| {
        forms().find(|form| form.read(field).is_some()).map(|form| (field.to_string(), form))
    }) else {
        return Ok(());
    };
    let wrong = |&(_, text): &(usize, &str)| form.read(text).is_none();
    let mut mistakes = column.iter().enumerate().filter(wrong);
    let Some((row, found)) = mistakes.next() else { return Ok(()) };
    if 2 * (1 + mistakes.count()) >= records.rows() {
        return Ok(());
    }
    Err(Failure::Data(format!(
        "{}, line {}, column `{}`: expected a date such as `{example}`, got `{found}`; correct it, \
         or leave the row out",
        records.file(),
        records.line(row).unwrap_or(0),
        column.name()
    )))
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units: &[(i64, &str)] = match self {
            Step::Months(_) => &[(12, "year"), (1, "month")],
            Step::Seconds(_) => {
                &[(604_800, "week"), (86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")]
            }
        };
        let size = match *self {
            Step::Months(months) => months.into(),
            Step::Seconds(seconds) => seconds,
        };
        let (unit, name) = units.iter().find(|(unit, _)| size % unit == 0).unwrap_or(&(1, ""));
        let count = size / unit;
        write!(f, "{count} {name}{}", if count == 1 { "" } else { "s" })
    }
}

impl Step {
    /// The one step between all dates.
    fn of(dates: &[DateTime]) -> Option<Self> {
        let months = |a: &DateTime, b: &DateTime| {
            let months = |d: &DateTime| i32::from(d.year()) * 12 + i32::from(d.month());
            (a.day() == b.day() && a.time() == b.time()).then(|| months(b) - months(a))
        };
        let seconds = |a: &DateTime, b: &DateTime| a.duration_until(*b).as_secs();
        let pairs = || dates.windows(2).map(|pair| (&pair[0], &pair[1]));
        let (a, b) = pairs().next()?;
        let by_months = months(a, b).filter(|&m| m > 0);
        if let Some(step) = by_months.filter(|_| pairs().all(|(a, b)| months(a, b) == by_months)) {
            return Some(Step::Months(step));
        }
        let step = seconds(a, b);
        (step > 0 && pairs().all(|(a, b)| seconds(a, b) == step)).then_some(Step::Seconds(step))
    }

    fn times(self, count: i64) -> Option<Span> {
        match self {
            Step::Months(months) => Span::new().try_months(count.checked_mul(months.into())?).ok(),
            Step::Seconds(seconds) => Span::new().try_seconds(count.checked_mul(seconds)?).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(texts: &[&str]) -> Option<Dates> {
        Dates::find(&records(texts), &[]).unwrap()
    }

    fn records(texts: &[&str]) -> Records {
        let mut records = Records::new("a.csv", (1, vec!["when".into()]));
        (2..).zip(texts).for_each(|(line, text)| records.push(line, [*text]).unwrap());
        records
    }

    #[test]
    fn a_field_among_dates_that_is_none_is_an_error() {
        let said = |texts: &[&str]| Dates::find(&records(texts), &[]).map_err(|e| e.to_string());
        let refused = |line: u64, found: &str| {
            Err(format!(
                "a.csv, line {line}, column `when`: expected a date such as `2024-01`, got \
                 `{found}`; correct it, or leave the row out"
            ))
        };
        assert_eq!(said(&["2024-01", "2024-02", "2024-03", "Total"]), refused(5, "Total"));
        assert_eq!(said(&["2024-01", "", "2024-03"]), refused(3, ""));
        assert_eq!(said(&["2024-01", "soon", "later"]), Ok(None), "mostly other words");
        assert_eq!(said(&["soon", "2024-01", "2024-02"]), refused(2, "soon"));
        // A target has no dates, however it looks.
        let years = records(&["1998", "1999", "2000"]);
        assert_eq!(Dates::find(&years, &["when".into()]).unwrap(), None);
    }

    #[test]
    fn uneven_dates_are_found() {
        let of = |texts: &[&str]| {
            Dates::uneven(&records(texts), &[]).map(|found| (found.line, found.back))
        };
        assert_eq!(of(&["2023-11", "2023-12", "2024-01"]), None);
        assert_eq!(of(&["2024-01-01", "2024-01-02", "2024-01-04", "2024-01-05"]), Some((4, false)));
        assert_eq!(of(&["2024-01-01", "2024-01-01", "2024-01-01"]), Some((4, false)));
        assert_eq!(of(&["2024-01-03", "2024-01-02", "2024-01-01"]), Some((3, true)));
        assert_eq!(of(&["2024-01-01", "2024-01-02", "2024-01-05", "2024-01-04"]), Some((5, true)));
        // Numbers are no years, words no dates, and of one row nothing is known.
        assert_eq!(of(&["1800", "1700", "1750"]), None);
        assert_eq!((of(&["a", "b", "c"]), of(&["2024-01-01"]), of(&[])), (None, None, None));
    }

    #[test]
    fn dates_go_on_as_they_are_written() {
        let of = |texts: &[&str]| dates(texts).map(|dates| (dates.after(2), dates.season()));
        let texts = |a: &str, b: &str| vec![a.to_string(), b.to_string()];
        assert_eq!(of(&["2023-11", "2023-12"]), Some((texts("2024-01", "2024-02"), Some(12))));
        assert_eq!(of(&["1998", "1999"]), Some((texts("2000", "2001"), None)));
        assert_eq!(
            of(&["2024-02-27", "2024-02-28"]),
            Some((texts("2024-02-29", "2024-03-01"), Some(7)))
        );
        assert_eq!(
            of(&["2024-01-31", "2024-02-29", "2024-03-31"]),
            None, // ends of months are no equal intervals
        );
        assert_eq!(
            of(&["2024-03-01 22:00", "2024-03-01 23:00"]),
            Some((texts("2024-03-02 00:00", "2024-03-02 01:00"), Some(24)))
        );
        assert_eq!(
            of(&["2024-03-01T00:00:10Z", "2024-03-01T00:00:20Z"]),
            Some((texts("2024-03-01 00:00:30", "2024-03-01 00:00:40"), Some(8640)))
        );
    }

    /// The same months, newest first and oldest first, in all ways in which people write them.
    #[test]
    fn the_order_is_seen_in_every_form() {
        // Of three years, so that no two quarters are equal.
        let days = ["2024-01-03", "2025-02-04", "2026-03-05"];
        let days = days.map(|day| format!("{day}T00:00").parse::<DateTime>().unwrap());
        for form in Form::ALL.iter().filter(|form| !form.is_number()) {
            let mut texts: Vec<String> = days.iter().map(|&day| form.write(day)).collect();
            let order = |texts: &[String]| {
                let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                Dates::check_order(&records(&texts), &[]).map_err(|error| error.to_string())
            };
            assert_eq!(order(&texts), Ok(()), "{form:?}");
            texts.reverse();
            let said = order(&texts).expect_err(&format!("{form:?}: {texts:?}"));
            assert!(said.contains("goes back, from"), "{form:?}: {said}");
        }
    }

    #[test]
    fn years_go_back_where_they_are_called_so() {
        let order = |name: &str, texts: &[&str]| {
            let mut records = Records::new("a.csv", (1, vec![name.into()]));
            (2..).zip(texts).for_each(|(line, text)| records.push(line, [*text]).unwrap());
            Dates::check_order(&records, &[]).is_ok()
        };
        assert!(!order("Year", &["2024", "2024", "2023", "2023"]));
        assert!(order("Year", &["2023", "2023", "2024", "2024"]));
        assert!(order("Year", &["2024", "2023", "2024"]), "years of births, say");
        assert!(order("watts", &["2024", "2023", "2022"]));
    }

    #[test]
    fn dates_that_are_not_understood_are_mentioned() {
        let notes = |texts: &[&str]| Dates::notes(&records(texts), &[]);
        for text in ["31.12.24 08h", "12-31-2024", "Q1/2024 Jan", "2024-W05-1", "10:30:00 1/2/24"] {
            let said = notes(&[text, text]);
            assert!(said.len() == 1 && said[0].contains(text), "{text}: {said:?}");
        }
        for text in
            ["1.5", "-3", "north", "2024-01-01", "v1", "12", "10.1.2.3.4 is long, not a date"]
        {
            let said = notes(&[text, "x"]);
            assert!(said.is_empty() || text.starts_with("10."), "{text}: {said:?}");
        }
    }

    #[test]
    fn an_interval_has_a_name() {
        let of = |texts: &[&str]| dates(texts).unwrap().interval();
        assert_eq!(of(&["2024-01", "2024-02"]), "1 month");
        assert_eq!(of(&["2024Q1", "2024Q2"]), "3 months");
        assert_eq!(of(&["1998", "1999"]), "1 year");
        assert_eq!(of(&["01/02/2024", "02/02/2024", "03/02/2024"]), "1 day");
        assert_eq!(of(&["02/01/2024", "02/02/2024", "02/03/2024"]), "1 month");
        assert_eq!(of(&["2024-01-01 00:00", "2024-01-01 00:15"]), "15 minutes");
        assert_eq!(of(&["2024-01-07", "2024-01-21"]), "2 weeks");
    }

    #[test]
    fn what_is_no_date_is_none() {
        assert_eq!(dates(&["12", "13"]), None);
        assert_eq!(dates(&["soon", "2024-01-01"]), None);
        assert_eq!(dates(&["2024-01-01", "2024-01-03", "2024-01-04"]), None);
        assert_eq!(dates(&["2024-01-01"]), None);
    }
}
