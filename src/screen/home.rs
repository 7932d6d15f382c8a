//! Home: the skill map, the card of the selected lesson, and the one key that goes on.

mod card;
mod map;

use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Position, Rect},
    text::{Line, Span},
};

use crate::{
    id::NodeId,
    input::{Action, Context},
    learner::Mark,
    model::{Model, Route},
    screen::{Cx, Input, Offer, Screen, View},
    text::sentence,
    theme::Role,
    widget::{
        dots,
        skill_map::{Direction, SkillMap, WIDE},
    },
};

/// From this width on the card stands beside the map; below it, under the map.
const CARD_BESIDE: u16 = 100;
const CARD_WIDTH: u16 = 44;
const CARD_ROWS: u16 = 8;

#[derive(Debug)]
pub struct Home {
    /// The selected lesson, as a position of [`map::nodes`].
    selected: usize,
    /// "You were at step 4 of ...", until a key is pressed.
    greeting: Option<String>,
}

impl Home {
    /// Opens on the lesson that "continue" leads to.
    pub fn new(model: &Model) -> Self {
        let nodes = map::nodes(model);
        let resume = model.resume();
        let selected = nodes.iter().position(|node| Some(node) == resume.as_ref()).unwrap_or(0);
        Self { selected, greeting: greeting(model) }
    }

    fn node(&self, model: &Model) -> Option<NodeId> {
        map::nodes(model).get(self.selected).cloned()
    }

    fn act(&mut self, action: Action, cx: &mut Cx) {
        let n_nodes = map::nodes(cx.model).len();
        match action {
            Action::Up => self.arrow(Direction::Up, cx),
            Action::Down => self.arrow(Direction::Down, cx),
            Action::Left => self.arrow(Direction::Left, cx),
            Action::Right => self.arrow(Direction::Right, cx),
            Action::Next => self.selected = (self.selected + 1).min(n_nodes.saturating_sub(1)),
            Action::Prev => self.selected = self.selected.saturating_sub(1),
            Action::First => self.selected = 0,
            Action::Last => self.selected = n_nodes.saturating_sub(1),
            Action::Primary | Action::Space => self.open(cx),
            Action::Back => cx.back(),
            _ => {}
        }
    }

    fn arrow(&mut self, direction: Direction, cx: &Cx) {
        let data = map::data(cx.model);
        let width = map_width(cx.size.width);
        let drawn = is_drawn(width, cx.size.height);
        let map = SkillMap::new(&data, self.selected, &cx.theme);
        self.selected = if drawn { map.neighbour(width, direction) } else { map.neighbour_in_list(direction) };
    }

    /// Opens the lesson; a locked one leads to the first that is missing.
    fn open(&mut self, cx: &mut Cx) {
        let Some(node) = self.node(cx.model) else { return };
        let state = cx.model.learner.node(&node, &cx.model.facts);
        match (state.mark, state.missing.first()) {
            (Mark::Locked, Some(missing)) => {
                let nodes = map::nodes(cx.model);
                self.selected = nodes.iter().position(|n| n == missing).unwrap_or(self.selected);
            }
            _ => cx.go(Route::Lesson { node, step: None }),
        }
    }
}

fn map_width(width: u16) -> u16 {
    let width = width.saturating_sub(2);
    if width >= CARD_BESIDE { width - CARD_WIDTH - 1 } else { width }
}

/// A drawn graph needs room; a narrow or low terminal gets the list of chapters.
fn is_drawn(width: u16, height: u16) -> bool {
    width >= WIDE && height >= 24
}

/// Where the learner stood, when there is something to go back to.
fn greeting(model: &Model) -> Option<String> {
    let step = model.learner.last_position()?;
    let head = model.library.head(&step.node())?;
    let at = head.step_name(step)?;
    let state = model.learner.node(&head.node, &model.facts);
    matches!(state.mark, Mark::InProgress).then(|| sentence(format!("You were at {at} of {}", head.title)))
}

impl Screen for Home {
    fn route(&self) -> Route {
        Route::Map
    }

    fn context(&self) -> Context {
        Context::Map
    }

    fn header(&self, view: &View) -> (Line<'static>, Line<'static>) {
        let learner = &view.model.learner;
        let theme = view.theme;
        let (into, span) = learner.level_progress();
        let mut right = vec![
            Span::styled(format!("{} XP", learner.xp()), theme.style(Role::Text)),
            Span::styled(format!("   level {} ", learner.level()), theme.style(Role::Dim)),
        ];
        right.extend(dots::progress_bar(u64::from(into), u64::from(span), 10, theme).spans);
        let streak = learner.streak(view.model.now.day);
        if streak > 0 {
            right.push(Span::styled(format!("   {streak} {}", if streak == 1 { "day" } else { "days" }), theme.style(Role::Dim)));
        }
        (Line::from(Span::styled("quantlearn", theme.style(Role::Accent))), Line::from(right))
    }

    fn footer(&self, model: &Model) -> Vec<Offer> {
        let mark = self.node(model).map(|node| model.learner.node(&node, &model.facts).mark);
        let word = match mark {
            Some(Mark::Locked) => "to what it needs",
            Some(Mark::InProgress) => "continue",
            Some(Mark::Complete | Mark::Exercised | Mark::Star) => "open again",
            _ => "start",
        };
        vec![
            Offer::new(&[Action::Primary], word),
            Offer::new(&[Action::Left, Action::Up, Action::Down, Action::Right], "move"),
            Offer::new(&[Action::Next], "next"),
            Offer::new(&[Action::GoTo], "go to"),
            Offer::new(&[Action::Search], "find"),
            Offer::new(&[Action::Back], "quit"),
        ]
    }

    fn update(&mut self, input: Input, cx: &mut Cx) {
        if let Input::Action(action) = input {
            self.greeting = None;
            self.act(action, cx);
        }
    }

    fn render(&self, area: Rect, buf: &mut Buffer, view: &View) -> Option<Position> {
        let area = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area };
        let data = map::data(view.model);
        let beside = area.width >= CARD_BESIDE;
        let [graph, aside] = if beside {
            let [graph, _, aside] =
                Layout::horizontal([Constraint::Min(0), Constraint::Length(1), Constraint::Length(CARD_WIDTH)]).areas(area);
            [graph, aside]
        } else {
            Layout::vertical([Constraint::Min(0), Constraint::Length(CARD_ROWS.min(area.height / 2))]).areas(area)
        };
        let map = SkillMap::new(&data, self.selected, view.theme);
        if is_drawn(graph.width, area.height) {
            map.render(graph, buf)
        } else {
            map.render_list(graph, buf)
        }
        if let Some(node) = self.node(view.model) {
            card::render(&node, self.greeting.as_deref(), beside, aside, buf, view);
        }
        None
    }

    fn about(&self, model: &Model) -> Option<(String, String)> {
        let course = model.library.courses().next()?;
        let authors = course.authors.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let body = format!("Version {}, {}.\n\nLicence: {}.\n\n{}", course.version, authors, course.licence, map::LEGEND);
        Some((format!("About: {}", course.title), body))
    }

    fn enter(&mut self, cx: &mut Cx) {
        let resume = cx.model.resume();
        let nodes = map::nodes(cx.model);
        self.selected = nodes.iter().position(|node| Some(node) == resume.as_ref()).unwrap_or(self.selected);
    }
}
