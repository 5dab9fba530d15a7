//! Grammars against recognisers of their own: every string belongs to its language, and exactly
//! those symbols are called legal that some string of the language goes on with.

use elman_data::{Batch, ContinualReber, Counting, Dyck2, EmbeddedReber, Reber, Task, Tomita};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What row `k` of a batch is told, and which symbols are legal after each, by their letters.
fn told(batch: &Batch<f64>, k: usize, letters: &[char]) -> (String, Vec<String>) {
    let (size, width) = (batch.x.shape().dims()[1], letters.len());
    let of = |values: &[f64], t: usize| -> String {
        let step = &values[(t * size + k) * width..][..width];
        assert!(step.iter().all(|&v| v == 0.0 || v == 1.0));
        letters.iter().zip(step).filter(|(_, v)| **v == 1.0).map(|(c, _)| *c).collect()
    };
    let steps = 0..batch.lengths[k] as usize;
    let symbols = steps.clone().map(|t| of(batch.x.values(), t)).collect::<Vec<_>>();
    assert!(symbols.iter().all(|s| s.len() == 1));
    (symbols.concat(), steps.map(|t| of(batch.y.values(), t)).collect())
}

/// Rows of one batch.
fn rows<K: Task>(task: &K, letters: &[char]) -> Vec<(String, Vec<String>)> {
    let mut batch = Batch::new();
    task.fill(&mut batch, 0).unwrap();
    (0..batch.lengths.len()).map(|k| told(&batch, k, letters)).collect()
}

/// A context-free grammar: what each variable may be replaced by. Lower case is a variable, the
/// first of them the start; no rule begins with a variable.
struct Rules(Vec<(char, Vec<String>)>);

impl Rules {
    fn new(rules: &[(char, &str)]) -> Self {
        let split = |right: &str| right.split('|').map(str::to_string).collect();
        Rules(rules.iter().map(|&(left, right)| (left, split(right))).collect())
    }

    /// Whether some string of the language begins with `text`: by deriving it from the left.
    fn viable(&self, text: &str) -> bool {
        self.derives(&self.0[0].0.to_string(), text)
    }

    fn derives(&self, form: &str, text: &str) -> bool {
        let (mut form_chars, mut text_chars) = (form.chars(), text.chars());
        match (form_chars.next(), text_chars.next()) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(variable), Some(_)) if variable.is_lowercase() => {
                let rule = self.0.iter().find(|rule| rule.0 == variable).unwrap();
                rule.1.iter().any(|to| self.derives(&format!("{to}{}", form_chars.as_str()), text))
            }
            (Some(a), Some(b)) => a == b && self.derives(form_chars.as_str(), text_chars.as_str()),
        }
    }
}

/// Of every symbol, after every step: it is legal if some string of the language goes on with it.
fn exact(rows: &[(String, Vec<String>)], letters: &[char], viable: impl Fn(&str) -> bool) {
    for (text, legal) in rows {
        for (t, legal) in legal.iter().enumerate() {
            for &symbol in letters {
                let longer = format!("{}{symbol}", &text[..t + 1]);
                assert_eq!(viable(&longer), legal.contains(symbol), "{longer} in {text}");
            }
        }
    }
}

/// The Reber grammar, as rules: from `a` to the end, `u` the loop of S, `v` that of T.
const REBER: [(char, &str); 5] =
    [('a', "Tu|Pv"), ('u', "Su|Xx"), ('v', "Tv|Vy"), ('x', "Xv|S"), ('y', "Px|V")];

#[test]
fn reber_strings() {
    let rules = Rules::new(&[&[('s', "BaE")], &REBER[..]].concat());
    let rows = rows(&Reber::new(3, 30, 3000).unwrap(), &Reber::SYMBOLS);
    exact(&rows, &Reber::SYMBOLS, |text| rules.viable(text));
    // The last symbol told is the last but one of the string: only its end may follow.
    assert!(rows.iter().all(|(_, legal)| legal.last().unwrap() == "E"));
    let lengths: BTreeSet<usize> = rows.iter().map(|(text, _)| text.len()).collect();
    assert!(lengths.contains(&4) && lengths.len() > 15);
}

#[test]
fn embedded_reber_strings() {
    let rules = Rules::new(&[&[('s', "BTBaETE|BPBaEPE")], &REBER[..]].concat());
    let rows = rows(&EmbeddedReber::new(3, 30, 3000).unwrap(), &Reber::SYMBOLS);
    exact(&rows, &Reber::SYMBOLS, |text| rules.viable(text));
    for (text, legal) in &rows {
        assert!(text[1..2] == text[text.len() - 1..] && legal.last().unwrap() == "E", "{text}");
    }
    assert_eq!(rows.iter().map(|(text, _)| text.len()).min(), Some(8));
}

