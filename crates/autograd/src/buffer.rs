//! Memory that begins at a cache line.

use elman_kernels::prefer_large_pages;
use elman_tensor::Real;
use std::ops::{Deref, DerefMut};

/// Numbers in a cache line, or a whole number of lines of the wider scalars.
pub(crate) const LINE: usize = 16;
/// Bytes of a cache line.
const BYTES: usize = 64;

/// A vector whose first element lies at the beginning of a cache line, so that registers as wide
/// as one are read in one piece.
pub(crate) struct Buffer<T> {
    numbers: Vec<T>,
    /// Numbers before the first cache line.
    skip: usize,
}

impl<T: Real> Buffer<T> {
    pub(crate) const fn new() -> Self {
        Buffer { numbers: Vec::new(), skip: 0 }
    }

    /// Makes it at least as long; memory it had before keeps its old contents. `None` if there is
    /// not so much memory.
    pub(crate) fn lengthen(&mut self, len: usize) -> Option<()> {
        let had = self.len();
        if len <= had {
            return Some(());
        }
        let room = len.checked_add(LINE)?;
        self.numbers.try_reserve(room - self.numbers.len()).ok()?;
        prefer_large_pages(&mut self.numbers, room);
        self.numbers.resize(room, T::ZERO);
        // What cannot be aligned is not.
        let skip = self.numbers.as_ptr().align_offset(BYTES);
        let skip = if skip <= LINE { skip } else { 0 };
        self.numbers.copy_within(self.skip..self.skip + had, skip);
        self.skip = skip;
        self.numbers.truncate(skip + len);
        Some(())
    }
}

impl<T> Deref for Buffer<T> {
    type Target = [T];
    #[inline]
    fn deref(&self) -> &[T] {
        &self.numbers[self.skip..]
    }
}

impl<T> DerefMut for Buffer<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.numbers[self.skip..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_its_contents_and_its_alignment() {
        let mut buffer = Buffer::<f32>::new();
        for len in [1, 7, 100, 1000, 100_000] {
            let had = buffer.len();
            buffer.lengthen(len).unwrap();
            assert_eq!(buffer.len(), len);
            assert_eq!(buffer.as_ptr().align_offset(64), 0);
            assert!((0..had).all(|i| buffer[i] == i as f32));
            (0..len).for_each(|i| buffer[i] = i as f32);
        }
        buffer.lengthen(3).unwrap();
        assert_eq!(buffer.len(), 100_000);
        assert!(buffer.lengthen(usize::MAX).is_none());
    }
}
