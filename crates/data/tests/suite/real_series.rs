//! The shipped files are the ones that `data/README.md` describes, to the byte.

use elman_data::{Alphabet, Error, Missing, read_column};
use sha2::{Digest, Sha256};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");

fn check(name: &str, column: &str, rows: usize, first: f64, last: f64) -> Vec<f64> {
    let path = format!("{FOLDER}/{name}.csv");
    let series = read_column(&path, column, Missing::Last).unwrap();
    assert_eq!((series.len(), series[0], series[rows - 1]), (rows, first, last), "{name}");

    described(&format!("{name}.csv"));
    series
}

/// The file's hash is in the README, in the row that begins with its name. Returns its text.
fn described(file: &str) -> String {
    let text = std::fs::read_to_string(format!("{FOLDER}/{file}")).unwrap();
    let hash: String = Sha256::digest(&text).iter().map(|b| format!("{b:02x}")).collect();
    let readme = std::fs::read_to_string(format!("{FOLDER}/README.md")).unwrap();
    let row = format!("| `{file}` | `{hash}` |");
    assert!(readme.contains(&row), "data/README.md has no row {row}");
    text
}

#[test]
fn names() {
    let text = described("names.txt");
    let names: Vec<&str> = text.lines().collect();
    assert_eq!((names.len(), names[0], names[5162]), (5163, "aaron", "zulma"));
    assert!(names.is_sorted_by(|a, b| a < b));
    assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase())));
    let lengths = names.iter().map(|name| name.len());
    assert_eq!((lengths.clone().min(), lengths.max()), (Some(2), Some(11)));
}

#[test]
fn texts() {
    for (file, bytes, symbols, words) in [
        ("alice29.txt", 152_089, 74, "Alice was beginning to get very tired"),
        ("asyoulik.txt", 125_179, 68, "All the world's a stage"),
    ] {
        let text = described(file);
        assert_eq!((text.len(), Alphabet::of(&text).len()), (bytes, symbols), "{file}");
        assert!(text.is_ascii() && text.contains(words), "{file}");
    }
}

#[test]
fn sunspots() {
    let series = check("sunspots", "sunspots", 3120, 58.0, 0.8);
    // The largest month, October 1957, and the year of the smallest cycle's minimum.
    assert_eq!(series[(1957 - 1749) * 12 + 9], 253.8);
    assert!(series[(1810 - 1749) * 12..(1811 - 1749) * 12].iter().all(|&x| x == 0.0));
}

#[test]
fn co2() {
    let series = check("co2", "co2", 2284, 316.1, 371.5);
    assert!(series.iter().all(|x| (310.0..380.0).contains(x)));
    let path = format!("{FOLDER}/co2.csv");

    // 59 empty fields, the first of them on 10 May 1958.
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().filter(|line| line.ends_with(',')).count(), 59);
    let refused = read_column(&path, "co2", Missing::Refuse).unwrap_err();
    assert!(
        matches!(&refused, Error::MissingValue { line: 8, column, .. } if column == "co2"),
        "{refused}"
    );
    let linear = read_column(&path, "co2", Missing::Linear).unwrap();
    assert!((linear[6] - 0.5 * (linear[5] + linear[7])).abs() < 1e-12);
    assert_eq!(series[6], series[5]);
}

#[test]
fn elnino() {
    check("elnino", "temperature", 732, 23.11, 22.07);
}

#[test]
fn nile() {
    check("nile", "volume", 100, 1120.0, 740.0);
}