#[test]
fn continual_reber_streams() {
    let rules = Rules::new(&[&[('s', "BTBaETEs|BPBaEPEs")], &REBER[..]].concat());
    let rows = rows(&ContinualReber::new(3, 60, 300).unwrap(), &Reber::SYMBOLS);
    exact(&rows, &Reber::SYMBOLS, |text| rules.viable(text));
    assert!(rows.iter().all(|(text, _)| text.len() == 60));
    assert!(rows.iter().any(|(text, _)| text.ends_with('E')));
}

/// The chances of Reber strings are those of a walk, each legal symbol equally likely, given that
/// they are short enough.
#[test]
fn reber_strings_are_as_likely_as_walks() {
    let rows = rows(&Reber::new(5, 6, 40_000).unwrap(), &Reber::SYMBOLS);
    let mut found = BTreeMap::new();
    for (text, legal) in &rows {
        let chance = legal.iter().map(|legal| 1.0 / legal.len() as f64).product::<f64>();
        found.entry(text).or_insert((chance, 0)).1 += 1;
    }
    let all: f64 = found.values().map(|(chance, _)| chance).sum();
    assert_eq!(found.len(), 9, "{found:?}");
    for (chance, count) in found.values() {
        let wanted = chance / all * rows.len() as f64;
        assert!((f64::from(*count) - wanted).abs() < 5.0 * wanted.sqrt(), "{count} of {wanted}");
    }
}

#[test]
fn counting_strings() {
    let letters = ['S', 'a', 'b', 'c', 'd', 'e', 'f', 'T'];
    for k in 2..=6 {
        let letters: Vec<char> = [&letters[..=k], &['T']].concat();
        let string = |n: usize| {
            let runs = letters[1..=k].iter().map(|c| c.to_string().repeat(n));
            format!("S{}T", runs.collect::<String>())
        };
        let strings: Vec<String> = (1..20).map(string).collect();
        let rows = rows(&Counting::new(3, k, (2, 9), 200).unwrap(), &letters);
        exact(&rows, &letters, |text| strings.iter().any(|s| s.starts_with(text)));
        let told: BTreeSet<String> = rows.iter().map(|(text, _)| format!("{text}T")).collect();
        assert!(told.iter().eq(&strings[1..9].iter().cloned().collect::<BTreeSet<_>>()));
    }
}

#[test]
fn dyck_strings() {
    for (time, depth) in [(2, 1), (15, 1), (14, 2), (24, 5), (12, 64)] {
        // The variable of a depth opens brackets into that of the next; the last opens none.
        let variable = |d: usize| char::from(b'a' + d as u8);
        let mut rules = vec![('s', "a.".to_string())];
        for d in 0..depth.min(12) {
            let (here, deeper) = (variable(d), variable(d + 1));
            rules.push((here, format!("({deeper}){here}|[{deeper}]{here}|")));
        }
        rules.push((variable(depth.min(12)), String::new()));
        let rules: Vec<(char, &str)> =
            rules.iter().map(|(left, right)| (*left, &right[..])).collect();
        let rules = Rules::new(&rules);
        let rows = rows(&Dyck2::new(3, time, depth, 600).unwrap(), &Dyck2::SYMBOLS);
        exact(&rows, &Dyck2::SYMBOLS, |text| rules.viable(text));
        let mut lengths = BTreeMap::new();
        for (text, legal) in &rows {
            assert!(legal.last().unwrap().contains('.'), "{text}");
            *lengths.entry(text.len()).or_insert(0) += 1;
        }
        assert!(lengths.keys().copied().eq((2..=time).step_by(2)));
        let wanted = 600 / (time / 2);
        assert!(lengths.values().all(|&n| n > wanted / 2 && n < 2 * wanted), "{lengths:?}");
    }
}

