//! How far gradients reach back in time.

use crate::canvas::{COLORS, Canvas};
use crate::chart::{Chart, HEIGHT, Line, WIDTH};
use crate::error::Error;
use crate::picture::Picture;
use elman_autograd::tensor::{Real, View};

/// The norm of a gradient at each time step, ‖∂L/∂xₜ‖ or ‖∂L/∂hₜ‖, with a name for each line: it
/// shows gradients that vanish or explode (Hochreiter 1991; Bengio et al. 1994).
///
/// ```
/// use elman_report::Gradients;
///
/// // Ten steps of a gradient that vanishes, and of one that stays.
/// let vanishing = (0..10).map(|t| 0.1_f64.powi(10 - t)).collect();
/// let norms = vec![("tanh".into(), vanishing), ("LSTM".into(), vec![0.5; 10])];
/// let picture = Gradients { norms }.picture()?;
/// assert!(picture.svg().contains("LSTM") && picture.svg().contains("time step"));
/// # Ok::<(), elman_report::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gradients {
    /// A name, and the norms from the first time step on.
    pub norms: Vec<(String, Vec<f64>)>,
}

impl Gradients {
    /// The norms as lines over time, on a logarithmic axis where they are far apart.
    ///
    /// # Errors
    /// If the picture cannot be drawn.
    pub fn picture(&self) -> Result<Picture, Error> {
        // A logarithm has no place for 0.
        let drawn = |&norm: &f64| if norm > 0.0 { norm } else { f64::NAN };
        let lines = self.norms.iter().zip(COLORS.iter().cycle()).map(|((name, norms), &color)| {
            let points = (0..).map(f64::from).zip(norms.iter().map(drawn)).collect();
            Line { name, points, color }
        });
        let chart = Chart::of("time step", "norm of the gradient", true, lines);
        Canvas::picture(WIDTH, HEIGHT, |canvas| chart.draw(canvas, 0.0))
    }
}

/// The norm of each time step of a sequence, `[time, ..]`: of the gradient that
/// [`Tape::wanted`](elman_autograd::Tape::wanted) lends.
///
/// ```text
/// nₜ = √(Σᵢ xₜᵢ²)
/// ```
///
/// ```
/// use elman_autograd::tensor::Tensor;
/// use elman_autograd::{Grad, Params, Tape};
/// use elman_report::gradient_norms;
///
/// let (_, params) = Params::<f64>::init(0, |_| Ok(()))?;
/// let xs = Tensor::from_fn([3, 2, 1], |i| i as f64)?; // two rows of three steps
/// let (mut tape, mut grad) = (Tape::new(), Grad::zeros(&params));
/// tape.gradient(&params, &mut grad, |g| g.wanted(&xs).square().sum())?;
/// let norms = gradient_norms(tape.wanted(0).ok_or("no gradient")?);
/// assert_eq!(norms, [2.0, 52f64.sqrt(), 164f64.sqrt()]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn gradient_norms<T: Real>(gradient: View<'_, T>) -> Vec<f64> {
    let steps = gradient.shape().get(0).unwrap_or(1);
    let each = gradient.values().len().checked_div(steps).unwrap_or(0);
    let step = |t: usize| &gradient.values()[t * each..][..each];
    let norm = |x: &[T]| x.iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt();
    (0..steps).map(|t| norm(step(t))).collect()
}
