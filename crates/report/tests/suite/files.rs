//! Files that follow a run: the table of its history, and its pictures.

use elman_autograd::Params;
use elman_autograd::tensor::Init;
use elman_report::{Error, HistoryFile, Picture, Progress, curves, history_csv};
use elman_train::{History, Row, Run, RunSnapshot, Turn};
use proptest::prelude::*;
use std::fs;
use std::path::PathBuf;

/// An empty folder of this name.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Reads a table back.
fn read(file: &PathBuf) -> History {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().map(String::from).collect();
    let metrics = names[4..names.len() - 1].to_vec();
    let mut history = History { metrics, ..History::default() };
    for record in reader.records() {
        let record = record.unwrap();
        let number = |i: usize| (!record[i].is_empty()).then(|| record[i].parse::<f64>().unwrap());
        let count = |i: usize| record[i].parse().unwrap();
        let metrics = (4..names.len() - 1).filter_map(number).collect();
        let (step, epoch) = (count(0), count(1));
        history.rows.push(Row { step, epoch, loss: number(2), rate: number(3), metrics });
        history.seconds.push(number(names.len() - 1).unwrap());
    }
    history
}

/// A run of twenty steps, from the start or from a snapshot; `kill` ends it behind so many. After
/// each turn the file has what the history has.
fn run(file: &PathBuf, from: Option<&RunSnapshot<f64>>, kill: u64) -> Run<f64> {
    let (_, params) = Params::init(0, |p| p.weight("w", [2], Init::Zeros)).unwrap();
    let mut run = Run::steps(20).validate_every(6).record_every(4).save_every(5);
    if let Some(from) = from {
        run.restore(from).unwrap();
    }
    let mut history = HistoryFile::new(file);
    while run.done() < kill
        && let Some(turn) = run.turn().unwrap()
    {
        match turn {
            Turn::Train { step, .. } => run.trained(1.0 / (step as f64 + 3.0)),
            Turn::Validate { step, .. } => {
                let error = (step as f64).sqrt();
                run.validated(&params, &[("error, \"m\"", error), ("x", 1e-300)]).unwrap();
            }
            Turn::Save { .. } => {}
        }
        history.follow(run.history()).unwrap();
        assert_eq!(&read(file), run.history());
    }
    run
}

