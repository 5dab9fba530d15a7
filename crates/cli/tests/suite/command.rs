//! The command, as a person uses it.

use crate::shared::{CAT, command, done, numbers, series};
use elman::autograd::Tape;
use elman::rnn::Layer;
use elman::tensor::Tensor;
use elman_io::exchange::onnx::{Limits, import};
use serde_json::json;
use std::fs;
use std::path::Path;

/// Sequences of two classes, slow and fast waves of different lengths.
fn waves() -> String {
    let mut text = String::from("id,x,speed\n");
    for id in 0..60 {
        let (speed, name) = [(0.3, "slow"), (0.9, "fast")][id % 2];
        for t in 0..12 + id % 9 {
            let x = (speed * t as f64 + id as f64).sin();
            text += &format!("{id},{x:.4},{name}\n");
        }
    }
    text
}

/// The pictures of a run are there, in both forms, and its page has one of the insides.
fn check_pictures(run: &Path, names: &[&str]) {
    for name in names {
        let [svg, png] = ["svg", "png"].map(|form| fs::read(run.join(format!("{name}.{form}"))));
        assert!(svg.unwrap().starts_with(b"<svg "), "{name}");
        assert!(png.unwrap().starts_with(b"\x89PNG\r\n"), "{name}");
    }
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(page.contains("norm of the gradient") && page.contains("\nunit\n"));
}

#[test]
fn from_a_file_to_a_forecast() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("load.csv"), series(200)).unwrap();
    let train = ["train", "load.csv", "--target", "load", "--horizon", "6"];
    let short = ["--steps", "60", "--hidden", "6", "--window", "24"];
    let said = done(folder, &[train, short].concat());
    assert!(said.contains("a season of 12") && said.contains("persistence"), "{said}");
    for file in ["model.safetensors", "settings.toml", "history.csv", "report.html"] {
        assert!(folder.join("runs/load").join(file).is_file(), "{file}");
    }
    let pictures = ["forecast", "training", "gradients", "states"];
    check_pictures(&folder.join("runs/load"), &pictures);
    let next = done(folder, &["predict", "runs/load"]);
    let lines: Vec<&str> = next.lines().collect();
    assert_eq!(lines[0], "month,load,load_low,load_high");
    assert_eq!(lines.len(), 7);
    assert!(lines[1].starts_with("2006-09,") && lines[6].starts_with("2007-02,"), "{next}");
    assert_eq!(next, fs::read_to_string(folder.join("runs/load/forecast.csv")).unwrap());

    // The file of the model is enough, and newer rows will do.
    fs::write(folder.join("newer.csv"), series(212)).unwrap();
    let newer = done(folder, &["predict", "runs/load/model.safetensors", "newer.csv"]);
    assert!(newer.lines().nth(1).unwrap().starts_with("2007-09,"), "{newer}");

    // The sentence of the training is that of an evaluation.
    let judged = done(folder, &["evaluate", "runs/load"]);
    assert!(said.contains(judged.trim()), "{said}\n{judged}");
    assert!(judged.contains("on rows 171 to 200 (held out)"), "{judged}");
    let inspected = done(folder, &["inspect", "runs/load"]);
    assert!(inspected.contains("layer0.w") && inspected.contains("horizon = 6"), "{inspected}");
}

/// Even one that was always too low on the few rows that the model was chosen by.
#[test]
fn a_range_holds_its_forecast() {
    let folder = tempfile::tempdir().unwrap();
    let growing = |t: usize| format!("{t},{}\n", (t * t) as f64 + 30.0 * (t as f64).sin());
    let text = format!("t,x\n{}", (0..60).map(growing).collect::<String>());
    fs::write(folder.path().join("x.csv"), text).unwrap();
    let train = ["train", "x.csv", "--target", "x", "--horizon", "4", "--steps", "5", "-q"];
    done(folder.path(), &train);
    let said = done(folder.path(), &["predict", "runs/x"]);
    let rows = said.lines().skip(1).map(|line| {
        line.split(',').skip(1).map(|field| field.parse().unwrap()).collect::<Vec<f64>>()
    });
    let mut away = 0;
    for row in rows {
        assert!(row[1] <= row[0] && row[0] <= row[2], "{said}");
        away += usize::from(row[1] < row[2]);
    }
    assert_eq!(away, 4, "{said}");
}

