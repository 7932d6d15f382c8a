//! The app: one closed `Msg` goes in, a list of `Effect`s comes out, and `render` draws what is there.
//!
//! It knows no terminal, no thread and no disk. An open pop-up alone hears a key; otherwise the keymap of the top
//! screen's context turns it into an action, global ones are taken here and the rest goes to the screen.

mod frame;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect, Size},
};

use crate::{
    input::{Action, Context, Key, Keymap},
    lab,
    model::{Effect, JobEvent, Model, Msg, Route, Start},
    overlay::{Answer, Overlay},
    screen::{
        Ask, Cx, Input, Screen, Show, View,
        home::Home,
        lab::LabScreen,
        lesson::LessonScreen,
        practice::PracticeScreen,
        progress::ProgressScreen,
        settings::{ASCII, SettingsScreen, THEME},
        terms::TermsScreen,
        track::TrackScreen,
    },
    text::sentence,
    theme::{Background, Theme},
};

/// The smallest terminal that the screens are made for.
pub const MIN_SIZE: (u16, u16) = (60, 16);

/// How the program was told to look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// What the terminal has, as it was found or told.
    pub theme: Theme,
    /// The background was told on the command line, so the setting does not change it.
    pub background_fixed: bool,
}

pub struct App {
    model: Model,
    look: Look,
    theme: Theme,
    keymap: Keymap,
    /// The bottom one is the map; the last one is in view.
    stack: Vec<Box<dyn Screen>>,
    overlay: Option<Overlay>,
    size: Size,
    /// One line above the footer, until the next key.
    notice: Option<String>,
    /// The notice says that a job is running.
    waits: bool,
}

impl App {
    /// Starts on the map, or at the first run in the first lesson.
    pub fn new(start: Start, look: Look) -> (Self, Vec<Effect>) {
        let notice = start.notices.first().cloned();
        let model = Model::new(start);
        let home = Home::new(&model);
        let theme = look.theme;
        let mut app = Self {
            model,
            look,
            theme,
            keymap: Keymap::default(),
            stack: vec![Box::new(home)],
            overlay: None,
            size: Size::new(80, 24),
            notice,
            waits: false,
        };
        app.theme = app.chosen_theme();
        let mut effects = Vec::new();
        if app.model.first_run
            && let Some(node) = app.model.next_open(None)
        {
            effects = app.open(Route::Lesson { node, step: None });
            app.notice = app.notice.take().or_else(|| Some(app.first_line()));
        }
        (app, effects)
    }

    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Where the learner is.
    pub fn route(&self) -> Route {
        self.top().route()
    }

    /// The seed of the question in view, by which its options are shuffled and its numbers drawn.
    pub fn question_seed(&self) -> Option<u64> {
        self.top().question_seed()
    }

    /// Whether printable keys are text now.
    pub fn typing(&self) -> bool {
        self.context().typing()
    }

    /// Goes to a place.
    pub fn open(&mut self, route: Route) -> Vec<Effect> {
        self.with_cx(|_, cx| cx.go(route))
    }

