//! A lab step: prompt, controls and figure, the goal, and what the last check said.

use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Position, Rect},
    text::{Line, Span},
};

use super::{Settled, bad, dim, good, hints, names, outcome};
use crate::{
    course::{LabStep, Step, StepBody},
    export::{format_metric, metric_words},
    expr::Expr,
    input::{Action, Context},
    lab::{Better, MetricSpec},
    screen::{
        Offer, View,
        lesson::{
            LessonScreen,
            challenge::{self, Challenge, Checked, Phase},
        },
        page::{self, Page, Terms},
        pane::Look,
    },
    theme::{Role, Theme},
    widget::{figure::Prediction, rich},
};

/// A lab keeps at least this many rows; the prompt scrolls in what is left.
const MIN_LAB: u16 = 11;

pub(super) fn footer(challenge: &Challenge, step: Option<&Step>) -> Vec<Offer> {
    let Some(StepBody::Lab(lab)) = step.map(|s| &s.body) else { return Vec::new() };
    if let Phase::Predicting { typing, .. } = &challenge.phase {
        let back =
            if *typing { Offer::new(&[Action::Back], "leave the field") } else { Offer::new(&[Action::NextRegion], "type") };
        return vec![Offer::new(&[Action::Primary], "predict"), back];
    }
    match challenge.context() {
        Context::Field => vec![Offer::new(&[Action::Primary], "set"), Offer::new(&[Action::Back], "cancel")],
        _ => {
            let wants_check = challenge.wants_check(lab);
            let mut offers = vec![Offer::new(&[Action::Primary], if wants_check { "check" } else { "on" })];
            // While enter checks again what is settled already, another key leads on.
            if wants_check && challenge.settled.is_some() {
                offers.push(Offer::new(&[Action::Next], "on"));
            }
            offers.extend(challenge.pane.moves());
            offers.push(Offer::new(&[Action::View], "view"));
            offers
        }
    }
}

pub(super) fn body(
    screen: &LessonScreen,
    challenge: &Challenge,
    step: &Step,
    area: Rect,
    buf: &mut Buffer,
    view: &View,
) -> Option<Position> {
    let StepBody::Lab(lab) = &step.body else { return None };
    let column = page::prose(area);
    let above = prompt(screen, lab, column.width, view);
    let below = verdict(screen, challenge, step, lab, column.width, view);
    let n_below = (below.lines.len() as u16).min(area.height / 2);
    let closed = matches!(challenge.phase, Phase::Predicting { .. });
    let min_lab = if closed { lab.vary.len() as u16 + 1 } else { MIN_LAB };
    let room = area.height.saturating_sub(min_lab + n_below + 1);
    // What was asked matters until it is answered; then the outcome has the room.
    let n_above = above.lines.len() as u16;
    let n_above = match challenge.settled {
        Some(_) if n_above > room => 0,
        _ => n_above.min(room.max(area.height / 6)),
    };
    // Before the prediction only the controls show, so the question stands right under them.
    let lab_rows = if closed { Constraint::Length(min_lab) } else { Constraint::Min(0) };
    let gap = Constraint::Length(u16::from(n_above > 0));
    let rows = [Constraint::Length(n_above), gap, lab_rows, Constraint::Length(n_below), Constraint::Fill(u16::from(closed))];
    let [top, _, middle, bottom, _] = Layout::vertical(rows).areas(area);
    above.render(Rect { x: column.x, width: column.width, ..top }, buf, screen.scroll, view.theme);
    let indented = Rect { x: column.x, width: area.width.saturating_sub(2 * (column.x - area.x)), ..middle };
    let look_first = first_metrics(lab);
    let look = Look { closed, first: &look_first, only_first: !look_first.is_empty(), prediction: prediction(challenge, lab) };
    let on_control = challenge.pane.render(indented, buf, view, look);
    let in_field = below.render(Rect { x: column.x, width: column.width, ..bottom }, buf, 0, view.theme);
    in_field.or(on_control)
}

fn prompt(screen: &LessonScreen, lab: &LabStep, width: u16, view: &View) -> Page {
    let mut page = Page::default();
    let Some(lesson) = &screen.lesson else { return page };
    if let Some(prompt) = &lab.prompt {
        page.markdown(prompt, width, 0, view.theme, &names(lesson));
    }
    page
}

