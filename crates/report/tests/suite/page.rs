//! Pages and pictures of anything at all.

use elman_autograd::tensor::Tensor;
use elman_report::{
    Confusion, Forecast, Gradients, Picture, Report, States, curves, gradient_norms,
};
use elman_train::{History, Row};
use proptest::prelude::*;

/// Names that would be tags, attributes, entities or the end of something.
const NAMES: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onload='alert(1)",
    "</svg></style></title>&lt;b&gt;",
    "javascript:alert(1) https://example.org/ url(x) @import",
    "\0\u{1b}[31m\u{ffff}",
];

/// All sections, with this name wherever one can be.
fn page(name: &str) -> Report {
    let row = |step: u64| {
        let (loss, rate) = (Some(1.0 / step as f64), Some(0.5));
        Row { step, epoch: 0, loss, rate, metrics: vec![step as f64] }
    };
    let rows: Vec<_> = (1..5).map(row).collect();
    let history = History { metrics: vec![name.into()], seconds: vec![0.0; 4], rows };
    let mut confusion = Confusion::new([name, "b"]);
    confusion.count(0, 1).unwrap();
    let values = vec![0.0, -1.0, 0.5, f64::NAN];
    let forecast = Forecast {
        truth: vec![1.0, 2.0],
        answers: vec![(name.into(), vec![1.5; 3])],
        quantity: name.into(),
        time: name.into(),
        ..Forecast::default()
    };
    Report::new(name)
        .text(name)
        .table(name, [(name, name)])
        .curves(name, &history)
        .forecast(name, forecast)
        .gradients(name, Gradients { norms: vec![(name.into(), vec![1e-9, 0.0, 1.0])] })
        .states(name, States { units: 2, values })
        .confusion(name, confusion)
}

/// The tags of a page: names and attributes.
fn tags(page: &str) -> Vec<(&str, &str)> {
    let (head, rest) = page.split_once("<style>").unwrap();
    let (_, body) = rest.split_once("</style>").unwrap();
    let tags = [head, body].into_iter().flat_map(|part| part.split('<').skip(1));
    tags.map(|tag| tag.split_once('>').unwrap().0)
        .map(|tag| tag.split_once(char::is_whitespace).unwrap_or((tag, "")))
        .collect()
}

/// The attributes of a tag, without their values; each value is between quotes that close.
fn attributes(mut rest: &str) -> Vec<&str> {
    let mut names = Vec::new();
    while let Some((name, value)) = rest.trim_end_matches('/').split_once("=\"") {
        names.push(name.trim());
        rest = value.split_once('"').unwrap().1;
    }
    names
}

