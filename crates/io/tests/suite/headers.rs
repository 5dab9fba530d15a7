//! Headers that lie: an error for each, never a panic, and never more memory than they deserve.

use elman_autograd::Params;
use elman_io::{Doubt, Flaw, Limits, Weights};
use elman_tensor::Init;
use proptest::prelude::*;

/// A file with this header and so many bytes of numbers.
fn file(header: &[u8], data: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header, &vec![0; data]].concat()
}

fn import(bytes: Vec<u8>) -> Result<Weights, Flaw> {
    Weights::import_bytes(bytes, &Limits::default())
}

fn reason(header: &[u8], data: usize) -> String {
    import(file(header, data)).unwrap_err().to_string()
}

const A: &str = r#""a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#;

#[test]
fn what_is_wrong_is_said() {
    let max = u64::MAX;
    let wide = format!(r#"{{"a":{{"dtype":"F32","shape":[{max},4],"data_offsets":[0,4]}}}}"#);
    let end = format!(r#"{{"a":{{"dtype":"U8","shape":[{max}],"data_offsets":[0,{max}]}}}}"#);
    let over = format!(r#"{{"a":{{"dtype":"F32","shape":[{max}0],"data_offsets":[0,4]}}}}"#);
    let after = r#""b":{"dtype":"F32","shape":[1],"data_offsets":"#;
    for (header, data, wanted) in [
        ("", 0, "the header cannot be read: EOF"),
        ("[]", 0, "the header cannot be read: invalid type: sequence, expected an object"),
        ("{}{}", 0, "the header cannot be read: trailing characters"),
        (&format!("{{{A},{A}}}"), 8, "the key \"a\" is there twice"),
        (r#"{"__metadata__":{"x":"1","x":"2"}}"#, 0, "the key \"x\" is there twice"),
        (r#"{"__metadata__":{},"__metadata__":{}}"#, 0, "the key \"__metadata__\" is there twice"),
        (r#"{"__metadata__":{"x":1}}"#, 0, "expected a string"),
        (r#"{"a":{"dtype":"F32","shape":[1]}}"#, 4, "tensor \"a\": missing field `data_offsets`"),
        (&A.replace("\"a\"", "{\"a\"").replace("}", ",\"x\":0}}"), 4, "unknown field `x`"),
        (
            &A.replace("\"a\"", "{\"a\"").replace("}", ",\"shape\":[]}}"),
            4,
            "duplicate field `shape`",
        ),
        (&format!("{{{}}}", A.replace("[1]", "[-1]")), 4, "tensor \"a\": invalid value"),
        (&format!("{{{}}}", A.replace("[1]", "[1.0]")), 4, "tensor \"a\": invalid type"),
        (&format!("{{{}}}", A.replace("[1]", "[1,1,1,1,1]")), 4, "at most 4 axes, 5 were given"),
        (&format!("{{{}}}", A.replace("F32", "I64")), 4, "\"a\" has numbers of type I64"),
        (&format!("{{{}}}", A.replace("F32", "f32")), 4, "\"a\" has numbers of type f32"),
        (&format!("{{{}}}", A.replace("F32", "F64")), 4, "[1] wants the bytes [0, 8]"),
        (
            &format!("{{{}}}", A.replace("[1]", "[2]")),
            8,
            "wants the bytes [0, 8], its offsets are [0, 4]",
        ),
        (
            &format!("{{{}}}", A.replace("[0,4]", "[4,8]")),
            8,
            "wants the bytes [0, 4], its offsets are [4, 8]",
        ),
        (&format!("{{{}}}", A.replace("[0,4]", "[4,0]")), 4, "its offsets are [4, 0]"),
        (&format!("{{{}}}", A.replace("[0,4]", "[0]")), 4, "tensor \"a\": invalid length 1"),
        (&format!("{{{A},{after}[0,4]}}}}"), 4, "tensor \"b\" [1] wants the bytes [4, 8]"),
        (&format!("{{{A},{after}[2,6]}}}}"), 6, "tensor \"b\" [1] wants the bytes [4, 8]"),
        (&format!("{{{A},{after}[8,12]}}}}"), 12, "tensor \"b\" [1] wants the bytes [4, 8]"),
        (&format!("{{{A}}}"), 3, "tensors of 4 bytes, but there are 3"),
        (&format!("{{{A}}}"), 5, "tensors of 4 bytes, but there are 5"),
        (&wide, 4, "wants the bytes [0, 18446744073709551615]"),
        (&end, 4, "tensors of 18446744073709551615 bytes, but there are 4"),
        (&over, 4, "tensor \"a\": invalid type: floating point"),
    ] {
        let said = reason(header.as_bytes(), data);
        assert!(said.contains(wanted), "{header}: {said}\n   wanted: {wanted}");
    }
    let latin = [b"{\"\xe4\"", &A.as_bytes()[3..], b"}"].concat();
    assert!(reason(&latin, 4).contains("invalid unicode"), "{}", reason(&latin, 4));
}

#[test]
fn lengths_that_lie() {
    for length in [u64::MAX, u64::MAX - 7, 1 << 63, 1 << 40, (1 << 24) + 1] {
        let refused = import([&length.to_le_bytes(), "{}".as_bytes()].concat()).unwrap_err();
        assert_eq!(
            refused,
            Flaw::TooLarge { what: "the header's bytes", given: length, limit: 1 << 24 }
        );
    }
    let refused = import([&3u64.to_le_bytes(), "{}".as_bytes()].concat()).unwrap_err();
    assert_eq!(refused, Flaw::Length { what: "a header", wanted: 3, given: 2 });
}

/// What others write otherwise is imported, and is not Elman's.
#[test]
fn other_writers_may_order_and_space_as_they_like() {
    let b = r#" "b" : {"data_offsets":[0,4], "shape":[], "dtype":"F32"}"#;
    let a = A.replace("[0,4]", "[4,8]");
    for header in [format!("{{{b} , {a}}}  "), format!("{{{a},{b}}}"), format!(" {{{a},{b}}}")] {
        let bytes = file(header.as_bytes(), 8);
        let weights = import(bytes.clone()).unwrap();
        assert_eq!(weights.doubt(), Some(&Doubt::Unchecked { format: None }));
        assert_eq!(weights.iter().map(|entry| entry.name).collect::<Vec<_>>(), ["a", "b"]);
        let refused = Weights::from_bytes(bytes, &Limits::default()).unwrap_err();
        assert_eq!(refused.to_string(), "\"format\" is missing, wanted \"elman\"");
        // From here on it has checksums.
        let own = weights.to_bytes().unwrap();
        Weights::from_bytes(own, &Limits::default()).unwrap();
    }
}

fn own() -> Vec<u8> {
    let build = |p: &mut elman_autograd::Scope<'_>| {
        p.weight("a", [3], Init::Constant(1.0))?;
        p.weight("b", [0], Init::Zeros)?;
        p.weight("c", [2, 1], Init::Constant(2.0))
    };
    let (_, params) = Params::<f32>::init(0, build).unwrap();
    Weights::of(&params, "text").unwrap().to_bytes().unwrap()
}

/// The header of Elman's own file, changed, with the right length before it; sums and all.
fn rewritten(change: impl Fn(String) -> String) -> Vec<u8> {
    let bytes = own();
    let length = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    let header = change(String::from_utf8(bytes[8..8 + length].to_vec()).unwrap());
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &bytes[8 + length..]].concat()
}

/// Everything right, but not as Elman writes it.
#[test]
fn one_text_has_one_file() {
    let read = |bytes| Weights::from_bytes(bytes, &Limits::default());
    read(rewritten(|header| header)).unwrap();
    for (name, change) in [
        ("space", &(|h: String| h.replacen(':', ": ", 1)) as &dyn Fn(String) -> String),
        ("padding", &|h| h + "        "),
        ("no padding", &|h| h.trim_end().to_string()),
        ("escape", &|h| h.replace("text", "\\u0074ext")),
        ("tensors", &|h| {
            let (a, c) = (h.find("\"a\":").unwrap(), h.find(",\"c\":").unwrap());
            format!("{}{},{}{}", &h[..a], &h[c + 1..h.rfind('}').unwrap()], &h[a..c], "}")
        }),
        ("texts", &|h| {
            let format = "\"format\":\"elman\",";
            h.replace(format, "").replacen('{', "", 1).replacen('{', &format!("{{{format}"), 1)
        }),
        ("shape", &|h| h.replace("[2,1]", "[1,2]")),
        ("upper case", &|h| h.replace("\"sha256:a\":\"", "\"sha256:a\":\"0")),
        ("kind", &|h| h.replace("weights", "checkpoint")),
        ("version", &|h| h.replace("\"version\":\"1\"", "\"version\":\"2\"")),
        ("one text more", &|h| h.replacen("{\"", "{\"alpha\":\"\",\"", 2)),
        ("one sum more", &|h| h.replace("\"sha256:a\"", "\"sha256:Z\":\"\",\"sha256:a\"")),
    ] {
        let bytes = rewritten(change);
        assert_ne!(bytes, own(), "{name}");
        assert!(read(bytes).is_err(), "{name}");
    }
}

/// Bytes that look like a file, in part.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), any::<u8>(), 0usize..4);
    let token = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\"a\"",
        "\"__metadata__\"",
        "\"dtype\"",
        "\"F64\"",
        "\"shape\"",
        "\"data_offsets\"",
        "0",
        "-1",
        "1e300",
        "18446744073709551615",
        "null",
        " ",
        "\\u0000",
        "\u{e4}",
    ]);
    let json = prop::collection::vec(token, 0..60).prop_map(|tokens| tokens.concat());
    let edited = prop::collection::vec(edit, 1..8).prop_map(|edits| {
        let mut bytes = own();
        for (at, byte, kind) in edits {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => _ = bytes.remove(at),
                _ => bytes.extend_from_within(at..),
            }
            if bytes.is_empty() {
                bytes.push(byte);
            }
        }
        bytes
    });
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        (json, 0usize..40).prop_map(|(json, data)| file(json.as_bytes(), data)),
        edited.clone(),
        // The same with a length of the header that fits again.
        edited.prop_map(|mut bytes| {
            let length = (bytes.len() as u64).saturating_sub(28);
            bytes.iter_mut().zip(length.to_le_bytes()).for_each(|(byte, l)| *byte = l);
            bytes
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes_give_weights_or_an_error(bytes in hostile()) {
        let length = bytes.len() as u64;
        let mut read = None;
        let copy = bytes.clone();
        let memory = allocation_counter::measure(|| {
            read = Some(Weights::from_bytes(copy, &Limits::default()));
        });
        prop_assert!(memory.bytes_max < 10_000 + 20 * length, "{memory:?} for {length} bytes");
        if let Some(Ok(weights)) = read {
            prop_assert_eq!(weights.to_bytes().unwrap(), bytes.clone());
        }
        if let Ok(weights) = import(bytes) {
            let own = weights.to_bytes().unwrap();
            let again = Weights::from_bytes(own, &Limits::default()).unwrap();
            prop_assert!(again.iter().eq(weights.iter()));
        }
    }
}
