//! Reading columns: what is read, and the text of everything that can be wrong.

use elman_data::{Error, Missing, Records, Table, read_column};
use proptest::prelude::*;

fn read(text: &[u8], columns: &[&str], missing: Missing) -> Result<Table, Error> {
    let table = Table::from_reader("a.csv", text, columns, missing);
    // Fields that are read as text first make the same table, or the same error.
    let records = Records::from_bytes("a.csv", text);
    let same = records.and_then(|records| records.numbers(columns, missing));
    match (&table, &same) {
        (Ok(table), Ok(same)) => assert_eq!(table, same),
        (Err(error), Err(same)) => assert_eq!(error.to_string(), same.to_string()),
        (table, same) => panic!("{table:?}, but {same:?}"),
    }
    table
}

#[test]
fn fields_as_text() {
    let records = Records::from_bytes("a.csv", "day,\"a, b\"\n1, x\n".as_bytes()).unwrap();
    assert_eq!(records.names(), ["day", "a, b"]);
    assert_eq!((records.rows(), records.line(0), records.line(1)), (1, Some(2), None));
    assert!(records.column("a, b").unwrap().iter().eq(["x"]));
    let missing = records.column("b").unwrap_err().to_string();
    assert_eq!(missing, "a.csv, line 1: no column `b`; the columns are `day`, `a, b`");
    let header = || (1, vec!["a".to_string(), "b".to_string()]);
    let short = Records::new("a.json", header()).push(7, ["1"]).unwrap_err();
    assert_eq!(short.to_string(), "a.json, line 7: 1 fields; the header has 2");
    let none = Records::new("a.json", header());
    let none = none.numbers(&["a"], Missing::Last).unwrap_err();
    assert_eq!(none.to_string(), "a.json: a header, but no rows below it");
}

#[test]
fn fields_between_other_separators() {
    for separator in ["\t", ";", "|", "!"] {
        let text = format!("day{separator}\"a{separator} b\"\n1{separator} x, y\n");
        let records = Records::separated("a", separator.as_bytes()[0], text.as_bytes()).unwrap();
        assert_eq!(records.names(), ["day", &format!("a{separator} b")]);
        assert!(records.column(&records.names()[1]).unwrap().iter().eq(["x, y"]));
    }
    let ragged = Records::separated("a.tsv", b'\t', b"t\tx\n1\t2\n1\t2\t3\n").unwrap_err();
    assert_eq!(ragged.to_string(), "a.tsv, line 3: 3 fields; the header has 2");
}

proptest! {
    /// Any byte may be said to lie between fields, of any text.
    #[test]
    fn no_separator_panics(separator: u8, text in "[,;\t|\"\r\n a1é]{0,40}") {
        let records = Records::separated("a", separator, text.as_bytes());
        if let Ok(records) = records {
            for row in 0..records.rows() {
                prop_assert!(records.line(row).is_some());
            }
        }
    }
}

fn values(text: &str, missing: Missing) -> Vec<f64> {
    read(text.as_bytes(), &["x"], missing).unwrap().values().to_vec()
}

/// The error message of reading column `x`.
fn refused(text: impl AsRef<[u8]>, missing: Missing) -> String {
    read(text.as_ref(), &["x"], missing).unwrap_err().to_string()
}

#[test]
fn columns_in_the_order_asked_for() {
    let table = read(b"t,x,y\n1,2,3\n4,5,6\n", &["y", "x"], Missing::Refuse).unwrap();
    assert_eq!(table.values(), [3.0, 2.0, 6.0, 5.0]);
    assert_eq!(table.names(), ["y", "x"]);
    assert_eq!((table.rows(), table.column("x").unwrap()), (2, vec![2.0, 5.0]));
    assert_eq!(table.part(1..2).unwrap(), [6.0, 5.0]);
    assert_eq!(table.part(2..2).unwrap(), []);
    let missing = table.column("t").unwrap_err().to_string();
    assert_eq!(missing, "a.csv, line 1: no column `t`; the columns are `y`, `x`");
    assert!(matches!(table.part(1..3), Err(Error::TooShort { found: 2, wanted: 3, .. })));
    #[expect(clippy::reversed_empty_ranges)]
    let backwards = table.part(2..1);
    assert!(matches!(backwards, Err(Error::Parameter { name: "rows", .. })));
}

#[test]
fn what_a_csv_file_may_look_like() {
    let plain = values("x,y\n1,2\n-3e-2,4\n", Missing::Refuse);
    assert_eq!(plain, [1.0, -0.03]);
    for same in [
        "x,y\r\n1,2\r\n-3e-2,4\r\n",
        "x,y\n1,2\n-3e-2,4",
        "\u{feff}x,y\n1,2\n-3e-2,4\n\n\n",
        "\n\nx,y\n1,2\n-3e-2,4\n",
        " x , y\n 1,2\n -0.03 ,4\n",
        "\"x\",\"y\"\n\"1\",\"two, or\n\"\"2\"\"\"\n-.03,4\n",
        "x,y\r1,2\r-3e-2,4\r",
    ] {
        assert_eq!(values(same, Missing::Refuse), plain, "{same:?}");
    }
}

