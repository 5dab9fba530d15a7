//! Labels from the outputs of connectionist temporal classification.

use super::log_softmax;
use crate::error::{Error, Settings};
use crate::losses::log_add;
use elman_kernels::argmax;
use elman_tensor::Real;
use std::collections::HashMap;

/// The labels of the likeliest alignment (Graves et al. 2006): the largest class of each step,
/// repeated ones made one, blanks left out. `logits: [time, classes]`, or log probabilities.
///
/// A step in which all are NaN is blank.
///
/// ```
/// use elman_train::ctc_greedy;
///
/// // The likeliest classes of seven steps are 1 1 0 1 2 2 0, of which 0 is the blank.
/// let classes = [1, 1, 0, 1, 2, 2, 0];
/// let logits: Vec<f64> =
///     classes.iter().flat_map(|&k| (0..3).map(move |i| f64::from(u8::from(i == k)))).collect();
/// assert_eq!(ctc_greedy(&logits, 3, 0)?, [1, 1, 2]);
/// # Ok::<(), elman_train::Error>(())
/// ```
///
/// # Errors
/// If the logits are not a whole number of steps, or the blank is no class.
pub fn ctc_greedy<T: Real>(logits: &[T], classes: usize, blank: u32) -> Result<Vec<u32>, Error> {
    check("ctc_greedy", logits.len(), classes, blank)?;
    let best = logits.chunks_exact(classes).map(|x| argmax(x).map_or(blank, |k| k as u32));
    let (mut last, mut labels) = (blank, Vec::new());
    for k in best {
        if k != blank && k != last {
            labels.push(k);
        }
        last = k;
    }
    Ok(labels)
}

/// The likeliest labels, best first, with their log probabilities (Graves 2012; Hannun et al.
/// 2014). `logits: [time, classes]`, or log probabilities; `width` rows of labels at most.
///
/// Unlike [`ctc_greedy`], it adds up the alignments of the same labels. In each step the likeliest
/// `width` beginnings stay, the first of equals; the probability of labels lacks those of their
/// alignments that were dropped. A width of all beginnings makes the search exhaustive, and
/// probabilities exact: −ln p is then the loss of [`Ctc`](crate::Ctc).
///
/// ```
/// use elman_train::{ctc_beam, ctc_greedy};
///
/// // Blank, blank is the likeliest alignment (0.36), the label 1 the likeliest result (0.64).
/// let logits = [0.6f64, 0.4, 0.6, 0.4].map(f64::ln);
/// assert_eq!(ctc_greedy(&logits, 2, 0)?, []);
/// let best = ctc_beam(&logits, 2, 0, 4)?;
/// assert_eq!(best[0].0, [1]);
/// assert!((best[0].1.exp() - 0.64).abs() < 1e-12);
/// # Ok::<(), elman_train::Error>(())
/// ```
///
/// # Errors
/// If the logits are not a whole number of steps, the blank is no class, or `width` is 0.
pub fn ctc_beam<T: Real>(
    logits: &[T],
    classes: usize,
    blank: u32,
    width: usize,
) -> Result<Vec<(Vec<u32>, f64)>, Error> {
    check("ctc_beam", logits.len(), classes, blank)?.steps("width", width as u64)?;
    let mut prefixes = Prefixes::default();
    let start = Beginning { prefix: 0, symbol: None, blank: 0.0, label: f64::NEG_INFINITY };
    let (mut beginnings, mut log_p) = (vec![start], Vec::new());
    for x in logits.chunks_exact(classes) {
        log_softmax(x, 1.0, &mut log_p);
        beginnings = prefixes.likeliest(&beginnings, &log_p, blank as usize, width);
    }
    Ok(beginnings.iter().map(|b| (prefixes.labels(b.prefix), b.all())).collect())
}

fn check(name: &'static str, len: usize, classes: usize, blank: u32) -> Result<Settings, Error> {
    let settings = Settings(name);
    let whole = len.checked_rem(classes) == Some(0);
    settings.require(whole, "classes", "a divisor of the number of logits", classes as f64)?;
    settings.require((blank as usize) < classes, "blank", "a class", f64::from(blank))?;
    Ok(settings)
}

/// Labels that alignments up to now have, with the log probabilities of those that end in a blank
/// and of those that end in the last label.
#[derive(Debug, Clone, Copy)]
struct Beginning {
    prefix: usize,
    /// One label more than the prefix, which has no number of its own yet.
    symbol: Option<u32>,
    blank: f64,
    label: f64,
}

impl Beginning {
    fn all(&self) -> f64 {
        log_add(self.blank, self.label)
    }
}

/// All beginnings that ever stayed, each a label after another beginning. The empty one is 0.
#[derive(Default)]
struct Prefixes {
    /// Of each but the empty one, what it goes on from, and its last label.
    links: Vec<(usize, u32)>,
    numbers: HashMap<(usize, u32), usize>,
}

impl Prefixes {
    /// What beginnings become in a step, best first, `width` of them at most.
    fn likeliest(
        &mut self,
        from: &[Beginning],
        log_p: &[f64],
        blank: usize,
        width: usize,
    ) -> Vec<Beginning> {
        let mut next = self.step(from, log_p, blank);
        next.retain(|b| b.all() > f64::NEG_INFINITY);
        next.sort_by(|a, b| b.all().total_cmp(&a.all()));
        next.truncate(width);
        next.iter_mut().for_each(|b| self.keep(b));
        next
    }

    /// What beginnings become in a step.
    fn step(&self, from: &[Beginning], log_p: &[f64], blank: usize) -> Vec<Beginning> {
        // The same labels, in the order of `from`; longer ones behind them.
        let none = f64::NEG_INFINITY;
        let stay = |b: &Beginning| Beginning { blank: b.all() + log_p[blank], label: none, ..*b };
        let mut next: Vec<Beginning> = from.iter().map(stay).collect();
        let place: HashMap<usize, usize> =
            from.iter().enumerate().map(|(i, b)| (b.prefix, i)).collect();
        for (i, b) in from.iter().enumerate() {
            let last = b.prefix.checked_sub(1).map(|n| self.links[n].1);
            if let Some(last) = last {
                next[i].label = log_add(next[i].label, b.label + log_p[last as usize]);
            }
            for (k, p) in log_p.iter().enumerate().filter(|&(k, _)| k != blank) {
                let symbol = k as u32;
                // After the same label, only a blank begins another.
                let p = p + if last == Some(symbol) { b.blank } else { b.all() };
                let known = self.numbers.get(&(b.prefix, symbol)).and_then(|n| place.get(n));
                match known {
                    Some(&j) => next[j].label = log_add(next[j].label, p),
                    None => next.push(Beginning {
                        prefix: b.prefix,
                        symbol: Some(symbol),
                        blank: none,
                        label: p,
                    }),
                }
            }
        }
        next
    }

    /// Gives a beginning its number.
    fn keep(&mut self, b: &mut Beginning) {
        if let Some(symbol) = b.symbol.take() {
            let links = &mut self.links;
            let number = self.numbers.entry((b.prefix, symbol)).or_insert_with(|| {
                links.push((b.prefix, symbol));
                links.len()
            });
            b.prefix = *number;
        }
    }

    /// The labels of a beginning.
    fn labels(&self, mut prefix: usize) -> Vec<u32> {
        let mut labels = Vec::new();
        while let Some(n) = prefix.checked_sub(1) {
            let (before, symbol) = self.links[n];
            labels.push(symbol);
            prefix = before;
        }
        labels.reverse();
        labels
    }
}
