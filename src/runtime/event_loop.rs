//! The loop: takes what has come, lets the app answer, does what it asks, draws one frame, waits.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    time::{Duration, Instant},
};

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use crate::{
    app::App,
    input::Key,
    model::{Effect, Msg},
    runtime::{clock, disk::DiskLine, job::Jobs},
    text::Text,
};

/// A flood of keys is interrupted for a frame this often.
const LONGEST_BURST: Duration = Duration::from_millis(50);

/// Whatever wakes the loop.
#[derive(Debug)]
pub(super) enum Wake {
    Msg(Msg),
    /// The terminal has taken the last frame whole.
    Drawn,
    Signal(Signal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// End, and die by this signal.
    End(i32),
    /// Stop until `SIGCONT`.
    Stop,
    /// The shell has let the program go on.
    Continue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Quit,
    Signal(i32),
}

/// The app as the loop sees it.
pub(super) trait Front {
    fn update(&mut self, msg: Msg) -> Vec<Effect>;
    /// Draws one frame; gives the cell of the cursor.
    fn render(&self, area: Rect, buf: &mut Buffer) -> Option<Position>;
    /// Records what is unfinished: the program is about to end.
    fn leave(&mut self) -> Vec<Effect>;
}

impl Front for App {
    fn update(&mut self, msg: Msg) -> Vec<Effect> {
        self.update(msg)
    }

    fn render(&self, area: Rect, buf: &mut Buffer) -> Option<Position> {
        self.render(area, buf)
    }

    fn leave(&mut self) -> Vec<Effect> {
        self.leave()
    }
}

/// The terminal as the loop sees it.
pub(super) trait Stage {
    /// Columns and rows now.
    fn size(&self) -> (u16, u16);
    /// Whether the last frame is still on its way; a new one is not drawn before it has arrived.
    fn busy(&self) -> bool;
    fn draw(&mut self, front: &dyn Front);
    /// The next frame paints every cell.
    fn forget(&mut self);
    /// Gives the terminal back, stops the program (the whole job, where the learner asked), and takes it again.
    fn suspend(&mut self, whole_job: bool) -> Result<(), String>;
    /// Takes the terminal again after somebody else had it.
    fn retake(&mut self);
    /// Opens a text in the learner's editor, with the terminal given back; gives what the editor left, or a sentence.
    fn edit(&mut self, text: &str) -> Result<Text, String>;
    /// Puts text on the clipboard; gives it back where the terminal cannot.
    fn copy(&mut self, text: String) -> Result<(), String>;
}

/// The threads that do what the app asks.
pub(super) struct Hands {
    pub(super) jobs: Jobs,
    pub(super) disk: DiskLine,
}

pub(super) struct Loop<F, S> {
    front: F,
    stage: S,
    hands: Hands,
    /// Something may look different now.
    stale: bool,
    ending: Option<Ending>,
}

impl<F: Front, S: Stage> Loop<F, S> {
    pub(super) fn new(front: F, stage: S, hands: Hands) -> Self {
        Self { front, stage, hands, stale: true, ending: None }
    }

    /// Runs until the app or a signal ends it.
    pub(super) fn run(&mut self, queue: &Receiver<Wake>, first: Vec<Effect>) -> Ending {
        self.obey(first);
        self.resized();
        loop {
            if let Some(ending) = self.ending {
                return ending;
            }
            self.show();
            match queue.recv_timeout(clock::until_midnight()) {
                Ok(wake) => self.burst(wake, queue),
                Err(RecvTimeoutError::Timeout) => self.tell(Msg::Tick(clock::now())),
                Err(RecvTimeoutError::Disconnected) => return Ending::Quit,
            }
        }
    }

    /// Takes everything that waits, so that a burst costs one frame.
    fn burst(&mut self, first: Wake, queue: &Receiver<Wake>) {
        let start = Instant::now();
        self.wake(first);
        while self.ending.is_none() && start.elapsed() < LONGEST_BURST {
            match queue.try_recv() {
                Ok(wake) => self.wake(wake),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return,
            }
        }
    }

