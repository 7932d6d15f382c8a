//! The closing card: what the learner can now do, the numbers, the XP, and where it leads.

use ratatui::text::{Line, Span};

use super::{LessonScreen, challenge, dim};
use crate::{
    course::{Lesson, Step, StepBody},
    export::format_metric,
    id::NodeId,
    input::Action,
    learner::{Mark, xp},
    model::{Model, Route},
    screen::{
        Cx, View,
        page::{Page, Terms},
    },
    theme::Role,
};

/// The first graded step that is not done.
pub(super) fn first_open(lesson: &Lesson, model: &Model) -> Option<usize> {
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

/// The lesson that enter leads to.
pub(super) fn next_node(screen: &LessonScreen, model: &Model) -> Option<NodeId> {
    let opened = opened(screen, model);
    opened.into_iter().next().or_else(|| model.next_open(Some(&screen.node)))
}

/// Lessons that build on this one and are open and not yet done.
fn opened(screen: &LessonScreen, model: &Model) -> Vec<NodeId> {
    let heads = model.library.heads().into_iter().filter(|head| head.requires.contains(&screen.node));
    let fresh = |node: &NodeId| matches!(model.learner.node(node, &model.facts).mark, Mark::Open | Mark::InProgress);
    heads.map(|head| head.node.clone()).filter(fresh).collect()
}

pub(super) fn act(screen: &mut LessonScreen, action: Action, cx: &mut Cx) {
    let Some(lesson) = screen.lesson.clone() else { return };
    match action {
        Action::Primary | Action::Space => match (first_open(&lesson, cx.model), next_node(screen, cx.model)) {
            (Some(idx), _) => screen.open(idx, cx),
            (None, Some(node)) => cx.go(Route::Lesson { node, step: None }),
            (None, None) => cx.go(Route::Map),
        },
        Action::Run => {
            if let Some(&idx) = missed(&lesson, cx.model).first() {
                screen.open(idx, cx);
                super::asking::update(screen, crate::screen::Input::Action(Action::Run), cx);
            }
        }
        Action::Up => drop(screen.scroll_by(false, cx)),
        Action::Down => drop(screen.scroll_by(true, cx)),
        _ => {}
    }
}

/// What enter does on the card, in words.
pub(super) fn primary_word(screen: &LessonScreen, lesson: &Lesson, model: &Model) -> String {
    match (first_open(lesson, model), next_node(screen, model)) {
        (Some(_), _) => "to the open step".into(),
        (None, Some(node)) => model.library.title(&node),
        (None, None) => "map".into(),
    }
}

/// `Some("redo 2 missed")` where there is something to redo.
pub(super) fn redo_word(lesson: &Lesson, model: &Model) -> Option<String> {
    let n = missed(lesson, model).len();
    (n > 0).then(|| format!("redo {n} missed"))
}

pub(super) fn page(screen: &LessonScreen, lesson: &Lesson, width: u16, view: &View) -> Page {
    let (model, theme) = (view.model, view.theme);
    let mut page = Page::default();
    let state = model.learner.node(&screen.node, &model.facts);
    let glyphs = theme.glyphs();
    let (mark, word) = match state.mark {
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
    page.blank();
    let terms: Terms = &|_| None;
    for (idx, goal) in lesson.goals.iter().enumerate() {
        let label = match (idx, state.done == state.total) {
            (0, true) => "You can now   ",
            (0, false) => "Goals         ",
            _ => "              ",
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
    for (idx, line) in numbers(lesson, model).into_iter().enumerate() {
        page.line(Line::from(vec![dim(if idx == 0 { "Your numbers  " } else { "              " }, view), Span::raw(line)]));
    }
    page.line(Line::from(vec![
        dim("XP            ", view),
        Span::raw(format!("{} of {}", state.xp_earned, state.xp_possible)),
        dim(format!("   level {}", model.learner.level()), view),
    ]));
    let opened: Vec<String> =
        opened(screen, model).iter().filter_map(|node| model.library.head(node)).map(|head| head.title.to_string()).collect();
    if state.done == state.total && !opened.is_empty() {
        page.line(Line::from(vec![dim("Opened        ", view), Span::raw(opened.join(", "))]));
    }
    further(&mut page, lesson, view);
    page.blank();
    page.line(dim("Sources", view));
    for source in &lesson.sources {
        page.hanging(vec![dim(format!("  {} ", glyphs.bullet), view)], source, width, theme, theme.style(Role::Text), terms);
    }
    page
}

/// What stands behind the card: code to write, drills to come back to.
fn further(page: &mut Page, lesson: &Lesson, view: &View) {
    let exercises = &lesson.steps[lesson.n_main()..];
    if exercises.is_empty() && lesson.drills.is_empty() {
        return;
    }
    page.blank();
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
        page.line(Line::from(vec![dim(if idx == 0 { "Go further    " } else { "              " }, view), Span::raw(row)]));
    }
}

/// The best results of the lesson's challenges.
fn numbers(lesson: &Lesson, model: &Model) -> Vec<String> {
    let challenges = lesson.steps.iter().filter_map(|step| match &step.body {
        StepBody::Lab(lab) => Some((step, lab, lab.par?)),
        _ => None,
    });
    let best = challenges.filter_map(|(step, lab, par)| {
        let spec = lab.lab.metric(par.metric)?;
        let best = challenge::best(spec, model.learner.step(&step.id).best(par.metric)?);
        let unit = if spec.unit.is_empty() { String::new() } else { format!(" {}", spec.unit) };
        Some(format!(
            "{} {}{unit} (par {}{unit})",
            spec.label,
            format_metric(Some(best), spec),
            format_metric(Some(par.value), spec)
        ))
    });
    best.collect()
}
