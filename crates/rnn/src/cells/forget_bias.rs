//! How the bias of a forget gate starts.

use super::setting::finite;
use crate::gate::Gate;
use elman_autograd::{Error, Scope};
use elman_tensor::Random;

/// How the bias of a forget gate starts, and with it for how long a cell remembers at first.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{ForgetBias, Lstm};
///
/// // Memories of 1 to 99 steps: σ(ln u) = u / (1 + u) of a cell stay at each of them.
/// let chrono = ForgetBias::Chrono { longest: 100.0 };
/// let (lstm, params) = Params::<f64>::init(1, |p| Lstm::with(p.scope("lstm"), 2, 8, chrono))?;
/// let [_, _, b] = lstm.gates().params();
/// let (input, rest) = params.get(b).unwrap().values().split_at(8);
/// assert!(rest[..8].iter().all(|b| (0.0..=99.0_f64.ln()).contains(b)));
/// assert!(input.iter().zip(rest).all(|(i, f)| *i == -f));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
#[non_exhaustive]
pub enum ForgetBias {
    /// Drawn like all other weights.
    Drawn,
    /// The same for every unit; 1 serves most tasks (Jozefowicz, Zaremba and Sutskever 2015).
    Constant(f64),
    /// ln u with u drawn uniformly from 1 to `longest` − 1 for each unit, so that memories last up
    /// to `longest` steps (at least 2); the bias of an input gate starts at the negative of that
    /// (Tallec and Ollivier 2018).
    Chrono {
        /// The number of steps over which the cell may have to remember.
        longest: f64,
    },
}

/// How many gates a cell has, which of them forgets, and which one takes up.
pub(super) struct Roles {
    pub(super) gates: usize,
    pub(super) forget: usize,
    pub(super) input: Option<usize>,
}

impl ForgetBias {
    /// The gates of a cell, that which forgets starting like this.
    pub(super) fn gates(
        self,
        p: Scope<'_>,
        [input, hidden]: [usize; 2],
        roles: Roles,
    ) -> Result<Gate, Error> {
        self.check()?;
        Gate::drawn(p, [input, hidden], [roles.gates, hidden], |random, b| {
            (0..hidden).for_each(|unit| self.set(&roles, random, b, [hidden, unit]));
        })
    }

    fn check(self) -> Result<(), Error> {
        match self {
            ForgetBias::Drawn => Ok(()),
            ForgetBias::Constant(bias) => finite("the bias of a forget gate", bias).map(drop),
            ForgetBias::Chrono { longest } if longest.is_finite() && longest >= 2.0 => Ok(()),
            ForgetBias::Chrono { longest } => {
                let (what, wanted) = ("the longest memory", "a finite number of steps, 2 or more");
                Err(Error::Setting { what, wanted, given: longest.to_string() })
            }
        }
    }

    /// Sets the biases of one of `hidden` units.
    fn set(self, roles: &Roles, random: &mut Random, b: &mut [f64], [hidden, unit]: [usize; 2]) {
        let forget = roles.forget * hidden + unit;
        match self {
            ForgetBias::Drawn => {}
            ForgetBias::Constant(bias) => b[forget] = bias,
            ForgetBias::Chrono { longest } => {
                b[forget] = libm::log(random.uniform(1.0, longest - 1.0));
                if let Some(input) = roles.input {
                    b[input * hidden + unit] = -b[forget];
                }
            }
        }
    }
}
