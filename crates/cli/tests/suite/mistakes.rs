//! What a newcomer may do wrong, and what is said then: one sentence, and the exit code.

use std::fs;
use std::path::Path;
use std::process::Command;

fn series(rows: usize) -> String {
    let row = |t: usize| format!("{t},{:.3},5\n", (t as f64 / 3.0).sin());
    format!("t,x,same\n{}", (0..rows).map(row).collect::<String>())
}

/// What is said, with the exit code.
fn said(folder: &Path, line: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_elman"));
    let output = command.current_dir(folder).args(line.split(' ').skip(1)).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).trim_end().to_string();
    let code = output.status.code().unwrap();
    assert!(code != 0 && code != 101, "{line}: {code}, {error}");
    let sentence = format!("$ {line}\n{error}\n[{code}]\n\n");

    // For programs the same, as an object.
    let output = command.arg("--json").output().unwrap();
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let [said, given] = [&object["error"], &object["code"]];
    assert_eq!((given.as_i64(), output.status.code()), (Some(code.into()), Some(code)), "{line}");
    assert!(output.stderr.is_empty() && object.as_object().unwrap().len() == 2, "{line}");
    // The parser of arguments says more, on several lines.
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat(&error).contains(&flat(said.as_str().unwrap())), "{line}: {said}");
    sentence
}

#[test]
fn every_mistake_gets_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
    let good = series(120);
    write("good.csv", good.as_bytes());
    write("word.csv", good.replace("0.995", "much").as_bytes());
    write("gap.csv", good.replace(",0.327,", ",,").as_bytes());
    write("end.csv", format!("{good},0.1,5\n").as_bytes());
    write("infinite.csv", good.replace("0.327", "inf").as_bytes());
    write("three.csv", series(3).as_bytes());
    write("empty.csv", b"");
    write("header.csv", b"t,x\n");
    write("latin.csv", b"t,x\n1,caf\xe9\n");
    write("ragged.csv", b"t,x\n1,2\n1,2,3\n");
    write("twice.csv", b"x,x\n1,2\n");
    write("short.txt", b"too short");
    write("book.xlsx", b"PK\x03\x04 and so on");
    write("table.json", b"[{\"x\": 1}, {\"x\": 2}]\n");
    let newest_first = (0..60).map(|i| format!("{}-{:02},{}\n", 2020 - i / 12, 12 - i % 12, i % 7));
    write("back.csv", format!("month,x\n{}", newest_first.collect::<String>()).as_bytes());
    write("none.jsonl", b"{\"kind\":\"a\",\"values\":[1,2]}\n{\"kind\":\"b\",\"values\":[]}\n");
    write("lines.jsonl", b"{\"x\": 1}\n{\"x\": }\n");
    write("other.jsonl", b"{\"x\": 1}\n{\"y\": 2}\n");
    write("open.csv", good.replace(",0.327,", ",\"0.327,").as_bytes());
    write("sum.csv", format!("{good}Total,?,600\n").as_bytes());
    write("two.jsonl", b"{\"values\":[1,2]}\n{\"values\":[3]}\n");
    write("semicolons.csv", b"t;x\n1;2\n2;3,5\n");
    write("tabs.tsv", b"t\tx\n1\t2\n1\t2\t3\n");
    write("bars.txt", b"t|x\n1|2\n2|y\n");
    write("bad.toml", b"horizon = 6\nhorizonn = 7\n");
    write("file", b"no folder");
    let train = "train good.csv --target x --steps 20 --hidden 4 --window 16 --quiet";
    let mut trained = Command::new(env!("CARGO_BIN_EXE_elman"));
    assert!(trained.current_dir(folder).args(train.split(' ')).output().unwrap().status.success());
    let mut model = fs::read(folder.join("runs/good/model.safetensors")).unwrap();
    write("cut.safetensors", &model[..model.len() / 2]);
    let late = model.len() - 40;
    model[late] ^= 1;
    write("flipped.safetensors", &model);
    write("columns.csv", b"a,b\n1,2\n3,4\n");

    let lines = [
        "elman train good.csv",
        "elman train good.csv --target y",
        "elman train good.csv --target same",
        "elman train good.csv --target x --horizon 5000",
        "elman train good.csv --target x --horizon 0",
        "elman train good.csv --target x --horizon twelve",
        "elman train good.csv --target x --seed -1",
        "elman train good.csv --target x --season 500",
        "elman train good.csv --target x --window 500 --out w",
        "elman train good.csv --target x --cell lstmm",
        "elman train good.csv --target x --rate -1",
        "elman train good.csv --target x --dropout 1",
        "elman train good.csv --target x --layers 9",
        "elman train good.csv --target x --hidden 0",
        "elman train good.csv --target x --hidden 1048576",
        "elman train good.csv --target x --seed 9223372036854775808",
        "elman train good.csv --target x --steps 20 --quiet",
        "elman train good.csv --target x --out file",
        "elman train good.csv --target x --out file/run",
        "elman train good.csv --target x --out /proc/run",
        "elman train good.csv --target x --settings bad.toml",
        "elman train good.csv --target x --settings none.toml",
        "elman train good.csv --target x --unknown 3",
        "elman train good.csv --target x --label same",
        "elman train good.csv --target x --sequence y",
        "elman train good.csv --label y --horizon 3",
        "elman train back.csv --target x",
        "elman train book.xlsx --target x",
        "elman train table.json --target x",
        "elman train short.txt --season 3",
        "elman train none.jsonl --label kind",
        "elman train good.csv --label x",
        "elman train good.csv --label same",
        "elman train none.csv --target x",
        "elman train word.csv --target x",
        "elman train gap.csv --target x --missing refuse",
        "elman train end.csv --target x --input t --missing linear",
        "elman train infinite.csv --target x",
        "elman train three.csv --target x",
        "elman train empty.csv --target x",
        "elman train header.csv --target x",
        "elman train latin.csv --target x",
        "elman train ragged.csv --target x",
        "elman train twice.csv --target x",
        "elman train open.csv --target x",
        "elman train sum.csv --target x",
        "elman train sum.csv --target same",
        "elman train good.csv --target x,same,x",
        "elman train good.csv --target x --input x",
        "elman train good.csv --target \"x",
        "elman train two.jsonl --target values",
        "elman train semicolons.csv --target x",
        "elman train semicolons.csv --target x --separator tab",
        "elman train tabs.tsv --target x",
        "elman train bars.txt --target x --separator |",
        "elman train good.csv --target x --separator ab",
        "elman train lines.jsonl --target x",
        "elman train other.jsonl --target x",
        "elman train short.txt",
        "elman train short.txt --target x",
        "elman --quiet",
        "elman trian good.csv",
        "elman train",
        "elman evaluate runs/good three.csv",
        "elman predict runs/none",
        "elman predict runs/good columns.csv",
        "elman predict cut.safetensors",
        "elman predict flipped.safetensors",
        "elman predict good.csv",
        "elman generate runs/good",
        "elman export runs/good --onnx none/good.onnx",
        "elman resume runs",
        "elman inspect none",
    ];
    let all: String = lines.iter().map(|line| said(folder, line)).collect();
    insta::assert_snapshot!(all);
}
