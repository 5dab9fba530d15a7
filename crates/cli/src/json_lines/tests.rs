//! JSON lines of any form: every field is read or an error names the line, at a cost that grows with
//! the size of the file only.

use super::read;
use elman::data::{Missing, Records};
use proptest::prelude::*;
use serde_json::{Map, Value};
use std::fmt::Write;

fn table(text: &str) -> Records {
    read("a.jsonl", text.as_bytes()).unwrap()
}

/// What is said of a text, without the name of the file.
fn refused(text: &str) -> String {
    let failure = read("a.jsonl", text.as_bytes()).map(|_| ()).unwrap_err();
    assert_eq!(failure.code(), 3);
    failure.to_string().trim_start_matches("a.jsonl").trim_start_matches(", ").to_string()
}

/// The names, and the fields row by row.
fn cells(records: &Records) -> Vec<Vec<String>> {
    let row = |row: usize| records.columns().map(|c| c.get(row).unwrap().to_string()).collect();
    std::iter::once(records.names().to_vec()).chain((0..records.rows()).map(row)).collect()
}

#[test]
fn objects_become_rows() {
    let rows = |text: &str| cells(&table(text));
    let plain = "{\"b\": 1.50, \"a\": \"x\"}\n{\"a\": null, \"b\": true}\n";
    assert_eq!(rows(plain), [["b", "a"], ["1.5", "x"], ["true", ""]]);
    assert_eq!(rows(&format!("\u{feff}{plain}")), rows(plain), "with a byte order mark");
    assert_eq!(rows(&plain.replace('\n', "\r\n\r\n")), rows(plain), "with blank lines");
    let steps = "{\"values\": [1, null], \"k\": \"a\"}\n\n{\"k\": \"b\", \"values\": [-2e300]}\n";
    assert_eq!(
        rows(steps),
        [["k", "line", "values"], ["a", "1", "1"], ["a", "1", ""], ["b", "3", "-2e300"]]
    );
    let wide = "{\"values\": [[1, 2], [3, 4]]}\n";
    assert_eq!(rows(wide), [["line", "values.0", "values.1"], ["1", "1", "2"], ["1", "3", "4"]]);
    assert_eq!(table(wide).groups(), Some(&[0][..]));
    assert_eq!(table("{\"line\": 1, \"values.0\": 2}\n").groups(), None);
}

#[test]
fn what_would_be_lost_is_refused() {
    for (text, said) in [
        ("{\"x\": 1, \"x\": 2}", "line 1: two fields become the column `x`; rename one"),
        ("{\"x\": 1}\n{\"x\": 1, \"x\": 2}", "line 2: `x` occurs twice"),
        ("{\"values\": [1], \"values\": [2]}", "line 1: `values` occurs twice"),
        (
            "{\"line\": 3, \"values\": [1]}",
            "line 1: two fields become the column `line`; rename one",
        ),
        ("{\"x\": 1}\n{\"y\": 2}", "line 2: no field `y` in the first object, which has `x`"),
        ("{\"x\": 1, \"y\": 1}\n{\"x\": 2}", "line 2: no field `y`, as the first object has"),
        ("{\"values\": [1]}\n{}", "line 2: no `values`, as the first object has"),
        ("{}\n{\"values\": [1]}", "line 2: no field `values` in the first object"),
        ("{\"values\": [1, [2]]}", "line 1: `values` has elements of different forms"),
        ("{\"values\": [[1], [2, 3]]}", "line 1: `values` has elements of different forms"),
        ("{\"values\": [[1], []]}", "line 1: `values` has elements of different forms"),
        ("{\"values\": []}", "line 1: `values` is empty; wanted one number at least"),
    ] {
        // Without the column, to which serde_json has read.
        let (line, what) = said.split_once(": ").unwrap();
        let found = refused(text);
        assert!(found.starts_with(line) && found.ends_with(&format!(": {what}")), "{found}");
    }
    for (text, part) in [
        ("[1]", "line 1: invalid type: sequence, expected an object"),
        (
            "{\"x\": 1} 2",
            "line 1, column 10: expected one JSON object on each line: trailing characters",
        ),
        (
            "{\"x\": [1]}",
            "line 1, column 7: invalid type: sequence, expected `x` to be a number or a text",
        ),
        (
            "{\"values\": 3}",
            "line 1, column 12: invalid type: integer `3`, expected `values` to be an array",
        ),
        (
            "{\"values\": [\"a\"]}",
            "line 1, column 15: invalid type: string \"a\", expected the elements",
        ),
        (
            "{\"x\": 1e999}",
            "line 1, column 11: expected one JSON object on each line: number out of range",
        ),
        (
            "\n\n{\"x\": \0}",
            "line 3, column 7: expected one JSON object on each line: expected value",
        ),
        ("", ": empty"),
    ] {
        let said = refused(text);
        assert!(said.starts_with(part), "{said}");
    }
    let deep = "[".repeat(100_000);
    assert!(refused(&format!("{{\"x\": {deep}")).starts_with("line 1, column 7: invalid type"));
    assert!(refused(&format!("{{\"values\": {deep}")).starts_with("line 1, column "));
}

/// Comparing every key with every other one would take minutes here.
#[test]
fn keys_are_found_without_a_search_through_all_names() {
    let keys: String = (0..100_000).map(|i| format!(",\"k{i}\": {i}")).collect();
    let records = table(&format!("{{{}}}\n", &keys[1..]).repeat(2));
    assert_eq!((records.names().len(), records.rows()), (100_000, 2));
    assert_eq!(records.column("k4711").unwrap().get(1), Some("4711"));
}

