//! Any bytes as a file of weights, and files of weights with any changes: an error, or what is
//! written again with the same bytes.

#![no_main]

use arbitrary::Arbitrary;
use elman_io::autograd::Params;
use elman_io::tensor::Init;
use elman_io::{Limits, Weights};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Input {
    /// The whole file.
    File(Vec<u8>),
    /// A header, with its length before it, and so many bytes of numbers.
    Header(String, u8),
    /// The right file, with other bytes in some places.
    Edited(Vec<(u16, u8)>),
    /// The right file, cut, and with something behind it.
    Joined(u16, Vec<u8>),
}

fn params() -> Params<f32> {
    let build = |p: &mut elman_io::autograd::Scope<'_>| {
        p.weight("a", [2, 3], Init::Constant(1.0))?;
        p.weight("b", [0], Init::Zeros)
    };
    Params::init(0, build).unwrap().1
}

fn bytes(input: Input) -> Vec<u8> {
    let own = || Weights::of(&params(), "text").unwrap().to_bytes().unwrap();
    match input {
        Input::File(bytes) => bytes,
        Input::Header(header, numbers) => {
            let length = (header.len() as u64).to_le_bytes();
            [&length, header.as_bytes(), &vec![0; numbers.into()]].concat()
        }
        Input::Edited(edits) => {
            let mut bytes = own();
            let len = bytes.len();
            edits.iter().for_each(|&(at, byte)| bytes[usize::from(at) % len] = byte);
            bytes
        }
        Input::Joined(at, rest) => {
            let own = own();
            [&own[..usize::from(at) % (own.len() + 1)], &rest].concat()
        }
    }
}

fuzz_target!(|input: Input| {
    let (bytes, limits) = (bytes(input), Limits::default());
    if let Ok(weights) = Weights::from_bytes(bytes.clone(), &limits) {
        assert_eq!(weights.to_bytes().unwrap(), bytes);
        _ = weights.load(&mut params());
    }
    if let Ok(weights) = Weights::import_bytes(bytes, &limits) {
        let own = weights.to_bytes().unwrap();
        assert!(Weights::from_bytes(own, &limits).unwrap().iter().eq(weights.iter()));
        let (mut loaded, before) = (params(), params());
        assert!(weights.import(&mut loaded).is_ok() || loaded == before);
    }
});
