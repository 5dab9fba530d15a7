//! Rows of a table, picked by index.

use crate::error::Misfit;
use crate::ids::IdRange;
use crate::laws::{Draw, Sample};
use crate::rule::{At, Partials, Rule, Side};
use elman_kernels::{fit, update};
use elman_tensor::{Real, Shape, Tensor, View, ViewMut};

/// `y[i, ..] = table[ids[i], ..]`: the lookup of an embedding. `table: [rows, ..]`,
/// `y: [ids, ..]`.
///
/// ```
/// use elman_autograd::{Grad, Params, Tape, rules};
/// use elman_tensor::Init;
///
/// // A row that is looked up twice gets the gradient of both.
/// let (table, params) = Params::<f64>::init(0, |p| p.weight("table", [3], Init::Zeros))?;
/// let mut grad = Grad::zeros(&params);
/// Tape::new().gradient(&params, &mut grad, |g| {
///     let ids = g.ids(&[2, 0, 2]).range();
///     g.apply(rules::Gather { ids }, [g.param(table)]).sum()
/// })?;
/// assert_eq!(grad.values(), [1.0, 0.0, 2.0]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gather {
    /// The indices.
    pub ids: IdRange,
}

/// The elements of row `id`.
fn item(id: u32, row: usize) -> std::ops::Range<usize> {
    let start = (id as usize).saturating_mul(row);
    start..start.saturating_add(row)
}

impl<T: Real> Rule<T, 1> for Gather {
    const NAME: &'static str = "gather";

    fn shape(&self, [table]: [Shape; 1]) -> Result<Shape, Misfit> {
        let rows = table.get(0).ok_or_else(|| Misfit::new("wanted a table [rows, ..]"))?;
        if self.ids.bound() > rows {
            let largest = self.ids.bound() - 1;
            return Err(Misfit::new(format!("index {largest} into {rows} rows")));
        }
        Ok(table.with(0, self.ids.len()))
    }

    fn forward(&self, [table]: [View<'_, T>; 1], mut y: ViewMut<'_, T>, side: Side<'_, T>) {
        let row = table.shape().tail().len();
        let ids = self.ids.of(side.ids);
        for (i, y) in y.values_mut().chunks_exact_mut(row.max(1)).enumerate() {
            // A range of another recording may name no index, or no row.
            match ids.get(i).and_then(|&id| table.values().get(item(id, row))) {
                Some(x) => y.copy_from_slice(x),
                None => y.fill(T::NAN),
            }
        }
    }

    fn adjoint(&self, at: At<'_, T, 1>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        let row = at.x[0].shape().tail().len();
        if let Some(mut dx) = d.of(0)
            && row > 0
        {
            for (&id, dy) in self.ids.of(at.side.ids).iter().zip(dy.values().chunks_exact(row)) {
                if let Some(dx) = dx.values_mut().get_mut(item(id, row)) {
                    fit(update(dx, dy, |dx, dy| *dx += dy));
                }
            }
        }
    }
}

impl Sample for Gather {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let rows = draw.size(0);
        let count = if rows == 0 { 0 } else { draw.size(1) };
        (Gather { ids: draw.ids(count, rows) }, vec![draw.normal(&[rows, draw.size(2)])])
    }
}
