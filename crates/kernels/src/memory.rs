//! Large memory, in pages of a size that suits it.

use crate::error::Error;
use crate::real::Real;
use std::ops::{Deref, DerefMut};

/// Bytes that a common processor has translations of addresses for, in usual pages.
const MUCH: usize = 12 << 20;
/// Bytes of a usual page, at least.
const PAGE: usize = 1 << 12;
/// Numbers of a cache line, at most.
const LINE: usize = 16;

/// Asks the system for large pages under the memory of a vector that will be so long. It has to be
/// called before the memory is written to for the first time.
///
/// Where a step goes through more memory than a processor has translations of addresses for, 12 MB
/// on a common one, large pages spare it a search at each of the usual ones; less memory is left as
/// it is, because a large page is taken as a whole. It is a wish: where the system knows no large
/// pages, nothing happens, and nothing but time and the rounding of memory depends on it.
///
/// ```
/// use elman_kernels::prefer_large_pages;
///
/// let mut memory: Vec<f32> = Vec::with_capacity(1 << 22); // 16 MB
/// prefer_large_pages(&mut memory, 1 << 22);
/// memory.resize(1 << 22, 0.0);
/// ```
pub fn prefer_large_pages<T>(memory: &mut Vec<T>, len: usize) {
    if len.min(memory.capacity()) * size_of::<T>() < MUCH {
        return;
    }
    let (start, bytes) = (memory.as_mut_ptr().cast::<u8>(), memory.capacity() * size_of::<T>());
    // All pages of the memory, the first and the last one too: memory whose pages differ cannot be
    // moved when it grows, and is copied.
    let before = start.addr() % PAGE;
    system::advise(start.wrapping_sub(before), (before + bytes).next_multiple_of(PAGE));
}

/// Numbers of which the first lies at the beginning of a cache line, in large pages where they are
/// many.
#[derive(Debug, Clone)]
pub(crate) struct Lined<T> {
    memory: Vec<T>,
    /// Where the first cache line began when the memory was made.
    start: usize,
}

impl<T: Real> Lined<T> {
    /// So many zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        Self::within(Vec::with_capacity(len + LINE), len)
    }

    /// So many zeros, or an error where there is no such memory.
    pub(crate) fn new(kernel: &'static str, len: usize) -> Result<Self, Error> {
        let mut memory = Vec::new();
        let refused = |_| Error::Length { kernel, wanted: len, given: 0 };
        memory.try_reserve_exact(len.saturating_add(LINE)).map_err(refused)?;
        Ok(Self::within(memory, len))
    }

    /// So many zeros, in memory that is reserved for them and a cache line.
    fn within(mut memory: Vec<T>, len: usize) -> Self {
        prefer_large_pages(&mut memory, len + LINE);
        let start = memory.as_ptr().align_offset(64).min(LINE);
        memory.resize(start + len, T::ZERO);
        Lined { memory, start }
    }
}

impl<T> Deref for Lined<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        &self.memory[self.start..]
    }
}

impl<T> DerefMut for Lined<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.memory[self.start..]
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::ffi::{c_int, c_void};

    /// The advice to use large pages.
    const HUGE_PAGES: c_int = 14;

    unsafe extern "C" {
        /// The system call, from the library that the standard library rests on.
        fn madvise(at: *mut c_void, bytes: usize, advice: c_int) -> c_int;
    }

    pub(super) fn advise(at: *mut u8, bytes: usize) {
        // SAFETY: this advice changes neither what is in the pages nor what may be done with them,
        // whoever else has memory there. If it is refused, nothing has happened.
        unsafe {
            madvise(at.cast(), bytes, HUGE_PAGES);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub(super) fn advise(_: *mut u8, _: usize) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_vector_may_be_asked_for() {
        for capacity in [0, 7, MUCH - 1, MUCH, 2 * MUCH + 1] {
            let mut memory: Vec<u8> = Vec::with_capacity(capacity);
            memory.extend((0..capacity / 2).map(|i| i as u8));
            prefer_large_pages(&mut memory, capacity);
            assert!(memory.iter().enumerate().all(|(i, &x)| x == i as u8));
            memory.resize(capacity, 1);
            assert_eq!(memory.len(), capacity);
        }
        prefer_large_pages(&mut vec![(); 3], usize::MAX);
    }
}
