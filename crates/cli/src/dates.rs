//! Dates: which column has them, and how they go on.

use elman::data::Records;
use jiff::Span;
use jiff::civil::{Date, DateTime};

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
    /// The first column of a table that has nothing but dates at equal intervals.
    pub(crate) fn find(records: &Records) -> Option<Self> {
        records.names().iter().find_map(|name| {
            let texts = records.column(name).ok()?;
            Form::ALL.iter().find_map(|&form| {
                let dates: Option<Vec<_>> = texts.iter().map(|text| form.read(text)).collect();
                let dates = dates?;
                let step = Step::of(&dates)?;
                Some(Dates { column: name.clone(), last: *dates.last()?, step, form })
            })
        })
    }

    /// The first column of nothing but dates that do not go on evenly, and how. Years do not count:
    /// any number of four digits may be one.
    pub(crate) fn uneven(records: &Records) -> Option<Uneven> {
        records.names().iter().find_map(|name| {
            let texts = records.column(name).ok()?;
            let dates: Vec<_> = Form::ALL[1..].iter().find_map(|form| {
                texts.iter().map(|text| form.read(text)).collect::<Option<Vec<_>>>()
            })?;
            let pairs = || (1..dates.len()).map(|t| [dates[t - 1], dates[t]]);
            let back = pairs().position(|[before, now]| now < before);
            // Two dates say how the others should go on. What is uneven stays so.
            let counts: Vec<usize> = (3..=dates.len()).collect();
            let even = counts.partition_point(|&count| Step::of(&dates[..count]).is_some());
            let t = back.map(|i| i + 1).or(counts.get(even).map(|count| count - 1))?;
            let line = records.line(t).unwrap_or(0);
            let [before, now] = [texts[t - 1], texts[t]].map(str::to_string);
            Some(Uneven { column: name.clone(), line, before, now, back: back.is_some() })
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
        let rows = (2..).zip(texts).map(|(line, text)| (line, vec![text.to_string()])).collect();
        Dates::find(&Records::new("a.csv", (1, vec!["when".into()]), rows).ok()?)
    }

    #[test]
    fn uneven_dates_are_found() {
        let of = |texts: &[&str]| {
            let rows = (2..).zip(texts).map(|(line, x)| (line, vec![x.to_string()])).collect();
            let records = Records::new("a.csv", (1, vec!["when".into()]), rows).unwrap();
            Dates::uneven(&records).map(|found| (found.line, found.back))
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
        assert_eq!(dates(&["2024-01-01", "soon"]), None);
        assert_eq!(dates(&["2024-01-01", "2024-01-03", "2024-01-04"]), None);
        assert_eq!(dates(&["2024-01-01"]), None);
    }
}
