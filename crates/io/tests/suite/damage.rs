//! Any damage is found, and nothing is loaded.

use crate::train::{Run, other};
use elman_autograd::Params;
use elman_io::{Checkpoint, Flaw, Limits, Weights};
use elman_tensor::Init;

/// One weight of three numbers, one of none.
fn model(seed: u64) -> Params<f32> {
    let (_, params) = Params::init(seed, |p| {
        p.weight("w", [3], Init::Normal { std: 1.0 })?;
        p.weight("none", [2, 0], Init::Zeros)
    })
    .unwrap();
    params
}

/// Loads into other weights, which must stay as they are if it is refused.
fn load(bytes: &[u8]) -> Result<(), Flaw> {
    let (mut params, before) = (model(2), model(2));
    let weights = Weights::from_bytes(bytes.to_vec(), &Limits::default());
    let loaded = weights.and_then(|weights| weights.load(&mut params));
    assert_eq!(params, if loaded.is_ok() { model(1) } else { before });
    loaded
}

/// Every length but the right one, every bit.
fn every_damage(bytes: &[u8], accepts: impl Fn(&[u8]) -> bool) {
    assert!(accepts(bytes));
    for length in 0..bytes.len() {
        assert!(!accepts(&bytes[..length]), "cut to {length}");
    }
    for more in 1..20 {
        assert!(!accepts(&[bytes, &vec![0; more]].concat()), "{more} more");
        assert!(!accepts(&[bytes, &vec![b' '; more]].concat()), "{more} more");
        assert!(!accepts(&[&vec![0; more], bytes].concat()), "{more} before");
    }
    let mut flipped = bytes.to_vec();
    for bit in 0..8 * bytes.len() {
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(!accepts(&flipped), "bit {bit} flipped");
        flipped[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn every_cut_and_every_flipped_bit_of_weights_is_refused() {
    let bytes = Weights::of(&model(1), "a \"model\"").unwrap().to_bytes().unwrap();
    every_damage(&bytes, |bytes| load(bytes).is_ok());
}

/// A file that says it is Elman's own is held to it when it is imported. One that does not say so
/// any more, because that is what was damaged, comes in with a doubt.
#[test]
fn every_damage_is_refused_or_doubted_by_import() {
    let bytes = Weights::of(&model(1), "").unwrap().to_bytes().unwrap();
    every_damage(&bytes, |bytes| {
        let (mut params, before) = (model(2), model(2));
        let weights = Weights::import_bytes(bytes.to_vec(), &Limits::default());
        let doubts = weights.and_then(|weights| weights.import(&mut params));
        assert!(doubts.is_ok() || params == before);
        doubts.is_ok_and(|doubts| doubts.is_empty())
    });
}

#[test]
fn every_cut_and_every_flipped_bit_of_a_checkpoint_is_refused() {
    let run = Run::new(other::<f32>()).to(3);
    let limits = Limits::default();
    every_damage(&run.bits(), |bytes| {
        Checkpoint::from_bytes(bytes.to_vec(), &run.params, &limits).is_ok()
    });
}

/// What was damaged is said.
#[test]
fn a_damage_is_named() {
    let bytes = Weights::of(&model(1), "described").unwrap().to_bytes().unwrap();
    let mut data = bytes.clone();
    *data.last_mut().unwrap() ^= 64;
    assert!(matches!(load(&data), Err(Flaw::Checksum { what, .. }) if what == "tensor \"w\""));
    let text = String::from_utf8_lossy(&bytes).find("described").unwrap();
    let mut header = bytes.clone();
    header[text] = b'D';
    assert!(matches!(load(&header), Err(Flaw::Checksum { what, .. }) if what == "the header"));
    assert!(matches!(load(&bytes[..bytes.len() - 1]), Err(Flaw::Length { given: 11, .. })));
    assert!(matches!(load(&[]), Err(Flaw::Length { wanted: 8, given: 0, .. })));
}

#[test]
fn beyond_the_limits_nothing_is_read() {
    let bytes = Weights::of(&model(1), "").unwrap().to_bytes().unwrap();
    let header = u64::from_le_bytes(*bytes.first_chunk().unwrap());
    let fits = Limits { header, file: bytes.len() as u64, tensors: 2 };
    Weights::from_bytes(bytes.clone(), &fits).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w");
    std::fs::write(&path, &bytes).unwrap();
    for limits in [
        Limits { header: fits.header - 1, ..fits },
        Limits { file: fits.file - 1, ..fits },
        Limits { tensors: 1, ..fits },
    ] {
        let refused = Weights::from_bytes(bytes.clone(), &limits).unwrap_err();
        assert!(matches!(refused, Flaw::TooLarge { .. }), "{refused}");
        assert!(Weights::read_from(&elman_io::Disk, &path, &limits).is_err());
    }
    // A file that is all holes: larger than memory, and no byte of it is read.
    std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let memory = allocation_counter::measure(|| {
        let refused = Weights::read(&path).unwrap_err().to_string();
        assert!(
            refused.ends_with("the file's bytes: 1099511627776 is beyond the limit of 17179869184")
        );
    });
    assert!(memory.bytes_max < 10_000, "{memory:?}");
}
