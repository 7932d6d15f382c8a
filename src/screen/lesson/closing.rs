//! The closing card: what the learner can now do, the numbers, the XP, and where it leads.

use ratatui::text::{Line, Span};

use super::{LessonScreen, challenge, dim};
use crate::{
    course::{Lesson, Step, StepBody},
    export::metric_words,
    id::NodeId,
    input::Action,
    learner::{Mark, NodeState, xp},
    model::{Model, Route},
    screen::{
        Cx, Input, Offer, View,
        page::{Page, Terms},
    },
    theme::Role,
};

/// The first graded step that is not done.
fn first_open(lesson: &Lesson, model: &Model) -> Option<usize> {
    lesson.steps[..lesson.n_main()].iter().position(|step| step.graded() && !model.learner.step(&step.id).done())
}

/// Questions that were solved, but not at the first try without help.
fn missed(lesson: &Lesson, model: &Model) -> Vec<usize> {
    let missed = |step: &Step| {
        let state = model.learner.step(&step.id);
        step.graded() && !matches!(step.body, StepBody::Lab(_) | StepBody::Exercise(_)) && state.done() && !state.unaided
    };
    (0..lesson.steps.len()).filter(|&idx| missed(&lesson.steps[idx])).collect()
}

/// The lesson that enter leads to: the next one of the path, also where this one has opened a later one.
pub(super) fn next_node(screen: &LessonScreen, model: &Model) -> Option<NodeId> {
    model.next_open(Some(&screen.node))
}

/// Lessons that build on this one and are open and not yet done.
fn opened(screen: &LessonScreen, model: &Model) -> Vec<NodeId> {
    let heads = model.library.heads().into_iter().filter(|head| head.requires.contains(&screen.node));
    let fresh = |node: &NodeId| matches!(model.learner.node(node, &model.facts).mark, Mark::Open | Mark::InProgress);
    heads.map(|head| head.node.clone()).filter(fresh).collect()
}

/// Where enter on the closing card leads.
enum Next {
    /// A graded step that is not done.
    Step(usize),
    /// The end of the track, where this lesson was its last: its title and place.
    Track(String, Route),
    Lesson(NodeId),
    Map,
}

impl Next {
    fn of(screen: &LessonScreen, lesson: &Lesson, model: &Model) -> Self {
        let track = || track_ended(screen, model).map(|(title, route)| Self::Track(title, route));
        let node = || next_node(screen, model).map(Self::Lesson);
        first_open(lesson, model).map(Self::Step).or_else(track).or_else(node).unwrap_or(Self::Map)
    }
}

/// The track that was completed with this lesson, just now.
fn track_ended(screen: &LessonScreen, model: &Model) -> Option<(String, Route)> {
    let head = model.library.head(&screen.node)?;
    let track = model.library.track(head)?;
    let course = screen.node.course();
    let route = Route::Track { course: course.into(), id: track.id.clone() };
    (screen.fresh && model.track_is_complete(course, &track.id)).then(|| (track.title.to_string(), route))
}

pub(super) fn act(screen: &mut LessonScreen, action: Action, cx: &mut Cx) {
    let Some(lesson) = screen.lesson.clone() else { return };
    match action {
        Action::Primary | Action::Space => match Next::of(screen, &lesson, cx.model) {
            Next::Step(idx) => screen.open(idx, cx),
            Next::Track(_, route) => {
                screen.fresh = false;
                cx.go(route);
            }
            Next::Lesson(node) => cx.go(Route::Lesson { node, step: None }),
            Next::Map => cx.go(Route::Map),
        },
        Action::Run => redo(screen, &lesson, cx),
        Action::Up => drop(screen.scroll_by(false, cx)),
        Action::Down => drop(screen.scroll_by(true, cx)),
        _ => {}
    }
}

/// Asks the first missed question again, with new numbers.
pub(super) fn redo(screen: &mut LessonScreen, lesson: &Lesson, cx: &mut Cx) {
    if let Some(&idx) = missed(lesson, cx.model).first() {
        screen.open(idx, cx);
        super::asking::update(screen, Input::Action(Action::Run), cx);
    }
}

pub(super) fn footer(screen: &LessonScreen, lesson: &Lesson, model: &Model) -> Vec<Offer> {
    let mut offers = vec![Offer::new(&[Action::Primary], primary_word(screen, lesson, model))];
    offers.extend(further_offers(lesson, model));
    offers
}

/// What closing card and reference card offer alike.
pub(super) fn further_offers(lesson: &Lesson, model: &Model) -> Vec<Offer> {
    let redo = redo_word(lesson, model).map(|word| Offer::new(&[Action::Run], word));
    let exercise = (lesson.n_main() < lesson.steps.len()).then(|| Offer::new(&[Action::Next], "exercise"));
    redo.into_iter().chain(exercise).chain([Offer::new(&[Action::GoTo], "go to")]).collect()
}

/// What enter does on the card, in words.
fn primary_word(screen: &LessonScreen, lesson: &Lesson, model: &Model) -> String {
    match Next::of(screen, lesson, model) {
        Next::Step(_) => "to the open step".into(),
        Next::Track(title, _) => format!("{title}: complete"),
        Next::Lesson(node) => model.library.title(&node),
        Next::Map => "map".into(),
    }
}

/// `Some("redo 2 missed")` where there is something to redo.
fn redo_word(lesson: &Lesson, model: &Model) -> Option<String> {
    let n = missed(lesson, model).len();
    (n > 0).then(|| format!("redo {n} missed"))
}

