//! The chaotic series of Mackey and Glass (1977), one step ahead.

use crate::reservoir::Echo;
use crate::table::{Entry, Goal};
use elman::prelude::*;

/// Another series and another reservoir for each seed. The split, and the units of the error, which
/// are those of the series, are those of the example that was published.
pub(crate) const ENTRY: Entry = Entry {
    name: "mackey-glass",
    setting: "τ 17; echo state network of 100 units, ridge regression on steps 100 to 1599; RMSE one \
              step ahead on the next 400",
    published: "echo state network of 100 units: RMSE 0.0020 (ReservoirPy's README)",
    goal: Goal::Error(0.002),
    seeds: 5,
    quick: 5,
    run: |seed| {
        let values = MackeyGlass::new(seed, 1, 1)?.series(0, STEPS + 1)?;
        ECHO.error(seed, [values[..STEPS].to_vec(), values[1..].to_vec()], LEARNED)
    },
};

/// Chosen with other seeds (11 to 15) from radii of 0.8 to 1.25, leaks of 0.3 to 1, two scales of
/// inputs and of biases, and ridges from 1e-12 to 1e-4: the smallest error of the worst of them.
const ECHO: Echo = Echo {
    units: 100,
    settings: Reservoir { radius: 1.0, leak: 1.0, input: 0.3, bias: 0.5, entries: 10 },
    ridge: 1e-12,
};
const STEPS: usize = 2000;
const LEARNED: usize = 1600;