/// Steps that the seven digits of a file do not have would be lost without a word.
#[test]
fn a_series_of_many_digits_is_not_exported() {
    let folder = tempfile::tempdir().unwrap();
    let meter = |t: usize| format!("{t},{}\n", 1_500_000_000 + 10 * t + t * t % 7);
    let text = format!("t,x\n{}", (0..80).map(meter).collect::<String>());
    fs::write(folder.path().join("x.csv"), text).unwrap();
    let train = ["train", "x.csv", "--target", "x", "--horizon", "2", "--steps", "3", "-q"];
    done(folder.path(), &train);
    let mut export = std::process::Command::new(env!("CARGO_BIN_EXE_elman"));
    let export = export.current_dir(folder.path()).args(["export", "runs/x", "--onnx", "x.onnx"]);
    let output = export.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(4) && said.contains("too few for `x`"), "{said}");
    assert!(!folder.path().join("x.onnx").exists());
}

/// Nor is a column that is only read, by a forecast or by a classifier.
#[test]
fn columns_of_many_digits_are_not_exported() {
    let folder = tempfile::tempdir().unwrap();
    let row = |t: usize| {
        let read = 1_000_000_000 + t * 37 % 11;
        format!("{t},{},{read},{}\n", t * t % 7, ["a", "b"][t * 37 % 11 / 6])
    };
    let text = format!("t,x,read,class\n{}", (0..120).map(row).collect::<String>());
    fs::write(folder.path().join("x.csv"), text).unwrap();
    let forecast = ["--target", "x", "--input", "read", "--horizon", "2"];
    for task in [&forecast[..], &["--label", "class", "--input", "read"]] {
        let short = ["train", "x.csv", "--steps", "3", "-q", "--force"];
        done(folder.path(), &[&short[..], task].concat());
        let export = ["export", "runs/x", "--onnx", "x.onnx"];
        let output = command(folder.path(), &export).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(4) && said.contains("too few for `read`"), "{said}");
        assert!(!folder.path().join("x.onnx").exists());
    }
}

/// What the file of a model gives for the rows of a batch of one.
fn imported(file: &Path, shape: [usize; 3], rows: &[f32]) -> Tensor<f32> {
    let bytes = fs::read(file).unwrap();
    let (model, params) = import::<f32>(&bytes, Limits::default()).unwrap();
    let x = Tensor::new(shape, rows.to_vec()).unwrap();
    Tape::new().evaluate(&params, |g| model.forward(g.input(&x)).values().tensor()).unwrap()
}

/// A missing value becomes the one before it: what comes later is not known to a forecast.
#[test]
fn a_gap_is_filled_from_before() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = series(150);
    // Without some values, early and late, or with those before them.
    let with = |gap: &dyn Fn(&str) -> String| {
        let (mut rows, mut last) = (String::new(), String::new());
        for (number, line) in text.lines().enumerate() {
            let fields: Vec<&str> = line.split(',').collect();
            let missing = (70..75).contains(&number) || (140..143).contains(&number);
            if !missing {
                last = fields[1].to_string();
            }
            let value = if missing { gap(&last) } else { last.clone() };
            rows += &format!("{},{value},{}\n", fields[0], fields[2]);
        }
        rows
    };
    let run = |name: &str, text: String| {
        fs::write(folder.join(name).with_extension("csv"), text).unwrap();
        let file = format!("{name}.csv");
        let train = ["train", &file, "--target", "load", "--horizon", "4", "--quiet"];
        done(folder, &[&train[..], &["--steps", "20", "--hidden", "4", "--window", "24"]].concat());
        fs::read(folder.join("runs").join(name).join("forecast.csv")).unwrap()
    };
    let [gaps, filled] =
        [run("gaps", with(&|_| String::new())), run("filled", with(&str::to_string))];
    assert!(gaps == filled);
}

