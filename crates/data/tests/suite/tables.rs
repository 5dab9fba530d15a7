//! Tables of any form: every cell is read or an error names the line, at a cost that grows with the
//! size of the file only.

use elman_data::{Error, Missing, Records, Table};
use proptest::prelude::*;

fn refused(text: &str) -> String {
    let records = Records::from_bytes("a.csv", text.as_bytes());
    let said = records.unwrap_err().to_string();
    let table = Table::from_reader("a.csv", text.as_bytes(), &["x"], Missing::Last);
    assert_eq!(table.unwrap_err().to_string(), said);
    said
}

#[test]
fn a_quotation_mark_that_is_never_closed_is_refused() {
    let rows = |quote: usize| -> String {
        (0..51).map(|i| format!("{i},{}\n", if i == quote { "\"b" } else { "b" })).collect()
    };
    let open = "a quotation mark opens here; expected a closing one, got the end of the file";
    for quote in [0, 25, 50] {
        let text = format!("x,y\n{}", rows(quote));
        assert_eq!(refused(&text), format!("a.csv, line {}: {open}", quote + 2));
    }
    assert_eq!(refused("\"x,y\n1,2\n"), format!("a.csv, line 1: {open}"));
    assert_eq!(refused("x,y\n\"a\nb\",\"\n\n"), format!("a.csv, line 3: {open}"));
    assert_eq!(refused("x,y\n1,\"\"\"\n"), format!("a.csv, line 2: {open}"));
    // A second one closes it, and then something else follows.
    let after = "expected a separator or the end of the line after a closing quotation mark, got";
    assert_eq!(
        refused("x,y\n1,\"b\n2,c\n3,\"d\n"),
        format!("a.csv, line 4: {after} `d`; the field opens on line 2")
    );
    assert_eq!(
        refused("x,y\n1,\"b\" c,d\n"),
        format!("a.csv, line 2: {after} `c`; the field opens on line 2")
    );
    // Blanks may follow, and inside of a field a quotation mark is one like any other.
    let records = Records::from_bytes("a.csv", b"x,y\n\"1\" ,5\"\n 2 \t,a \"b\"\n").unwrap();
    assert!(records.column("x").unwrap().iter().eq(["1", "2"]));
    assert!(records.column("y").unwrap().iter().eq(["5\"", "a \"b\""]));
}

fn wide(columns: usize, rows: usize) -> String {
    let line = |field: &dyn Fn(usize) -> String| {
        (0..columns).map(field).collect::<Vec<_>>().join(",") + "\n"
    };
    let rows = (0..rows).map(|t| line(&|c| ((c + t) % 10).to_string()));
    line(&|c| format!("c{c}")) + &rows.collect::<String>()
}

/// Comparing every name with every other one would take minutes here.
#[test]
fn columns_are_found_without_a_search_through_all_names() {
    let mut costs = Vec::new();
    for columns in [1_000, 10_000, 100_000] {
        let text = wide(columns, 2);
        let cost = allocation_counter::measure(|| {
            let records = Records::from_bytes("a.csv", text.as_bytes()).unwrap();
            let names: Vec<&str> = records.names().iter().map(String::as_str).collect();
            for (place, name) in names.iter().enumerate() {
                let column = records.column(name).unwrap();
                assert_eq!(column.get(0), Some(&*(place % 10).to_string()));
                assert_eq!(records.numbers(&[name], Missing::Refuse).unwrap().rows(), 2);
            }
            let table = records.numbers(&names, Missing::Refuse).unwrap();
            assert_eq!(table.values().len(), 2 * columns);
            for name in &names {
                assert_eq!(table.column(name).unwrap().len(), 2);
            }
            let read = Table::from_reader("a.csv", text.as_bytes(), &names, Missing::Refuse);
            assert_eq!(read.unwrap(), table);
        });
        costs.push([cost.count_total, cost.bytes_max].map(|x| x as f64 / columns as f64));
    }
    for costs in costs.windows(2) {
        let ratios = [0, 1].map(|i| costs[1][i] / costs[0][i]);
        assert!(ratios.iter().all(|ratio| *ratio < 1.5), "{costs:?}");
    }
}

