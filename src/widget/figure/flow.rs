//! A pipeline from the top down: a stage, what enters it from the side, what it costs; between stages what flows.

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::{
    super::fit,
    FigureView,
    bars::role,
    stack::{Lines, Span},
};
use crate::{
    lab::{Flow, SeriesRole, Stage},
    theme::Role,
};

const GAP: usize = 2;
/// Behind the glyph of the stage.
const NAME: usize = 2;

pub(super) fn draw(view: &FigureView<'_>, f: &Flow, area: Rect, buf: &mut Buffer) {
    let width = usize::from(area.width);
    let tall = lines(view, f, width, true);
    let lines = if tall.len() > usize::from(area.height) { lines(view, f, width, false) } else { tall };
    lines.draw(view.theme, area, buf);
}

/// Rows without the heading: a stage and what leaves it each, and the legend.
pub(super) fn height(view: &FigureView<'_>, f: &Flow, width: u16) -> usize {
    lines(view, f, usize::from(width), true).len()
}

/// With `is_tall` what leaves a stage has a line of its own, otherwise it stands behind the name.
fn lines(view: &FigureView<'_>, f: &Flow, width: usize, is_tall: bool) -> Lines {
    let glyphs = view.theme.glyphs();
    let columns = Columns::of(view, f, width, is_tall);
    let mut out = Lines::default();
    for (i, stage) in f.stages.iter().enumerate() {
        out.push(columns.stage(view, stage));
        if is_tall && i + 1 < f.stages.len() {
            let flows = fit(&view.theme.say(&stage.out), width.saturating_sub(NAME + GAP), glyphs.ellipsis);
            out.push(vec![Span::new(0, glyphs.v, Role::Grid), Span::new(NAME + GAP, flows, Role::Dim)]);
        } else if is_tall && !stage.out.is_empty() {
            out.push(vec![Span::new(0, arrow(view), Role::Dim), Span::new(NAME + GAP, view.theme.say(&stage.out), Role::Dim)]);
        }
    }
    legend(view, f, &mut out);
    out
}

fn arrow(view: &FigureView<'_>) -> &'static str {
    if view.theme.ascii() { ">" } else { "→" }
}

/// Where the parts of a stage's line begin, and how wide each is; 0 where it is left out.
struct Columns {
    name: usize,
    out: usize,
    side: usize,
    note: usize,
    gap: usize,
}

impl Columns {
    /// Where something would be cut, gaps become narrow first.
    fn of(view: &FigureView<'_>, f: &Flow, width: usize, is_tall: bool) -> Self {
        let wide = Self::with_gap(view, f, width, is_tall, GAP);
        let note = f.stages.iter().map(|s| view.theme.say(&s.note).width()).max().unwrap_or(0);
        if wide.note < note { Self::with_gap(view, f, width, is_tall, 1) } else { wide }
    }

    /// What does not fit any more is left out from the right, and the last that shows is cut short.
    fn with_gap(view: &FigureView<'_>, f: &Flow, width: usize, is_tall: bool, gap: usize) -> Self {
        let widest = |part: fn(&Stage) -> &str| f.stages.iter().map(|s| view.theme.say(part(s)).width()).max().unwrap_or(0);
        let mut room = width.saturating_sub(NAME);
        let mut take = |wanted: usize, lead: usize| {
            let given = wanted.min(room.saturating_sub(lead));
            let given = if given < wanted.min(8) { 0 } else { given };
            room -= if given > 0 { given + lead } else { 0 };
            given
        };
        let name = take(widest(|s| &s.name), 0);
        let out = if is_tall { 0 } else { take(widest(|s| &s.out), gap + 2) };
        let side = take(widest(|s| &s.side), gap + 2);
        Self { name, out, side, note: take(widest(|s| &s.note), gap), gap }
    }

    fn stage(&self, view: &FigureView<'_>, stage: &Stage) -> Vec<Span> {
        let (theme, glyphs) = (view.theme, view.theme.glyphs());
        let fitted = |text: &str, width: usize| fit(&theme.say(text), width, glyphs.ellipsis);
        let mut line = vec![
            Span::new(0, glyphs.textures[stage.role as usize], role(stage.role)),
            Span::new(NAME, fitted(&stage.name, self.name), Role::Text).strong(true),
        ];
        let mut x = NAME + self.name + self.gap;
        let into = if theme.ascii() { "<" } else { "←" };
        for (text, width, sign) in [(&stage.out, self.out, arrow(view)), (&stage.side, self.side, into)] {
            if width > 0 && !text.is_empty() {
                line.push(Span::new(x, sign, Role::Dim));
                line.push(Span::new(x + 2, fitted(text, width), Role::Dim));
            }
            x += if width > 0 { width + self.gap + 2 } else { 0 };
        }
        if self.note > 0 {
            line.push(Span::new(x, fitted(&stage.note, self.note), Role::Text));
        }
        line
    }
}

fn legend(view: &FigureView<'_>, f: &Flow, out: &mut Lines) {
    let mut x = 0;
    let mut line = Vec::new();
    for (series, name) in [(SeriesRole::A, "computed in float"), (SeriesRole::B, "computed in integers")] {
        if f.stages.iter().any(|stage| stage.role == series) {
            line.push(Span::new(x, view.theme.glyphs().textures[series as usize], role(series)));
            line.push(Span::new(x + NAME, name, Role::Dim));
            x += NAME + name.width() + GAP;
        }
    }
    if !line.is_empty() {
        out.push(line);
    }
}
