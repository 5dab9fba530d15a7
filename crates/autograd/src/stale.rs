//! Memory of gradients that nobody has added to yet.

use elman_kernels::fill;
use elman_tensor::Real;
use std::ops::Range;

/// A range of the gradients' memory in which there is still something else. It shrinks from its
/// end on, as the way back does: what is asked for is set to 0 before, unless it is overwritten.
#[derive(Debug)]
pub(crate) struct Stale(Range<usize>);

impl Stale {
    pub(crate) fn new(range: Range<usize>) -> Self {
        Stale(range)
    }

    /// Sets all to 0 from the beginning of a range on, so that it can be read and added to.
    pub(crate) fn settle<T: Real>(&mut self, memory: &mut [T], range: &Range<usize>) {
        let start = range.start.max(self.0.start);
        if let Some(stale) = memory.get_mut(start..self.0.end) {
            fill(stale, T::ZERO);
            self.0.end = start;
        }
    }

    /// Sets all to 0 behind the end of a range. If all of that is stale, it is no more: the caller
    /// overwrites it; else it is settled.
    pub(crate) fn overwrite<T: Real>(&mut self, memory: &mut [T], range: &Range<usize>) -> bool {
        if range.start < self.0.start || range.end > self.0.end {
            self.settle(memory, range);
            return false;
        }
        self.settle(memory, &(range.end..self.0.end));
        self.0.end = range.start;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_zero_or_overwritten() {
        let mut memory = [9.0f64; 10];
        let mut stale = Stale::new(2..10);
        stale.settle(&mut memory, &(8..9));
        assert_eq!(memory, [9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 0.0, 0.0]);
        assert!(stale.overwrite(&mut memory, &(4..6)), "nobody has added to these");
        assert_eq!(memory[4..], [9.0, 9.0, 0.0, 0.0, 0.0, 0.0]);
        memory[4..6].fill(1.0);
        assert!(!stale.overwrite(&mut memory, &(5..7)), "but to these");
        assert!(!stale.overwrite(&mut memory, &(3..5)), "and to one of these");
        assert_eq!(memory, [9.0, 9.0, 9.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        assert!(!stale.overwrite(&mut memory, &(1..3)), "what lies before the range is in use");
        assert_eq!(memory, [9.0, 9.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        stale.settle(&mut memory, &(0..10));
        assert_eq!(memory[..2], [9.0, 9.0]);
    }

    #[test]
    fn empty_ranges_are_no_trouble() {
        let mut memory = [9.0f32; 4];
        let mut stale = Stale::new(0..4);
        assert!(stale.overwrite(&mut memory, &(4..4)));
        assert!(stale.overwrite(&mut memory, &(2..2)));
        assert_eq!(memory, [9.0, 9.0, 0.0, 0.0]);
        stale.settle(&mut memory, &(2..2));
        Stale::new(0..0).settle(&mut memory, &(0..1));
        assert_eq!(memory, [9.0, 9.0, 0.0, 0.0]);
    }
}
