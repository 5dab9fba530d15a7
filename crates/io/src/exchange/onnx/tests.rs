//! Files that say something else, and files that are none.

use super::messages::{Attribute, Model, Node, OperatorSet, Tensor, kinds, types};
use super::{Export, Imported, Limits, import};
use crate::exchange::Error;
use elman_autograd::{Params, Tape};
use elman_rnn::{Layer, Linear, Lstm, Seq};
use proptest::array::{uniform4, uniform5};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use prost::Message;

/// A small LSTM with a readout.
fn file() -> Vec<u8> {
    let ((lstm, head), params) = Params::<f32>::init(1, |p| {
        let lstm = Lstm::new(p.scope("lstm"), 2, 3)?;
        Ok((lstm, Linear::new(p.scope("head"), 3, 1)?))
    })
    .unwrap();
    Export::new().level(lstm).head(head).to_bytes(&params).unwrap()
}

fn read(bytes: &[u8]) -> Result<(Imported, Params<f32>), Error> {
    import(bytes, Limits::default())
}

/// What is said of the file with a change.
#[track_caller]
fn refused(change: impl FnOnce(&mut Model)) -> String {
    let mut model = Model::decode(&file()[..]).unwrap();
    change(&mut model);
    read(&model.encode_to_vec()).map(drop).unwrap_err().to_string()
}

fn nodes(model: &mut Model) -> &mut Vec<Node> {
    &mut model.graph.as_mut().unwrap().node
}

fn weights(model: &mut Model) -> &mut Vec<Tensor> {
    &mut model.graph.as_mut().unwrap().initializer
}

fn attribute(name: &str, change: impl FnOnce(&mut Attribute)) -> Attribute {
    let mut attribute = Attribute { name: name.into(), ..Attribute::default() };
    change(&mut attribute);
    attribute
}

