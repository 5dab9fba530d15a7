//! JSON lines as a table: an object a line, which is a row, or a sequence of rows.
//!
//! An array of numbers in a field `values` becomes as many rows, an array of arrays rows of columns
//! `values.0`, `values.1`, …; the fields beside it belong to all rows of the object, and a column
//! `line` tells one object from the next. Numbers are read one by one: a long array takes no more
//! memory than its rows.

use crate::failure::Failure;
use elman::data::Records;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt::{self, Write};

/// Reads JSON lines; `name` stands for the file in errors.
pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<Records, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|&&b| b == b'\n').count();
        Failure::Data(format!("{name}, line {line}: not UTF-8; save the file as UTF-8"))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut table = Table { name, text, ..Table::default() };
    for (line, text) in (1u64..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        table.line = line;
        table.object(text).map_err(|error| {
            let said = error.to_string();
            // The line within this one is always the first.
            let said = said.rsplit_once(" at line ").map_or(&*said, |(said, _)| said);
            let what = if error.is_data() { "" } else { "expected one JSON object on each line: " };
            let column = match error.column() {
                0 => String::new(),
                column => format!(", column {column}"),
            };
            Failure::Data(format!("{name}, line {line}{column}: {what}{said}"))
        })?;
    }
    let empty = || Failure::Data(format!("{name}: empty; wanted JSON lines"));
    let mut records = table.records.ok_or_else(empty)?;
    records.shrink_to_fit();
    Ok(records)
}

/// The rows that have been read, and room for the next ones.
#[derive(Default)]
struct Table<'a> {
    name: &'a str,
    text: &'a str,
    line: u64,
    /// The fields beside `values`, as the first object names them.
    names: Vec<String>,
    /// The number of columns named `values.0`, …; `None` if the elements are numbers.
    width: Option<usize>,
    /// Nothing before the first row.
    records: Option<Records>,
    /// The fields of the object that is read, with the last line in which each occurred.
    fields: Vec<(u64, String)>,
    /// A step of `values`.
    step: Vec<String>,
}

impl<'a> Table<'a> {
    /// Reads a line: its fields first, then the steps of its `values`.
    fn object(&mut self, text: &str) -> Result<(), serde_json::Error> {
        let mut from = serde_json::Deserializer::from_str(text);
        let has_values = from.deserialize_map(Fields(self))?;
        from.end()?;
        if has_values {
            return serde_json::Deserializer::from_str(text).deserialize_map(Values(self));
        }
        if self.records.is_none() {
            let records = Records::new(self.name, (self.line, self.names.clone()));
            self.open(records)?;
        }
        let Some(records) = &mut self.records else { return Ok(()) };
        let fields = self.fields.iter().map(|(_, field)| field.as_str());
        records.push(self.line, fields).map_err(de::Error::custom)
    }

    /// The place for a field with this key.
    fn place<E: de::Error>(&mut self, key: &str) -> Result<usize, E> {
        let place = match &self.records {
            None => {
                self.names.push(key.to_string());
                self.fields.push((0, String::new()));
                self.names.len() - 1
            }
            Some(records) => {
                let column = records.column(key).map(|column| column.place());
                column.ok().filter(|&place| place < self.names.len()).ok_or_else(|| {
                    let names = crate::source::quoted(&self.names);
                    E::custom(format!("no field `{key}` in the first object, which has {names}"))
                })?
            }
        };
        match std::mem::replace(&mut self.fields[place].0, self.line) == self.line {
            true => Err(E::custom(format!("`{key}` occurs twice"))),
            false => Ok(place),
        }
    }

    /// Begins the rows of an object, whose steps have a width.
    fn begin<E: de::Error>(&mut self, width: Option<usize>) -> Result<(), E> {
        let line = self.line.to_string();
        if self.records.is_none() {
            let mut names = self.names.clone();
            names.push("line".into());
            match width {
                None => names.push("values".into()),
                Some(width) => names.extend((0..width).map(|i| format!("values.{i}"))),
            }
            let shared = self.names.len() + 1;
            let records = Records::grouped(self.name, (self.line, names), shared);
            self.open(records.map_err(E::custom)?)?;
            self.width = width;
        }
        let fields = self.fields.iter().map(|(_, field)| field.as_str());
        let records = self.records.as_mut().filter(|_| self.width == width);
        let other = || E::custom("`values` has elements of different forms");
        records.ok_or_else(other)?.begin_group(fields.chain([&*line])).map_err(E::custom)
    }

    /// Takes rows from here on, into columns whose names are distinct.
    fn open<E: de::Error>(&mut self, mut records: Records) -> Result<(), E> {
        if let Some(name) = records.repeated_name() {
            return Err(E::custom(format!("two fields become the column `{name}`; rename one")));
        }
        // After each field is a comma, or the end of its object.
        let ends = self.text.bytes().filter(|byte| b",}".contains(byte)).count();
        records.reserve(ends, self.text.len()).map_err(E::custom)?;
        self.records = Some(records);
        Ok(())
    }

