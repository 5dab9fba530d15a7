//! Large memory, in pages of a size that suits it.

/// Bytes of a large page.
const LARGE: usize = 2 << 20;

/// Asks the system for large pages under the first `len` numbers of a vector, as far as they fill
/// such pages. It has to be called before the memory is written to for the first time.
///
/// Where a step goes through more memory than a processor has translations of addresses for, 12 MB
/// on a common one, large pages spare it a search at each of the usual ones. It is a wish: where
/// the system knows no large pages, nothing happens, and nothing but time depends on it.
///
/// ```
/// use elman_kernels::prefer_large_pages;
///
/// let mut memory: Vec<f32> = Vec::with_capacity(1 << 20);
/// prefer_large_pages(&mut memory, 1 << 20);
/// memory.resize(1 << 20, 0.0);
/// ```
pub fn prefer_large_pages<T>(memory: &mut Vec<T>, len: usize) {
    let bytes = len.min(memory.capacity()) * size_of::<T>();
    let start = memory.as_mut_ptr().cast::<u8>();
    let (skip, end) = (start.addr().next_multiple_of(LARGE) - start.addr(), start.addr() + bytes);
    let whole = (end - end % LARGE).saturating_sub(start.addr() + skip);
    if whole > 0 {
        system::advise(start.wrapping_add(skip), whole);
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
        // SAFETY: whole pages of memory that belongs to the caller; this advice changes neither
        // what is in them nor what may be done with them. If it is refused, nothing has happened.
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
        for (capacity, len) in [(0, 0), (0, 9), (7, 7), (3 * LARGE, 3 * LARGE), (LARGE, usize::MAX)]
        {
            let mut memory: Vec<u8> = Vec::with_capacity(capacity);
            memory.extend((0..capacity / 2).map(|i| i as u8));
            prefer_large_pages(&mut memory, len);
            assert!(memory.iter().enumerate().all(|(i, &x)| x == i as u8));
            memory.resize(capacity, 1);
            assert_eq!(memory.len(), capacity);
        }
        prefer_large_pages(&mut vec![(); 3], 3);
    }
}
