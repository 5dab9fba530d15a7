//! Cells with gates and one state.

use super::{papers, sigmoid};
use elman_rnn::{FastGrnn, ForgetBias, Janet, Mgu, ResetFirstGru, Ugrnn};

papers! {
    reset_first_gru: |p, input, hidden| ResetFirstGru::new(p, input, hidden), |w, x, s| {
        let (h, n) = (s[0].clone(), s[0].len());
        let gates = w.sums("", x, &h);
        let reset: Vec<_> = (0..n).map(|j| sigmoid(gates[j]) * h[j]).collect();
        let candidate = w.sums("candidate.", x, &reset);
        for j in 0..n {
            let z = sigmoid(gates[n + j]);
            s[0][j] = (1.0 - z) * candidate[j].tanh() + z * h[j];
        }
    };
    mgu: |p, input, hidden| Mgu::new(p, input, hidden), |w, x, s| {
        let h = s[0].clone();
        let f: Vec<_> = w.sums("", x, &h).into_iter().map(sigmoid).collect();
        let forgotten: Vec<_> = f.iter().zip(&h).map(|(f, h)| f * h).collect();
        let candidate = w.sums("candidate.", x, &forgotten);
        for j in 0..h.len() {
            s[0][j] = (1.0 - f[j]) * h[j] + f[j] * candidate[j].tanh();
        }
    };
    ugrnn: |p, input, hidden| Ugrnn::with(p, input, hidden, ForgetBias::Drawn), |w, x, s| {
        let (z, n) = (w.sums("", x, &s[0]), s[0].len());
        for (j, h) in s[0].iter_mut().enumerate() {
            let g = sigmoid(z[j]);
            *h = g * *h + (1.0 - g) * z[n + j].tanh();
        }
    };
    janet: |p, input, hidden| Janet::new(p, input, hidden)?.with_beta(0.5), |w, x, s| {
        let (z, n) = (w.sums("", x, &s[0]), s[0].len());
        for (j, h) in s[0].iter_mut().enumerate() {
            *h = sigmoid(z[j]) * *h + (1.0 - sigmoid(z[j] - 0.5)) * z[n + j].tanh();
        }
    };
    fast_grnn: |p, input, hidden| FastGrnn::new(p, input, hidden), |w, x, s| {
        let [zeta, nu] = ["zeta", "nu"].map(|name| sigmoid(w.of(name)[0]));
        let (b, bn) = (w.of("b"), w.of("candidate.b"));
        // The sums begin with the gate's bias; the candidate has its own.
        for (j, sum) in w.sums("", x, &s[0].clone()).into_iter().enumerate() {
            let (z, candidate) = (sigmoid(sum), (sum - b[j] + bn[j]).tanh());
            s[0][j] = (zeta * (1.0 - z) + nu) * candidate + z * s[0][j];
        }
    };
}