/// Where nothing changes any more, persistence is exact: nothing can be said in percent.
#[test]
fn an_exact_forecast_is_not_divided_by() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let rows = (0..150).map(|t| format!("{}\n", if t < 100 { t * t % 7 } else { 3 }));
    fs::write(folder.join("flat.csv"), format!("x\n{}", rows.collect::<String>())).unwrap();
    let train = ["train", "flat.csv", "--target", "x", "--horizon", "4", "--season", "0"];
    let sizes = ["--steps", "20", "--hidden", "4", "--window", "24", "--quiet"];
    let said = done(folder, &[&train[..], &sizes].concat());
    assert!(
        said.contains("persistence 0; no season was found: the best of these is exact."),
        "{said}"
    );
}

/// What changes in the fifth digit only is forecast, and written with all digits of the forecast.
#[test]
fn a_forecast_has_all_its_digits() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let row = |t: usize| format!("{:.2}\n", 1013.25 + 0.3 * (t as f64 * 0.7).sin());
    let rows = (0..150).map(row).collect::<String>();
    fs::write(folder.join("air.csv"), format!("pressure\n{rows}")).unwrap();
    let train = ["train", "air.csv", "--target", "pressure", "--horizon", "4", "--quiet"];
    done(folder, &[&train[..], &["--steps", "20", "--hidden", "4", "--window", "24"]].concat());
    let next = fs::read_to_string(folder.join("runs/air/forecast.csv")).unwrap();
    let json = numbers(&done(folder, &["predict", "runs/air", "--json"]));
    for (line, row) in next.lines().skip(1).zip(json["rows"].as_array().unwrap()) {
        let fields: Vec<f64> = line.split(',').map(|field| field.parse().unwrap()).collect();
        let said = ["forecast", "low", "high"].map(|name| row["pressure"][name].as_f64().unwrap());
        assert_eq!(fields[1..], said);
        assert!(fields[2] < fields[3] && fields[1].fract() != 0.0, "{line}");
    }
}

/// A file of ONNX takes the numbers of the data, and gives those of `elman predict`.
#[test]
fn an_exported_forecast_is_the_forecast() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = series(150);
    fs::write(folder.join("load.csv"), &text).unwrap();
    let rows: Vec<f32> = text
        .lines()
        .skip(1)
        .flat_map(|line| line.split(',').skip(1).map(|field| field.parse().unwrap()))
        .collect();
    // From the value before, from a season ago, and of both columns.
    for (season, target, anchor) in
        [("0", "load", "last"), ("12", "load", "season"), ("12", "load,rest", "season")]
    {
        let train = ["train", "load.csv", "--target", target, "--season", season, "--force"];
        let sizes = ["--steps", "40", "--hidden", "6", "--window", "24", "--horizon", "15"];
        done(folder, &[&train[..], &sizes, &["--rate", "0.02", "--quiet"]].concat());
        let settings = fs::read_to_string(folder.join("runs/load/settings.toml")).unwrap();
        assert!(settings.contains(&format!("anchor = \"{anchor}\"")), "{settings}");
        let said = done(folder, &["export", "runs/load", "--onnx", "load.onnx"]);
        assert!(said.contains("columns load, rest as they are"), "{said}");
        let y = imported(&folder.join("load.onnx"), [150, 1, 2], &rows);
        let targets: Vec<&str> = target.split(',').collect();
        let last = &y.values()[149 * 15 * targets.len()..];
        let next = numbers(&done(folder, &["predict", "runs/load", "--json"]));
        for (i, found) in last.iter().enumerate() {
            let wanted = &next["rows"][i / targets.len()][targets[i % targets.len()]]["forecast"];
            let (wanted, found) = (wanted.as_f64().unwrap(), f64::from(*found));
            let off = (found - wanted).abs() / (1.0 + wanted.abs());
            assert!(off < 1e-5, "{target}, season {season}, {i}: {found} and {wanted}");
        }
    }
}

