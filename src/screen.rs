//! Screens: plain structs with `update` and `render(&self)`. The app keeps a stack of them.

pub mod home;
pub mod lab;
pub mod lesson;
pub mod page;
pub mod pane;
pub mod practice;
pub mod progress;
pub mod settings;
pub mod terms;
pub mod track;
pub mod typing;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect, Size},
    text::Line,
};

use crate::{
    input::{Action, Context, Key},
    learner::What,
    model::{Effect, Job, JobEvent, JobId, Model, Route, Slot},
    text::{Text, sentence},
    theme::Theme,
};

/// One screen of the stack.
pub trait Screen: Send {
    /// Where this screen is, for resuming, the palette and `quantlearn open`.
    fn route(&self) -> Route;
    /// Which keys hold now.
    fn context(&self) -> Context;
    /// Left and right part of the top line.
    fn header(&self, view: &View) -> (Line<'static>, Line<'static>);
    /// What the footer offers, most important first.
    fn footer(&self, model: &Model) -> Vec<Offer>;
    fn update(&mut self, input: Input, cx: &mut Cx);
    /// Draws the body; gives the cell of the terminal cursor, which stands on the focused control.
    fn render(&self, area: Rect, buf: &mut Buffer, view: &View) -> Option<Position>;
    /// The terms, questions people ask and sources that belong to what is in view, as a heading and Markdown.
    fn about(&self, _model: &Model) -> Option<(String, String)> {
        None
    }
    /// The seed of the question in view.
    fn question_seed(&self) -> Option<u64> {
        None
    }
    /// Called when another screen covers this one or it is closed: records drafts and controls.
    fn leave(&mut self, _cx: &mut Cx) {}
    /// Called when the screen comes back into view.
    fn enter(&mut self, _cx: &mut Cx) {}
}

/// What reaches a screen.
#[derive(Clone, Debug)]
pub enum Input {
    /// A key that the keymap knows in the screen's context.
    Action(Action),
    /// A key in a typing context that is no action.
    Type(Key),
    Paste(Text),
    Job(JobId, JobEvent),
    /// What the learner's own editor gave back.
    Edited(Text),
    /// A question of this screen was answered with yes.
    Confirmed(Confirmed),
}

/// What a screen sees while it draws.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub model: &'a Model,
    pub theme: &'a Theme,
}

impl View<'_> {
    /// What a link to a term shows where it belongs to no lesson in view.
    pub fn term_name(&self, id: &str) -> Option<String> {
        self.model.library.term_name(id).map(|name| name.to_string())
    }
}

/// One entry of the footer: the keys of these actions, and a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub actions: Vec<Action>,
    pub word: String,
}

impl Offer {
    pub fn new(actions: &[Action], word: impl Into<String>) -> Self {
        Self { actions: actions.to_vec(), word: word.into() }
    }
}

/// What is said to whoever chooses a locked lesson, where the map would show its card.
pub fn locked(needs: &str) -> String {
    sentence(format!("Locked: it needs {needs}"))
}

/// What a screen asks of the app.
#[derive(Clone, Debug)]
pub enum Ask {
    Go(Route),
    /// Closes the screen.
    Back,
    Show(Show),
    /// One line above the footer, until the next key.
    Say(String),
    /// The same, but no longer than until a job is done.
    Wait(String),
}

/// A pop-up, as data.
#[derive(Clone, Debug)]
pub enum Show {
    Help,
    /// The palette, with a text to begin with.
    Palette(String),
    /// A term, by its id.
    Term(String),
    /// A heading and Markdown.
    Page {
        title: String,
        body: String,
    },
    GoTo,
    Confirm {
        question: String,
        yes: Confirmed,
    },
}

/// What a confirmation was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    Solution,
}

/// What a screen may do while it updates: record events, start jobs, ask the app for places and pop-ups.
pub struct Cx<'a> {
    pub model: &'a mut Model,
    /// The size of the screen's body, and the look it is drawn with: for what depends on where things stand.
    pub size: Size,
    pub theme: Theme,
    pub effects: Vec<Effect>,
    pub asks: Vec<Ask>,
}

impl Cx<'_> {
    pub fn record(&mut self, what: What) {
        self.model.record(what);
    }

    /// Starts a job; it replaces the one before it in its slot.
    pub fn run(&mut self, slot: Slot, job: Job) -> JobId {
        let id = self.model.next_job();
        self.effects.push(Effect::Run { slot, id, job });
        id
    }

    pub fn cancel(&mut self, slot: Slot) {
        self.effects.push(Effect::Cancel(slot));
    }

    pub fn copy(&mut self, text: String) {
        self.effects.push(Effect::Copy(text));
    }

    /// Opens a text in the learner's own editor; it comes back as [`Input::Edited`].
    pub fn edit(&mut self, text: String) {
        self.effects.push(Effect::Edit(text));
    }

    pub fn export(&mut self, name: String, bytes: Vec<u8>) {
        self.effects.push(Effect::Export { name, bytes });
    }

    pub fn go(&mut self, route: Route) {
        self.asks.push(Ask::Go(route));
    }

    pub fn back(&mut self) {
        self.asks.push(Ask::Back);
    }

    pub fn show(&mut self, show: Show) {
        self.asks.push(Ask::Show(show));
    }

    pub fn say(&mut self, line: impl Into<String>) {
        self.asks.push(Ask::Say(line.into()));
    }

    /// Says that something is not ready yet; that is no longer true once a job is done.
    pub fn say_wait(&mut self, line: impl Into<String>) {
        self.asks.push(Ask::Wait(line.into()));
    }
}