/// Whether a string belongs to a language of Tomita, from its description.
fn member(grammar: usize, text: &str) -> bool {
    let count = |c| text.chars().filter(|&b| b == c).count();
    // Runs of equal bits, as (bit, length).
    let mut runs: Vec<(char, usize)> = Vec::new();
    for bit in text.chars() {
        match runs.last_mut() {
            Some(run) if run.0 == bit => run.1 += 1,
            _ => runs.push((bit, 1)),
        }
    }
    match grammar {
        1 => count('0') == 0,
        2 => text.replace("10", "").is_empty() && !text.starts_with('0'),
        3 => !runs.windows(2).any(|w| w[0].0 == '1' && w[0].1 % 2 == 1 && w[1].1 % 2 == 1),
        4 => !text.contains("000"),
        5 => count('0') % 2 == 0 && count('1') % 2 == 0,
        6 => (count('0') as i64 - count('1') as i64) % 3 == 0,
        _ => runs.len() + usize::from(text.starts_with('1')) <= 4,
    }
}

/// All strings of a length.
fn strings(length: usize) -> impl Iterator<Item = String> {
    (0..1u32 << length)
        .map(move |bits| (0..length).map(|i| char::from(b'0' + (bits >> i & 1) as u8)).collect())
}

#[test]
fn tomita_strings() {
    for grammar in 1..=7 {
        let both = |length: usize| {
            let members = strings(length).filter(|text| member(grammar, text)).count();
            members > 0 && members < 1 << length
        };
        let task = Tomita::new(3, grammar, 10, 4000).unwrap();
        let mut batch = Batch::<f64>::new();
        task.fill(&mut batch, 0).unwrap();
        let mut lengths = BTreeSet::new();
        for k in 0..4000 {
            let steps = batch.lengths[k] as usize;
            let bit =
                |t: usize| if batch.x.values()[(t * 4000 + k) * 2] == 1.0 { '0' } else { '1' };
            let text: String = (0..steps).map(bit).collect();
            lengths.insert(steps);
            assert_eq!(member(grammar, &text), batch.ids[k] == 1, "{grammar} {text}");
            assert_eq!(f64::from(batch.ids[k]), batch.y.values()[k]);
        }
        assert!(lengths.iter().copied().eq((1..=10).filter(|&length| both(length))), "{grammar}");
        let members = batch.ids.iter().sum::<u32>();
        assert!((1850..2150).contains(&members), "{grammar} {members}");
    }
}

/// Each string of a sort and length is equally likely, and each length.
#[test]
fn tomita_strings_are_uniform() {
    const ROWS: usize = 40_000;
    for grammar in 1..=7 {
        let mut batch = Batch::<f64>::new();
        Tomita::new(5, grammar, 5, ROWS).unwrap().fill(&mut batch, 0).unwrap();
        let mut found = BTreeMap::new();
        for k in 0..ROWS {
            let bits = (0..batch.lengths[k] as usize).map(|t| batch.x.values()[(t * ROWS + k) * 2]);
            *found.entry(bits.map(|zero| zero < 0.5).collect::<Vec<_>>()).or_insert(0) += 1;
        }
        let lengths: BTreeSet<u32> = batch.lengths.iter().copied().collect();
        for length in lengths.iter().map(|&length| length as usize) {
            let members = strings(length).filter(|text| member(grammar, text)).count();
            for text in strings(length) {
                let of = if member(grammar, &text) { members } else { (1 << length) - members };
                let wanted = ROWS as f64 / (2 * lengths.len() * of) as f64;
                let bits: Vec<bool> = text.chars().map(|c| c == '1').collect();
                let count = f64::from(*found.get(&bits).unwrap_or(&0));
                assert!((count - wanted).abs() < 5.0 * wanted.sqrt(), "{text}: {count}, {wanted}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// No length up to the bound, and no depth, makes a walk that does not arrive.
    #[test]
    fn long_strings_arrive(seed: u64, half in 1usize..=500, depth in 1usize..=64, grammar in 1usize..=7) {
        let brackets = rows(&Dyck2::new(seed, 2 * half, depth, 2).unwrap(), &Dyck2::SYMBOLS);
        for (text, _) in brackets {
            let (mut open, mut most) = (0i64, 0);
            for c in text.chars() {
                open += if "([".contains(c) { 1 } else { -1 };
                most = most.max(open);
                prop_assert!(open >= 0);
            }
            prop_assert!(open == 0 && most as usize <= depth && text.len() % 2 == 0);
        }
        let mut batch = Batch::<f64>::new();
        Tomita::new(seed, grammar, (2 * half + 2).min(1000), 2).unwrap().fill(&mut batch, 0).unwrap();
        for k in 0..2 {
            let bit = |t: usize| if batch.x.values()[(t * 2 + k) * 2] == 1.0 { '0' } else { '1' };
            let text: String = (0..batch.lengths[k] as usize).map(bit).collect();
            prop_assert_eq!(member(grammar, &text), batch.ids[k] == 1);
        }
    }
}