    /// Takes one message.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Key(key) => {
                self.notice = None;
                self.key(key)
            }
            Msg::Paste(text) => self.tell(Input::Paste(text)),
            Msg::Resize(width, height) => {
                self.size = Size::new(width, height);
                Vec::new()
            }
            Msg::Job(id, event) => {
                if self.waits && !matches!(event, JobEvent::Progress { .. }) {
                    (self.notice, self.waits) = (None, false);
                }
                // Jobs belong to whoever started them; both hear of it and the one that does not wait for it drops it.
                let mut effects = Vec::new();
                if self.overlay.is_some() {
                    effects = self.tell(Input::Job(id, event.clone()));
                }
                effects.extend(self.with_cx(|stack, cx| {
                    for screen in stack.iter_mut() {
                        screen.update(Input::Job(id, event.clone()), cx);
                    }
                }));
                effects
            }
            Msg::Stored(answer) => {
                self.model.stored(answer);
                Vec::new()
            }
            Msg::Told(told) => {
                // One key may ask for two things (a run as JSON and as SVG): both answers show.
                let told = told.unwrap_or_else(|why| why);
                self.notice = Some(self.notice.take().map_or(told.clone(), |before| format!("{before}; {told}")));
                Vec::new()
            }
            Msg::Edited(Ok(text)) => self.tell(Input::Edited(text)),
            Msg::Edited(Err(why)) => {
                self.notice = Some(why);
                Vec::new()
            }
            Msg::Tick(now) => {
                self.model.now = now;
                Vec::new()
            }
        }
    }

    /// Draws one frame; gives the cell of the terminal cursor.
    pub fn render(&self, area: Rect, buf: &mut Buffer) -> Option<Position> {
        frame::render(self, area, buf)
    }

    /// Records what is unfinished, for a program that is about to end.
    pub fn leave(&mut self) -> Vec<Effect> {
        self.with_cx(|stack, cx| {
            if let Some(top) = stack.last_mut() {
                top.leave(cx);
            }
        })
    }

    /// How to go on, true whether a field is focused or not.
    fn first_line(&self) -> String {
        format!(
            "⏎ answers and reads on, esc leaves a field, then the lesson, F1 shows keys. Progress is kept in {}.",
            self.model.progress_path
        )
    }

    fn top(&self) -> &dyn Screen {
        &**self.stack.last().expect("the map is never closed")
    }

    fn context(&self) -> Context {
        self.overlay.as_ref().map_or_else(|| self.top().context(), Overlay::context)
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        if let Some(answer) = self.overlay.as_ref().and_then(|overlay| overlay.chord(key)) {
            return self.answered(answer);
        }
        let context = self.context();
        match self.keymap.action(context, key) {
            Some(Action::Quit) => self.quit(),
            Some(Action::Suspend) => vec![Effect::Suspend],
            Some(action) if self.overlay.is_some() => self.tell(Input::Action(action)),
            Some(action) => self.act(action),
            None if context.typing() => self.tell(Input::Type(key)),
            None => Vec::new(),
        }
    }

    fn act(&mut self, action: Action) -> Vec<Effect> {
        let show = match action {
            Action::Palette => Show::Palette(String::new()),
            Action::Help => Show::Help,
            Action::GoTo => Show::GoTo,
            Action::Search if !matches!(self.top().route(), Route::Terms { .. }) => Show::Palette(String::new()),
            Action::About => match self.top().about(&self.model) {
                Some((title, body)) => Show::Page { title, body },
                None => return Vec::new(),
            },
            Action::Back if self.stack.len() == 1 => return self.quit(),
            _ => return self.tell(Input::Action(action)),
        };
        self.with_cx(|_, cx| cx.show(show))
    }

    /// Records what is unfinished, then ends.
    fn quit(&mut self) -> Vec<Effect> {
        let mut effects = self.leave();
        effects.push(Effect::Quit);
        effects
    }

    /// Hands input to the pop-up, or to the screen in view.
    fn tell(&mut self, input: Input) -> Vec<Effect> {
        let Some(mut overlay) = self.overlay.take() else {
            return self.with_cx(|stack, cx| {
                if let Some(top) = stack.last_mut() {
                    top.update(input, cx);
                }
            });
        };
        let mut answer = Answer::Stay;
        let mut effects = self.with_cx(|_, cx| answer = overlay.update(input, cx));
        if matches!(answer, Answer::Stay) {
            self.overlay = Some(overlay);
        } else {
            effects.extend(self.answered(answer));
        }
        effects
    }

    fn answered(&mut self, answer: Answer) -> Vec<Effect> {
        self.overlay = None;
        match answer {
            Answer::Stay | Answer::Close => Vec::new(),
            Answer::Tell(Input::Action(action)) => self.act(action),
            Answer::Tell(input) => self.tell(input),
            Answer::Ask(ask) => self.with_cx(|_, cx| cx.asks.push(ask)),
        }
    }

    /// Lets `work` act on the screens, then does what was asked for and hands out the events recorded meanwhile.
    fn with_cx(&mut self, work: impl FnOnce(&mut Vec<Box<dyn Screen>>, &mut Cx)) -> Vec<Effect> {
        let size = frame::body_size(self.size);
        let mut cx = Cx { model: &mut self.model, size, theme: self.theme, effects: Vec::new(), asks: Vec::new() };
        work(&mut self.stack, &mut cx);
        let mut asks = std::collections::VecDeque::from(std::mem::take(&mut cx.asks));
        while let Some(ask) = asks.pop_front() {
            match ask {
                Ask::Go(route) => go(&mut self.stack, route, &mut cx),
                Ask::Back => back(&mut self.stack, &mut cx),
                Ask::Show(show) => {
                    let context = self.stack.last().expect("the map is never closed").context();
                    self.overlay = Some(Overlay::open(show, context, &self.keymap, &mut cx));
                }
                Ask::Say(line) => (self.notice, self.waits) = (Some(line), false),
                Ask::Wait(line) => (self.notice, self.waits) = (Some(line), true),
            }
            asks.extend(std::mem::take(&mut cx.asks));
        }
        let mut effects = cx.effects;
        let events = self.model.take_outbox();
        if !events.is_empty() {
            effects.push(Effect::Append(events));
        }
        self.theme = self.chosen_theme();
        effects
    }

    /// The terminal's look, as the settings change it.
    fn chosen_theme(&self) -> Theme {
        let base = self.look.theme;
        let background = match self.model.learner.setting(THEME).filter(|_| !self.look.background_fixed) {
            Some("dark") => Background::Dark,
            Some("light") => Background::Light,
            _ => base.background(),
        };
        let ascii = base.ascii() || self.model.learner.setting(ASCII) == Some("on");
        Theme::new(background, base.depth(), ascii)
    }

    fn view(&self) -> View<'_> {
        View { model: &self.model, theme: &self.theme }
    }
}

