use super::*;
use elman_tensor::Init;

fn two() -> ((Param, Param), Params<f64>) {
    Params::init(3, |p| {
        let w = p.scope("a").weight("w", [2, 3], Init::He)?;
        Ok((w, p.scope("b").weight("w", [2], Init::Zeros)?))
    })
    .unwrap()
}

#[test]
fn values_depend_on_seed_and_path_only() {
    let ((a, _), params) = two();
    let (alone, other) = Params::<f64>::init(3, |p| {
        p.weight("first", [9], Init::He)?;
        p.scope("a").weight("w", [2, 3], Init::He)
    })
    .unwrap();
    assert_eq!(params.get(a).unwrap().values(), other.get(alone).unwrap().values());
    let (w, reseeded) =
        Params::<f64>::init(4, |p| p.scope("a").weight("w", [2, 3], Init::He)).unwrap();
    assert_ne!(params.get(a).unwrap().values(), reseeded.get(w).unwrap().values());
}

#[test]
fn a_handle_used_elsewhere_is_noticed() {
    let ((a, b), mut params) = two();
    let (mine, other) = Params::<f64>::init(3, |p| p.weight("w", [6], Init::Zeros)).unwrap();
    assert!(params.get(mine).is_none() && params.get_mut(mine).is_none());
    assert!(other.get(a).is_none() && other.get(b).is_none());
    assert!(params.cast::<f32>().get(b).is_some());
    // The same path with another shape is another weight.
    let (_, wider) =
        Params::<f64>::init(3, |p| p.scope("a").weight("w", [3, 2], Init::He)).unwrap();
    assert!(wider.get(a).is_none());
}

#[test]
fn paths_are_unique_and_well_formed() {
    let twice = Params::<f32>::init(0, |p| {
        p.weight("w", [1], Init::Zeros)?;
        p.weight("w", [2], Init::Zeros)
    });
    assert_eq!(twice.unwrap_err(), Error::DuplicatePath { path: "w".into() });
    for name in ["", "a.b", "*"] {
        let bad = Params::<f32>::init(0, |p| p.scope(name).weight("w", [1], Init::Zeros));
        assert_eq!(bad.unwrap_err(), Error::Name { name: name.into() });
    }
    let huge = Params::<f32>::init(0, |p| p.weight("w", [usize::MAX, 3], Init::He));
    assert!(matches!(huge, Err(Error::Tensor(_))));
}

#[test]
fn patterns_select() {
    let (_, params) = two();
    let found = |pattern| params.find(pattern).map(|(path, _)| path).collect::<Vec<_>>();
    assert_eq!(found("*"), ["a.w", "b.w"]);
    assert_eq!(found("a.*"), ["a.w"]);
    assert_eq!(found("*.w"), ["a.w", "b.w"]);
    assert_eq!(found("*.*w"), ["a.w", "b.w"]);
    assert_eq!(found("b.w"), ["b.w"]);
    assert!(found("c*").is_empty() && found("a").is_empty() && found("*a*a*").is_empty());
}

#[test]
fn the_summary_is_a_table() {
    let (_, params) = two();
    let lines = ["weight  shape   count", "a.w     [2, 3]      6", "b.w     [2]         2"];
    let table = params.summary().to_string();
    assert!(table.starts_with(&(lines.join("\n") + "\n")), "{table}");
    assert!(table.trim_end().ends_with('8'));
}

#[test]
fn a_generation_belongs_to_one_state_of_the_weights() {
    let ((a, _), params) = two();
    let (mut left, mut right) = (params.clone(), params.clone());
    assert_eq!(params.generation(), left.generation());
    left.get_mut(a).unwrap()[0] = 1.0;
    right.get_mut(a).unwrap()[0] = 2.0;
    let all = [&params, &left, &right, &params.cast(), &two().1].map(Params::generation);
    for (i, generation) in all.iter().enumerate() {
        assert!(!all[..i].contains(generation), "{all:?}");
    }
}

#[test]
fn equal_weights_are_equal_whatever_their_history() {
    let ((a, _), params) = two();
    let mut other = params.clone();
    other.get_mut(a).unwrap()[0] += 1.0;
    assert_ne!(params, other);
    other.get_mut(a).unwrap().copy_from_slice(params.get(a).unwrap().values());
    assert_eq!(params, other);
}

#[test]
fn a_limit_is_kept_before_anything_is_drawn() {
    let build = |limit: usize, rows: usize| {
        Params::<f32>::within(limit, 7, |p| {
            p.weight("a", [3], Init::Zeros)?;
            let drawn = std::cell::Cell::new(false);
            let made = p.drawn("b", [rows, 2], |_, _| drawn.set(true));
            assert_eq!(drawn.get(), made.is_ok());
            made
        })
    };
    assert_eq!(build(7, 2).unwrap().1, build(usize::MAX, 2).unwrap().1);
    let refused = build(6, 2).unwrap_err();
    assert_eq!(refused, Error::TooManyWeights { path: "b".into(), count: 7, limit: 6 });
    for rows in [1 << 40, usize::MAX / 2, usize::MAX] {
        assert!(matches!(build(1 << 30, rows), Err(Error::TooManyWeights { .. })));
    }
}
