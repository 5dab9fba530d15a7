//! Settings from anywhere: what cannot be is refused before anything is built of it, and what can
//! is written again as it was read.

use elman_cli::trial::{Form, again, predict, train};
use proptest::prelude::*;

const DATA: &str = "[data]
file = 'a.csv'
sha256 = ''
[training]
seed = 1
steps = 10
batch = 4
window = 8
rate = 0.003
validate_every = 5
patience = 10
";

/// Two rows ahead of `x`, which is read with `y`.
fn forecast() -> String {
    format!(
        "{DATA}
[task.forecast]
targets = ['x']
inputs = ['y']
horizon = 2
season = 0
missing = 'last'
anchor = 'last'
mean = [0.5, 0.25]
scale = [1.0, 2.0]
steps = [0.5]
changes = [0.5, 0.75]
errors = [[-1.0, 1.0], [-2.0, 2.0]]
[network]
input = {{ features = 3 }}
layers = [{{ cell = 'gru', hidden = 2 }}]
outputs = 2
"
    )
}

fn classify() -> String {
    format!(
        "{DATA}
[task.classify]
label = 'c'
inputs = ['x']
missing = 'last'
classes = ['a', 'b']
mean = [0.5]
scale = [1.0]
[network]
input = {{ features = 1 }}
layers = [{{ cell = 'gru', hidden = 2, bidirectional = true }}]
outputs = 2
"
    )
}

fn text() -> String {
    format!(
        "{DATA}
[task.text]
alphabet = [97, 98]
[network]
input = {{ symbols = {{ count = 2, size = 2 }} }}
layers = [{{ cell = 'lstm', hidden = 2 }}]
outputs = 2
"
    )
}

/// What is said of settings with one part in place of another.
fn refused(settings: &str, part: &str, other: &str) -> String {
    assert_eq!(settings.matches(part).count(), 1, "{part}");
    let (code, sentence) = again(&settings.replace(part, other), Form::Toml).unwrap_err();
    assert_eq!(code, 4, "{sentence}");
    sentence
}

const ROWS: &[u8] = b"x,y\n1,2\n2,1\n3,5\n";