/// Opens a place. Lessons stand on the map; labs, terms and the other places stand on whatever is in view.
fn go(stack: &mut Vec<Box<dyn Screen>>, route: Route, cx: &mut Cx) {
    if let Some(top) = stack.last_mut() {
        top.leave(cx);
    }
    match route {
        Route::Map => {
            stack.truncate(1);
            stack[0].enter(cx);
        }
        Route::Lesson { node, step } => {
            if cx.model.library.head(&node).is_none() {
                cx.say(format!("There is no lesson `{node}` in the courses that are loaded."));
                return;
            }
            if let Some(needs) = cx.model.locked_by(&node) {
                cx.say(sentence(format!("You are ahead of the map: this lesson needs {needs}")));
            }
            stack.truncate(1);
            let lesson = LessonScreen::new(node, step, cx);
            stack.push(Box::new(lesson));
        }
        Route::Lab { id, set } => match lab::find(&id) {
            Some(lab) => {
                let screen = LabScreen::new(lab, &set, cx);
                put(stack, Box::new(screen));
            }
            None => cx.say(format!("There is no lab `{id}`.")),
        },
        Route::Terms { term } => {
            let screen = TermsScreen::new(term, cx);
            put(stack, Box::new(screen));
        }
        Route::Track { course, id } => {
            if cx.model.lessons_of_track(&course, &id).next().is_none() {
                cx.say(format!("There is no track `{course}/{id}` with lessons in the courses that are loaded."));
                return;
            }
            put(stack, Box::new(TrackScreen::new(course, id)));
        }
        Route::Practice => {
            let screen = PracticeScreen::new(cx);
            put(stack, Box::new(screen));
        }
        Route::Progress => put(stack, Box::new(ProgressScreen::default())),
        Route::Settings => put(stack, Box::new(SettingsScreen::default())),
    }
}

/// A place replaces one of its own kind, so going round and round leaves no pile.
fn put(stack: &mut Vec<Box<dyn Screen>>, screen: Box<dyn Screen>) {
    let kind = std::mem::discriminant(&screen.route());
    stack.retain(|below| std::mem::discriminant(&below.route()) != kind);
    stack.push(screen);
}

fn back(stack: &mut Vec<Box<dyn Screen>>, cx: &mut Cx) {
    if stack.len() > 1
        && let Some(mut closed) = stack.pop()
    {
        closed.leave(cx);
        if let Some(top) = stack.last_mut() {
            top.enter(cx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_app_may_live_on_another_thread() {
        fn is_send<T: Send>() {}
        is_send::<App>();
    }
}