/// The memory that reading takes, in sizes of the file, with the file itself.
fn factor(text: &str, columns: &[&str]) -> [f64; 2] {
    let size = text.len() as f64;
    let records = allocation_counter::measure(|| {
        let records = Records::from_bytes("a.csv", text.as_bytes()).unwrap();
        records.numbers(columns, Missing::Last).unwrap();
    });
    let table = allocation_counter::measure(|| {
        Table::from_reader("a.csv", text.as_bytes(), columns, Missing::Last).unwrap();
    });
    // The reader holds a copy of what it reads.
    [1.0 + records.bytes_max as f64 / size, table.bytes_max as f64 / size]
}

#[test]
fn reading_takes_at_most_eight_times_the_file() {
    let digits = "x\n".to_string() + &"0\n".repeat(100_000);
    let pairs = "x,y\n".to_string() + &"0,1\n".repeat(100_000);
    let row = |i: usize| format!("{},{:.4},{}\n", i, (i as f64).sin(), i % 7);
    let plain = "t,x,y\n".to_string() + &(0..50_000).map(row).collect::<String>();
    let crlf = plain.replace('\n', "\r\n");
    let quoted = "x\n".to_string() + &"\"0\"\n".repeat(50_000);
    let gaps = "x,y\n1,1\n".to_string() + &",\n".repeat(100_000);
    // A field that has nothing is no number of two bytes, with what separates it.
    let [gaps, _] = factor(&gaps, &["x", "y"]);
    assert!(gaps <= 2.0 + 12.0, "{gaps}");
    for (text, columns) in [
        (&digits, &["x"][..]),
        (&pairs, &["x", "y"]),
        (&plain, &["t", "x", "y"]),
        (&crlf, &["x"]),
        (&quoted, &["x"]),
    ] {
        let factors = factor(text, columns);
        assert!(factors.iter().all(|&factor| factor <= 8.0), "{:?}: {factors:?}", &text[..20]);
    }
}

/// Rows share the fields of their group, which are there once.
#[test]
fn groups_of_rows() {
    let names = || ["id", "x"].map(String::from).to_vec();
    let mut records = Records::grouped("a", (1, names()), 1).unwrap();
    let before = records.clone();
    assert_eq!(records.push(1, ["1"]).unwrap_err().to_string().find("group"), Some(9));
    assert!(records.begin_group(["a", "b"]).is_err());
    assert_eq!(records, before, "what is refused leaves nothing behind");
    records.begin_group(["empty"]).unwrap();
    records.begin_group(["long".repeat(1000).as_str()]).unwrap();
    let cost = allocation_counter::measure(|| {
        (0..10_000).for_each(|_| records.push(7, ["1"]).unwrap());
    });
    assert!(cost.bytes_max < 1_000_000, "{cost:?}");
    assert!(records.push(8, ["1", "2"]).is_err());
    records.begin_group(["last"]).unwrap();
    records.push(9, ["2"]).unwrap();
    let id = records.column("id").unwrap();
    assert_eq!(
        (id.get(0).map(str::len), id.get(10_000), id.get(10_001)),
        (Some(4000), Some("last"), None)
    );
    assert_eq!(records.groups(), Some(&[0, 0, 10_000][..]));
    assert_eq!(
        [0, 9_999, 10_000, 10_001].map(|row| records.line(row)),
        [Some(7), Some(7), Some(9), None]
    );
    assert!(Records::grouped("a", (1, names()), 3).is_err());
    assert!(Records::grouped("a", (1, names()), 0).is_err());
    assert!(Records::new("a", (1, names())).begin_group([]).is_err());
}

/// Text that readers stumble over.
fn hostile() -> impl Strategy<Value = String> {
    let odd = [
        "",
        " ",
        "\t",
        "0",
        "-1.5",
        "1e999",
        "1e-400",
        "123456789012345678901234567890",
        "NA",
        "nan",
        "null",
        "?",
        "inf",
        "\0",
        "\u{feff}",
        "é",
        "\"",
        "\"\"",
        ",",
        ";",
        "\n",
        "\r",
        "\r\n",
        "a b",
        "1,5",
        "x",
        "Total",
    ];
    prop::collection::vec(prop::sample::select(odd.to_vec()), 0..4).prop_map(|parts| parts.concat())
}

