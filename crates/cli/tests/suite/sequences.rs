//! Classes of sequences: where a sequence begins and ends, and what each of its rows must have.

use elman_cli::trial::{Refusal, Start, train};

/// Sequences of three rows of `x`, with their class.
fn table(fields: impl Fn(usize, usize) -> String) -> String {
    let row = |i: usize| format!("{},{},{}\n", i / 3, fields(i / 3, i % 3), ["a", "b"][i / 3 % 2]);
    format!("id,x,class\n{}", (0..90).map(row).collect::<String>())
}

fn classes(name: &str, text: &str, wishes: &str) -> Result<Start, Refusal> {
    let small = "label = 'class'\nhidden = 2\nbatch = 4\n";
    train(name, text.as_bytes(), &format!("{small}{wishes}"), 10_000)
}

fn refused(name: &str, text: &str, wishes: &str) -> Refusal {
    classes(name, text, wishes).unwrap_err()
}

fn numbers(text: &str, wishes: &str) -> Vec<f64> {
    classes("a.csv", text, wishes).unwrap().numbers
}

/// A number for a row of a sequence; neighbouring sequences are far from each other.
fn value(id: usize, t: usize) -> f64 {
    1000.0 * (id % 2) as f64 + (id * 7 + t) as f64
}

#[test]
fn gaps_are_filled_from_the_same_sequence() {
    let whole = |fields: [[usize; 3]; 2]| table(|id, t| value(id, fields[id % 2][t]).to_string());
    let with = |gaps: [&[usize]; 2]| {
        table(|id, t| match gaps[id % 2].contains(&t) {
            true => String::new(),
            false => value(id, t).to_string(),
        })
    };
    let by_id = |missing: &str| format!("sequence = 'id'\nmissing = '{missing}'");
    for (gaps, missing, wanted) in [
        ([&[1][..], &[]], "last", [[0, 0, 2], [0, 1, 2]]),
        ([&[2], &[]], "last", [[0, 1, 1], [0, 1, 2]]),
        ([&[0], &[0, 1]], "last", [[1, 1, 2], [2, 2, 2]]),
        ([&[1], &[]], "linear", [[0, 1, 2], [0, 1, 2]]),
        ([&[1, 2], &[2]], "linear", [[0, 0, 0], [0, 1, 1]]),
        ([&[0], &[0]], "linear", [[1, 1, 2], [1, 1, 2]]),
    ] {
        let found = numbers(&with(gaps), &by_id(missing));
        assert_eq!(found, numbers(&whole(wanted), &by_id("refuse")), "{gaps:?}, {missing}");
    }
    let (code, said) = refused("a.csv", &with([&[1], &[]]), &by_id("refuse"));
    assert!(code == 3 && said.starts_with("a.csv, line 3, column `x`: missing value"), "{said}");
}

#[test]
fn a_sequence_without_any_value_is_refused() {
    let empty = table(|id, t| if id == 4 { "NA".into() } else { value(id, t).to_string() });
    for missing in ["last", "linear"] {
        let wishes = format!("sequence = 'id'\nmissing = '{missing}'");
        let (code, said) = refused("a.csv", &empty, &wishes);
        let wanted = "a.csv, line 14, column `x`: the sequence `4` has no value; fill one in, leave \
                      the sequence out, or choose other columns with --input";
        assert_eq!((code, said.as_str()), (3, wanted));
    }
    // Each row is a sequence, where nothing tells them apart.
    let (code, said) = refused("a.csv", &empty, "input = ['x']");
    assert!(code == 3 && said.contains("the sequence `14` has no value"), "{said}");
}

#[test]
fn what_is_to_be_told_is_not_read() {
    let text = table(|id, t| value(id, t).to_string());
    let digits = text.replace(",a\n", ",0\n").replace(",b\n", ",1\n");
    for (wishes, option, column) in [
        ("sequence = 'id'\ninput = ['x', 'class']", "--label", "class"),
        ("sequence = 'id'\ninput = ['id']", "--sequence", "id"),
    ] {
        let (code, said) = refused("a.csv", &digits, wishes);
        let wanted = format!("--input has `{column}`, which {option} names; leave it out there");
        assert_eq!((code, said), (2, wanted));
    }
    let (code, said) = refused("a.csv", &digits, "sequence = 'class'");
    let wanted = "--sequence is `class`, which --label names; wanted another column";
    assert_eq!((code, said.as_str()), (2, wanted));
}

#[test]
fn a_sequence_lies_together() {
    let mut lines: Vec<String> =
        table(|id, t| value(id, t).to_string()).lines().map(|line| format!("{line}\n")).collect();
    lines.swap(3, 4);
    let (code, said) = refused("a.csv", &lines.concat(), "sequence = 'id'");
    let wanted = "a.csv, line 5: the sequence `0` goes on after another one; sort the rows by `id`";
    assert_eq!((code, said.as_str()), (3, wanted));
}

#[test]
fn every_row_has_a_class() {
    let text = table(|id, t| value(id, t).to_string());
    let without = text.replacen(",b\n", ",\n", 1);
    for wishes in ["sequence = 'id'", ""] {
        let (code, said) = refused("a.csv", &without, wishes);
        let wanted = "a.csv, line 5: no class in the column `class`; fill it in, or leave the row \
                      out (`elman predict` tells the classes of sequences without any)";
        assert_eq!((code, said.as_str()), (3, wanted));
    }
}

#[test]
fn a_column_called_line_is_like_any_other() {
    let text = table(|id, t| value(id, t).to_string());
    let named = |name: &str| numbers(&text.replacen("id", name, 1), "");
    assert_eq!(named("line"), named("number"));
    // A line of JSON is a sequence only if it has more than one row.
    let json = |name: &str| {
        let object = |i: usize| {
            let class = ["a", "b"][i % 2];
            format!("{{\"class\": \"{class}\", \"{name}\": {}, \"x\": {}}}\n", i / 3, value(i, 0))
        };
        let text: String = (0..60).map(object).collect();
        classes("a.jsonl", &text, "").unwrap().numbers
    };
    assert_eq!(json("line"), json("link"));
}

#[test]
fn an_object_without_values_is_no_sequence() {
    let object =
        |i: usize| format!("{{\"class\": \"{}\", \"values\": [{i}]}}\n", ["a", "b"][i % 2]);
    let text: String = (0..40).map(object).collect();
    assert!(classes("a.jsonl", &text, "").is_ok());
    for (values, with) in [("[3]", "[]"), ("[3]", "[[]]"), ("[0]", "[]")] {
        let line = if values == "[3]" { 4 } else { 1 };
        let (code, said) = refused("a.jsonl", &text.replacen(values, with, 1), "");
        let wanted = "`values` is empty; wanted one number at least";
        assert!(code == 3 && said.starts_with(&format!("a.jsonl, line {line}, column ")), "{said}");
        assert!(said.ends_with(wanted), "{said}");
    }
}
