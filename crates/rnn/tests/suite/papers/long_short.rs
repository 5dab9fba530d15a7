//! Long short-term memories.

use super::{Row, papers, sigmoid};
use elman_autograd::{Params, Tape};
use elman_rnn::{
    Cell, CoupledLstm, LayerNormLstm, MultiplicativeLstm, PeepholeLstm, ProjectedLstm, Rnn, SLstm,
};
use elman_tensor::Tensor;

/// The common end of a step: from the sums i, f, g, o to σ(o) ∘ tanh(c′), and c′ in the place of c.
fn remember(z: &[f64], c: &mut [f64]) -> Vec<f64> {
    let n = c.len();
    let unit = |(j, c): (usize, &mut f64)| {
        let [i, f, g, o] = [0, 1, 2, 3].map(|gate| z[gate * n + j]);
        *c = sigmoid(f) * *c + sigmoid(i) * g.tanh();
        sigmoid(o) * c.tanh()
    };
    c.iter_mut().enumerate().map(unit).collect()
}

fn normalised(z: &[f64], epsilon: f64) -> Vec<f64> {
    let n = z.len() as f64;
    let mean = z.iter().sum::<f64>() / n;
    let variance = z.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / n;
    z.iter().map(|z| (z - mean) / (variance + epsilon).sqrt()).collect()
}

/// x · W for `W: [in, n]`.
fn product(x: &[f64], w: &[f64], n: usize) -> Vec<f64> {
    (0..n).map(|j| x.iter().enumerate().map(|(k, x)| x * w[k * n + j]).sum()).collect()
}

/// A step of Beck et al.'s sLSTM with their states c, n and m, from a state h, v, ln n of ours; m
/// is the largest logarithm so far, so that nothing overflows.
fn exponential(z: &[f64], s: &mut Row, forget: impl Fn(f64) -> f64) {
    let n = s[0].len();
    for j in 0..n {
        // Any c and n in this ratio will do: m takes up the rest.
        let (c, norm, m) = (s[1][j], 1.0, s[2][j]);
        let [i, f, g, o] = [0, 1, 2, 3].map(|gate| z[gate * n + j]);
        let m_next = (forget(f) + m).max(i);
        let (i, f) = ((i - m_next).exp(), (forget(f) + m - m_next).exp());
        let (c, norm) = (f * c + i * g.tanh(), f * norm + i);
        s[0][j] = sigmoid(o) * c / norm;
        (s[1][j], s[2][j]) = (c / norm, m_next + norm.ln());
    }
}

papers! {
    peephole_lstm: |p, input, hidden| PeepholeLstm::new(p, input, hidden), |w, x, s| {
        let (z, p, n) = (w.sums("", x, &s[0]), w.of("peepholes"), s[0].len());
        for j in 0..n {
            let (old, [i, f, g, o]) = (s[1][j], [0, 1, 2, 3].map(|gate| z[gate * n + j]));
            let i = sigmoid(i + p[j] * old);
            let f = sigmoid(f + p[n + j] * old);
            let new = f * old + i * g.tanh();
            s[0][j] = sigmoid(o + p[2 * n + j] * new) * new.tanh();
            s[1][j] = new;
        }
    };
    projected_lstm: |p, input, hidden| ProjectedLstm::new(p, input, hidden, 3), |w, x, s| {
        let z = w.sums("", x, &s[0]);
        let inner = remember(&z, &mut s[1]);
        s[0] = product(&inner, w.of("projection"), 3);
    };
    coupled_lstm: |p, input, hidden| CoupledLstm::new(p, input, hidden), |w, x, s| {
        let (z, n) = (w.sums("", x, &s[0]), s[0].len());
        for j in 0..n {
            let i = sigmoid(z[j]);
            s[1][j] = (1.0 - i) * s[1][j] + i * z[n + j].tanh();
            s[0][j] = sigmoid(z[2 * n + j]) * s[1][j].tanh();
        }
    };
    layer_norm_lstm: |p, input, hidden| {
        // With the usual ε, rounding would be seen a thousandfold in rows of nearly equal elements.
        LayerNormLstm::new(p, input, hidden)?.with_epsilon(0.1)
    }, |w, x, s| {
        let (b, n) = (w.of("b"), s[0].len());
        let of_x = normalised(&product(x, w.of("w"), 4 * n), 0.1);
        let of_h = normalised(&product(&s[0], w.of("u"), 4 * n), 0.1);
        let (a1, a2) = (w.of("input.gain"), w.of("state.gain"));
        let z: Vec<_> = (0..4 * n).map(|j| b[j] + a1[j] * of_x[j] + a2[j] * of_h[j]).collect();
        remember(&z, &mut s[1]);
        let (shift, gain, of_c) = (w.of("cell.shift"), w.of("cell.gain"), normalised(&s[1], 0.1));
        for j in 0..n {
            s[0][j] = sigmoid(z[3 * n + j]) * (shift[j] + gain[j] * of_c[j]).tanh();
        }
    };
    multiplicative_lstm: |p, input, hidden| MultiplicativeLstm::new(p, input, hidden), |w, x, s| {
        let n = s[0].len();
        let of_x = product(x, w.of("product.w"), n);
        let of_h = product(&s[0], w.of("product.u"), n);
        let m: Vec<_> = of_x.iter().zip(of_h).map(|(x, h)| x * h).collect();
        let z = w.sums("", x, &m);
        s[0] = remember(&z, &mut s[1]);
    };
    s_lstm: |p, input, hidden| SLstm::new(p, input, hidden), |w, x, s| {
        let z = w.sums("", x, &s[0]);
        exponential(&z, s, |f| -(-f).exp().ln_1p());
    };
    s_lstm_exponential: |p, input, hidden| {
        Ok(SLstm::new(p, input, hidden)?.with_exponential_forgetting())
    }, |w, x, s| {
        let z = w.sums("", x, &s[0]);
        exponential(&z, s, |f| f);
    };
}

/// Gates whose exponentials no float can hold, from the initial state: the first element is taken
/// as it is, an overwhelming one replaces all, and one that is nothing changes nothing.
#[test]
fn exponential_gates_do_not_overflow() {
    let (cell, mut params) = Params::<f64>::init(1, |p| SLstm::new(p.scope("c"), 2, 1)).unwrap();
    let [w, u, b] = cell.gates().params();
    // i is the first feature, z the second, f = o = 50: σ is 1.
    params.get_mut(w).unwrap().copy_from_slice(&[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    params.get_mut(u).unwrap().fill(0.0);
    params.get_mut(b).unwrap().copy_from_slice(&[0.0, 50.0, 0.0, 50.0]);
    let x = vec![-900.0, 0.3, 900.0, 0.7, -900.0, 0.1, 900.0, -0.5];
    let x = Tensor::new([4, 1, 2], x).unwrap();
    let y = Tape::new().evaluate(&params, |g| {
        Rnn(cell).run(g.input(&x), cell.initial(g, 1)).0.tensor().into_values()
    });
    let wanted =
        [0.3f64.tanh(), 0.7f64.tanh(), 0.7f64.tanh(), (0.7f64.tanh() - 0.5f64.tanh()) / 2.0];
    for (y, wanted) in y.unwrap().into_iter().zip(wanted) {
        assert!((y - wanted).abs() < 1e-12, "{y} is not {wanted}");
    }
}