#[test]
fn missing_values() {
    let text = "x,y\n1,\n,1\nNA,1\nnan,1\n9,1\n null ,1\n";
    assert_eq!(values(text, Missing::Last), [1.0, 1.0, 1.0, 1.0, 9.0, 9.0]);
    assert_eq!(
        refused(text, Missing::Refuse),
        "a.csv, line 3, column `x`: missing value (``); wanted a number, or another choice for missing values"
    );
    assert_eq!(
        refused(text, Missing::Linear),
        "a.csv, line 7, column `x`: missing value with no value after it to fill it from"
    );
    let inside = &text[..text.len() - 9];
    assert_eq!(values(inside, Missing::Linear), [1.0, 3.0, 5.0, 7.0, 9.0]);
    for missing in [Missing::Last, Missing::Linear] {
        assert_eq!(
            refused("x\nNA\n1\n", missing),
            "a.csv, line 2, column `x`: missing value with no value before it to fill it from"
        );
        assert!(refused("x\nNA\nNA\n", missing).contains("line 2, column `x`"));
    }
    // A gap in one column is none in another.
    assert_eq!(read(text.as_bytes(), &["x"], Missing::Last).unwrap().rows(), 6);
    assert!(read(b"x,y\n1,\n2,\n", &["x"], Missing::Refuse).is_ok());
    // Far apart and of opposite sign, without overflow on the way.
    assert_eq!(values("x\n-1.7e308\nNA\n1.7e308\n", Missing::Linear)[1], 0.0);
}

#[test]
fn a_blank_line_does_not_shift_time() {
    assert_eq!(values("x\n1\n\n\n4\n\n", Missing::Linear), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(values("x\r\n1\r\n\r\n\r\n4\r\n\r\n", Missing::Linear), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(values("x\n1\n\"\"\n3\n", Missing::Linear), [1.0, 2.0, 3.0]);
    assert!(refused("x\n1\n\n\n4\n", Missing::Refuse).starts_with("a.csv, line 3, column `x`"));
    assert_eq!(
        refused("x,y\n1,2\n\n3,4\n", Missing::Last),
        "a.csv, line 3: 1 fields; the header has 2"
    );
}

#[test]
fn errors_name_the_line_an_editor_shows() {
    let bad = |text: &str| refused(text, Missing::Last);
    assert_eq!(bad("x\n1\nabc\n"), "a.csv, line 3, column `x`: `abc` is not a number");
    assert_eq!(bad("x\r\n1\r\nabc\r\n"), "a.csv, line 3, column `x`: `abc` is not a number");
    assert_eq!(bad("x\r1\rabc\r"), "a.csv, line 3, column `x`: `abc` is not a number");
    assert_eq!(bad("\n\nx\n1\n\nabc\n"), "a.csv, line 6, column `x`: `abc` is not a number");
    let quoted = "\u{feff}y,x\n\"a\n\nb\",1\n2,abc\n";
    assert_eq!(bad(quoted), "a.csv, line 5, column `x`: `abc` is not a number");
    let marked = "\u{feff}\n\nx\nabc\n";
    assert_eq!(bad(marked), "a.csv, line 4, column `x`: `abc` is not a number");
    assert_eq!(bad("x\n1\n-nan\n"), "a.csv, line 3, column `x`: `-nan` is not a number");
    assert_eq!(bad("x\n1,5\n"), "a.csv, line 2: 2 fields; the header has 1");
    for infinite in ["inf", "-Infinity", "1e999"] {
        let text = format!("x\n1\n{infinite}\n");
        assert_eq!(bad(&text), format!("a.csv, line 3, column `x`: `{infinite}` is not finite"));
    }
    assert_eq!(bad("a,b\n1,2\n"), "a.csv, line 1: no column `x`; the columns are `a`, `b`");
    assert_eq!(bad("\na\n1\n"), "a.csv, line 2: no column `x`; the columns are `a`");
    assert_eq!(bad("\u{feff}\n\na\n1\n"), "a.csv, line 3: no column `x`; the columns are `a`");
    assert_eq!(bad("x,x\n1,2\n"), "a.csv, line 1: 2 columns are named `x`; wanted exactly one");
    assert_eq!(bad("x,y\n"), "a.csv: a header, but no rows below it");
    for empty in ["", "\n\r\n", "\u{feff}"] {
        assert_eq!(bad(empty), "a.csv: empty; wanted a header line with the names of the columns");
    }
    let latin = refused(b"x\n1\ncaf\xe9\n", Missing::Last);
    assert_eq!(latin, "a.csv, line 3: not UTF-8 (byte 0xe9)");
    let wide: Vec<String> = (0..30).map(|i| format!("c{i}")).collect();
    assert!(bad(&format!("{}\n", wide.join(","))).ends_with("`c19` and 10 more"));
}

#[test]
fn a_file_that_is_not_there() {
    let error = read_column("no/such/file.csv", "x", Missing::Refuse).unwrap_err();
    assert!(error.to_string().starts_with("no/such/file.csv: cannot be opened: "), "{error}");
    let folder = read_column(env!("CARGO_MANIFEST_DIR"), "x", Missing::Refuse).unwrap_err();
    assert!(matches!(folder, Error::Open { .. } | Error::Read { .. }), "{folder}");
    let none = read(b"x\n1\n", &[], Missing::Refuse).unwrap_err();
    assert_eq!(none.to_string(), "Table: columns is []; wanted at least one name");
}