/// The metrics that the step speaks of stand first.
fn first_metrics(lab: &LabStep) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = lab.predict.iter().map(|p| p.metric).chain(lab.par.map(|p| p.metric)).collect();
    let in_goal =
        lab.goal.iter().flat_map(|goal| goal.names()).filter_map(|(name, _)| lab.lab.metric(name).map(|spec| spec.name));
    names.extend(in_goal);
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(*name));
    names
}

fn prediction<'a>(challenge: &'a Challenge, lab: &'a LabStep) -> Option<Prediction<'a>> {
    let spec = lab.lab.metric(lab.predict.first()?.metric)?;
    let said = *challenge.said.get(spec.name)?;
    let run = challenge.pane.current()?;
    // The prediction was about the start of the step.
    (run.params == *challenge.pane.start()).then_some(())?;
    let measured = run.report.metric(spec.name)?;
    Some(Prediction { metric: spec.name, label: spec.label, unit: spec.unit, said, measured, decimals: spec.decimals })
}

/// What stands under the lab: the prediction asked for or made, the goal, the outcome, hints.
fn verdict(screen: &LessonScreen, challenge: &Challenge, step: &Step, lab: &LabStep, width: u16, view: &View) -> Page {
    let mut page = Page::default();
    let Some(lesson) = &screen.lesson else { return page };
    let terms = names(lesson);
    if let Phase::Predicting { fields, focus, typing, error } = &challenge.phase {
        ask_prediction(&mut page, lab, (fields, *focus, *typing, error.as_deref()), width, view, &terms);
        return page;
    }
    // The figure says the first prediction itself.
    for spec in lab.predict.iter().skip(1) {
        if let Some(line) = said_and_measured(challenge, lab, spec.metric, view) {
            page.line(line);
        }
    }
    if lab.goal.is_some() {
        goal(&mut page, screen, challenge, step, lab, width, view, &terms);
    }
    hints(&mut page, screen, step, width, view, &terms);
    page
}

fn ask_prediction(
    page: &mut Page,
    lab: &LabStep,
    (fields, focus, typing, error): (&[crate::widget::field::Field], usize, bool, Option<&str>),
    width: u16,
    view: &View,
    terms: Terms,
) {
    use ratatui::style::Modifier;
    for (idx, (spec, field)) in lab.predict.iter().zip(fields).enumerate() {
        let metric = lab.lab.metric(spec.metric);
        let label = metric.map_or(spec.metric, |m| m.label);
        let question = spec.prompt.as_ref().map_or_else(|| format!("Your prediction: {label}"), ToString::to_string);
        page.markdown(&question, width, 0, view.theme, terms);
        let lead = view.theme.say("  › ");
        let here = typing && idx == focus;
        let role = if here { Role::Accent } else { Role::Text };
        if here {
            page.cursor = Some((page.lines.len(), (4 + field.columns_before_cursor()) as u16));
        }
        page.line(Line::from(vec![
            dim(lead, view),
            Span::styled(format!("{:12}", field.text()), view.theme.style(role).add_modifier(Modifier::UNDERLINED)),
            dim(format!(" {}", metric.map_or("", |m| m.unit)), view),
        ]));
    }
    match error {
        Some(error) => page.hanging(vec![bad(view)], error, width, view.theme, view.theme.style(Role::Text), terms),
        None => page.line(dim("A rough guess will do: a prediction pays 5 XP, right or wrong.", view)),
    }
}

/// "you said 30.0 dB, measured 37.3 dB", while the controls stand where the prediction was about.
fn said_and_measured(challenge: &Challenge, lab: &LabStep, metric: &str, view: &View) -> Option<Line<'static>> {
    let spec = lab.lab.metric(metric)?;
    let said = *challenge.said.get(metric)?;
    let run = challenge.pane.current().filter(|run| run.params == *challenge.pane.start())?;
    let unit = if spec.unit.is_empty() { String::new() } else { format!(" {}", spec.unit) };
    let measured = format_metric(run.report.metric(metric), spec);
    let text = format!("{}: you said {}{unit}, measured {measured}{unit}", spec.label, format_metric(Some(said), spec));
    Some(Line::from(vec![dim(format!("{} ", view.theme.glyphs().prediction), view), Span::raw(text)]))
}

