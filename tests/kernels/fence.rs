//! Matrices between pages that must not be touched.

use std::{ffi::c_void, ptr};

use quantlearn::kernel::{Mat, MatMut};
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

/// Which end of the matrix lies at a guard page.
#[derive(Clone, Copy, Debug)]
pub enum Side {
    Begin,
    End,
}

/// Plain numbers: any bytes are a value.
pub trait Element: Copy + 'static {}

impl Element for u8 {}
impl Element for i8 {}
impl Element for i32 {}
impl Element for f32 {}

const PAGE: usize = 4096;
const CANARY: u8 = 0xa5;

/// A matrix with one end at a page that kills the process when it is read or written; the rest of its own pages, and the
/// gaps between its rows, are canaries.
pub struct Fenced<T> {
    map: *mut u8,
    /// Bytes between the guards.
    room: usize,
    /// Where the matrix begins, in bytes.
    begin: usize,
    len: usize,
    size: (usize, usize, usize),
    marker: std::marker::PhantomData<T>,
}

// A test hands it to a closure that may panic.
impl<T> std::panic::RefUnwindSafe for Fenced<T> {}

impl<T: Element> Fenced<T> {
    /// Nothing but canaries, to be written.
    pub fn canaries(n_rows: usize, n_cols: usize, stride: usize, side: Side) -> Self {
        let len = if n_rows == 0 || n_cols == 0 { 0 } else { (n_rows - 1) * stride + n_cols };
        let bytes = len * size_of::<T>();
        let room = bytes.div_ceil(PAGE).max(1) * PAGE;
        let all = room + 2 * PAGE;
        // SAFETY: a new private mapping, of which the first and the last page lose all rights.
        let map = unsafe {
            let map =
                mmap_anonymous(ptr::null_mut(), all, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE).expect("memory");
            mprotect(map, PAGE, MprotectFlags::empty()).expect("a guard");
            mprotect(map.cast::<u8>().add(PAGE + room).cast::<c_void>(), PAGE, MprotectFlags::empty()).expect("a guard");
            map.cast::<u8>().add(PAGE).write_bytes(CANARY, room);
            map.cast::<u8>()
        };
        let begin = match side {
            Side::Begin => 0,
            Side::End => room - bytes,
        };
        Self { map, room, begin, len, size: (n_rows, n_cols, stride), marker: std::marker::PhantomData }
    }

    /// A matrix of what `value` gives, row after row.
    pub fn fill(n_rows: usize, n_cols: usize, stride: usize, side: Side, value: &mut dyn FnMut(usize) -> T) -> Self {
        let mut fenced = Self::canaries(n_rows, n_cols, stride, side);
        for row in 0..n_rows {
            for col in 0..n_cols {
                fenced.data_mut()[row * stride + col] = value(row * n_cols + col);
            }
        }
        fenced
    }

    pub fn mat(&self) -> Mat<'_, T> {
        let (n_rows, n_cols, stride) = self.size;
        Mat::strided(self.data(), n_rows, n_cols, stride)
    }

    pub fn mat_mut(&mut self) -> MatMut<'_, T> {
        let (n_rows, n_cols, stride) = self.size;
        MatMut::strided(self.data_mut(), n_rows, n_cols, stride)
    }

    fn data(&self) -> &[T] {
        // SAFETY: within the pages between the guards, aligned for T as pages and sizes are, and initialised.
        unsafe { std::slice::from_raw_parts(self.map.add(PAGE + self.begin).cast(), self.len) }
    }

    pub fn data_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.map.add(PAGE + self.begin).cast(), self.len) }
    }

    pub fn ends_at_the_guard(&self) -> bool {
        self.begin + self.len * size_of::<T>() == self.room
    }

    /// Panics where a byte outside the rows is not what it was.
    pub fn assert_canaries(&self, what: &str) {
        // SAFETY: the pages between the guards, all initialised.
        let bytes = unsafe { std::slice::from_raw_parts(self.map.add(PAGE), self.room) };
        let (n_rows, n_cols, stride) = self.size;
        let size = size_of::<T>();
        let inside = |at: usize| {
            let Some(at) = at.checked_sub(self.begin) else { return false };
            let at = at / size;
            n_cols > 0 && at / stride.max(1) < n_rows && at % stride.max(1) < n_cols
        };
        let touched = bytes.iter().enumerate().find(|&(at, &byte)| byte != CANARY && !inside(at));
        assert!(touched.is_none(), "{what}: byte {touched:?} outside the matrix was written");
    }
}

impl<T> Drop for Fenced<T> {
    fn drop(&mut self) {
        // SAFETY: the whole mapping, which nobody borrows any more.
        unsafe { munmap(self.map.cast(), self.room + 2 * PAGE).expect("it was mapped") };
    }
}