    /// Appends a step of the object.
    fn push<E: de::Error>(&mut self) -> Result<(), E> {
        let Some(records) = &mut self.records else { return Ok(()) };
        records.push(self.line, self.step.iter().map(String::as_str)).map_err(E::custom)
    }
}

/// The fields beside `values`; whether there are `values`.
struct Fields<'t, 'a>(&'t mut Table<'a>);

impl<'de> Visitor<'de> for Fields<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let Fields(table) = self;
        let (mut has_values, mut count) = (false, 0);
        while let Some(key) = map.next_key::<String>()? {
            if key == "values" {
                if std::mem::replace(&mut has_values, true) {
                    return Err(de::Error::custom("`values` occurs twice"));
                }
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let place = table.place(&key)?;
            count += 1;
            let (_, field) = &mut table.fields[place];
            map.next_value_seed(Field { key: &key, field })?;
        }
        if count < table.names.len() {
            let missing = table.fields.iter().position(|(line, _)| *line != table.line);
            let name = missing.map_or("", |place| &table.names[place]);
            return Err(de::Error::custom(format!("no field `{name}`, as the first object has")));
        }
        match table.records.as_ref().map(|records| records.groups().is_some()) {
            Some(true) if !has_values => {
                Err(de::Error::custom("no `values`, as the first object has"))
            }
            Some(false) if has_values => {
                Err(de::Error::custom("no field `values` in the first object"))
            }
            _ => Ok(has_values),
        }
    }
}

/// A field that is no sequence, as text.
struct Field<'t> {
    key: &'t str,
    field: &'t mut String,
}

impl Field<'_> {
    fn set<E>(self, text: impl fmt::Display) -> Result<(), E> {
        self.field.clear();
        // Writing into a string cannot fail.
        _ = write!(self.field, "{text}");
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Field<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key;
        write!(f, "`{key}` to be a number or a text; sequences of numbers are called `values`")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.set("")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<(), E> {
        self.set(truth)
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.set(number)
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.set(number)
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.set(format_args!("{number:?}"))
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.set(text)
    }
}

/// The steps of `values`, as rows.
struct Values<'t, 'a>(&'t mut Table<'a>);

impl<'de> Visitor<'de> for Values<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match &*key {
                "values" => map.next_value_seed(Steps(&mut *self.0))?,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(())
    }
}

struct Steps<'t, 'a>(&'t mut Table<'a>);

impl<'de> DeserializeSeed<'de> for Steps<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Steps<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`values` to be an array of numbers or of arrays")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut steps: A) -> Result<(), A::Error> {
        let (mut first, table) = (true, self.0);
        while let Some(width) = steps.next_element_seed(Step(&mut table.step))? {
            if first && width == Some(0) {
                break;
            }
            if std::mem::replace(&mut first, false) {
                table.begin(width)?;
            }
            if width != table.width {
                return Err(de::Error::custom("`values` has elements of different forms"));
            }
            table.push()?;
        }
        match first {
            false => Ok(()),
            true => Err(de::Error::custom("`values` is empty; wanted one number at least")),
        }
    }
}

/// One element of `values` as the fields of a row; its width, `None` for a number.
struct Step<'t>(&'t mut Vec<String>);

impl Step<'_> {
    /// The field of an element that is no array.
    fn only(&mut self) -> Field<'_> {
        self.0.resize_with(1, String::new);
        Field { key: "values", field: &mut self.0[0] }
    }
}

impl<'de> DeserializeSeed<'de> for Step<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Step<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the elements of `values` to be numbers, or arrays of them")
    }

    fn visit_unit<E>(mut self) -> Result<Self::Value, E> {
        self.only().set("").map(|()| None)
    }

    fn visit_u64<E>(mut self, number: u64) -> Result<Self::Value, E> {
        self.only().set(number).map(|()| None)
    }

    fn visit_i64<E>(mut self, number: i64) -> Result<Self::Value, E> {
        self.only().set(number).map(|()| None)
    }

    fn visit_f64<E>(mut self, number: f64) -> Result<Self::Value, E> {
        self.only().set(format_args!("{number:?}")).map(|()| None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Self::Value, A::Error> {
        let (step, mut width) = (self.0, 0);
        loop {
            if step.len() == width {
                step.push(String::new());
            }
            let field = &mut step[width];
            if numbers.next_element_seed(Field { key: "values", field })?.is_none() {
                step.truncate(width);
                return Ok(Some(width));
            }
            width += 1;
        }
    }
}

#[cfg(test)]
mod tests;
