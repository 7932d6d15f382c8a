//! Memory for packed matrices: on cache lines, and on huge pages where it is large.

use std::{
    alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error},
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
    ptr::NonNull,
};

/// Numbers for which all zero bits are a value.
pub trait Plain: Copy + sealed::Sealed {}

mod sealed {
    pub trait Sealed {}
}

macro_rules! plain {
    ($($t:ty),*) => {$(
        impl sealed::Sealed for $t {}
        impl Plain for $t {}
    )*};
}

plain!(u8, i8, i16, i32, u32, f32);

/// A zeroed slice that begins on a cache line of 64 bytes, and from 2 MiB on on a huge page.
///
/// From that size on Linux is asked for huge pages (`MADV_HUGEPAGE`, with the feature `native`): reading it in many
/// streams then misses the page tables 512 times less often. Elsewhere the memory is ordinary.
pub struct Buffer<T> {
    ptr: NonNull<T>,
    len: usize,
    owns: PhantomData<T>,
}

const LINE: usize = 64;
const HUGE: usize = 2 << 20;

impl<T: Plain> Buffer<T> {
    /// `len` zeros.
    pub fn zeroed(len: usize) -> Self {
        let layout = layout::<T>(len);
        if layout.size() == 0 {
            return Self { ptr: NonNull::dangling(), len, owns: PhantomData };
        }
        // SAFETY: the layout's size is not 0.
        let bytes = unsafe { if layout.size() < HUGE { alloc_zeroed(layout) } else { huge(layout) } };
        let Some(ptr) = NonNull::new(bytes.cast()) else { handle_alloc_error(layout) };
        Self { ptr, len, owns: PhantomData }
    }

    /// At least `len` values, of which what they hold is not said; grows when it must and never shrinks.
    pub fn at_least(&mut self, len: usize) -> &mut [T] {
        if self.len < len {
            *self = Self::zeroed(len);
        }
        &mut self[..len]
    }
}

/// As `alloc_zeroed`, but asks for huge pages before the first touch.
///
/// # Safety
/// The layout's size is not 0.
unsafe fn huge(layout: Layout) -> *mut u8 {
    // SAFETY: the caller's promise.
    let bytes = unsafe { std::alloc::alloc(layout) };
    if !bytes.is_null() {
        #[cfg(all(feature = "native", target_os = "linux"))]
        // SAFETY: the range was just allocated, whole pages of it are ours alone, and the advice changes no content.
        // That a kernel has no huge pages is no error.
        let _ = unsafe { rustix::mm::madvise(bytes.cast(), layout.size() / HUGE * HUGE, rustix::mm::Advice::LinuxHugepage) };
        // SAFETY: the allocation has this size.
        unsafe { bytes.write_bytes(0, layout.size()) };
    }
    bytes
}

fn layout<T>(len: usize) -> Layout {
    let size = len.checked_mul(size_of::<T>()).expect("a matrix fits in the address space");
    Layout::from_size_align(size, if size < HUGE { LINE } else { HUGE }).expect("a matrix fits in the address space")
}

impl<T> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: `len` values were allocated and zeroed at `ptr`, or `len` values have no size in all.
        unsafe { std::slice::from_raw_parts(self.ptr.as_ptr(), self.len) }
    }
}

impl<T> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.ptr.as_ptr(), self.len) }
    }
}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        let layout = layout::<T>(self.len);
        if layout.size() > 0 {
            // SAFETY: allocated with this layout.
            unsafe { dealloc(self.ptr.as_ptr().cast(), layout) };
        }
    }
}

impl<T: Plain> Default for Buffer<T> {
    fn default() -> Self {
        Self::zeroed(0)
    }
}

impl<T: Plain> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        let mut copy = Self::zeroed(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

impl<T> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({} values)", self.len)
    }
}

// SAFETY: it owns its plain values, as a Vec does.
unsafe impl<T: Send> Send for Buffer<T> {}
// SAFETY: shared, it only gives shared slices.
unsafe impl<T: Sync> Sync for Buffer<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_zero_and_aligned_at_every_size() {
        for len in [0, 1, 63, 64, 1000, HUGE / 4 - 1, HUGE / 4, HUGE / 4 + 1] {
            let buffer = Buffer::<f32>::zeroed(len);
            assert!(buffer.len() == len && buffer.iter().all(|&x| x == 0.0));
            assert!(len == 0 || buffer.as_ptr().addr().is_multiple_of(if len * 4 < HUGE { LINE } else { HUGE }), "{len}");
        }
    }

    #[test]
    fn a_buffer_grows_and_keeps_its_size() {
        let mut buffer = Buffer::<i8>::default();
        assert_eq!(buffer.at_least(100).len(), 100);
        assert_eq!(buffer.at_least(10).len(), 10);
        assert_eq!(buffer.len(), 100);
    }
}