#[test]
fn what_can_be_is_used() {
    for (settings, rows) in [(forecast(), 3), (classify(), 4), (text(), 1)] {
        let [toml, json] = again(&settings, Form::Toml).unwrap();
        for (written, form) in [(toml, Form::Toml), (json, Form::Json)] {
            assert_eq!(predict(&written, form, 1000, "a.csv", ROWS).unwrap().len(), rows);
        }
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let lists = "its lists are not as long as its columns and its horizon want";
    let forecast = forecast();
    for (part, other) in [
        ("targets = ['x']", "targets = []"),
        ("inputs = ['y']", "inputs = []"),
        ("horizon = 2", "horizon = 0"),
        ("horizon = 2", "horizon = 9223372036854775807"),
        ("mean = [0.5, 0.25]", "mean = []"),
        ("scale = [1.0, 2.0]", "scale = [1.0]"),
        ("steps = [0.5]", "steps = []"),
        ("changes = [0.5, 0.75]", "changes = [0.5]"),
        ("errors = [[-1.0, 1.0], [-2.0, 2.0]]", "errors = [[-1.0, 1.0]]"),
    ] {
        assert_eq!(refused(&forecast, part, other), lists, "{other}");
    }
    for (part, other, said) in [
        ("steps = 10", "steps = 0", "--steps is 0; wanted 1 to 9223372036854775807"),
        ("batch = 4", "batch = 0", "--batch is 0; wanted 1 to 1048576"),
        ("window = 8", "window = 1099511627776", "--window is 1099511627776; wanted 1 to 1048576"),
        ("rate = 0.003", "rate = inf", "--rate is inf; wanted a number above 0"),
        ("sha256", "separator = 'é'\nsha256", "`separator` is 'é'; wanted one such as `;` or `|`"),
        ("every = 5", "every = 0", "`validate_every` is 0; wanted 1 to 9223372036854775807"),
        ("season = 0", "season = 1048577", "`season` is 1048577; wanted 1 to 1048576"),
        ("mean = [0.5,", "mean = [nan,", "`mean` has NaN; wanted numbers of at most 1e100"),
        ("[[-1.0,", "[[-1e101,", "`errors` has -1e101; wanted numbers of at most 1e100"),
        ("scale = [1.0,", "scale = [0.0,", "`scale` has 0e0; wanted numbers from 1e-100 to 1e100"),
        ("steps = [0.5]", "steps = [-1]", "`steps` has -1e0; wanted numbers from 1e-100 to 1e100"),
        ("0.75]", "inf]", "`changes` has inf; wanted numbers from 1e-100 to 1e100"),
        ("hidden = 2", "hidden = 0", "--hidden is 0; wanted 1 to 1048576"),
        ("hidden = 2", "hidden = 1099511627776", "--hidden is 1099511627776; wanted 1 to 1048576"),
        (", hidden", ", outputs = 0, hidden", "the number of a layer's outputs is 0; wanted 1"),
        (
            ", hidden",
            ", dropout = nan, hidden",
            "--dropout is NaN; wanted a rate from 0 to below 1",
        ),
        ("[{ cell = 'gru', hidden = 2 }]", "[]", "--layers is 0; wanted 1 to 8"),
        ("outputs = 2", "", "its network has 3 features and no outputs; wanted 3 features and 2"),
        ("features = 3", "features = 4", "its network has 4 features and 2 outputs; wanted 3"),
    ] {
        let sentence = refused(&forecast, part, other);
        assert!(sentence.starts_with(said), "{other}: {sentence}");
    }
    let (classify, text) = (classify(), text());
    for (settings, part, other, said) in [
        (&classify, "inputs = ['x']", "inputs = []", "its lists are not as long as its columns"),
        (&classify, "['a', 'b']", "['a']", "it has less than two classes"),
        (&classify, "['a', 'b']", "['a', 'b', 'c']", "its network has 1 features and 2 outputs"),
        (&classify, "scale = [1.0]", "scale = [inf]", "`scale` has inf"),
        (&text, "[97, 98]", "[]", "its alphabet is not two bytes or more"),
        (&text, "[97, 98]", "[98, 97]", "its alphabet is not two bytes or more"),
        (&text, "count = 2", "count = 3", "its network has 3 symbols of 2 numbers and 2 outputs"),
        (&text, "size = 2", "size = 0", "the size of a symbol is 0"),
        (&text, "{ symbols = { count = 2, size = 2 } }", "{ features = 2 }", "its network has 2"),
    ] {
        let sentence = refused(settings, part, other);
        assert!(sentence.starts_with(said), "{other}: {sentence}");
    }
}

#[test]
fn a_network_is_not_larger_than_it_may_be() {
    for hidden in [20, 1 << 10, 1 << 20] {
        let large = forecast().replace("hidden = 2", &format!("hidden = {hidden}"));
        let (code, said) = predict(&large, Form::Toml, 1000, "a.csv", ROWS).unwrap_err();
        assert!(code == 2 && said.contains("the limit is 1000;"), "{code}: {said}");
    }
}

/// Rows of one column, and a training on them for one row ahead.
fn trained(values: impl Iterator<Item = f64>, wishes: &str) -> Result<Vec<f64>, (u8, String)> {
    let rows: String = values.map(|x| format!("{x:e}\n")).collect();
    let wishes = format!("target = ['x']\nhorizon = 1\nbatch = 2\nwindow = 8\n{wishes}");
    train("a.csv", format!("x\n{rows}").as_bytes(), &wishes, 10_000).map(|start| start.numbers)
}

#[test]
fn numbers_beyond_all_measure_are_refused() {
    let wave = |scale: f64| (0..40).map(move |t| scale * f64::from(t).sin());
    for scale in [1e-90, 1.0, 1e90] {
        assert!(trained(wave(scale), "").unwrap().iter().all(|x| x.is_finite()), "{scale:e}");
    }
    for scale in [1e-110, 1e110, 1e200, 1e308] {
        let (code, said) = trained(wave(scale), "").unwrap_err();
        assert!(code == 3 && said.starts_with("a.csv: its numbers cannot be scaled"), "{said}");
    }
    let (code, said) = trained(wave(1.0).chain([1e60]), "").unwrap_err();
    let wanted = "a.csv: row 41 is too far from what was learned from: `x` 1e60; correct it, or \
                  leave its fields empty";
    assert_eq!((code, said.as_str()), (3, wanted));
}

#[test]
fn a_straight_line_is_no_noise() {
    // Steps of 0.1 differ by rounding only, by which nothing can be divided.
    let numbers = trained((0..40).map(|t| 0.1 * f64::from(t)), "").unwrap();
    assert!(numbers.iter().all(|x| x.abs() < 10.0), "{numbers:?}");
}

#[test]
fn a_seed_that_no_file_can_hold_is_refused() {
    let wave = || (0..40).map(|t| f64::from(t).sin());
    assert!(trained(wave(), "seed = 9223372036854775807").is_ok());
    let large = forecast().replace("seed = 1", "seed = 9223372036854775807");
    let json = &again(&large, Form::Toml).unwrap()[1];
    let json = json.replace("9223372036854775807", "9223372036854775808");
    let (code, said) = again(&json, Form::Json).unwrap_err();
    let wanted = "--seed is 9223372036854775808; wanted 0 to 9223372036854775807";
    assert_eq!((code, said.as_str()), (4, wanted));
}

proptest! {
    #[test]
    fn what_is_written_is_read_to_the_last_bit(mean in -1e100..1e100, exponent in -100..100) {
        let mean = (mean / 1e100) * 10f64.powi(exponent);
        let settings = forecast().replace("mean = [0.5,", &format!("mean = [{mean:?},"));
        let written = again(&settings, Form::Toml).unwrap();
        prop_assert_eq!(&again(&written[0], Form::Toml).unwrap(), &written);
        prop_assert_eq!(&again(&written[1], Form::Json).unwrap(), &written);
    }
}