#[expect(clippy::too_many_arguments, reason = "the goal line is drawn from all of what the step in view is")]
fn goal(
    page: &mut Page,
    screen: &LessonScreen,
    challenge: &Challenge,
    step: &Step,
    lab: &LabStep,
    width: u16,
    view: &View,
    terms: Terms,
) {
    let Some(goal) = &lab.goal else { return };
    let theme = view.theme;
    let par = lab.par.and_then(|par| lab.lab.metric(par.metric).map(|spec| par_words(spec, par.value, step, view)));
    let left = match &lab.challenge {
        Some(words) => format!("Challenge: {}", plain(words, theme, terms)),
        None => format!("Challenge: {}", theme.say(&goal_words(lab, goal))),
    };
    let right = par.unwrap_or_default();
    let gap = usize::from(width).saturating_sub(left.chars().count() + right.chars().count());
    if gap >= 2 {
        page.line(Line::from(vec![Span::styled(left, theme.style(Role::Accent)), Span::raw(" ".repeat(gap)), dim(right, view)]));
    } else {
        page.hanging(vec![], &format!("**{left}**"), width, theme, theme.style(Role::Text), terms);
        page.line(dim(right, view));
    }
    let fresh = challenge.checked.as_ref().filter(|checked| checked.params == challenge.pane.params);
    match (fresh, challenge.settled) {
        (Some(checked), _) if !checked.passed => {
            page.hanging(vec![bad(view)], &not_met(challenge, lab, checked), width, theme, theme.style(Role::Text), terms);
        }
        (Some(checked), Some(Settled::Solved)) => {
            page.line(outcome(Settled::Solved, screen.gained, width, view));
            if checked.par {
                page.line(Line::from(vec![good(view), Span::raw("Par met.")]));
            }
            explain(page, step, width, view, terms);
        }
        (None, Some(settled)) => {
            page.line(outcome(settled, screen.gained, width, view));
            explain(page, step, width, view, terms);
        }
        _ => {}
    }
}

/// Markdown of one sentence as plain words.
fn plain(markdown: &str, theme: &Theme, terms: Terms) -> String {
    let rich = rich::layout(markdown, u16::MAX, theme, terms);
    rich.lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// The goal with the labels of what it speaks of, and signs as one writes them.
fn goal_words(lab: &LabStep, goal: &Expr) -> String {
    let mut words = goal.with_words(|name| {
        let metric = lab.lab.metric(name).map(|spec| spec.label);
        let label = metric.or_else(|| lab.lab.params.iter().find(|spec| spec.name == name).map(|spec| spec.label));
        label.map(str::to_owned)
    });
    for (sign, word) in [("&&", "and"), ("||", "or"), (">=", "≥"), ("<=", "≤"), ("==", "="), ("\"", "")] {
        words = words.replace(sign, word);
    }
    words
}

fn explain(page: &mut Page, step: &Step, width: u16, view: &View, terms: Terms) {
    if let Some(explain) = &step.explain {
        page.markdown(explain, width, 2, view.theme, terms);
    }
}

/// Says the number, not the person: where the metrics of the goal stand.
fn not_met(challenge: &Challenge, lab: &LabStep, checked: &Checked) -> String {
    if let Some(error) = &checked.error {
        return error.clone();
    }
    let goal_names: Vec<&str> = lab.goal.iter().flat_map(Expr::names).map(|(name, _)| name).collect();
    let stands = |name: &&str| {
        let (spec, run) = (lab.lab.metric(name)?, challenge.pane.current()?);
        let value = run.report.metric(name).map_or_else(|| format_metric(None, spec), |value| metric_words(value, spec));
        Some(format!("{} {value}", spec.label))
    };
    let values: Vec<String> = first_metrics(lab).iter().filter(|name| goal_names.contains(name)).filter_map(stands).collect();
    if values.is_empty() { "The goal is not met.".into() } else { format!("Not met: {}.", values.join(", ")) }
}

fn par_words(spec: &MetricSpec, par: f64, step: &Step, view: &View) -> String {
    let sign = if spec.better == Better::Lower { "at most" } else { "at least" };
    let mut words = format!("par: {} {sign} {}", spec.label, metric_words(par, spec));
    if let Some(extremes) = view.model.learner.step(&step.id).best(spec.name) {
        words.push_str(&format!(", best {}", metric_words(challenge::best(spec, extremes), spec)));
    }
    words
}
