//! The same weights on every machine: training is repeated in processes that are held to one
//! instruction set, by different numbers of threads, and ends with the bits that are written here.

use elman::kernels::{Isa, Threads};
use elman::prelude::*;
use std::process::Command;

/// The instruction set and the number of threads that a process of this test is to use.
const TASK: &str = "ELMAN_TEST_EVERYWHERE";
/// What the weights hash to after 200 steps of gradient descent, and of Adam with a schedule and
/// noise, in which powers, cosines and logarithms take part.
const HASHES: [u64; 2] = [0x0be4_edbf_7231_131b, 0x03ea_7363_7e2f_c92e];

const STEPS: u64 = 200;
const TIME: usize = 20;
const BATCH: usize = 24;
const INPUT: usize = 5;
const HIDDEN: usize = 24;

/// Numbers between −1 and 1 that every machine computes alike.
fn numbers(shape: [usize; 3], salt: u64) -> Tensor<f32> {
    Tensor::from_fn(shape, |i| {
        let mixed = (i as u64 + salt).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    })
    .unwrap()
}

/// The weights after some steps of a stack of all cells that have kernels, as a hash (FNV-1a).
fn trained(chain: impl Transform) -> u64 {
    let (model, mut params) = Params::<f32>::init(11, |p| {
        let lstm = Lstm::new(p.scope("lstm"), INPUT, HIDDEN)?;
        let gru = Gru::new(p.scope("gru"), HIDDEN, HIDDEN)?;
        let elman = Elman::new(p.scope("elman"), HIDDEN, HIDDEN)?;
        let head = Linear::new(p.scope("head"), HIDDEN, 1)?;
        Ok(Rnn(lstm.stack(gru).stack(elman).readout(head)))
    })
    .unwrap();
    let mut trainer = Trainer::new(clip_norm(1.0).then(chain));
    let (x, y) = (numbers([TIME, BATCH, INPUT], 1), numbers([TIME, BATCH, 1], 7777));
    let mut losses = Vec::new();
    for _ in 0..STEPS {
        let loss = trainer.step(&mut params, |g| {
            let answer = model.forward(g.input(&x)).values();
            mse(answer, g.input(&y))
        });
        losses.push(loss.unwrap());
    }
    assert!(losses[STEPS as usize - 1] < losses[0], "{} to {}", losses[0], losses[1]);
    params.values().iter().fold(0xCBF2_9CE4_8422_2325, |hash, x| {
        (hash ^ u64::from(x.to_bits())).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

#[test]
fn weights_after_200_steps_are_the_same() {
    if let Ok(threads) = std::env::var(TASK) {
        let _threads = Threads::limit(threads.parse().unwrap());
        let descent = trained(momentum(0.9).then(sgd(0.05)));
        let adam = trained(noise(0.01).then(adam(5e-3)).then(cosine(STEPS)));
        println!("hashes {:x?} on {:?}", [descent, adam], Isa::used());
        return;
    }
    let here = std::env::current_exe().unwrap();
    let widest = Isa::widest();
    for (isa, name) in [(Isa::Avx512, "avx512"), (Isa::Avx2, "avx2"), (Isa::Portable, "portable")] {
        if isa > widest {
            println!("{name} is not here");
            continue;
        }
        // Portable multiply-adds are slow on x86-64.
        let threads = if isa == Isa::Portable { &[2][..] } else { &[1, 2, 3, 8] };
        for threads in threads {
            let mut process = Command::new(&here);
            process.args(["weights_after_200_steps_are_the_same", "--nocapture"]);
            process.env("ELMAN_ISA", name).env(TASK, threads.to_string());
            let output = process.output().unwrap();
            let output = String::from_utf8_lossy(&output.stdout).into_owned();
            let wanted = format!("hashes {HASHES:x?} on {isa:?}");
            assert!(output.contains(&wanted), "{threads} threads: wanted {wanted}, got {output}");
        }
    }
}