    fn wake(&mut self, wake: Wake) {
        match wake {
            Wake::Msg(Msg::Key(key)) => self.key(key),
            Wake::Msg(Msg::Resize(..)) => self.resized(),
            Wake::Msg(msg) => self.tell(msg),
            Wake::Drawn => {}
            Wake::Signal(Signal::End(signal)) => {
                let effects = self.front.leave();
                self.obey(effects);
                self.ending = Some(Ending::Signal(signal));
            }
            Wake::Signal(Signal::Stop) => self.suspend(false),
            Wake::Signal(Signal::Continue) => {
                self.stage.retake();
                self.resized();
            }
        }
    }

    fn key(&mut self, key: Key) {
        self.tell(Msg::Tick(clock::now()));
        self.tell(Msg::Key(key));
    }

    /// The size is read anew: of a storm of resizes only the last one counts.
    fn resized(&mut self) {
        self.stage.forget();
        let (width, height) = self.stage.size();
        self.tell(Msg::Resize(width, height));
    }

    fn tell(&mut self, msg: Msg) {
        self.stale = true;
        let effects = self.front.update(msg);
        self.obey(effects);
    }

    fn obey(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Run { slot, id, job } => self.hands.jobs.run(slot, id, job),
                Effect::Cancel(slot) => self.hands.jobs.cancel(slot),
                Effect::Append(events) => self.hands.disk.append(events),
                Effect::Copy(text) => self.copy(text),
                Effect::Export { name, bytes } => self.hands.disk.write(name, bytes, None),
                Effect::Edit(text) => self.edit(&text),
                Effect::Suspend => self.suspend(true),
                Effect::Quit => self.ending = Some(Ending::Quit),
            }
        }
    }

    fn copy(&mut self, text: String) {
        match self.stage.copy(text) {
            Ok(()) => self.tell(Msg::Told(Ok("Copied to the clipboard".into()))),
            Err(text) => {
                let bytes = text.into_bytes();
                self.hands.disk.write("quantlearn-copy.txt".into(), bytes, Some("This terminal has no clipboard"));
            }
        }
    }

    fn suspend(&mut self, whole_job: bool) {
        match self.stage.suspend(whole_job) {
            Ok(()) => self.resized(),
            Err(why) => self.tell(Msg::Told(Err(why))),
        }
    }

    /// Waits for the learner's editor: nothing else can be done meanwhile, for the terminal is not ours.
    fn edit(&mut self, text: &str) {
        let edited = self.stage.edit(text);
        self.resized();
        self.tell(Msg::Edited(edited));
    }

    fn show(&mut self) {
        if self.stale && !self.stage.busy() {
            self.stage.draw(&self.front);
            self.stale = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        mpsc::{self, SyncSender},
    };

    use super::*;
    use crate::{model::Stored, runtime::disk::Disk};

    #[derive(Default)]
    struct Fake {
        heard: Vec<String>,
        n_frames: usize,
        /// The first frame stays on its way.
        slow: bool,
        no_clipboard: bool,
    }

    impl Front for Fake {
        fn update(&mut self, msg: Msg) -> Vec<Effect> {
            let effects = match &msg {
                Msg::Key(key) if *key == Key::char('q') => vec![Effect::Quit],
                Msg::Key(key) if *key == Key::char('y') => vec![Effect::Copy("text".into())],
                Msg::Key(key) if *key == Key::char('z') => vec![Effect::Suspend],
                Msg::Key(key) if *key == Key::char('E') => vec![Effect::Edit("teh code".into())],
                _ => vec![],
            };
            self.heard.push(match msg {
                Msg::Key(key) => key.to_string(),
                Msg::Tick(_) => "tick".into(),
                Msg::Resize(w, h) => format!("{w}x{h}"),
                Msg::Told(Ok(said) | Err(said)) => said,
                Msg::Edited(Ok(text)) => text.to_string(),
                other => format!("{other:?}"),
            });
            effects
        }
        fn render(&self, _: Rect, _: &mut Buffer) -> Option<Position> {
            None
        }
        fn leave(&mut self) -> Vec<Effect> {
            self.heard.push("leave".into());
            vec![]
        }
    }

    impl Stage for Fake {
        fn size(&self) -> (u16, u16) {
            (80, 24)
        }
        fn busy(&self) -> bool {
            self.slow && self.n_frames > 0
        }
        fn draw(&mut self, _: &dyn Front) {
            self.n_frames += 1;
        }
        fn forget(&mut self) {}
        fn suspend(&mut self, whole_job: bool) -> Result<(), String> {
            if whole_job { Err("there is no shell".into()) } else { Ok(()) }
        }
        fn retake(&mut self) {}
        fn edit(&mut self, text: &str) -> Result<Text, String> {
            Ok(Text::clean(&text.replace("teh", "the")))
        }
        fn copy(&mut self, text: String) -> Result<(), String> {
            if self.no_clipboard { Err(text) } else { Ok(()) }
        }
    }

    struct NoLog;

    impl crate::runtime::disk::Log for NoLog {
        fn append(&mut self, _: &[crate::learner::Event]) -> Result<Stored, String> {
            Ok(Stored::default())
        }
    }

    fn run(stage: Fake, wakes: Vec<Wake>) -> (Loop<Fake, Fake>, Ending) {
        let (sender, queue): (SyncSender<Wake>, _) = mpsc::sync_channel(1000);
        let disk = Disk::new(Box::new(NoLog), sender.clone()).expect("a thread");
        let jobs = Jobs::new(Arc::default(), Arc::default(), sender.clone());
        let mut running = Loop::new(Fake::default(), stage, Hands { jobs, disk: disk.line() });
        for wake in wakes {
            sender.send(wake).expect("there is room");
        }
        let ending = running.run(&queue, vec![]);
        (running, ending)
    }

    fn key(c: char) -> Wake {
        Wake::Msg(Msg::Key(Key::char(c)))
    }

    #[test]
    fn a_burst_costs_one_frame_and_every_key_is_heard_after_the_clock() {
        let (done, ending) = run(Fake::default(), vec![key('a'), key('b'), key('q')]);
        assert_eq!(ending, Ending::Quit);
        assert_eq!(done.front.heard, ["80x24", "tick", "a", "tick", "b", "tick", "q"]);
        assert_eq!(done.stage.n_frames, 1, "the first one; the burst ended the program");
    }

    #[test]
    fn a_slow_terminal_gets_no_second_frame_until_it_has_taken_the_first() {
        let (mut done, _) = run(Fake { slow: true, ..Fake::default() }, vec![key('q')]);
        (0..5).for_each(|_| done.tell(Msg::Resize(1, 1)));
        done.show();
        assert_eq!(done.stage.n_frames, 1, "five changes wait");
        done.stage.slow = false;
        done.show();
        done.show();
        assert_eq!(done.stage.n_frames, 2, "they are one frame, and what is shown is not drawn again");
    }

    #[test]
    fn a_signal_lets_the_app_record_what_is_unfinished_and_ends_by_that_signal() {
        let (done, ending) = run(Fake::default(), vec![key('a'), Wake::Signal(Signal::End(15))]);
        assert_eq!((ending, done.front.heard.last().map(String::as_str)), (Ending::Signal(15), Some("leave")));
    }

    #[test]
    fn copy_and_suspend_answer_in_one_sentence() {
        let (done, _) = run(Fake::default(), vec![key('y'), key('z'), key('q')]);
        assert!(done.front.heard.contains(&"Copied to the clipboard".into()));
        assert!(done.front.heard.contains(&"there is no shell".into()));
    }

    #[test]
    fn what_the_editor_left_comes_back_after_the_size() {
        let (done, _) = run(Fake::default(), vec![key('E'), key('q')]);
        let at = done.front.heard.iter().position(|h| h == "the code").expect("it came back");
        assert_eq!(done.front.heard[at - 1], "80x24");
    }

    #[test]
    fn after_a_stop_the_size_is_told_again() {
        let (done, _) = run(Fake::default(), vec![Wake::Signal(Signal::Stop), Wake::Signal(Signal::Continue), key('q')]);
        assert_eq!(done.front.heard.iter().filter(|h| *h == "80x24").count(), 3);
    }
}