/// Of the file that was learned from only the end tells something; another one is judged whole.
#[test]
fn another_file_is_judged_whole() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("load.csv"), series(200)).unwrap();
    let train = ["train", "load.csv", "--target", "load", "--horizon", "6", "--quiet"];
    done(folder, &[&train[..], &["--steps", "60", "--hidden", "6", "--window", "64"]].concat());
    let judged = |file: &str| numbers(&done(folder, &["evaluate", "runs/load", file, "--json"]));
    fs::copy(folder.join("load.csv"), folder.join("copy.csv")).unwrap();
    let own = judged("load.csv");
    assert_eq!((&own["rows"], &own["held_out"]), (&json!([171, 200]), &json!(true)));
    assert_eq!(own, judged("copy.csv"), "the same bytes are the same data");
    fs::write(folder.join("other.csv"), series(60)).unwrap();
    let other = judged("other.csv");
    // A quarter of a window is read first, which is longer than a season.
    assert_eq!((&other["rows"], &other["held_out"]), (&json!([17, 60]), &json!(false)));

    // By hand: persistence at each row of which a forecast is wanted, of values in the file.
    let text = series(60);
    let load = |t: usize| -> f64 {
        text.lines().nth(t + 1).unwrap().split(',').nth(1).unwrap().parse().unwrap()
    };
    let pairs = (15..54).flat_map(|t| (1..=6).map(move |ahead| (t, t + ahead)));
    let errors: Vec<f64> = pairs.map(|(t, u)| (load(t) - load(u)).powi(2)).collect();
    let persistence = (errors.iter().sum::<f64>() / errors.len() as f64).sqrt();
    let found = other["persistence"].as_f64().unwrap();
    assert!((found - persistence).abs() < 1e-9, "{found} and {persistence}");
    let sentence = done(folder, &["evaluate", "runs/load", "other.csv"]);
    assert!(
        sentence.contains("on rows 17 to 60 (all but the 16 that are read first)"),
        "{sentence}"
    );
}

/// The same table with other separators is the same run.
#[test]
fn tables_with_other_separators() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let train = |file: &str, said: &[&str]| {
        let sizes = ["--target", "load", "--steps", "20", "--hidden", "4", "--window", "16"];
        done(folder, &[&["train", file, "--quiet"][..], &sizes, said].concat());
    };
    let write = |file: &str, separator: &str| {
        fs::write(folder.join(file), series(120).replace(',', separator)).unwrap();
    };
    let model = |run: &str| fs::read(folder.join("runs").join(run).join("forecast.csv")).unwrap();
    write("a.csv", ",");
    train("a.csv", &[]);
    for (name, separator, said) in [
        ("b.tsv", "\t", &[][..]),
        ("c.csv", ";", &[]),
        ("d.csv", "|", &[]),
        ("e.csv", "\t", &[]),
        ("f.dat", "!", &["--separator", "!"]),
        ("g.txt", "\t", &["--separator", "tab"]),
    ] {
        write(name, separator);
        train(name, said);
        let run = name.split('.').next().unwrap();
        assert!(model(run) == model("a"), "{name}");
        // What was said once is known to the run.
        let next = done(folder, &["predict", &format!("runs/{run}")]);
        assert!(next.into_bytes() == model("a"), "{name}");
    }
    let other = done(folder, &["predict", "runs/a", "g.txt", "--separator", "tab"]);
    assert!(other.into_bytes() == model("a"));
    done(folder, &["resume", "runs/f"]);
}

