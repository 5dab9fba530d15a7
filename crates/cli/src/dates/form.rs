//! The ways in which a date may be written.

use elman::data::Column;
use jiff::civil::{Date, DateTime};

/// A way in which a date may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Four digits.
    Year,
    /// `2024-01`.
    Month,
    /// `2024Q1`, with a text between year and quarter; the quarter may come first.
    Quarter { between: &'static str, first: bool },
    /// A month and a year by a pattern of `strptime`.
    MonthBy(&'static str),
    /// A day by a pattern.
    DayBy(&'static str),
    /// A day and a time of day by a pattern.
    TimeBy(&'static str),
}

impl Form {
    /// All of them. Where a text can be read in more than one way, the first one that fits all rows
    /// counts, and of these one whose dates are at equal intervals.
    pub(super) const ALL: &[Form] = &[
        Form::Year,
        Form::Month,
        Form::Quarter { between: "Q", first: false },
        Form::Quarter { between: "-Q", first: false },
        Form::Quarter { between: " Q", first: false },
        Form::Quarter { between: " ", first: true },
        Form::MonthBy("%b %Y"),
        Form::MonthBy("%b-%Y"),
        Form::MonthBy("%Y %b"),
        Form::MonthBy("%B %Y"),
        Form::DayBy("%Y-%m-%d"),
        Form::DayBy("%Y/%m/%d"),
        Form::DayBy("%d.%m.%Y"),
        Form::DayBy("%d/%m/%Y"),
        Form::DayBy("%m/%d/%Y"),
        Form::DayBy("%d-%m-%Y"),
        Form::DayBy("%d %b %Y"),
        Form::DayBy("%d-%b-%Y"),
        Form::DayBy("%b %d, %Y"),
        Form::TimeBy("%Y-%m-%d %H:%M"),
        Form::TimeBy("%Y-%m-%d %H:%M:%S"),
        Form::TimeBy("%Y-%m-%d %H:%M:%S%.f"),
        Form::TimeBy("%Y/%m/%d %H:%M"),
        Form::TimeBy("%Y/%m/%d %H:%M:%S"),
        Form::TimeBy("%d.%m.%Y %H:%M"),
        Form::TimeBy("%d.%m.%Y %H:%M:%S"),
        Form::TimeBy("%d/%m/%Y %H:%M"),
        Form::TimeBy("%d/%m/%Y %H:%M:%S"),
        Form::TimeBy("%m/%d/%Y %H:%M"),
        Form::TimeBy("%m/%d/%Y %H:%M:%S"),
    ];

    /// Whether any number of four digits may be meant.
    pub(super) fn is_number(self) -> bool {
        self == Form::Year
    }

    pub(super) fn read(self, text: &str) -> Option<DateTime> {
        // A sign or fewer digits of a year are from another form.
        self.read_any(text).filter(|date| date.year() >= 1000)
    }

    fn read_any(self, text: &str) -> Option<DateTime> {
        let midnight = |date: Date| date.at(0, 0, 0, 0);
        let number = |text: &str, digits: usize| -> Option<i16> {
            let all = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
            all.then(|| text.parse().ok())?
        };
        match self {
            // Four digits are a year only among the years of records.
            Form::Year => {
                let year = number(text, 4).filter(|year| (1500..2200).contains(year))?;
                Date::new(year, 1, 1).ok().map(midnight)
            }
            Form::Month => {
                let (year, month) = text.split_once('-')?;
                let month = month.parse().ok().filter(|_| month.len() <= 2)?;
                Date::new(number(year, 4)?, month, 1).ok().map(midnight)
            }
            Form::Quarter { between, first } => {
                let (year, quarter) = match (first, text.split_once(between)?) {
                    (false, (year, quarter)) => (year, quarter),
                    (true, (quarter, year)) => (year, quarter.strip_prefix('Q')?),
                };
                let quarter = number(quarter, 1).filter(|quarter| (1..=4).contains(quarter))?;
                Date::new(number(year, 4)?, 3 * quarter as i8 - 2, 1).ok().map(midnight)
            }
            Form::MonthBy(pattern) => {
                let date = Date::strptime(format!("%d {pattern}"), format!("1 {text}"));
                date.ok().map(midnight)
            }
            Form::DayBy(pattern) => Date::strptime(pattern, text).ok().map(midnight),
            Form::TimeBy(pattern) => {
                let text = text.replacen('T', " ", 1);
                DateTime::strptime(pattern, text.trim_end_matches('Z')).ok()
            }
        }
    }

    /// The dates of a column that has nothing else.
    pub(super) fn read_all(self, column: Column<'_>) -> Option<Vec<DateTime>> {
        column.iter().map(|text| self.read(text)).collect()
    }

    pub(super) fn write(self, date: DateTime) -> String {
        let quarter = (date.month() + 2) / 3;
        match self {
            Form::Year => date.strftime("%Y").to_string(),
            Form::Month => date.strftime("%Y-%m").to_string(),
            Form::Quarter { between, first: false } => {
                format!("{:04}{between}{quarter}", date.year())
            }
            Form::Quarter { between, first: true } => {
                format!("Q{quarter}{between}{:04}", date.year())
            }
            Form::MonthBy(pattern) | Form::DayBy(pattern) | Form::TimeBy(pattern) => {
                date.strftime(pattern).to_string()
            }
        }
    }
}

/// Whether a text may be meant as a date: digits, with two separators or the name of a month.
pub(super) fn may_be_date(text: &str) -> bool {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let lower = text.to_ascii_lowercase();
    let separators = lower.matches(['-', '/', '.', ':']).count();
    let words = lower.split(|c: char| !c.is_ascii_alphabetic());
    let month = words.into_iter().any(|word| MONTHS.iter().any(|month| word.starts_with(month)));
    let digits = lower.bytes().filter(u8::is_ascii_digit).count();
    text.len() <= 40 && digits >= 2 && (separators >= 2 || month) && text.parse::<f64>().is_err()
}
