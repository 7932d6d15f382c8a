//! A few threads that sleep until there is work, and share it.
//!
//! To wake a thread takes some 30 microseconds, as long as a whole small product. So whoever has just worked looks out
//! for more for about that long before it goes to sleep; an idle pool costs nothing.

use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
};

/// `n` threads, the caller of [`run`](Self::run) being one of them. The others sleep on a condition variable while there
/// is nothing to do. Whoever needs one makes it and passes it on; dropping it ends the threads.
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Held by the one call that the workers serve.
    turn: Mutex<()>,
}

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    idle: Condvar,
    /// The number of the last work, and how many are busy: what the state says, to be looked at without the lock.
    offered: AtomicUsize,
    busy: AtomicUsize,
}

/// Looks at a number before a thread goes to sleep.
const LOOKS: usize = 1000;

#[derive(Default)]
struct State {
    /// The work at hand, numbered so that a worker does not take the same twice.
    work: Option<(usize, WorkPtr)>,
    n_busy: usize,
    ends: bool,
}

/// Indices `0..n` to be visited; those from `next` on are free.
struct Work<'a> {
    visit: &'a (dyn Fn(usize) + Sync),
    n: usize,
    next: AtomicUsize,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// The work on the stack of `run`, which does not return while a worker is busy with it.
#[derive(Clone, Copy)]
struct WorkPtr(*const Work<'static>);

// SAFETY: `Work` is shared by reference only, and all in it is Sync.
unsafe impl Send for WorkPtr {}

impl Pool {
    /// A pool of `n_threads` in all, so one less is started; at least one. Where the system gives no more threads, those
    /// that there are do the work.
    pub fn new(n_threads: usize) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            wake: Condvar::new(),
            idle: Condvar::new(),
            offered: AtomicUsize::new(0),
            busy: AtomicUsize::new(0),
        });
        let start = |idx| {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("kernel-{idx}")).spawn(move || shared.serve()).ok()
        };
        let workers = (1..n_threads).map_while(start).collect();
        Self { shared, workers, turn: Mutex::new(()) }
    }

    /// Threads that share the work, the caller's counted.
    pub fn n_threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `visit` with every index below `n`, each once, on any of the threads, and returns when all have returned.
    ///
    /// A panic of `visit` goes on in the caller after the others have finished what they had begun; the pool stays
    /// usable. A call from within `visit`, or while another thread's call is served, is done by the caller alone.
    pub fn run(&self, n: usize, visit: &(dyn Fn(usize) + Sync)) {
        let turn = self.turn.try_lock();
        if n <= 1 || self.workers.is_empty() || turn.is_err() {
            (0..n).for_each(visit);
            return;
        }
        let work = Work { visit, n, next: AtomicUsize::new(0), panic: Mutex::new(None) };
        self.shared.offer(&work);
        work.take_part();
        self.shared.withdraw();
        drop(turn);
        if let Some(panic) = work.panic.into_inner().unwrap_or_else(PoisonError::into_inner) {
            resume_unwind(panic);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().ends = true;
        self.shared.wake.notify_all();
        for worker in self.workers.drain(..) {
            // A worker catches what it runs, so there is no panic to pass on.
            let _ = worker.join();
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({} threads)", self.n_threads())
    }
}

impl Shared {
    /// Nothing that can panic runs under the lock, so what it guards is whole even if it says that it is poisoned.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn offer(&self, work: &Work) {
        let mut state = self.lock();
        let number = state.work.map_or(0, |(number, _)| number) + 1;
        let ptr: *const Work = work;
        state.work = Some((number, WorkPtr(ptr.cast())));
        self.offered.store(number, Ordering::Relaxed);
        drop(state);
        self.wake.notify_all();
    }

    /// Takes the work back and waits for those who are still busy with it.
    fn withdraw(&self) {
        let mut state = self.lock();
        if let Some((_, ptr)) = &mut state.work {
            ptr.0 = std::ptr::null();
        }
        drop(state);
        look_out(|| self.busy.load(Ordering::Relaxed) == 0);
        let mut state = self.lock();
        while state.n_busy > 0 {
            state = self.idle.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The life of a worker.
    fn serve(&self) {
        let mut last = 0;
        let mut state = self.lock();
        while !state.ends {
            match state.work {
                Some((number, ptr)) if number != last && !ptr.0.is_null() => {
                    last = number;
                    state.n_busy += 1;
                    self.busy.store(state.n_busy, Ordering::Relaxed);
                    drop(state);
                    // SAFETY: the pointer was not null under the lock, so `run` had not yet withdrawn the work; since
                    // then `n_busy` keeps it waiting, and the work lives on its stack.
                    unsafe { &*ptr.0 }.take_part();
                    state = self.lock();
                    state.n_busy -= 1;
                    self.busy.store(state.n_busy, Ordering::Relaxed);
                    if state.n_busy == 0 {
                        self.idle.notify_all();
                    }
                    drop(state);
                    look_out(|| self.offered.load(Ordering::Relaxed) != last);
                    state = self.lock();
                }
                _ => state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// Waits a little while for something. What comes of it is seen under the lock.
fn look_out(is_there: impl Fn() -> bool) {
    for _ in 0..LOOKS {
        if is_there() {
            return;
        }
        std::hint::spin_loop();
    }
}

impl Work<'_> {
    /// Visits free indices until there are none.
    fn take_part(&self) {
        let visited = catch_unwind(AssertUnwindSafe(|| {
            while let Some(idx) = self.free() {
                (self.visit)(idx);
            }
        }));
        if let Err(panic) = visited {
            // Nobody begins anything more.
            self.next.store(self.n, Ordering::Relaxed);
            *self.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
        }
    }

    fn free(&self) -> Option<usize> {
        // The lock that offers and withdraws the work orders all else.
        self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| (next < self.n).then_some(next + 1)).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    #[test]
    fn every_index_is_visited_once() {
        for n_threads in [0, 1, 2, 5] {
            let pool = Pool::new(n_threads);
            for n in [0, 1, 2, 3, 100] {
                let visits: Vec<AtomicU32> = (0..n).map(|_| AtomicU32::new(0)).collect();
                pool.run(n, &|idx| {
                    visits[idx].fetch_add(1, Ordering::Relaxed);
                });
                assert!(visits.iter().all(|v| v.load(Ordering::Relaxed) == 1), "{n_threads} threads, {n} indices");
            }
        }
    }

    #[test]
    fn the_workers_take_part() {
        let pool = Pool::new(2);
        let both = std::sync::Barrier::new(2);
        // Each of the two calls waits for the other, so one thread alone would never come back.
        pool.run(2, &|_| {
            both.wait();
        });
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_stays_usable() {
        let pool = Pool::new(3);
        for _ in 0..20 {
            let panic = catch_unwind(AssertUnwindSafe(|| pool.run(50, &|idx| assert!(idx != 17, "seventeen"))));
            let told = panic.expect_err("one of the visits panics");
            assert!(told.downcast_ref::<&str>().is_some_and(|text| text.contains("seventeen")));
            let n = AtomicUsize::new(0);
            pool.run(50, &|_| {
                n.fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(n.into_inner(), 50);
        }
    }

    #[test]
    fn a_call_from_within_is_done_by_its_own_thread() {
        let pool = Pool::new(2);
        let n = AtomicUsize::new(0);
        pool.run(4, &|_| {
            pool.run(4, &|_| {
                n.fetch_add(1, Ordering::Relaxed);
            })
        });
        assert_eq!(n.into_inner(), 16);
    }
}
