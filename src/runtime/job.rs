//! Jobs off the UI thread: one worker per slot, the last job wins, a panic ends its job and nothing else.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender, SyncSender},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    course::Library,
    lab::{Ctx, Machine},
    model::{Failure, Job, JobEvent, JobId, Msg, Outcome, Slot},
    runtime::{computed, event_loop::Wake, machine::this_machine},
    script::{Limits, World},
    tensor::Sources,
};

/// Progress is told at most this often, and first after this long: what is quick shows no bar.
const PROGRESS_EVERY: Duration = Duration::from_millis(80);

thread_local! {
    /// What the panic hook saw last on this thread: message and place.
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Called by the panic hook for every thread but the main one.
pub(super) fn note_panic(what: String) {
    LAST_PANIC.with_borrow_mut(|last| *last = Some(what));
}

struct Order {
    id: JobId,
    job: Job,
    cancel: Arc<AtomicBool>,
}

struct Worker {
    slot: Slot,
    orders: Sender<Order>,
    /// The flag of the order that was given last.
    cancel: Arc<AtomicBool>,
}

/// The workers. Dropping this cancels what runs and lets the workers end.
pub(super) struct Jobs {
    library: Arc<Library>,
    sources: Arc<Sources>,
    /// Looked at when the first lab runs.
    machine: Arc<LazyLock<Machine>>,
    queue: SyncSender<Wake>,
    workers: Vec<Worker>,
}

impl Jobs {
    pub(super) fn new(library: Arc<Library>, sources: Arc<Sources>, queue: SyncSender<Wake>) -> Self {
        Self { library, sources, machine: Arc::new(LazyLock::new(this_machine)), queue, workers: Vec::new() }
    }

    /// Starts a job in its slot; the one before it there is cancelled and never answered for if it had not begun.
    pub(super) fn run(&mut self, slot: Slot, id: JobId, job: Job) {
        let order = Order { id, job, cancel: Arc::default() };
        let worker = match self.workers.iter_mut().position(|w| w.slot == slot) {
            Some(idx) => &mut self.workers[idx],
            None => {
                let worker = self.hire(slot);
                self.workers.push(worker);
                self.workers.last_mut().expect("it was just pushed")
            }
        };
        worker.cancel.store(true, Ordering::Relaxed);
        worker.cancel = Arc::clone(&order.cancel);
        // The worker ends only when its sender is dropped, so somebody listens.
        let _ = worker.orders.send(order);
    }

    pub(super) fn cancel(&self, slot: Slot) {
        for worker in self.workers.iter().filter(|w| w.slot == slot) {
            worker.cancel.store(true, Ordering::Relaxed);
        }
    }

    fn hire(&self, slot: Slot) -> Worker {
        let (orders, inbox) = mpsc::channel();
        let (library, sources, queue) = (Arc::clone(&self.library), Arc::clone(&self.sources), self.queue.clone());
        let machine = Arc::clone(&self.machine);
        thread::Builder::new()
            .name(format!("job {slot:?}").to_lowercase())
            .spawn(move || work(&inbox, &library, &sources, &machine, &queue))
            .expect("a few threads are always to be had; without them no lab could run");
        Worker { slot, orders, cancel: Arc::default() }
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        for worker in &self.workers {
            worker.cancel.store(true, Ordering::Relaxed);
        }
    }
}

fn work(
    inbox: &Receiver<Order>,
    library: &Library,
    sources: &Arc<Sources>,
    machine: &LazyLock<Machine>,
    queue: &SyncSender<Wake>,
) {
    while let Ok(order) = inbox.recv() {
        let order = inbox.try_iter().last().unwrap_or(order);
        let tell = |event| queue.send(Wake::Msg(Msg::Job(order.id, event)));
        let progress = Throttle::new(|done, total| drop(tell(JobEvent::Progress { done, total })));
        let step = |done, total| progress.step(done, total);
        let ctx = Ctx::new(sources, &order.cancel, &step).with_machine(machine);
        let answer = run(&order.job, library, &ctx, &world(sources, &order.cancel));
        let event = match answer {
            Ok(outcome) => JobEvent::Done(outcome),
            Err(failure) => JobEvent::Failed(failure),
        };
        if tell(event).is_err() {
            return;
        }
    }
}

/// Runs one job on this thread; a panic becomes a [`Failure::Panic`] with its message and place.
pub(super) fn run(job: &Job, library: &Library, ctx: &Ctx<'_>, world: &World) -> Result<Outcome, Failure> {
    guarded(|| job.run(library, ctx, world))
}

/// The world of a job's script.
fn world(sources: &Arc<Sources>, cancel: &Arc<AtomicBool>) -> World {
    World {
        sources: Arc::clone(sources),
        seed: 0,
        cancel: Arc::clone(cancel),
        elapsed: Arc::new(computed),
        limits: Limits::LESSON,
    }
}

fn guarded(job: impl FnOnce() -> Result<Outcome, Failure>) -> Result<Outcome, Failure> {
    match catch_unwind(AssertUnwindSafe(job)) {
        Ok(answer) => answer,
        Err(payload) => {
            let noted = LAST_PANIC.with_borrow_mut(Option::take);
            Err(Failure::Panic(noted.unwrap_or_else(|| message(&*payload))))
        }
    }
}

/// What a panic said.
pub(super) fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}

