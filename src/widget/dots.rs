//! Progress: dots of a lesson's steps, and a bar.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::print;
use crate::theme::{Role, Theme};

/// One dot a step, `●●●◉○○○`: done, in hand, ahead. Where they would take more than `width` columns, `4/23` instead.
///
/// `is_done` tells for each step whether it is solved; the step in hand shows as such either way.
pub fn dots(is_done: &[bool], here: usize, width: usize, theme: &Theme) -> Line<'static> {
    let glyphs = theme.glyphs();
    if is_done.len() > width {
        let text = format!("{}/{}", (here + 1).min(is_done.len()), is_done.len());
        return Line::styled(text, theme.style(Role::Text));
    }
    let spans = is_done.iter().enumerate().map(|(i, &done)| match (i == here, done) {
        (true, _) => Span::styled(glyphs.dot_here, theme.style(Role::Accent)),
        (false, true) => Span::styled(glyphs.dot_done, theme.style(Role::Text)),
        (false, false) => Span::styled(glyphs.dot_ahead, theme.style(Role::Dim)),
    });
    spans.collect::<Vec<_>>().into()
}

/// A bar of `width` columns, `█████░░░░░`; any progress shows a column, and only the whole fills the last.
pub fn progress_bar(done: u64, total: u64, width: usize, theme: &Theme) -> Line<'static> {
    let glyphs = theme.glyphs();
    let filled = match (done, total) {
        (0, _) | (_, 0) => 0,
        (done, total) if done >= total => width,
        _ => ((u128::from(done) * width as u128 / u128::from(total)) as usize)
            .clamp(1.min(width), width.saturating_sub(1).max(1.min(width))),
    };
    vec![
        Span::styled(glyphs.bar_full.repeat(filled), theme.style(Role::Accent)),
        Span::styled(glyphs.bar_empty.repeat(width - filled), theme.style(Role::Dim)),
    ]
    .into()
}

/// Writes a line of spans at the left of `area`.
pub fn print_line(line: &Line<'_>, area: Rect, buf: &mut Buffer) {
    let mut x = 0;
    for span in &line.spans {
        x += print(buf, area, x, 0, &span.content, line.style.patch(span.style));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::{Background, Depth};

    const PLAIN: Theme = Theme::new(Background::Dark, Depth::None, false);

    #[test]
    fn dots_tell_done_here_and_ahead() {
        let line = dots(&[true, true, false, false, true], 2, 10, &PLAIN);
        assert_eq!(line.to_string(), "●●◉○●");
        assert_eq!(dots(&[false; 23], 3, 10, &PLAIN).to_string(), "4/23");
    }

    #[test]
    fn a_bar_shows_any_progress_and_fills_at_the_end_only() {
        assert_eq!(progress_bar(0, 100, 5, &PLAIN).to_string(), "░░░░░");
        assert_eq!(progress_bar(1, 100, 5, &PLAIN).to_string(), "█░░░░");
        assert_eq!(progress_bar(99, 100, 5, &PLAIN).to_string(), "████░");
        assert_eq!(progress_bar(100, 100, 5, &PLAIN).to_string(), "█████");
        assert_eq!(progress_bar(u64::MAX - 1, u64::MAX, 0, &PLAIN).to_string(), "");
        assert_eq!(progress_bar(1, 2, 1, &PLAIN).to_string(), "█");
    }
}
