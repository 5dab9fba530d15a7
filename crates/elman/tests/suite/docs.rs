//! The guide and the gallery are whole: every chapter is listed and its programs are run, every
//! link leads somewhere, every quoted line is in the source, every example is shown.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What lies in a folder, sorted.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// All files below a folder that end like this.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for path in entries(folder) {
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("a name in Unicode")
}

/// The lines of a page outside of its blocks of code, and those blocks with what they are of.
fn parts(text: &str) -> (Vec<&str>, Vec<(&str, Vec<&str>)>) {
    let (mut prose, mut blocks) = (Vec::new(), Vec::<(&str, Vec<&str>)>::new());
    let mut inside = false;
    for line in text.lines() {
        match (line.strip_prefix("```"), inside) {
            (Some(kind), false) => blocks.push((kind, Vec::new())),
            (None, true) => blocks.last_mut().expect("a block has begun").1.push(line),
            (None, false) => prose.push(line),
            (Some(_), true) => {}
        }
        inside ^= line.starts_with("```");
    }
    assert!(!inside, "a block of code has no end");
    (prose, blocks)
}

/// Where the links and pictures of a line lead, those that stand in code aside.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let prose = line.split('`').step_by(2);
    let targets = prose.flat_map(|part| part.split("](").skip(1));
    targets.filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

/// The anchor that a heading gets on GitHub and in the book.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().trim().to_lowercase().replace(' ', "-")
}

/// Whether a link of a page leads to a file, and to a heading of it where it names one.
fn leads(page: &Path, target: &str) -> bool {
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let to = match file {
        "" => page.to_owned(),
        file => page.with_file_name("").join(file),
    };
    if heading.is_empty() {
        return to.exists();
    }
    let text = read(&to);
    let (prose, _) = parts(&text);
    prose
        .iter()
        .any(|line| line.starts_with('#') && anchor(line.trim_start_matches('#').trim()) == heading)
}

/// The chapters of the guide.
fn chapters() -> Vec<PathBuf> {
    let pages = entries(&root().join("docs/src")).into_iter();
    pages.filter(|path| name(path).ends_with(".md") && name(path) != "SUMMARY.md").collect()
}

#[test]
fn the_summary_lists_every_chapter() {
    let summary = read(&root().join("docs/src/SUMMARY.md"));
    let listed: Vec<&str> = summary.lines().flat_map(links).collect();
    let chapters = chapters();
    let there: BTreeSet<&str> = chapters.iter().map(|path| name(path)).collect();
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), there);
    assert_eq!(listed.len(), there.len(), "a chapter is listed twice");
}

#[test]
fn the_programs_of_every_chapter_are_run() {
    let run = read(&root().join("crates/elman/src/guide.rs"));
    for path in chapters() {
        let text = read(&path);
        let programs = parts(&text).1.iter().any(|(kind, _)| *kind == "rust");
        let listed = run.contains(&format!("\"docs/src/{}\"", name(&path)));
        assert_eq!(programs, listed, "{} in crates/elman/src/guide.rs", path.display());
    }
}

/// Blocks that are no programs are quotations.
#[test]
fn quoted_lines_are_in_the_source() {
    let mut sources = Vec::new();
    files(&root().join("crates"), ".rs", &mut sources);
    files(&root().join("examples"), ".rs", &mut sources);
    let lines: BTreeSet<String> = sources
        .iter()
        .flat_map(|path| read(path).lines().map(|l| l.trim().to_owned()).collect::<Vec<_>>())
        .collect();
    for path in chapters() {
        let text = read(&path);
        for (kind, block) in parts(&text).1 {
            assert!(!kind.starts_with("rust,") || kind == "rust,ignore", "{}", path.display());
            for line in block.iter().filter(|_| kind == "rust,ignore") {
                let code = line.split("//").next().unwrap_or_default().trim();
                assert!(
                    lines.contains(code),
                    "{}: {line:?} is quoted, and in no source",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn every_link_leads_somewhere() {
    let mut pages: Vec<PathBuf> =
        entries(root()).into_iter().filter(|path| name(path).ends_with(".md")).collect();
    for folder in ["benches", "crates", "data", "docs", "examples", "tests"] {
        files(&root().join(folder), ".md", &mut pages);
    }
    let book = root().join("docs/src");
    for page in pages {
        let text = read(&page);
        for target in parts(&text).0.into_iter().flat_map(links) {
            if target.starts_with("https://") {
                continue;
            }
            assert!(leads(&page, target), "{}: {target} leads nowhere", page.display());
            let outside = target.starts_with("..");
            assert!(
                !(outside && page.starts_with(&book)),
                "{}: {target} is not in the book",
                page.display()
            );
        }
    }
}

#[test]
fn every_picture_is_small_and_shown() {
    let pages: String = chapters().iter().map(|path| read(path)).collect();
    for path in entries(&root().join("docs/src/pictures")) {
        let size = fs::metadata(&path).unwrap().len();
        assert!(size < 150_000, "{} has {size} bytes", path.display());
        let shown = format!("](pictures/{})", name(&path));
        assert!(pages.contains(&shown), "{} is shown nowhere", path.display());
    }
}

#[test]
fn every_example_is_in_the_gallery() {
    let gallery = read(&root().join("examples/README.md"));
    let shown: BTreeSet<&str> =
        gallery.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let packages = ["plain", "drawing"].map(|package| root().join("examples").join(package));
    let all = packages.iter().flat_map(|package| entries(package)).collect::<Vec<_>>();
    let there: BTreeSet<&str> = all
        .iter()
        .filter(|path| path.join("main.rs").exists() || name(path).ends_with(".rs"))
        .map(|path| name(path).trim_end_matches(".rs"))
        .collect();
    assert_eq!(shown, there);
    for example in there {
        let command = format!("cargo run --release --example {example}\n");
        assert!(gallery.contains(&command), "{command:?}");
    }
}

/// Public, but behind a sealed trait: no path leads there.
const SEALED: [&str; 4] =
    ["pub struct Product<", "pub trait LaneKernel<", "pub trait Lanes:", "pub trait Number:"];

/// Every public type, trait and free function has an example in its documentation, or a word of who
/// makes it, or of where it is seen at work. The command is not to be programmed with.
#[test]
fn every_public_item_has_an_example() {
    let mut sources = Vec::new();
    for folder in entries(&root().join("crates")).iter().filter(|path| name(path) != "cli") {
        files(&folder.join("src"), ".rs", &mut sources);
    }
    for path in sources {
        let (text, mut documentation) = (read(&path), Vec::new());
        for line in text.lines() {
            if let Some(words) = line.strip_prefix("///") {
                documentation.push(words.trim());
            } else if is_public(line) || line.is_empty() {
                let shown = line.is_empty() || is_shown(&documentation);
                assert!(shown, "{}: {line:?} has no example", path.display());
                documentation.clear();
            }
        }
    }
}

fn is_public(line: &str) -> bool {
    let items = ["pub struct ", "pub enum ", "pub trait ", "pub fn ", "pub const fn "];
    items.iter().any(|item| line.starts_with(item))
        && !SEALED.iter().any(|item| line.starts_with(item))
}

fn is_shown(documentation: &[&str]) -> bool {
    let words = documentation.join(" ");
    let elsewhere = ["made by [`", "shows it at work", "shows them at work"];
    // Every other fence opens a block, of which those without a language are run.
    let mut fences = documentation.iter().filter(|line| line.starts_with("```")).step_by(2);
    fences.any(|fence| *fence == "```") || elsewhere.iter().any(|phrase| words.contains(phrase))
}