/// A table of cells as CSV, quoted where `quote` says so or there is no other way.
fn written(rows: &[Vec<String>], separator: char, end: &str, quote: bool) -> String {
    let field = |field: &String| {
        let needs = field.contains([separator, '"', '\n', '\r']) || rows[0].len() == 1;
        let needs = needs || field.starts_with('\u{feff}');
        if quote || needs { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.clone() }
    };
    let line = |row: &Vec<String>| {
        row.iter().map(field).collect::<Vec<_>>().join(&separator.to_string()) + end
    };
    rows.iter().map(line).collect()
}

/// The cells of a table with its header, row by row.
fn cells(records: &Records) -> Vec<Vec<String>> {
    let row = |row: usize| records.columns().map(|c| c.get(row).unwrap().to_string()).collect();
    std::iter::once(records.names().to_vec()).chain((0..records.rows()).map(row)).collect()
}

/// Whether an error says where it is: in a line, or in no line because there is none.
fn says_where(error: &Error) -> bool {
    let said = error.to_string();
    said.contains(", line ") || matches!(error, Error::EmptyFile { .. } | Error::NoRows { .. })
}

/// The characters that are neither blank nor have a meaning in CSV.
fn essence(text: &str) -> Vec<char> {
    let mut all: Vec<char> =
        text.chars().filter(|c| !c.is_whitespace() && !"\",".contains(*c)).collect();
    all.sort_unstable();
    all
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        rows in (1usize..5).prop_flat_map(|width| {
            prop::collection::vec(prop::collection::vec(hostile(), width), 1..6)
        }),
        separator in prop::sample::select(vec![',', ';', '\t', '|']),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        (quote, mark) in any::<(bool, bool)>(),
    ) {
        let trimmed: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|field| field.trim().to_string()).collect())
            .collect();
        let text = ["", "\u{feff}"][usize::from(mark)].to_string() + &written(&rows, separator, end, quote);
        let records = Records::separated("a", separator as u8, text.as_bytes()).unwrap();
        prop_assert_eq!(cells(&records), trimmed);
    }

    #[test]
    fn any_text_is_read_whole_or_refused(
        parts in prop::collection::vec((hostile(), prop::sample::select(vec![",", "\n", "\r\n", "\r", ""])), 0..30),
    ) {
        let text: String = parts.iter().flat_map(|(field, end)| [field.as_str(), end]).collect();
        let records = match Records::from_bytes("a.csv", text.as_bytes()) {
            Ok(records) => records,
            Err(error) => {
                prop_assert!(says_where(&error), "{}", error);
                return Ok(());
            }
        };
        let found = cells(&records);
        let whole: String = found.iter().flatten().map(String::as_str).collect();
        let source = text.strip_prefix('\u{feff}').unwrap_or(&text);
        prop_assert_eq!(essence(&whole), essence(source), "{:?}", found);
        let again = written(&found, ',', "\n", true);
        prop_assert_eq!(&cells(&Records::from_bytes("a.csv", again.as_bytes()).unwrap()), &found);
        let lines: Vec<_> = (0..records.rows()).map(|row| records.line(row).unwrap()).collect();
        prop_assert!(lines.is_sorted_by(|a, b| a < b));

        for (place, name) in records.names().iter().enumerate() {
            for missing in [Missing::Refuse, Missing::Last, Missing::Linear] {
                match records.numbers(&[name], missing) {
                    Err(error) => prop_assert!(says_where(&error), "{}", error),
                    Ok(table) => {
                        prop_assert_eq!(table.rows(), records.rows());
                        for (row, x) in found[1..].iter().zip(table.values()) {
                            let known = row[place].parse::<f64>().ok().filter(|x| x.is_finite());
                            prop_assert!(x.is_finite() && known.is_none_or(|known| known == *x));
                        }
                    }
                }
            }
        }
    }
}
