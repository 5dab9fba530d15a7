//! Cells of one sum.

use super::{papers, sigmoid};
use elman_autograd::{Params, Tape};
use elman_rnn::{Activation, AntisymmetricRnn, Clockwork, Elman, FastRnn, IndRnn, Jordan};
use elman_tensor::Tensor;

/// A function of plain numbers.
type Plain = fn(f64) -> f64;

/// The activations, each with its plain function.
const ACTIVATIONS: [(Activation, Plain); 10] = [
    (Activation::Tanh, f64::tanh),
    (Activation::Relu, |z| z.max(0.0)),
    (Activation::Identity, |z| z),
    (Activation::Sigmoid, sigmoid),
    (Activation::Softplus, |z| if z > 40.0 { z } else { z.exp().ln_1p() }),
    (Activation::Softsign, |z| z / (1.0 + z.abs())),
    (Activation::LeakyRelu(0.25), |z| if z > 0.0 { z } else { 0.25 * z }),
    (Activation::Elu(1.5), |z| if z > 0.0 { z } else { 1.5 * z.exp_m1() }),
    (Activation::Silu, |z| z * sigmoid(z)),
    (Activation::Gelu, |z| {
        0.5 * z * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (z + 0.044715 * z.powi(3))).tanh())
    }),
];

/// From saturation to saturation, and at the kinks.
#[test]
fn activations() {
    let z: Vec<f64> =
        (-60..=60).map(|i| f64::from(i).powi(3) / 250.0).chain([0.05, -0.0]).collect();
    let z = Tensor::new([z.len()], z).unwrap();
    let ((), params) = Params::<f64>::init(0, |_| Ok(())).unwrap();
    for (activation, plain) in ACTIVATIONS {
        let y = Tape::new().evaluate(&params, |g| activation.of(g.input(&z)).tensor()).unwrap();
        for (&z, &y) in z.values().iter().zip(y.values()) {
            let wanted = plain(z);
            let off = (y - wanted).abs();
            assert!(
                off <= 1e-15 * wanted.abs().max(1.0),
                "{activation:?} of {z}: {y}, not {wanted}"
            );
        }
    }
}

papers! {
    elman: |p, input, hidden| Elman::with(p, input, hidden, Activation::Elu(1.5)), |w, x, s| {
        let z = w.sums("", x, &s[0]);
        s[0] = z.iter().map(|&z| if z > 0.0 { z } else { 1.5 * z.exp_m1() }).collect();
    };
    jordan: |p, input, hidden| {
        Jordan::new(p, input, hidden, 2)?
            .with_activations(Activation::Sigmoid, Activation::Identity)
    }, |w, x, s| {
        let h = w.sums("", x, &s[0]).into_iter().map(sigmoid);
        let (v, c) = (w.of("output.w"), w.of("output.b"));
        let mut y = c.to_vec();
        for (k, h) in h.enumerate() {
            y.iter_mut().enumerate().for_each(|(j, y)| *y += h * v[2 * k + j]);
        }
        s[0] = y;
    };
    ind_rnn: |p, input, hidden| {
        IndRnn::new(p, input, hidden)?.with_activation(Activation::LeakyRelu(0.25))
    }, |w, x, s| {
        let (v, u, b) = (w.of("w"), w.of("u"), w.of("b"));
        let n = u.len();
        for (j, h) in s[0].iter_mut().enumerate() {
            let sum: f64 = x.iter().enumerate().map(|(k, x)| x * v[k * n + j]).sum();
            let z = b[j] + sum + u[j] * *h;
            *h = if z > 0.0 { z } else { 0.25 * z };
        }
    };
    antisymmetric_rnn: |p, input, hidden| {
        AntisymmetricRnn::new(p, input, hidden)?.with_step(0.3)?.with_diffusion(0.2)
    }, |w, x, s| {
        let (v, u, b) = (w.of("w"), w.of("u"), w.of("b"));
        let (h, n) = (s[0].clone(), b.len());
        for j in 0..n {
            let mut sum = b[j] - 0.2 * h[j];
            x.iter().enumerate().for_each(|(k, x)| sum += x * v[k * n + j]);
            (0..n).for_each(|k| sum += h[k] * (u[k * n + j] - u[j * n + k]));
            s[0][j] = h[j] + 0.3 * sum.tanh();
        }
    };
    antisymmetric_rnn_gated: |p, input, hidden| {
        AntisymmetricRnn::gated(p, input, hidden)?.with_step(0.3)
    }, |w, x, s| {
        let (v, u, b) = (w.of("w"), w.of("u"), w.of("b"));
        let (h, n) = (s[0].clone(), s[0].len());
        for j in 0..n {
            let (mut g, mut z, mut sum) = (b[j], b[n + j], -0.01 * h[j]);
            for (k, x) in x.iter().enumerate() {
                g += x * v[k * 2 * n + j];
                z += x * v[k * 2 * n + n + j];
            }
            (0..n).for_each(|k| sum += h[k] * (u[k * n + j] - u[j * n + k]));
            s[0][j] = h[j] + 0.3 * sigmoid(z + sum) * (g + sum).tanh();
        }
    };
    fast_rnn: |p, input, hidden| FastRnn::new(p, input, hidden), |w, x, s| {
        let [alpha, beta] = ["alpha", "beta"].map(|name| sigmoid(w.of(name)[0]));
        let z = w.sums("", x, &s[0]);
        s[0].iter_mut().zip(z).for_each(|(h, z)| *h = alpha * z.tanh() + beta * *h);
    };
    // The step is a part of the state, and random at first: that of the nearest whole number counts.
    clockwork: |p, input, hidden| Clockwork::new(p, input, hidden, &[1, 2, 2, 6]), |w, x, s| {
        let (h, t) = (s[0].clone(), s[1][0]);
        let size = h.len() / 4;
        for (i, period) in [1, 2, 2, 6].into_iter().enumerate() {
            if (t.round() as i64) % period != 0 {
                continue;
            }
            let [v, u, b] = ["w", "u", "b"].map(|name| w.of(&format!("module{i}.{name}")));
            for j in 0..size {
                let mut sum = b[j];
                x.iter().enumerate().for_each(|(k, x)| sum += x * v[k * size + j]);
                // Of all units, those of this module and of slower ones.
                for k in (0..h.len()).filter(|k| k / size >= i) {
                    sum += h[k] * u[(k - i * size) * size + j];
                }
                s[0][i * size + j] = sum.tanh();
            }
        }
        s[1][0] = if t + 1.0 < 6.0 { t + 1.0 } else { t + 1.0 - 6.0 };
    };
}
