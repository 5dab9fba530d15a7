//! What is checked before a forecast, whichever command makes it; and that nothing is chosen by rows
//! that are held out.

use crate::shared::{command, done, numbers, series};
use elman_cli::trial::train;
use std::fs;
use std::path::Path;

/// The settings of a training.
fn settings(text: &str, wishes: &str) -> String {
    let wishes = format!("target = ['load']\nhidden = 2\nsteps = 2\n{wishes}");
    let written = train("a.csv", text.as_bytes(), &wishes, 1 << 14).unwrap().written[0].clone();
    let sum = |line: &&str| !line.starts_with("sha256");
    written.lines().filter(sum).map(|line| format!("{line}\n")).collect()
}

/// What is said of a mistake, and the exit code.
fn refused(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = command(folder, arguments).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// A table with its rows in another order, or other rows.
fn with_rows(text: &str, change: impl Fn(Vec<String>) -> Vec<String>) -> String {
    let mut lines = text.lines().map(String::from);
    let header = lines.next().unwrap();
    let rows = change(lines.collect());
    format!("{header}\n{}", rows.iter().map(|row| format!("{row}\n")).collect::<String>())
}

/// Rows in the wrong order, too few of them, and at another interval are errors of every command.
#[test]
fn all_commands_check_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let months = series(120);
    let days = with_rows(&months, |rows| {
        let day = |(t, row): (usize, &String)| {
            format!("2024-{:02}-{:02}{}", 1 + t / 28, 1 + t % 28, &row[7..])
        };
        rows.iter().take(28).enumerate().map(day).collect()
    });
    for (name, text) in [
        ("months.csv", months.clone()),
        ("back.csv", with_rows(&months, |rows| rows.into_iter().rev().collect())),
        (
            "slashes.csv",
            with_rows(&months, |rows| {
                let slashes = |row: &String| format!("1/{}/{}{}", &row[5..7], &row[..4], &row[7..]);
                rows.iter().rev().map(slashes).collect()
            }),
        ),
        ("few.csv", with_rows(&months, |rows| rows[..5].to_vec())),
        ("days.csv", days),
        ("cell.csv", months.replacen("1991-03", "?", 1)),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    let short = ["--target", "load", "--steps", "2", "--hidden", "2", "--season", "12"];
    done(folder, &[&["train", "months.csv", "--out", "run"][..], &short].concat());
    for (file, said) in [
        ("back.csv", "goes back"),
        ("slashes.csv", "goes back"),
        ("cell.csv", "expected a date such as `1990-01`, got `?`"),
    ] {
        let train = [&["train", file, "--out", "other"][..], &short].concat();
        for arguments in [&train[..], &["evaluate", "run", file], &["predict", "run", file]] {
            let (code, found) = refused(folder, arguments);
            assert!(code == 3 && found.contains(said), "{arguments:?}: {found}");
        }
    }
    for command in ["evaluate", "predict"] {
        let (code, found) = refused(folder, &[command, "run", "few.csv"]);
        assert!(code == 3 && found.contains("at least 12 rows"), "{command}: {found}");
        let (code, found) = refused(folder, &[command, "run", "days.csv"]);
        let said =
            "the rows are 1 day apart by `month`; the model was trained on rows 1 month apart";
        assert!(code == 3 && found.contains(said), "{command}: {found}");
    }
}

/// Of two files that differ in the held-out rows only, trainings begin alike.
#[test]
fn nothing_is_chosen_by_rows_that_are_held_out() {
    // 15 of 100 rows are reported, as many are chosen by.
    let months = series(200);
    let changed = |from: usize| {
        with_rows(&months, |rows| {
            let change = |(t, row): (usize, String)| match t {
                // A jump, a shorter season, and an input that was constant before.
                _ if t >= from => format!("{},{},{}", &row[..7], 500 + 90 * (t % 5), t),
                _ => format!("{},{}", row.rsplit_once(',').unwrap().0, 7),
            };
            rows.into_iter().enumerate().map(change).collect()
        })
    };
    let line = |settings: &str, name: &str| {
        settings.lines().find(|line| line.starts_with(name)).unwrap().to_string()
    };
    for wishes in ["", "horizon = 3", "horizon = 40"] {
        assert_eq!(settings(&changed(200), wishes), settings(&changed(170), wishes), "{wishes}");
        let [all, other] = [200, 140].map(|from| settings(&changed(from), wishes));
        for name in ["inputs", "horizon", "season", "mean", "scale", "steps"] {
            let held = wishes.ends_with("40") && name != "horizon";
            // With a horizon of 40, fewer rows are learned from: 120.
            assert!(held || line(&all, name) == line(&other, name), "{name} with {wishes}");
        }
    }
    let [all, other] = [200, 120].map(|from| settings(&changed(from), "horizon = 40"));
    for name in ["inputs", "season", "mean", "scale"] {
        assert_eq!(line(&all, name), line(&other, name));
    }
}

/// Rows whose target is still to come are no rows to learn from.
#[test]
fn rows_after_the_last_target_are_the_future() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let months = series(96);
    let more = with_rows(&series(99), |rows| {
        let open = |(t, row): (usize, String)| match t {
            _ if t >= 96 => format!("{},,{}", &row[..7], t),
            _ => row,
        };
        rows.into_iter().enumerate().map(open).collect()
    });
    assert_eq!(settings(&more, ""), settings(&months, ""));
    fs::write(folder.join("months.csv"), &months).unwrap();
    fs::write(folder.join("more.csv"), &more).unwrap();
    let short = ["--target", "load", "--steps", "2", "--hidden", "2", "--window", "24"];
    let said = done(folder, &[&["train", "more.csv", "--out", "run"][..], &short].concat());
    assert!(said.contains("The last 3 rows have no value to forecast (from line 98 on)"), "{said}");
    let of =
        |file: &str| numbers(&done(folder, &["--json", "predict", "run", file]))["rows"].take();
    assert_eq!(of("more.csv"), of("months.csv"));
    assert_eq!(of("more.csv")[0]["month"], "1998-01");
}