#[test]
fn names_stay_names() {
    let plain = page("name").html().unwrap();
    let skeleton = |page: &str| {
        let tags = tags(page).into_iter().filter(|(name, _)| !["text", "/text"].contains(name));
        tags.map(|(name, rest)| (name.to_string(), attributes(rest).join(" "))).collect::<Vec<_>>()
    };
    for name in NAMES {
        let page = page(name).html().unwrap();
        // A name changes no tag, and gives none a new attribute. Long ones are drawn elsewhere.
        let (mut ours, mut wanted) = (skeleton(&page), skeleton(&plain));
        ours.sort();
        wanted.sort();
        ours.dedup();
        wanted.dedup();
        assert_eq!(ours, wanted, "{name:?}");
        assert!(!page.contains(|c: char| c.is_control() && c != '\n'), "{name:?}");
    }
    assert!(page(NAMES[0]).html().unwrap().contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

/// Nothing is loaded: no tag that could, no attribute, no style.
#[test]
fn a_page_needs_nothing_from_elsewhere() {
    let page = page("name").html().unwrap();
    let known = [
        "!DOCTYPE", "html", "head", "meta", "title", "body", "main", "h1", "h2", "section", "p",
        "table", "tr", "th", "td", "div", "figure", "svg", "rect", "line", "polyline", "circle",
        "text", "style",
    ];
    for (name, rest) in tags(&page) {
        assert!(known.contains(&name.trim_start_matches('/')), "<{name} {rest}>");
        for attribute in attributes(rest) {
            let loads = ["src", "href", "xlink:href", "style", "srcset", "data", "action"];
            assert!(!loads.contains(&attribute) && !attribute.starts_with("on"), "{attribute}");
        }
    }
    for word in ["http:", "https:", "//", "url(", "@import", "<script", "<link", "<img", "xmlns"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn a_page_has_all_that_was_given() {
    let page = page("name").html().unwrap();
    // Loss, metric and rate; forecast; gradients; states; confusion.
    assert_eq!(page.matches("<svg ").count(), 7);
    assert_eq!(page.matches("<h2>name</h2>").count(), 6);
    assert!(page.contains("<th scope=\"row\">name</th><td>name</td>"));
    let empty = Report::new("").html().unwrap();
    assert!(empty.contains("<h1></h1>") && empty.ends_with("</html>\n"));
}

/// What stands in a picture.
fn words(picture: &Picture) -> Vec<String> {
    let parts = picture.svg().split("<text ").skip(1);
    parts.map(|part| part.split(['>', '<']).nth(1).unwrap().trim().to_string()).collect()
}

#[test]
fn pictures_say_what_they_show() {
    let forecast = Forecast {
        truth: (0..25).map(f64::from).collect(),
        answers: vec![("network".into(), vec![f64::NAN; 30])],
        quantity: "spots".into(),
        time: "year".into(),
        start: 1990.0,
        spacing: 0.5,
    };
    let words = words(&forecast.picture().unwrap());
    for word in ["spots", "year", "truth", "network", "1990", "2000", "0", "25"] {
        assert!(words.iter().any(|w| w == word), "{word} is not in {words:?}");
    }
}

/// However much there is to show, a picture is drawn at once and takes little memory.
#[test]
fn pictures_do_not_grow_with_what_they_show() {
    const MANY: usize = 20_000;
    let mut confusion = Confusion::new((0..MANY).map(|class| format!("class {class}")));
    for class in 0..MANY {
        confusion.counts.insert((class, class), 7);
        confusion.counts.insert((class, (class + 1) % MANY), class as u64);
    }
    let names = |what: &str| (0..1000).map(|i| format!("{what} {i}")).collect::<Vec<_>>();
    let lines: Vec<_> = names("line").into_iter().map(|name| (name, vec![1.0; 100])).collect();
    let mut forecast = Forecast { truth: vec![1.0; 1_000_000], ..Forecast::default() };
    forecast.answers = lines.clone();
    let row = |step: u64| {
        let metrics = vec![step as f64; 1000];
        Row { step, epoch: 0, loss: Some(1.0), rate: Some(0.5), metrics }
    };
    let rows: Vec<_> = (1..10).map(row).collect();
    let history = History { metrics: names("metric"), seconds: vec![0.0; 9], rows };
    let states = States { units: 1000, values: (0..1_000_000).map(f64::from).collect() };
    let pictures = [
        (confusion.picture(), vec!["truth → answer: 25 of 19999 confusions", "19999"]),
        (Confusion::new(names("class")).picture(), vec!["no confusions among 1000 classes"]),
        (forecast.picture(), vec!["truth", "line 22", "and 977 more lines"]),
        (Gradients { norms: lines }.picture(), vec!["line 23", "and 976 more lines"]),
        (curves(&history), vec!["loss", "metric 22", "and 978 more panels"]),
        (states.picture(), vec!["999"]),
    ];
    for (picture, wanted) in pictures {
        let picture = picture.unwrap();
        let (size, words) = (picture.svg().len(), words(&picture));
        assert!(
            size < 2_000_000 && picture.size()[1] < 10_000,
            "{size} bytes, {:?}",
            picture.size()
        );
        for word in wanted {
            assert!(words.iter().any(|w| w == word), "{word} is not in {words:?}");
        }
    }
    assert!(words(&confusion.picture().unwrap()).contains(&"class 19999 → class 0".into()));
}

#[test]
fn numbers_that_do_not_fit_are_errors() {
    let error = |page: Report| page.html().unwrap_err().to_string();
    let torn = Confusion { classes: vec!["a".into()], counts: [((0, 1), 2)].into() };
    let wanted = "confusion: wanted classes that have names, got 0 taken for 1";
    assert_eq!(error(Report::new("").confusion("", torn)), wanted);
    let torn = States { units: 3, values: vec![0.0; 4] };
    let wanted = "states: wanted numbers for whole time steps, got 4 numbers for 3 units";
    assert_eq!(error(Report::new("").states("", torn)), wanted);
    let wanted = "confusion: wanted classes that have names, got 0 taken for 2";
    assert_eq!(Confusion::new(["a", "b"]).count(0, 2).unwrap_err().to_string(), wanted);
    let flat = Tensor::<f32>::zeros([3, 2]).unwrap();
    assert!(States::of(flat.view(), 0).unwrap_err().to_string().ends_with("got [3, 2]"));
    let states = Tensor::<f32>::zeros([3, 2, 4]).unwrap();
    assert!(States::of(states.view(), 2).unwrap_err().to_string().contains("row 2 of [3, 2, 4]"));
}

#[test]
fn states_are_those_of_the_row() {
    let states = Tensor::from_fn([3, 2, 2], |i| i as f32).unwrap();
    let of = |row| States::of(states.view(), row).unwrap().values;
    assert_eq!((of(0), of(1)), (vec![0., 1., 4., 5., 8., 9.], vec![2., 3., 6., 7., 10., 11.]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// No number and no size is too strange for a picture.
    #[test]
    fn anything_can_be_drawn(
        values in prop::collection::vec(prop::num::f64::ANY, 0..60), units in 0usize..4,
        length in prop::sample::select(vec![0, 1, 5000]), name in ".{0,40}",
        classes in prop::sample::select(vec![0usize, 1, 3, 21, 90]),
    ) {
        let long: Vec<f64> = values.iter().copied().cycle().take(length).collect();
        let answers = vec![(name.clone(), long.clone()), (String::new(), values.clone())];
        let [start, spacing] = [0, 1].map(|i| values.get(i).copied().unwrap_or(1.0));
        let forecast = Forecast {
            truth: values.clone(), answers: answers.clone(), quantity: name.clone(),
            time: name.clone(), start, spacing,
        };
        forecast.picture().unwrap();
        Gradients { norms: answers }.picture().unwrap();
        let whole = values.len() - values.len() % units.max(1);
        States { units, values: values[..whole].to_vec() }.picture().unwrap();
        let mut confusion = Confusion::new(vec![name.clone(); classes]);
        for (i, j) in (0..classes).flat_map(|i| (0..classes.min(60)).map(move |j| (i, j))) {
            confusion.counts.insert((i, j), values.get(j).map_or(0, |x| x.to_bits()));
        }
        confusion.picture().unwrap();
        prop_assert!(confusion.right().is_none_or(|right| (0.0..=1.0).contains(&right)));
        let row = |(step, &x): (usize, &f64)| {
            Row { step: step as u64, loss: Some(x), rate: Some(x), metrics: vec![x], epoch: 0 }
        };
        let rows: Vec<_> = values.iter().enumerate().map(row).collect();
        let history = History { metrics: vec![name], seconds: Vec::new(), rows };
        curves(&history).unwrap();
    }

    #[test]
    fn norms_are_those_of_each_step(
        time in 0usize..5, batch in 0usize..4, seed in prop::collection::vec(-9.0..9.0f64, 60),
    ) {
        let x = Tensor::<f64>::from_fn([time, batch, 3], |i| seed[i]).unwrap();
        let norms = gradient_norms(x.view());
        prop_assert_eq!(norms.len(), time);
        for (t, norm) in norms.into_iter().enumerate() {
            let squares = (0..batch * 3).map(|i| seed[t * batch * 3 + i].powi(2));
            prop_assert!((norm * norm - squares.sum::<f64>()).abs() < 1e-9);
        }
    }
}