#[test]
fn a_killed_run_has_its_rows_and_a_restored_one_has_no_others() {
    let file = folder("restored").join("history.csv");
    let whole = run(&file, None, u64::MAX);
    let steps = |history: &History| history.rows.iter().map(|row| row.step).collect::<Vec<_>>();
    assert_eq!(steps(whole.history()), [4, 6, 8, 12, 16, 18, 20]);
    for kill in 1..20 {
        let saved = run(&file, None, kill).snapshot().clone();
        run(&file, None, u64::MAX);
        let rest = run(&file, Some(&saved), u64::MAX);
        assert_eq!(rest.history().rows, whole.history().rows);
        assert_eq!(read(&file).rows, whole.history().rows);
    }
    // No other file is left.
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_table_loses_no_bit(
        rows in prop::collection::vec((any::<u64>(), prop::num::f64::ANY, prop::num::f64::ANY), 0..8),
        name in ".{0,9}",
    ) {
        let finite = |x: f64| if x.is_finite() { x } else { 0.5 };
        let row = |&(step, x, y): &(u64, f64, f64)| {
            Row { step, epoch: step / 7, loss: Some(finite(x)), rate: None, metrics: vec![finite(y)] }
        };
        let seconds = rows.iter().map(|&(_, _, y)| finite(y)).collect();
        let history = History { metrics: vec![name], rows: rows.iter().map(row).collect(), seconds };
        let file = folder("bits").join("history.csv");
        HistoryFile::new(&file).follow(&history).unwrap();
        prop_assert_eq!(format!("{:?}", read(&file)), format!("{:?}", history));
    }
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_that_names_it() {
    let file = folder("missing").join("none/history.csv");
    let error = HistoryFile::new(&file).follow(&History::default()).unwrap_err();
    assert!(matches!(error, Error::Write { .. }));
    assert!(error.to_string().contains("none/history.csv: cannot be written: "), "{error}");
}

fn picture() -> Picture {
    let row = |step: u64| Row { step, loss: Some(2.0 / step as f64), ..Row::default() };
    let rows: Vec<_> = (1..9).map(row).collect();
    curves(&History { seconds: vec![0.0; rows.len()], rows, ..History::default() }).unwrap()
}

#[test]
fn pictures_are_saved_by_their_endings() {
    let folder = folder("pictures");
    let picture = picture();
    picture.save(folder.join("a.svg")).unwrap();
    assert_eq!(fs::read_to_string(folder.join("a.svg")).unwrap(), picture.svg());
    for name in ["a.jpg", "a", "a.svg.gz"] {
        let error = picture.save(folder.join(name)).unwrap_err().to_string();
        assert!(error.contains(&format!("{name}: wanted a name that ends in .svg")), "{error}");
    }
}

#[cfg(feature = "png")]
#[test]
fn a_png_has_the_size_the_lines_and_the_letters() {
    use resvg::tiny_skia::Pixmap;
    let file = folder("png").join("a.png");
    let picture = picture();
    picture.save(&file).unwrap();
    let map = Pixmap::load_png(&file).unwrap();
    assert_eq!([map.width(), map.height()], picture.size().map(|pixels| 2 * pixels));
    let count = |wanted: [u8; 3]| {
        let pixels = map.pixels().iter().map(|p| [p.red(), p.green(), p.blue()]);
        pixels.filter(|pixel| *pixel == wanted).count()
    };
    // Paper, a line, and letters, which without a font there would be none of.
    assert!(count([0xFF; 3]) > 400_000 && count([0x1F, 0x77, 0xB4]) > 500);
    assert!(count([0x33, 0x3A, 0x45]) > 500, "{}", count([0x33, 0x3A, 0x45]));
}

#[test]
fn progress_has_a_line_for_each_row() {
    let (_, params) = Params::<f32>::init(0, |p| p.weight("w", [2], Init::Zeros)).unwrap();
    let mut lines = Vec::new();
    let mut progress = Progress::lines(&mut lines);
    let mut run = Run::steps(5).validate_every(2).record_every(1);
    while let Some(turn) = run.turn().unwrap() {
        match turn {
            Turn::Validate { step, .. } => {
                run.validated(&params, &[("error", 120.0 / step as f64)]).unwrap();
            }
            _ => run.trained(0.5),
        }
        run.rate(1e-4);
        progress.follow(&run);
        progress.follow(&run);
    }
    let lines = String::from_utf8(lines).unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), 5);
    assert!(lines[0].starts_with("step 1 of 5, loss 0.500, rate 1.00e-4, "), "{}", lines[0]);
    assert!(lines[2].starts_with("step 3 of 5, loss 0.500, error 60.0, rate 1.00e-4, "));
    assert!(lines[2].ends_with(" left") && lines[4].ends_with(" steps/s"), "{lines:?}");
}

/// A stream that cannot be written to any more, as a closed pipe.
struct Closed;

impl std::io::Write for Closed {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Err(std::io::ErrorKind::BrokenPipe.into())
    }
}

#[test]
fn progress_never_stops_a_run() {
    let mut progress = Progress::lines(Closed);
    let mut run = Run::<f32>::steps(5).record_every(1);
    while run.turn().unwrap().is_some() {
        run.trained(0.5);
        progress.follow(&run);
    }
    assert_eq!(run.done(), 5);
}

/// A history is not written through a link that somebody has put beside it.
#[cfg(unix)]
#[test]
fn a_history_follows_no_link() {
    let folder = folder("link");
    let (file, precious) = (folder.join("history.csv"), folder.join("precious"));
    fs::write(&precious, "precious").unwrap();
    std::os::unix::fs::symlink(&precious, folder.join("history.csv.new")).unwrap();
    HistoryFile::new(&file).follow(&History::default()).unwrap();
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
    assert_eq!(fs::read(&file).unwrap(), history_csv(&History::default()).unwrap());
}