pub(super) fn page(screen: &LessonScreen, lesson: &Lesson, width: u16, view: &View) -> Page {
    let (model, theme) = (view.model, view.theme);
    let mut page = Page::default();
    let state = model.learner.node(&screen.node, &model.facts);
    let glyphs = theme.glyphs();
    title(&mut page, lesson, state.mark, view);
    page.blank();
    let terms: Terms = &|id| view.term_name(id);
    for (idx, goal) in lesson.goals.iter().enumerate() {
        let label = match (idx, state.done == state.total) {
            (0, true) => "You can now   ",
            (0, false) => "Goals         ",
            _ => NO_LABEL,
        };
        let tick = if state.done == state.total {
            Span::styled(format!("{} ", glyphs.good), theme.style(Role::Good))
        } else {
            dim("  ", view)
        };
        page.hanging(vec![dim(label, view), tick], goal, width, theme, theme.style(Role::Text), terms);
    }
    if state.done < state.total {
        page.blank();
        let open = state.total - state.done;
        let step = if open == 1 { "step is" } else { "steps are" };
        page.line(Line::from(vec![dim("Open          ", view), Span::raw(format!("{open} graded {step} not done yet"))]));
    }
    page.blank();
    results(&mut page, lesson, &state, view);
    for_real(&mut page, lesson, width, view);
    let opened: Vec<String> =
        opened(screen, model).iter().filter_map(|node| model.library.head(node)).map(|head| head.title.to_string()).collect();
    if state.done == state.total && !opened.is_empty() {
        page.line(Line::from(vec![dim("Opened        ", view), Span::raw(opened.join(", "))]));
    }
    page.blank();
    further(&mut page, lesson, view);
    page.blank();
    page.line(dim("Sources", view));
    for source in &lesson.sources {
        page.hanging(vec![dim(format!("  {} ", glyphs.bullet), view)], source, width, theme, theme.style(Role::Text), terms);
    }
    page
}

/// As wide as the labels on the left.
const NO_LABEL: &str = "              ";

/// The lesson's title, and how far it is.
pub(super) fn title(page: &mut Page, lesson: &Lesson, mark: Mark, view: &View) {
    let theme = view.theme;
    let glyphs = theme.glyphs();
    let (mark, word) = match mark {
        Mark::Star => (glyphs.starred, "complete, par met, unaided"),
        Mark::Exercised => (glyphs.exercised, "complete, exercise solved"),
        Mark::Complete => (glyphs.complete, "complete"),
        _ => (glyphs.in_progress, "in progress"),
    };
    page.line(Line::from(vec![
        Span::styled(lesson.title.to_string(), theme.style(Role::Accent)),
        Span::raw("   "),
        Span::styled(format!("{mark} {word}"), theme.style(Role::Text)),
    ]));
}

/// The learner's best numbers and XP.
pub(super) fn results(page: &mut Page, lesson: &Lesson, state: &NodeState, view: &View) {
    for (idx, line) in numbers(lesson, view.model).into_iter().enumerate() {
        page.line(Line::from(vec![dim(if idx == 0 { "Your numbers  " } else { NO_LABEL }, view), Span::raw(line)]));
    }
    page.line(Line::from(vec![
        dim("XP            ", view),
        Span::raw(format!("{} of {}", state.xp_earned, state.xp_possible)),
        dim(format!("   level {}", view.model.learner.level()), view),
    ]));
}

/// The line that does it for real; below its label where it does not fit beside it. Code is not wrapped.
pub(super) fn for_real(page: &mut Page, lesson: &Lesson, width: u16, view: &View) {
    let Some(code) = &lesson.for_real else { return };
    let code = Span::raw(view.theme.say(code).to_string());
    if NO_LABEL.len() + code.width() <= usize::from(width) {
        page.line(Line::from(vec![dim("For real      ", view), code]));
    } else {
        page.line(dim("For real", view));
        page.line(Line::from(vec![Span::raw("  "), code]));
    }
}

/// What stands behind the card: code to write, drills to come back to.
pub(super) fn further(page: &mut Page, lesson: &Lesson, view: &View) {
    let exercises = &lesson.steps[lesson.n_main()..];
    if exercises.is_empty() && lesson.drills.is_empty() {
        return;
    }
    let mut rows = Vec::new();
    for step in exercises {
        let state = view.model.learner.step(&step.id);
        let said = match (state.solved, state.shown) {
            (true, _) => "solved".to_owned(),
            (false, true) => "solution shown".to_owned(),
            _ => format!("{} XP", xp::base(step.kind())),
        };
        rows.push(format!("n  a code exercise, {said}"));
    }
    let n_drills = lesson.drills.len();
    if n_drills > 0 {
        rows.push(format!("g r  practice, {n_drills} {} of this lesson", if n_drills == 1 { "drill" } else { "drills" }));
    }
    for (idx, row) in rows.into_iter().enumerate() {
        page.line(Line::from(vec![dim(if idx == 0 { "Go further    " } else { NO_LABEL }, view), Span::raw(row)]));
    }
}

/// The best results of the lesson's challenges, each with its step.
fn numbers(lesson: &Lesson, model: &Model) -> Vec<String> {
    let challenges = lesson.steps.iter().enumerate().filter_map(|(idx, step)| match &step.body {
        StepBody::Lab(lab) => Some((idx, step, lab, lab.par?)),
        _ => None,
    });
    let best = challenges.filter_map(|(idx, step, lab, par)| {
        let spec = lab.lab.metric(par.metric)?;
        let best = challenge::best(spec, model.learner.step(&step.id).best(par.metric)?);
        let place = format!("step {}", idx + 1);
        Some(format!("{place:<7}  {} {} (par {})", spec.label, metric_words(best, spec), metric_words(par.value, spec)))
    });
    best.collect()
}
