//! One of two rows.

use crate::error::Misfit;
use crate::ids::IdRange;
use crate::laws::{Draw, Sample};
use crate::rule::{At, Partials, Rule, Side};
use elman_kernels::{fit, update};
use elman_tensor::{Real, Shape, Tensor, View, ViewMut};

/// `y[i, ..] = flags[i] ≠ 0 ? a[i, ..] : b[i, ..]`, item by item along the outermost axis.
///
/// The row that is not taken does not matter, NaN included: nothing is multiplied by 0.
///
/// ```
/// use elman_autograd::{Params, Tape, rules};
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let y = Tape::new().evaluate(&none, |g| {
///     let flags = g.ids(&[1, 0, 1]).range();
///     let (a, b) = (g.constant([3, 1], 1.0), g.constant([3, 1], f64::NAN));
///     g.apply(rules::Select { flags }, [a, b]).tensor()
/// })?;
/// assert!(y.values()[0] == 1.0 && y.values()[1].is_nan() && y.values()[2] == 1.0);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Select {
    /// A flag for each item.
    pub flags: IdRange,
}

impl Select {
    /// The ranges of the items, with whether each is taken from the operand.
    fn rows<'a>(
        &'a self,
        ids: &'a [u32],
        row: usize,
        operand: usize,
    ) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
        let taken = move |&(_, &flag): &(usize, &u32)| (flag != 0) == (operand == 0);
        let flags = self.flags.of(ids).iter().enumerate().filter(taken);
        flags.map(move |(i, _)| i * row..(i + 1) * row)
    }
}

impl<T: Real> Rule<T, 2> for Select {
    const NAME: &'static str = "select";

    fn shape(&self, [a, b]: [Shape; 2]) -> Result<Shape, Misfit> {
        if a != b || a.get(0) != Some(self.flags.len()) {
            let reason =
                format!("wanted two equal shapes [{}, ..], one item a flag", self.flags.len());
            return Err(Misfit::new(reason));
        }
        Ok(a)
    }

    fn forward(&self, x: [View<'_, T>; 2], mut y: ViewMut<'_, T>, side: Side<'_, T>) {
        let row = y.shape().tail().len();
        if self.flags.of(side.ids).len() < self.flags.len() {
            // A range of another recording.
            y.values_mut().fill(T::NAN);
        }
        for (operand, x) in x.iter().enumerate() {
            for row in self.rows(side.ids, row, operand) {
                y.values_mut()[row.clone()].copy_from_slice(&x.values()[row]);
            }
        }
    }

    fn adjoint(&self, at: At<'_, T, 2>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        let row = dy.shape().tail().len();
        for operand in 0..2 {
            if let Some(mut dx) = d.of(operand) {
                for row in self.rows(at.side.ids, row, operand) {
                    let target = &mut dx.values_mut()[row.clone()];
                    fit(update(target, &dy.values()[row], |dx, dy| *dx += dy));
                }
            }
        }
    }
}

impl Sample for Select {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let (rows, n) = (draw.size(0), draw.size(1));
        let flags = draw.ids(rows, 2);
        (Select { flags }, vec![draw.normal(&[rows, n]), draw.normal(&[rows, n])])
    }
}
