//! Small pictures side by side: two rows of pixels in a row of half blocks, words below.

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

use super::{
    FigureView,
    stack::{Lines, Span},
};
use crate::{
    lab::{Images, Picture},
    theme::{Glyphs, Role},
};

const GAP: usize = 3;
/// Less ink is paper; from here on a pixel is drawn.
const FAINT: f32 = 0.25;
/// A cell with this much ink in a pixel stands out.
const STRONG: f32 = 0.6;

pub(super) fn draw(view: &FigureView<'_>, f: &Images, area: Rect, buf: &mut Buffer) {
    lines(view, f, usize::from(area.width)).draw(view.theme, area, buf);
}

/// Rows without the heading in an area of this width.
pub(super) fn height(view: &FigureView<'_>, f: &Images, width: u16) -> usize {
    lines(view, f, usize::from(width)).len()
}

fn lines(view: &FigureView<'_>, f: &Images, width: usize) -> Lines {
    let captions = f.pictures.iter().flat_map(|p| &p.caption);
    let pitch = captions.map(|words| view.theme.say(words).width()).chain([f.width]).max().unwrap_or(1) + GAP;
    let per_line = ((width + GAP) / pitch).max(1);
    let mut out = Lines::default();
    for (i, pictures) in f.pictures.chunks(per_line).enumerate() {
        if i > 0 {
            out.push(Vec::new());
        }
        let n_rows = pictures.iter().map(|p| rows(p, f.width)).max().unwrap_or(0);
        for row in 0..n_rows {
            let line = pictures.iter().enumerate();
            out.push(line.flat_map(|(at, picture)| spans(picture, f.width, row, at * pitch, view.theme.glyphs())).collect());
        }
        for k in 0..pictures.iter().map(|p| p.caption.len()).max().unwrap_or(0) {
            let words =
                |(at, p): (usize, &Picture)| p.caption.get(k).map(|w| Span::new(at * pitch, view.theme.say(w), Role::Text));
            out.push(pictures.iter().enumerate().filter_map(words).collect());
        }
    }
    out
}

/// Rows of cells of a picture: two rows of pixels each.
fn rows(picture: &Picture, width: usize) -> usize {
    (picture.pixels.len() / width.max(1)).div_ceil(2)
}

/// A row of cells, one span for each run of equal ink.
fn spans(picture: &Picture, width: usize, row: usize, x: usize, glyphs: &Glyphs) -> Vec<Span> {
    let mut out: Vec<(usize, String, Role)> = Vec::new();
    for column in 0..width {
        let pixel = |r: usize| picture.pixels.get(r * width + column).copied().unwrap_or(0.0);
        let Some((glyph, role)) = cell(pixel(2 * row), pixel(2 * row + 1), glyphs) else { continue };
        match out.last_mut() {
            Some((start, text, last)) if *last == role && *start + text.width() == x + column => text.push_str(glyph),
            _ => out.push((x + column, glyph.to_owned(), role)),
        }
    }
    out.into_iter().map(|(x, text, role)| Span::new(x, text, role)).collect()
}

/// Two pixels, one above the other; `None` for paper.
fn cell(upper: f32, lower: f32, glyphs: &Glyphs) -> Option<(&'static str, Role)> {
    let glyph = match (upper >= FAINT, lower >= FAINT) {
        (false, false) => return None,
        (true, false) => glyphs.half_down,
        (false, true) => glyphs.half_up,
        (true, true) => glyphs.full,
    };
    Some((glyph, if upper.max(lower) >= STRONG { Role::Text } else { Role::Dim }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        lab::Figure,
        theme::{Background, Depth, Theme},
    };

    #[test]
    fn pictures_stand_side_by_side_with_their_words() {
        let picture =
            |words: &str| Picture { pixels: vec![1.0, 0.0, 0.3, 0.0, 1.0, 0.3, 0.1, 0.2, 0.0], caption: vec![words.into()] };
        let pictures = vec![picture("one"), picture("two"), picture("three")];
        let figure = Figure::Images(Images { view: "misread", heading: "three".into(), width: 3, pictures });
        let theme = Theme::new(Background::Dark, Depth::None, false);
        let mut buf = Buffer::empty(Rect::new(0, 0, 14, 8));
        let view = FigureView::new(&figure, &theme);
        view.render(buf.area, &mut buf);
        let rows: Vec<String> = buf.content.chunks(14).map(|row| row.iter().map(|c| c.symbol()).collect()).collect();
        let rows: Vec<&str> = rows.iter().map(|row| row.trim_end()).collect();
        assert_eq!(rows, ["three", "▀▄█     ▀▄█", "", "one     two", "", "▀▄█", "", "three"]);
        assert_eq!(view.own_height(14), Some(8));
    }
}
