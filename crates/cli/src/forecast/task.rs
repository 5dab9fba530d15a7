//! A forecast as a task: windows of the past to learn from.

use super::{Forecast, Sizes};
use crate::failure::Failure;
use crate::task::{Example, Task, Verdict, Wanted};
use elman::autograd::{Graph, Params, Var};
use elman::data::{Layout, Target};
use elman::rnn::{Layer, Network};
use elman::tensor::{Random, Tensor};
use elman::train::mse;

impl Task for Forecast {
    fn prepare(&mut self, step: u64) -> Result<(), Failure> {
        let Sizes { window, batch, seed } = self.sizes;
        let (features, outputs) = (self.settings.features(), self.settings.changes.len());
        let counted = self.sizes.counted();
        let layout = Layout {
            time: window,
            batch,
            features,
            target: Target::Steps(counted.len(), outputs),
            classes: false,
        };
        let starts = self.split.train.len() - self.settings.horizon - window + 1;
        let mut random = Random::new(seed, "windows", step);
        let Forecast { settings, series, features: all, batch: filled, .. } = self;
        filled.fill(layout, |_, row, _| {
            let start = random.below(starts);
            for t in 0..window {
                let read = &all[(start + t) * features..][..features];
                read.iter().enumerate().for_each(|(f, &x)| row.x(t, f, x.into()));
            }
            for (i, t) in counted.clone().enumerate() {
                for o in 0..outputs {
                    row.y(i, o, settings.wanted(series, start + t, o));
                }
            }
            Ok(())
        })?;
        Ok(())
    }

    fn loss<'g>(&mut self, g: &'g Graph<'g, f32>, network: &Network) -> Var<'g, f32> {
        let counted = self.sizes.counted();
        let outputs = network.forward(g.input(&self.batch.x)).values();
        mse(outputs.slice(counted.start, counted.len()), g.input(&self.batch.y))
    }

    fn validate(
        &mut self,
        network: &Network,
        params: &Params<f32>,
    ) -> Result<Vec<(&'static str, f64)>, Failure> {
        let rows = self.origins(&self.split.validation);
        let forecasts = self.forecasts(network, params, rows.clone())?;
        Ok(vec![("error", self.errors(rows, &forecasts).all)])
    }

    /// The last window of the part that is chosen by.
    fn example(&self, _: &Network, _: &Params<f32>) -> Result<Example, Failure> {
        let (window, width) = (self.sizes.window, self.settings.features());
        let end = self.split.validation.end - self.settings.horizon;
        let read = &self.features[(end - window) * width..end * width];
        let wanted = |o: usize| self.settings.wanted(&self.series, end - 1, o) as f32;
        Ok(Example {
            x: Tensor::from_fn([window, 1, width], |i| read[i])?,
            wanted: Wanted::Numbers(Tensor::from_fn([1, self.settings.changes.len()], wanted)?),
        })
    }

    fn judge(&mut self, network: &Network, params: &Params<f32>) -> Result<Verdict, Failure> {
        self.verdict(network, params)
    }
}