fn float(name: &str, value: f32) -> Attribute {
    attribute(name, |a| (a.f, a.r#type) = (Some(value), kinds::FLOAT))
}

fn int(name: &str, value: i64) -> Attribute {
    attribute(name, |a| (a.i, a.r#type) = (Some(value), kinds::INT))
}

fn texts(name: &str, values: &[&str]) -> Attribute {
    let values = values.iter().map(|value| value.as_bytes().to_vec()).collect();
    attribute(name, |a| (a.strings, a.r#type) = (values, kinds::STRINGS))
}

/// Whatever would change what is computed is refused by name.
#[test]
fn nothing_is_left_out_in_silence() {
    let with = |attribute: Attribute| refused(|model| nodes(model)[0].attribute.push(attribute));
    let node = "node \"level0\" (LSTM): ";
    assert_eq!(with(float("clip", 3.0)), format!("{node}the attribute \"clip\" is not understood"));
    let unknown = with(int("output_sequence", 1));
    assert_eq!(unknown, format!("{node}the attribute \"output_sequence\" is not understood"));
    let hard = with(texts("activations", &["HardSigmoid", "Tanh", "Tanh"]));
    assert!(hard.starts_with(&format!("{node}the activations [\"HardSigmoid\"")), "{hard}");
    assert_eq!(with(int("direction", 1)), format!("{node}two \"direction\""));
    let kind = refused(|model| nodes(model)[0].attribute = vec![float("hidden_size", 3.0)]);
    assert_eq!(kind, format!("{node}\"hidden_size\" is of kind 1; wanted 2"));
    let size = refused(|model| nodes(model)[0].attribute = vec![int("hidden_size", 4)]);
    assert_eq!(size, format!("{node}4 units, with weights for 3"));
    let side = refused(|model| {
        nodes(model)[0].attribute = vec![attribute("direction", |a| {
            (a.s, a.r#type) = (Some(b"sideways".to_vec()), kinds::STRING);
        })];
    });
    assert_eq!(side, format!("{node}the direction \"sideways\""));

    let domain = refused(|model| nodes(model)[1].domain = "com.microsoft".into());
    assert_eq!(domain, "node \"level0.outputs\": operators of the domain \"com.microsoft\"");
    let operator = refused(|model| nodes(model)[2].op_type = "Cosh".into());
    assert_eq!(operator, "node \"head.product\" (Cosh): there is no such operator here");
    let old = refused(|model| model.opset_import[0].version = 9);
    assert_eq!(old, "operators \"\": version 9; 13..=25 of ONNX's own is understood");
    let set = OperatorSet { domain: "ai.onnx.ml".into(), version: 13 };
    assert!(refused(|model| model.opset_import.push(set)).starts_with("operators \"ai.onnx.ml\""));
    let cells = refused(|model| {
        let node = &mut nodes(model)[0];
        node.op_type = "GRU".into();
        node.output.extend(["h".into(), "c".into()]);
        let graph = model.graph.as_mut().unwrap();
        for weight in graph.initializer.iter_mut().filter(|weight| weight.name != "level0.axis") {
            // Three gates of four are as good as any.
            if let [1, 12, columns] = weight.dims[..] {
                weight.dims = vec![1, 9, columns];
                weight.raw_data.as_mut().unwrap().truncate(9 * columns as usize * 4);
            }
        }
    });
    assert!(cells.ends_with("4 operands and 3 outputs; at most 6 and 2 are understood"), "{cells}");
    let operands = refused(|model| nodes(model)[3].input.push("x".into()));
    assert!(operands.ends_with("at most 2 and 1 are understood"), "{operands}");
    let outputs = refused(|model| nodes(model)[3].output.push("more".into()));
    assert!(outputs.ends_with("at most 2 and 1 are understood"), "{outputs}");
}

/// Names and shapes that do not go together.
#[test]
fn graphs_that_are_none() {
    let early = refused(|model| nodes(model).reverse());
    assert_eq!(early, "value \"head.sum\": it is read before it is there");
    let twice = refused(|model| nodes(model)[2].output[0] = "x".into());
    assert_eq!(twice, "there are two arrays \"x\"");
    let twice = refused(|model| nodes(model)[2].output[0] = "head.b".into());
    assert_eq!(twice, "there are two arrays \"head.b\"");
    let twice = refused(|model| {
        let weight = weights(model)[0].clone();
        weights(model).push(weight);
    });
    assert!(twice.starts_with("there are two arrays"), "{twice}");
    let shared = refused(|model| {
        let again = Node { name: "again".into(), ..nodes(model)[0].clone() };
        nodes(model).insert(1, again);
    });
    assert!(shared.contains("several nodes share weights"), "{shared}");
    let shared = refused(|model| nodes(model)[3].input[1] = "level0.b".into());
    assert_eq!(shared, "weight \"level0.b\": several nodes share weights of a cell");
    let gone = refused(|model| nodes(model)[0].input[1] = String::new());
    assert_eq!(gone, "node \"level0\" (LSTM): it has no weights");
    let computed = refused(|model| nodes(model)[0].input[1] = "x".into());
    assert!(computed.contains("its weights \"x\" are computed"), "{computed}");
    // As many numbers, in a shape that is another.
    let turned = refused(|model| {
        for weight in weights(model).iter_mut().filter(|weight| weight.name == "level0.w") {
            weight.dims = vec![1, 2, 12];
        }
    });
    assert!(turned.contains("wanted [1, 12, 12]"), "{turned}");
    // Weights of no elements, of a cell that would fill the memory.
    let huge = refused(|model| {
        for weight in weights(model).iter_mut().filter(|weight| weight.data_type == types::FLOAT) {
            weight.dims = vec![0, 1 << 16, 1 << 14];
            weight.raw_data = None;
        }
    });
    assert!(huge.contains("weights [0, 65536, 16384]"), "{huge}");
    let elsewhere = refused(|model| weights(model)[0].data_location = 1);
    assert!(elsewhere.ends_with("its data lie in another file"), "{elsewhere}");
    let half = refused(|model| weights(model)[0].data_type = 10);
    assert!(half.contains("its type has the number 10"), "{half}");
    let negative = refused(|model| weights(model)[0].dims = vec![-1]);
    assert!(negative.ends_with("its sizes are [-1]"), "{negative}");
    assert!(refused(|model| model.graph = None).contains("there is no graph"));
    assert!(refused(|model| model.opset_import.clear()).contains("no version of operators"));
    let input = |model: &mut Model, elem_type| {
        let input = &mut model.graph.as_mut().unwrap().input[0];
        input.r#type.as_mut().unwrap().tensor_type.as_mut().unwrap().elem_type = elem_type;
    };
    assert!(refused(|model| input(model, 8)).starts_with("input \"x\": its type is Some(8)"));
}

/// Fields that are not read are refused, unless they say nothing of what is computed.
#[test]
fn fields_that_would_be_lost() {
    let with = |field: &[u8]| read(&[&file()[..], field].concat()).map(drop);
    // A name of a program, of version 6 (doc_string), and of a field far away.
    assert_eq!(with(&[(6 << 3) | 2, 1, b'x']), Ok(()));
    let unknown =
        |number| Error::unsupported("ModelProto", format!("field {number} is not understood"));
    // Local functions: field 25, of one byte that says nothing.
    assert_eq!(with(&[0xca, 0x01, 0]), Err(unknown(25)));
    assert_eq!(with(&[0xa2, 0x01, 0]), Err(unknown(20)));
    // A graph that is a number.
    let number = with(&[7 << 3, 1]).unwrap_err().to_string();
    assert_eq!(number, "no ONNX file: field 7 of a ModelProto is a number");
    // Groups, which are no more.
    assert!(matches!(with(&[(6 << 3) | 3]), Err(Error::Malformed { .. })));
    // A length beyond the end, and one beyond all bounds.
    assert!(matches!(with(&[(6 << 3) | 2, 2, 0]), Err(Error::Malformed { .. })));
    let endless = [(6 << 3) | 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
    assert!(matches!(with(&endless), Err(Error::Malformed { .. })));
}

/// Limits hold before anything is made of the bytes.
#[test]
fn limits() {
    let bytes = file();
    let small = Limits { bytes: bytes.len() - 1, ..Limits::default() };
    let error = import::<f32>(&bytes, small).unwrap_err();
    let (given, limit) = (bytes.len(), bytes.len() - 1);
    assert_eq!(error, Error::TooLarge { what: "bytes", given, limit });
    let few = Limits { fields: 20, ..Limits::default() };
    let error = import::<f32>(&bytes, few).unwrap_err();
    assert_eq!(error, Error::TooLarge { what: "fields", given: 21, limit: 20 });
    assert!(import::<f32>(&bytes, Limits { bytes: bytes.len(), fields: 1000 }).is_ok());
}

/// A file that ends too early is none, wherever it ends.
#[test]
fn every_truncation_is_refused() {
    let bytes = file();
    for len in 0..bytes.len() {
        assert!(read(&bytes[..len]).is_err(), "{len} of {} bytes", bytes.len());
    }
}

/// What a model is given that it does not fit fails the recording, and says so.
#[test]
fn inputs_that_do_not_fit() {
    let (model, params) = read(&file()).unwrap();
    let failed = |run: fn(&Imported, Seq<'_, f32>)| {
        let x = elman_tensor::Tensor::<f32>::zeros([4, 2, 2]).unwrap();
        let result = Tape::new().evaluate(&params, |g| run(&model, g.input(&x).into()));
        result.unwrap_err().to_string()
    };
    let lengths =
        failed(|model, x| assert!(model.forward(x.with_lengths(&[1, 2])).values().is_absent()));
    assert!(lengths.contains("lengths or resets"), "{lengths}");
    let none = failed(|model, x| drop(model.run(x.graph(), &[])));
    assert!(none.contains("0 inputs; wanted x"), "{none}");
    let flat = failed(|model, x| drop(model.run(x.graph(), &[x.values().reshape([8, 2]).into()])));
    assert!(flat.contains("node \"level0\": wanted a sequence of three axes"), "{flat}");
    let wide =
        failed(|model, x| drop(model.run(x.graph(), &[x.values().reshape([4, 1, 4]).into()])));
    assert!(wide.contains("does not fit"), "{wide}");
}

/// Nodes of whole numbers, with numbers far away.
fn computed(nodes: Vec<Node>, constants: &[(&str, &[i64])]) -> Result<(), Error> {
    computed_within(1 << 24, nodes, constants)
}

/// The same, on a tape of so many bytes.
fn computed_within(
    limit: usize,
    nodes: Vec<Node>,
    constants: &[(&str, &[i64])],
) -> Result<(), Error> {
    let mut model = Model::decode(&file()[..]).unwrap();
    let graph = model.graph.as_mut().unwrap();
    for (name, values) in constants {
        graph.initializer.push(Tensor {
            dims: vec![values.len() as i64],
            data_type: types::INT64,
            int64_data: values.to_vec(),
            name: (*name).into(),
            ..Tensor::default()
        });
    }
    graph.node = nodes;
    graph.output.truncate(1);
    let (model, params) = read(&model.encode_to_vec())?;
    let x = elman_tensor::Tensor::<f32>::zeros([4, 2, 2])?;
    let mut tape = Tape::new().limit(limit);
    tape.evaluate(&params, |g| drop(model.run(g, &[g.input(&x).into()])))?;
    Ok(())
}

const OPERATORS: [&str; 14] = [
    "Add",
    "Mul",
    "Div",
    "Gather",
    "Reshape",
    "Slice",
    "Expand",
    "ConstantOfShape",
    "Squeeze",
    "Unsqueeze",
    "Concat",
    "Shape",
    "Transpose",
    "Flatten",
];

/// Whole numbers are limited one by one, and together.
#[test]
fn whole_numbers_are_limited() {
    let double = |i: usize| Node {
        input: vec![if i == 0 { "a".into() } else { format!("y{}", i - 1) }; 2],
        output: vec![if i == 23 { "y".into() } else { format!("y{i}") }],
        op_type: "Concat".into(),
        attribute: vec![int("axis", 0)],
        ..Node::default()
    };
    let error = computed((0..24).map(double).collect(), &[("a", &[1, 2])]).unwrap_err();
    assert!(error.to_string().contains("more than 16777216 whole numbers"), "{error}");
}

fn node(operator: &str, inputs: &[&str], output: &str, attribute: Vec<Attribute>) -> Node {
    Node {
        input: inputs.iter().map(|&name| name.into()).collect(),
        output: vec![output.into()],
        op_type: operator.into(),
        attribute,
        ..Node::default()
    }
}

/// A few bytes may ask for any size: what would be computed is counted before it is.
#[test]
fn a_small_file_does_not_fill_the_memory() {
    let along = |axis| vec![int("axis", axis)];
    let [large, column, row]: [&[i64]; 3] = [&[40_000, 40_000], &[40_000, 1], &[1, 40_000]];
    let constants = [
        ("large", large),
        ("column", column),
        ("row", row),
        ("half", &[1 << 25]),
        ("one", &[1]),
        ("many", &[0; 40_000]),
    ];
    let filled = |shape: &str, output: &str| node("ConstantOfShape", &[shape], output, vec![]);
    let twice = |operator: &str, count: usize| {
        let adds = (0..count).map(|i| match i {
            0 => node(operator, &["a", "a"], "y0", vec![]),
            i => node(operator, &[&format!("y{}", i - 1), "a"], &format!("y{i}"), vec![]),
        });
        [vec![filled("half", "a")], adds.collect()].concat()
    };
    let files = [
        vec![filled("large", "a")],
        vec![filled("one", "a"), node("Expand", &["a", "large"], "b", vec![])],
        vec![node("Expand", &["x", "wide"], "b", vec![])],
        vec![filled("column", "a"), filled("row", "b"), node("Add", &["a", "b"], "c", vec![])],
        vec![filled("column", "a"), filled("row", "b"), node("MatMul", &["a", "b"], "c", vec![])],
        vec![filled("column", "a"), filled("row", "b"), node("Gemm", &["a", "b"], "c", vec![])],
        vec![filled("row", "a"), node("Gather", &["a", "many"], "b", along(0))],
        vec![filled("half", "a"), node("Concat", &["a"; 40], "b", along(0))],
        twice("Add", 60),
        [twice("Mul", 1), vec![node("Exp", &["y0"], "b", vec![])]].concat(),
    ];
    for (number, mut nodes) in files.into_iter().enumerate() {
        let last = nodes.last().unwrap().output[0].clone();
        nodes.push(node("Identity", &[&last], "y", vec![]));
        let constants = [&constants[..], &[("wide", &[1 << 26, 4, 2, 2][..])]].concat();
        let mut refused = Ok(());
        let memory = allocation_counter::measure(|| {
            refused = computed_within(Tape::<f32>::LIMIT, nodes, &constants);
        });
        let said = refused.unwrap_err().to_string();
        assert!(said.contains("a run with these inputs may compute"), "{number}: {said}");
        assert!(memory.bytes_max < 1 << 29, "{number}: {} bytes, then {said}", memory.bytes_max);
    }
}

/// Axes may be as long as they like where there are no elements.
#[test]
fn no_time_is_spent_on_nothing() {
    let tensor =
        Tensor { dims: vec![1], data_type: types::INT64, int64_data: vec![7], ..Tensor::default() };
    let filling = attribute("value", |a| (a.t, a.r#type) = (Some(tensor), kinds::TENSOR));
    let shape: &[i64] = &[1 << 50, 0, 1 << 50];
    for filling in [vec![], vec![filling]] {
        for axis in 0..3 {
            let along = || vec![int("axis", axis)];
            let nodes = vec![
                node("ConstantOfShape", &["shape"], "filled", filling.clone()),
                node("Concat", &["filled", "filled"], "both", along()),
                node("Gather", &["filled", "none"], "picked", along()),
                node("Transpose", &["both"], "turned", vec![]),
                node("Add", &["picked", "picked"], "sum", vec![]),
                node("Identity", &["turned"], "y", vec![]),
            ];
            assert_eq!(computed(nodes, &[("shape", shape), ("none", &[])]), Ok(()));
        }
    }
}

/// Whole numbers, some of them far away.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![-3i64..6, Just(i64::MAX), Just(i64::MIN), Just(1 << 40), Just(1 << 20)]
}

proptest! {
    /// Bytes that changed are a model or an error.
    #[test]
    fn no_bytes_panic(changes in vec((any::<Index>(), any::<u8>()), 1..6)) {
        let mut bytes = file();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok((model, params)) = import::<f32>(&bytes, Limits::default()) {
            let x = elman_tensor::Tensor::<f32>::zeros([4, 2, 2]).unwrap();
            let mut tape = Tape::new().limit(1 << 24);
            let _ = tape.evaluate(&params, |g| drop(model.run(g, &[g.input(&x).into()])));
        }
    }

    /// Neither do nodes that are given any numbers.
    #[test]
    fn no_numbers_panic(
        steps in vec((0usize..14, uniform5(0usize..8)), 1..5),
        numbers in uniform4(vec(number(), 0..4)),
    ) {
        let names = ["a", "b", "c", "d"];
        let constants: Vec<_> =
            names.iter().zip(&numbers).map(|(&name, numbers)| (name, &numbers[..])).collect();
        let mut nodes = Vec::new();
        for (i, (operator, operands)) in steps.iter().enumerate() {
            let operator = OPERATORS[*operator];
            let operand = |&at: &usize| match at {
                0..4 => names[at].to_owned(),
                4 => "x".to_owned(),
                _ if i == 0 => "x".to_owned(),
                at => format!("y{}", (at - 5) % i),
            };
            let count = match operator {
                "ConstantOfShape" | "Shape" | "Transpose" | "Flatten" => 1,
                "Slice" => 5,
                _ => 2,
            };
            nodes.push(Node {
                input: operands.iter().take(count).map(operand).collect(),
                output: vec![format!("y{i}")],
                op_type: operator.into(),
                ..Node::default()
            });
        }
        let last = format!("y{}", nodes.len() - 1);
        nodes.push(Node {
            input: vec![last],
            output: vec!["y".into()],
            op_type: "Identity".into(),
            ..Node::default()
        });
        let _ = computed(nodes, &constants);
    }
}