/// Lets through one call per [`PROGRESS_EVERY`].
struct Throttle<F> {
    start: Instant,
    /// Milliseconds after `start` from which the next call goes through.
    next_ms: std::sync::atomic::AtomicU64,
    tell: F,
}

impl<F: Fn(u64, u64)> Throttle<F> {
    fn new(tell: F) -> Self {
        let every = PROGRESS_EVERY.as_millis() as u64;
        Self { start: Instant::now(), next_ms: every.into(), tell }
    }

    fn step(&self, done: u64, total: u64) {
        let now_ms = self.start.elapsed().as_millis() as u64;
        let next_ms = self.next_ms.load(Ordering::Relaxed);
        let every = PROGRESS_EVERY.as_millis() as u64;
        let mine = now_ms >= next_ms
            && self.next_ms.compare_exchange(next_ms, now_ms + every, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if mine {
            (self.tell)(done, total);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Lab, LabError, Params, Report};

    static PANICS: Lab =
        Lab { id: "panics", title: "", summary: "", params: &[], metrics: &[], run: |_, _| panic!("index 7 is out of range") };
    static WAITS: Lab = Lab { id: "waits", title: "", summary: "", params: &[], metrics: &[], run: waits };
    static QUICK: Lab = Lab { id: "quick", title: "", summary: "", params: &[], metrics: &[], run: |_, _| Ok(Report::default()) };

    fn waits(_: &Params, ctx: &Ctx) -> Result<Report, LabError> {
        loop {
            ctx.step(0, 1)?;
            thread::yield_now();
        }
    }

    fn of(lab: &'static Lab) -> Job {
        Job::Lab { lab, params: lab.defaults() }
    }

    fn jobs() -> (Jobs, Receiver<Wake>) {
        let (sender, queue) = mpsc::sync_channel(64);
        (Jobs::new(Arc::default(), Arc::default(), sender), queue)
    }

    /// The next answer that is not progress.
    fn answer(queue: &Receiver<Wake>) -> (JobId, JobEvent) {
        loop {
            match queue.recv_timeout(Duration::from_secs(20)).expect("an answer") {
                Wake::Msg(Msg::Job(_, JobEvent::Progress { .. })) => {}
                Wake::Msg(Msg::Job(id, event)) => return (id, event),
                other => panic!("{other:?} is no answer of a job"),
            }
        }
    }

    #[test]
    fn a_panic_is_an_answer_and_the_worker_lives_on() {
        let (mut jobs, queue) = jobs();
        jobs.run(Slot::Lab, JobId(1), of(&PANICS));
        let (id, event) = answer(&queue);
        assert_eq!(id, JobId(1));
        assert!(matches!(&event, JobEvent::Failed(Failure::Panic(text)) if text.contains("index 7")), "{event:?}");
        jobs.run(Slot::Lab, JobId(2), of(&QUICK));
        assert!(matches!(answer(&queue), (JobId(2), JobEvent::Done(Outcome::Report(_)))));
    }

    #[test]
    fn the_last_job_of_a_slot_wins() {
        let (mut jobs, queue) = jobs();
        jobs.run(Slot::Lab, JobId(1), of(&WAITS));
        jobs.run(Slot::Lab, JobId(2), of(&WAITS));
        jobs.run(Slot::Lab, JobId(3), of(&QUICK));
        loop {
            match answer(&queue) {
                (JobId(3), JobEvent::Done(_)) => break,
                (JobId(1 | 2), JobEvent::Failed(Failure::Cancelled)) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_cancelled_job_says_so_and_slots_do_not_meet() {
        let (mut jobs, queue) = jobs();
        jobs.run(Slot::Lab, JobId(1), of(&WAITS));
        jobs.run(Slot::Lesson, JobId(2), of(&QUICK));
        assert!(matches!(answer(&queue), (JobId(2), JobEvent::Done(_))), "the first one still runs");
        jobs.cancel(Slot::Lab);
        assert!(matches!(answer(&queue), (JobId(1), JobEvent::Failed(Failure::Cancelled))));
    }

    #[test]
    fn progress_is_throttled() {
        let n_told = std::sync::atomic::AtomicU64::new(0);
        let throttle = Throttle::new(|_, _| {
            n_told.fetch_add(1, Ordering::Relaxed);
        });
        let start = Instant::now();
        while start.elapsed() < PROGRESS_EVERY * 3 {
            throttle.step(0, 1);
        }
        let most = start.elapsed().as_millis() as u64 / PROGRESS_EVERY.as_millis() as u64;
        let n_told = n_told.into_inner();
        assert!((1..=most).contains(&n_told), "told {n_told} times, at most {most}");
    }
}
