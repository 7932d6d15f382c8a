//! The app without a terminal: keys in, frames out. For `quantlearn frame`, documents and tests.
//!
//! Jobs run to their end between two keys, appends are answered as kept, the clock stands still: the same keys give the
//! same frame on every machine.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use jiff::civil::date;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};
use unicode_width::UnicodeWidthStr;

use crate::{
    app::{App, Look},
    course::Library,
    input::{Key, parse_script},
    lab::Ctx,
    learner::Event,
    model::{Effect, Job, JobEvent, JobId, Msg, Now, Route, Slot, Start},
    runtime::{disk::kept, job},
    script::{Limits, World},
    tensor::Sources,
    text::Text,
    theme::Theme,
    widget::svg::svg,
};

/// A Wednesday at noon.
pub const NOON: Now = Now { unix_ms: 1_767_787_200_000, day: date(2026, 1, 7) };

/// What a fresh learner starts with: no events, [`NOON`], seed 1.
pub fn fresh(library: Arc<Library>) -> Start {
    Start {
        library,
        events: Vec::new(),
        now: NOON,
        seed: 1,
        progress_path: "~/.local/share/quantlearn/progress.jsonl".into(),
        read_only: None,
        notices: Vec::new(),
    }
}

/// An app and everything that would happen around it.
pub struct Headless {
    app: App,
    library: Arc<Library>,
    sources: Arc<Sources>,
    theme: Theme,
    size: (u16, u16),
    now: Now,
    /// Jobs that wait; a later one takes its slot.
    jobs: Vec<(Slot, JobId, Job)>,
    answers: VecDeque<Msg>,
    seed: u64,
    /// The events that it started with.
    before: Vec<Event>,
    /// All events that were appended since, in order.
    events: Vec<Event>,
    exports: Vec<(String, Vec<u8>)>,
    copied: Option<String>,
    ended: bool,
    holding: bool,
}

impl Headless {
    pub fn new(start: Start, theme: Theme, size: (u16, u16)) -> Self {
        Self::with(start, Look { theme, background_fixed: false }, size, Arc::default())
    }

    /// The same with tensors that are already open (tests share them) and a background that no setting changes.
    pub fn with(start: Start, look: Look, size: (u16, u16), sources: Arc<Sources>) -> Self {
        let (now, seed, before, library) = (start.now, start.seed, start.events.clone(), Arc::clone(&start.library));
        let (app, effects) = App::new(start, look);
        let mut headless = Self {
            app,
            library,
            sources,
            theme: look.theme,
            size,
            now,
            jobs: Vec::new(),
            answers: VecDeque::new(),
            seed,
            before,
            events: Vec::new(),
            exports: Vec::new(),
            copied: None,
            ended: false,
            holding: false,
        };
        headless.obey(effects);
        headless.tell(Msg::Tick(now));
        headless.tell(Msg::Resize(size.0, size.1));
        headless
    }

    /// Presses the keys of a script, such as `"jj<enter>1/127<enter>"`.
    ///
    /// # Panics
    /// On a script that does not read; use [`Headless::press`] for foreign ones.
    pub fn keys(&mut self, script: &str) -> &mut Self {
        let keys = parse_script(script).unwrap_or_else(|error| panic!("{error}"));
        self.press(&keys)
    }

    /// Presses keys; after each everything that follows from it is done. After the app has ended nothing happens.
    pub fn press(&mut self, keys: &[Key]) -> &mut Self {
        for key in keys {
            self.tell(Msg::Tick(self.now));
            self.tell(Msg::Key(*key));
        }
        self
    }

    pub fn paste(&mut self, text: &str) -> &mut Self {
        self.tell(Msg::Paste(Text::clean(text)));
        self
    }

    pub fn open(&mut self, route: Route) -> &mut Self {
        let effects = self.app.open(route);
        self.obey(effects);
        self.settle();
        self
    }

    pub fn resize(&mut self, width: u16, height: u16) -> &mut Self {
        self.size = (width, height);
        self.tell(Msg::Resize(width, height));
        self
    }

    /// Lets the clock stand at another time.
    pub fn at(&mut self, now: Now) -> &mut Self {
        self.now = now;
        self.tell(Msg::Tick(now));
        self
    }

    /// Sends one message and does everything that follows from it.
    pub fn tell(&mut self, msg: Msg) {
        self.answers.push_back(msg);
        self.settle();
    }

    /// The frame as cells.
    pub fn buffer(&self) -> Buffer {
        self.draw().0
    }

    /// The frame as lines of text, without blanks at their ends.
    pub fn text(&self) -> String {
        text(&self.buffer())
    }

