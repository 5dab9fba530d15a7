//! Dates: which column has them, and how they go on.

use crate::failure::Failure;
use elman::data::{Column, Records};
use jiff::Span;
use jiff::civil::{Date, DateTime};
use std::collections::BTreeSet;

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

/// The ways in which a date may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Year,
    Month,
    Day,
    Minute,
    Second,
}

impl Form {
    /// From the coarsest to the finest.
    const ALL: [Form; 5] = [Form::Year, Form::Month, Form::Day, Form::Minute, Form::Second];

    fn read(self, text: &str) -> Option<DateTime> {
        let midnight = |date: Date| date.at(0, 0, 0, 0);
        match self {
            // Four digits are a year only among the years of records.
            Form::Year => {
                let year: i16 = text.parse().ok()?;
                let plausible = text.len() == 4 && (1500..2200).contains(&year);
                plausible.then(|| Date::new(year, 1, 1).ok().map(midnight))?
            }
            Form::Month => {
                let (year, month) = text.split_once('-')?;
                let whole = year.len() == 4 && (1..=2).contains(&month.len());
                let date = Date::new(year.parse().ok()?, month.parse().ok()?, 1);
                whole.then_some(midnight(date.ok()?))
            }
            Form::Day => (text.len() == 10).then(|| text.parse().ok().map(midnight))?,
            Form::Minute => DateTime::strptime("%Y-%m-%d %H:%M", text.replacen('T', " ", 1)).ok(),
            Form::Second => {
                let text = text.replacen('T', " ", 1);
                DateTime::strptime("%Y-%m-%d %H:%M:%S", text.trim_end_matches('Z')).ok()
            }
        }
    }

    /// The dates of a column that has nothing else.
    fn read_all(self, column: Column<'_>) -> Option<Vec<DateTime>> {
        column.iter().map(|text| self.read(text)).collect()
    }

    fn write(self, date: DateTime) -> String {
        let form = match self {
            Form::Year => "%Y",
            Form::Month => "%Y-%m",
            Form::Day => "%Y-%m-%d",
            Form::Minute => "%Y-%m-%d %H:%M",
            Form::Second => "%Y-%m-%d %H:%M:%S",
        };
        date.strftime(form).to_string()
    }
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

    /// What a user has to know of dates that are not at equal intervals.
    pub(crate) fn notes(records: &Records, targets: &[String]) -> Vec<String> {
        let note = Dates::uneven(records, targets).map(|uneven| {
            format!(
                "Rows are counted: `{}` is not at equal intervals (line {}: {} after {}).",
                uneven.column, uneven.line, uneven.now, uneven.before
            )
        });
        note.into_iter().collect()
    }

    /// The first column, other than the targets, of nothing but dates that do not go on evenly, and
    /// how. Years do not count: any number of four digits may be one.
    pub(crate) fn uneven(records: &Records, targets: &[String]) -> Option<Uneven> {
        others(records, targets).find_map(|column| {
            let dates = Form::ALL[1..].iter().find_map(|form| form.read_all(column))?;
            let pairs = || (1..dates.len()).map(|t| [dates[t - 1], dates[t]]);
            let back = pairs().position(|[before, now]| now < before);
            // Two dates say how the others should go on. What is uneven stays so.
            let counts: Vec<usize> = (3..=dates.len()).collect();
            let even = counts.partition_point(|&count| Step::of(&dates[..count]).is_some());
            let t = back.map(|i| i + 1).or(counts.get(even).map(|count| count - 1))?;
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

/// The columns that may have dates: all but the targets.
fn others<'a>(records: &'a Records, targets: &[String]) -> impl Iterator<Item = Column<'a>> {
    let targets: BTreeSet<String> = targets.iter().cloned().collect();
    records.columns().filter(move |column| !targets.contains(column.name()))
}

/// An error for a column that begins with a date, and has mostly dates of that form, but not only.
fn whole(records: &Records, column: Column<'_>) -> Result<(), Failure> {
    let first = column.get(0).unwrap_or("");
    let Some(form) = Form::ALL[1..].iter().find(|form| form.read(first).is_some()) else {
        return Ok(());
    };
    let wrong = |&(_, text): &(usize, &str)| form.read(text).is_none();
    let mut mistakes = column.iter().enumerate().filter(wrong);
    let Some((row, found)) = mistakes.next() else { return Ok(()) };
    if 2 * (1 + mistakes.count()) >= records.rows() {
        return Ok(());
    }
    Err(Failure::Data(format!(
        "{}, line {}, column `{}`: expected a date such as `{first}`, got `{found}`; correct it, or \
         leave the row out",
        records.file(),
        records.line(row).unwrap_or(0),
        column.name()
    )))
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
        assert_eq!(said(&["soon", "2024-01", "2024-02"]), Ok(None));
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

    #[test]
    fn what_is_no_date_is_none() {
        assert_eq!(dates(&["12", "13"]), None);
        assert_eq!(dates(&["soon", "2024-01-01"]), None);
        assert_eq!(dates(&["2024-01-01", "2024-01-03", "2024-01-04"]), None);
        assert_eq!(dates(&["2024-01-01"]), None);
    }
}
