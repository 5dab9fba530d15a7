//! Symbols drawn from logits.

use super::log_softmax;
use crate::error::{Error, Settings};
use elman_kernels::argmax;
use elman_tensor::{Random, Real};

/// Draws symbols from logits, by temperature, from the most likely ones or from a nucleus.
///
/// The distribution is softmax(logits / temperature), then cut to the `k` most likely symbols, then
/// to the nucleus, each cut being followed by a normalisation. Of equally likely symbols the first
/// count as the likelier. A logit of NaN or −∞ is never drawn.
///
/// A draw takes one number from the stream it is given, so drawings are repeated by a stream of
/// the same name. From the second draw on, nothing is allocated.
///
/// ```
/// use elman_tensor::Random;
/// use elman_train::Sampler;
///
/// let mut sampler = Sampler::new(0.8)?.top_k(2)?;
/// let logits = [1.0f32, 3.0, 2.0];
/// let mut random = Random::new(1, "text", 0);
/// let text: Vec<_> = (0..5).map(|_| sampler.draw(&logits, &mut random)).collect();
/// assert!(text.iter().all(|&symbol| symbol == Some(1) || symbol == Some(2)));
/// # Ok::<(), elman_train::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Sampler {
    temperature: f64,
    top: usize,
    nucleus: f64,
    chances: Vec<f64>,
    /// The symbols, likeliest first, where some are cut off.
    order: Vec<usize>,
}

impl Sampler {
    /// Draws at a temperature: 1 for the probabilities of the network, more for surprises, less for
    /// fewer, 0 for the likeliest symbol only.
    ///
    /// # Errors
    /// If the temperature is not a finite number of 0 or more.
    pub fn new(temperature: f64) -> Result<Self, Error> {
        Settings("sampler").rate("temperature", temperature)?;
        let (chances, order) = (Vec::new(), Vec::new());
        Ok(Sampler { temperature, top: usize::MAX, nucleus: 1.0, chances, order })
    }

    /// Draws from the `k` likeliest symbols only (Fan et al. 2018).
    ///
    /// # Errors
    /// If `k` is 0.
    pub fn top_k(self, k: usize) -> Result<Self, Error> {
        Settings("sampler").steps("top_k", k as u64)?;
        Ok(Sampler { top: k, ..self })
    }

    /// Draws from the nucleus only: the likeliest symbols, as few as have the probability `p`
    /// together (Holtzman et al. 2020).
    ///
    /// # Errors
    /// If `p` is not more than 0 and at most 1.
    pub fn nucleus(self, p: f64) -> Result<Self, Error> {
        Settings("sampler").part("nucleus", p)?.positive("nucleus", p)?;
        Ok(Sampler { nucleus: p, ..self })
    }

    /// The probability of each symbol to be drawn; all 0 if none can be.
    pub fn probabilities<T: Real>(&mut self, logits: &[T]) -> &[f64] {
        if self.temperature == 0.0 {
            let best = argmax(logits).filter(|&i| logits[i].to_f64() > f64::NEG_INFINITY);
            self.chances.clear();
            self.chances.resize(logits.len(), 0.0);
            best.into_iter().for_each(|i| self.chances[i] = 1.0);
        } else {
            log_softmax(logits, self.temperature, &mut self.chances);
            self.chances.iter_mut().for_each(|p| *p = Real::exp(*p));
            self.cut();
        }
        &self.chances
    }

    /// One of the symbols; `None` if none can be drawn.
    pub fn draw<T: Real>(&mut self, logits: &[T], random: &mut Random) -> Option<u32> {
        random.weighted(self.probabilities(logits)).map(|symbol| symbol as u32)
    }

    /// Cuts to the likeliest, then to the nucleus.
    fn cut(&mut self) {
        let (chances, order) = (&mut self.chances, &mut self.order);
        if self.top >= chances.len() && self.nucleus == 1.0 {
            return;
        }
        order.clear();
        order.extend(0..chances.len());
        order.sort_unstable_by(|&a, &b| chances[b].total_cmp(&chances[a]).then(a.cmp(&b)));
        let top = &order[..self.top.min(order.len())];
        let all: f64 = top.iter().map(|&i| chances[i]).sum();
        let (mut sum, mut kept) = (0.0, 0);
        while kept < top.len() && (kept == 0 || sum < self.nucleus * all) {
            sum += chances[top[kept]];
            kept += 1;
        }
        order[kept..].iter().for_each(|&i| chances[i] = 0.0);
        if sum > 0.0 {
            order[..kept].iter().for_each(|&i| chances[i] /= sum);
        }
    }
}