    /// The frame as a picture.
    pub fn svg(&self, title: &str) -> String {
        svg(&self.buffer(), &self.theme, title)
    }

    /// Where the terminal's cursor stands.
    pub fn cursor(&self) -> Option<Position> {
        self.draw().1
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    /// What was recorded since the start, in order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// What a learner starts with who comes back after this.
    pub fn again(&self) -> Start {
        let mut start = fresh(Arc::clone(&self.library));
        // Another seed, so that event ids differ.
        (start.now, start.seed, start.events) = (self.now, self.seed + 1, [&self.before[..], &self.events[..]].concat());
        start
    }

    /// Files that the app has written, with their names.
    pub fn exports(&self) -> &[(String, Vec<u8>)] {
        &self.exports
    }

    /// What was copied last.
    pub fn copied(&self) -> Option<&str> {
        self.copied.as_deref()
    }

    /// From now on jobs wait, as behind a slow machine.
    pub fn hold_jobs(&mut self) -> &mut Self {
        self.holding = true;
        self
    }

    /// Jobs that waited run, and later ones run at once.
    pub fn release_jobs(&mut self) -> &mut Self {
        self.holding = false;
        self.settle();
        self
    }

    /// The job that waits; the last one, where several do.
    pub fn held(&self) -> Option<JobId> {
        self.jobs.last().map(|(_, id, _)| *id)
    }

    /// The app has asked to quit.
    pub fn ended(&self) -> bool {
        self.ended
    }

    fn draw(&self) -> (Buffer, Option<Position>) {
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        let mut buffer = Buffer::empty(area);
        let cursor = self.app.render(area, &mut buffer);
        (buffer, cursor)
    }

    fn settle(&mut self) {
        loop {
            if self.ended {
                return;
            }
            let msg = match self.answers.pop_front() {
                Some(msg) => msg,
                None if self.holding => return,
                None => match self.jobs.pop() {
                    Some((_, id, job)) => Msg::Job(id, self.work(&job)),
                    None => return,
                },
            };
            let effects = self.app.update(msg);
            self.obey(effects);
        }
    }

    fn work(&self, job: &Job) -> JobEvent {
        let cancel = Arc::<AtomicBool>::default();
        let ctx = Ctx::new(&self.sources, &cancel, &|_, _| {});
        let sources = Arc::clone(&self.sources);
        // No time passes: a frame shows no speed, and a script ends by its other limits.
        let world =
            World { sources, seed: 0, cancel: Arc::clone(&cancel), elapsed: Arc::new(|| Duration::ZERO), limits: Limits::LESSON };
        match job::run(job, &self.library, &ctx, &world) {
            Ok(outcome) => JobEvent::Done(outcome),
            Err(failure) => JobEvent::Failed(failure),
        }
    }

    fn obey(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Run { slot, id, job } => {
                    self.jobs.retain(|(taken, ..)| *taken != slot);
                    self.jobs.push((slot, id, job));
                }
                Effect::Cancel(slot) => self.jobs.retain(|(taken, ..)| *taken != slot),
                Effect::Append(events) => {
                    self.answers.push_back(Msg::Stored(Ok(kept(&events))));
                    self.events.extend(events);
                }
                Effect::Copy(text) => {
                    self.copied = Some(text);
                    self.answers.push_back(Msg::Told(Ok("Copied to the clipboard".into())));
                }
                Effect::Export { name, bytes } => {
                    self.answers.push_back(Msg::Told(Ok(format!("Written to {name}"))));
                    self.exports.push((name, bytes));
                }
                // There is no editor here: the text comes back as it went.
                Effect::Edit(text) => self.answers.push_back(Msg::Edited(Ok(Text::clean(&text)))),
                Effect::Suspend => {}
                Effect::Quit => self.ended = true,
            }
        }
    }
}

/// The text of a frame; a wide character counts once.
pub fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut text = String::new();
    for y in area.top()..area.bottom() {
        let (mut line, mut x) = (String::new(), area.left());
        while x < area.right() {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x = x.saturating_add(symbol.width().max(1) as u16);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_character_counts_once_and_blanks_at_the_end_go() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 2));
        buffer.set_string(0, 0, "a幅b", ratatui::style::Style::new());
        assert_eq!(text(&buffer), "a幅b\n\n");
    }

    #[test]
    fn noon_is_on_its_day() {
        let stamp = jiff::Timestamp::from_millisecond(NOON.unix_ms).expect("it is in range");
        assert_eq!(stamp.to_zoned_datetime(jiff::tz::TimeZone::UTC).datetime(), NOON.day.at(12, 0, 0, 0));
    }
}