#[test]
fn reading_takes_at_most_eight_times_the_file() {
    let zeros = "0,".repeat(100_000) + "0";
    let pairs = "[0,1],".repeat(50_000) + "[0,1]";
    for (text, column) in [
        (format!("{{\"kind\":\"a\",\"values\":[{zeros}]}}\n"), "values"),
        (format!("{{\"values\":[{pairs}]}}\n"), "values.1"),
        ("{\"values\":[0]}\n".repeat(20_000), "values"),
        ("{\"x\":0,\"y\":1.5}\n".repeat(20_000), "y"),
        (format!("{{\"name\":\"{}\",\"values\":[{zeros}]}}\n", "x".repeat(20_000)), "values"),
    ] {
        let cost = allocation_counter::measure(|| {
            table(&text).numbers(&[column], Missing::Refuse).unwrap();
        });
        let factor = 1.0 + cost.bytes_max as f64 / text.len() as f64;
        assert!(factor < 8.0, "{:?}: {factor}", &text[..40]);
    }
}

/// A field as the reader writes it.
fn field(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => format!("{:?}", number.as_f64().unwrap()),
        other => other.to_string(),
    }
}

/// The fields of an object in its columns.
fn expected(names: &[String], line: u64, object: &Map<String, Value>) -> Vec<Vec<String>> {
    let Some(values) = object.get("values") else {
        return vec![names.iter().map(|name| field(&object[name])).collect()];
    };
    let plain = names.iter().take_while(|name| *name != "line").map(|name| field(&object[name]));
    let shared: Vec<String> = plain.chain([line.to_string()]).collect();
    let step = |step: &Value| match step.as_array() {
        Some(numbers) => numbers.iter().map(field).collect(),
        None => vec![field(step)],
    };
    values.as_array().unwrap().iter().map(|s| [shared.clone(), step(s)].concat()).collect()
}

fn scalar() -> impl Strategy<Value = Value> {
    let odd = ["", " ", "1", "NA", "a\nb", "\"", "\0", "\u{feff}", "é", "1,5", "\\"];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(odd.to_vec()).prop_map(Value::from),
    ]
}

fn numbers() -> impl Strategy<Value = Value> {
    let number = || {
        prop_oneof![
            Just(Value::Null),
            any::<i8>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from)
        ]
    };
    let steps =
        move |width: usize| prop::collection::vec(prop::collection::vec(number(), width), 1..5);
    prop_oneof![
        prop::collection::vec(number(), 1..5).prop_map(Value::from),
        (1usize..3).prop_flat_map(steps).prop_map(Value::from),
    ]
}

/// Lines of objects with the same keys, in an order of their own.
fn lines() -> impl Strategy<Value = String> {
    let keys = ["x", "", "a,b", "é\"", "\n", "values.0", "line", "x "];
    let keys = prop::sample::subsequence(keys.to_vec(), 0..5);
    let end = prop::sample::select(vec!["\n", "\r\n", "\n\n", " \n", "\r\n \t\n"]);
    let object = |keys: Vec<&'static str>| {
        let fields: Vec<_> = keys.into_iter().map(|key| (Just(key), scalar())).collect();
        fields.prop_shuffle()
    };
    let all = (keys, any::<bool>()).prop_flat_map(move |(keys, has_values)| {
        let values = match has_values {
            true => numbers().prop_map(Some).boxed(),
            false => Just(None).boxed(),
        };
        let rows = prop::collection::vec((object(keys), values, end.clone()), 1..5);
        (rows, any::<bool>())
    });
    all.prop_map(|(rows, mark)| {
        let mut text = ["", "\u{feff}"][usize::from(mark)].to_string();
        for (fields, values, end) in rows {
            let values = values.map(|values| ("values", values));
            let fields = fields.into_iter().chain(values);
            let fields = fields.map(|(key, value)| format!("{} : {value}", Value::from(key)));
            write!(text, "{{{}}}{end}", fields.collect::<Vec<_>>().join(" ,")).unwrap();
        }
        text
    })
}

/// Every field of each line, and nothing else.
fn whole(text: &str, records: &Records) -> Result<(), TestCaseError> {
    let found = cells(records);
    let mut rows = found[1..].iter();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (line, text) in (1u64..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        let object: Map<String, Value> = serde_json::from_str(text).unwrap();
        for row in expected(&found[0], line, &object) {
            prop_assert_eq!(rows.next(), Some(&row));
        }
    }
    prop_assert_eq!(rows.next(), None);
    Ok(())
}

proptest! {
    #[test]
    fn what_is_written_is_read(text in lines()) {
        match read("a", text.as_bytes()) {
            Ok(records) => whole(&text, &records)?,
            // The columns of `values` may have the name of another field, and forms may differ.
            Err(error) => {
                let said = error.to_string();
                let known = ["two fields become the column", "elements of different forms"];
                prop_assert!(known.iter().any(|part| said.contains(part)), "{}", said);
            }
        }
    }

    #[test]
    fn any_text_is_read_whole_or_refused(
        text in lines(),
        (place, cut) in (any::<prop::sample::Index>(), 0usize..4),
        put in "[\\[\\]{}:,\"\\\\0-9a\r\n\0]{0,3}",
    ) {
        let places: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
        let start = place.get(&places);
        let end = places.iter().copied().find(|&i| i >= start + cut).unwrap_or(text.len());
        let text = [&text[..*start], &put, &text[end..]].concat();
        match read("a", text.as_bytes()) {
            Ok(records) => whole(&text, &records)?,
            Err(error) => {
                let said = error.to_string();
                prop_assert!(said.contains(", line ") || said.contains("empty"), "{}", said);
            }
        }
    }
}