#[test]
fn sequences_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("waves.csv"), waves()).unwrap();
    let train = ["train", "waves.csv", "--label", "speed", "--sequence", "id", "--json"];
    let said = done(folder, &[&train[..], &["--steps", "150", "--rate", "0.02"]].concat());
    assert!(numbers(&said)["right"].as_f64().unwrap() > 0.85, "{said}");
    let unlabelled: String =
        waves().lines().map(|l| format!("{}\n", l.rsplit_once(',').unwrap().0)).collect();
    fs::write(folder.join("unknown.csv"), unlabelled).unwrap();
    let told = done(folder, &["predict", "runs/waves", "unknown.csv"]);
    assert_eq!(told.lines().count(), 61);
    // A program gets its object, and the file as well.
    let both = ["predict", "runs/waves", "unknown.csv", "--out", "told.csv", "--json"];
    assert_eq!(numbers(&done(folder, &both))["rows"].as_array().unwrap().len(), 60);
    assert_eq!(fs::read_to_string(folder.join("told.csv")).unwrap(), told);
    let right = told
        .lines()
        .skip(1)
        .enumerate()
        .filter(|(id, line)| line.starts_with(&format!("{id},{}", ["slow", "fast"][id % 2])));
    assert!(right.count() > 50, "{told}");
    let pictures = ["confusion", "training", "gradients", "states"];
    check_pictures(&folder.join("runs/waves"), &pictures);

    // Others, of which some have a wrong label.
    let wrong = waves().lines().take(200).map(|line| format!("{line}\n")).collect::<String>();
    fs::write(folder.join("other.csv"), wrong.replace("slow", "fast")).unwrap();
    let judged = numbers(&done(folder, &["evaluate", "runs/waves", "other.csv", "--json"]));
    let count =
        wrong.lines().last().unwrap().split(',').next().unwrap().parse::<u64>().unwrap() + 1;
    assert_eq!((&judged["sequences"], &judged["held_out"]), (&json!(count), &json!(false)));
    assert!((0.4..0.6).contains(&judged["right"].as_f64().unwrap()), "{judged}");

    // The probability of the file's class is that of `predict`.
    let said = numbers(&done(folder, &["export", "runs/waves", "--onnx", "waves.onnx", "--json"]));
    let outputs = said["outputs"].as_array().unwrap();
    let told = numbers(&done(folder, &["predict", "runs/waves", "--json"]));
    for (id, answer) in told["rows"].as_array().unwrap().iter().enumerate().take(10) {
        let rows: Vec<f32> = waves()
            .lines()
            .skip(1)
            .map(|line| line.split(',').collect::<Vec<_>>())
            .filter(|fields| fields[0] == id.to_string())
            .map(|fields| fields[1].parse().unwrap())
            .collect();
        let y = imported(&folder.join("waves.onnx"), [rows.len(), 1, 1], &rows);
        let class = outputs.iter().position(|name| *name == answer["class"]).unwrap();
        let wanted = answer["probability"].as_f64().unwrap();
        assert!((f64::from(y.values()[class]) - wanted).abs() < 1e-5, "{id}: {y:?} and {answer}");
    }
}

#[test]
fn text_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("cat.txt"), CAT.repeat(400)).unwrap();
    let train = ["train", "cat.txt", "--hidden", "24", "--steps", "150", "--batch", "8"];
    let said = done(folder, &[&train[..], &["--rate", "0.02"]].concat());
    assert!(said.contains("bits"), "{said}");
    let generate = ["generate", "runs/cat", "--prompt", "the ", "--length", "40"];
    let text = done(folder, &generate);
    assert!(text.contains(" sat ") || text.contains(" mat;"), "{text}");
    assert_eq!(text, done(folder, &generate));
    check_pictures(&folder.join("runs/cat"), &["training", "gradients", "states"]);
    fs::write(folder.join("mat.txt"), "the mat sat on the cat; ".repeat(4)).unwrap();
    let judge = |folder: &Path| done(folder, &["evaluate", "runs/cat", "mat.txt"]);
    let judged = judge(folder);
    assert!(judged.contains("all 96 bytes") && !judged.contains("counting"), "{judged}");
    // The text that was learned from is not read where another one is named.
    fs::remove_file(folder.join("cat.txt")).unwrap();
    assert_eq!(judge(folder), judged);
}

/// The picture of confusions does not grow with the square of the classes.
#[test]
fn thousands_of_classes_end_with_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let rows: String = (0..8000).map(|i| format!("{},c{}\n", i % 97, i / 2)).collect();
    fs::write(folder.join("many.csv"), format!("x,class\n{rows}")).unwrap();
    let train = ["train", "many.csv", "--label", "class", "--steps", "1", "--hidden", "2"];
    done(folder, &train);
    let list = fs::read_to_string(folder.join("runs/many/confusion.svg")).unwrap();
    assert!(list.contains("confusions") && list.len() < 100_000, "{} bytes", list.len());
    check_pictures(&folder.join("runs/many"), &["confusion", "training", "gradients", "states"]);
}
