//! The map in cells: lines first, then marks and titles, the selection last.

use std::collections::BTreeMap;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{
    super::{card::highlight, fit, print},
    Mark, SkillMap,
    layers::{self, Edge, Sheet},
};
use crate::theme::{Glyphs, Role};

/// Arms of a line's cell.
const LEFT: u8 = 1;
const RIGHT: u8 = 2;
const UP: u8 = 4;
const DOWN: u8 = 8;

/// The part of the sheet in sight.
#[derive(Clone, Copy, Debug)]
struct Camera {
    area: Rect,
    x: usize,
    y: usize,
}

impl Camera {
    /// Scrolled as little as shows the selected node, its chapter's heading too where that fits.
    fn new(sheet: &Sheet, selected: usize, area: Rect) -> Self {
        let (width, height) = (usize::from(area.width), usize::from(area.height));
        let Some(place) = sheet.nodes.get(selected) else { return Self { area, x: 0, y: 0 } };
        let x = (place.x + sheet.node_width).saturating_sub(width).min(place.x);
        let below = place.y + place.title.len();
        let bottom = (below + 2).min(sheet.height.max(below));
        let y = bottom.saturating_sub(height).min(place.y);
        Self { area, x, y }
    }

    fn print(&self, buf: &mut Buffer, x: usize, y: usize, text: &str, style: Style) -> usize {
        let Some(y) = y.checked_sub(self.y) else { return text.width() };
        // What stands left of the area is cut off, the rest of the text stays.
        let hidden = self.x.saturating_sub(x);
        let shown = behind(text, hidden);
        text.width() - shown.width() + print(buf, self.area, (x + hidden) - self.x, y, shown, style)
    }
}

/// The text without its first columns; a wide character that straddles the edge goes with them.
fn behind(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let start = text.char_indices().find(|&(_, c)| {
        let before = used;
        used += c.width().unwrap_or(0);
        before >= columns
    });
    start.map_or("", |(at, _)| &text[at..])
}

pub(super) fn graph(map: &SkillMap<'_>, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let glyphs = map.theme.glyphs();
    let sheet = layers::sheet(map.data, usize::from(area.width), glyphs.ellipsis);
    let camera = Camera::new(&sheet, map.selected, area);
    for heading in &sheet.headings {
        let (name, tracks) = heading_texts(map, heading.chapter);
        let mut x = heading.x;
        x += camera.print(buf, x, heading.y, &fit(&name, heading.width, glyphs.ellipsis), heading_style(map, heading.chapter));
        // All of them or none: some would look like all.
        let room = (heading.x + heading.width).saturating_sub(x);
        let names: Vec<_> = tracks.iter().map(|&track| (track, map.theme.say(&map.data.tracks[track]))).collect();
        let fit = names.iter().map(|(_, text)| 3 + text.width()).sum::<usize>() <= room;
        for (track, text) in names.into_iter().filter(|_| fit) {
            x += camera.print(buf, x, heading.y, &format!(" {} ", glyphs.separator), map.theme.style(Role::Dim));
            x += camera.print(buf, x, heading.y, &text, map.theme.style(track_role(track)));
        }
    }
    lines(map, &sheet, &camera, buf);
    for node in 0..map.data.nodes.len() {
        draw_node(map, &sheet, node, &camera, buf);
    }
}

/// The number and title of a chapter, and its lessons' tracks; a chapter named like its only track says it once.
fn heading_texts(map: &SkillMap<'_>, chapter: usize) -> (String, Vec<usize>) {
    let title = map.data.chapters.get(chapter).map_or("", String::as_str);
    let mut tracks = tracks_of(map, chapter);
    tracks.retain(|&track| !map.data.tracks[track].eq_ignore_ascii_case(title));
    (format!("{} {}", chapter + 1, map.theme.say(title).to_uppercase()), tracks)
}

fn tracks_of(map: &SkillMap<'_>, chapter: usize) -> Vec<usize> {
    let mut tracks: Vec<usize> = Vec::new();
    for node in map.data.nodes.iter().filter(|n| n.chapter == chapter && n.track < map.data.tracks.len()) {
        if !tracks.contains(&node.track) {
            tracks.push(node.track);
        }
    }
    tracks
}

/// A chapter of one track has its colour.
fn heading_style(map: &SkillMap<'_>, chapter: usize) -> Style {
    let role = match tracks_of(map, chapter)[..] {
        [only] => track_role(only),
        _ => Role::Text,
    };
    map.theme.style(role).add_modifier(Modifier::BOLD)
}

/// Tracks take turns with the colours; the name is always beside.
fn track_role(track: usize) -> Role {
    const ROLES: [Role; 3] = [Role::SeriesA, Role::SeriesB, Role::Error];
    ROLES[track % ROLES.len()]
}

/// All edges, those of the selected node's ancestry on top.
fn lines(map: &SkillMap<'_>, sheet: &Sheet, camera: &Camera, buf: &mut Buffer) {
    let above = layers::ancestors(map.data, map.selected);
    let is_ancestry = |e: &Edge| above.contains(&e.from) && (e.to == map.selected || above.contains(&e.to));
    let mut cells: BTreeMap<(usize, usize), (u8, bool)> = BTreeMap::new();
    for edge in &sheet.edges {
        trace(edge, is_ancestry(edge), &mut cells);
    }
    for (&(x, y), &(arms, is_marked)) in &cells {
        let role = if is_marked { Role::Accent } else { Role::Grid };
        camera.print(buf, x, y, line_glyph(map.theme.glyphs(), arms), map.theme.style(role));
    }
}

fn trace(edge: &Edge, is_marked: bool, cells: &mut BTreeMap<(usize, usize), (u8, bool)>) {
    let mut add = |at: (usize, usize), arm: u8| {
        let cell = cells.entry(at).or_insert((0, false));
        *cell = (cell.0 | arm, cell.1 | is_marked);
    };
    for pair in edge.points.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        for x in x0.min(x1)..x0.max(x1) {
            add((x, y0), RIGHT);
            add((x + 1, y0), LEFT);
        }
        for y in y0.min(y1)..y0.max(y1) {
            add((x1, y), DOWN);
            add((x1, y + 1), UP);
        }
    }
}

fn line_glyph(glyphs: &Glyphs, arms: u8) -> &'static str {
    const H: u8 = LEFT | RIGHT;
    const V: u8 = UP | DOWN;
    match arms {
        0..=H => glyphs.h,
        UP | DOWN | V => glyphs.v,
        a if a == H | V => glyphs.cross,
        a if a == H | DOWN => glyphs.tee_down,
        a if a == H | UP => glyphs.tee_up,
        a if a == V | RIGHT => glyphs.tee_right,
        a if a == V | LEFT => glyphs.tee_left,
        a if a == RIGHT | DOWN => glyphs.corner_tl,
        a if a == LEFT | DOWN => glyphs.corner_tr,
        a if a == RIGHT | UP => glyphs.corner_bl,
        _ => glyphs.corner_br,
    }
}

fn draw_node(map: &SkillMap<'_>, sheet: &Sheet, node: usize, camera: &Camera, buf: &mut Buffer) {
    let (place, mark, glyphs) = (&sheet.nodes[node], map.data.nodes[node].mark, map.theme.glyphs());
    if place.title.is_empty() {
        return;
    }
    let is_selected = node == map.selected;
    camera.print(buf, place.x, place.y, mark.glyph(glyphs), map.theme.style(mark.role()));
    let title_style = title_style(map, node);
    for (i, line) in place.title.iter().enumerate() {
        camera.print(buf, place.x + 2, place.y + i, &map.theme.say(line), title_style);
    }
    if is_selected {
        let last = place.y + place.title.len() - 1;
        let end = place.x + 2 + place.title.last().map_or(0, |t| t.width());
        camera.print(buf, end, last, &format!(" {}", glyphs.selected), map.theme.style(Role::Accent));
        if let (Some(x), Some(y)) = (place.x.checked_sub(camera.x), place.y.checked_sub(camera.y)) {
            let width = place.title.iter().map(|t| t.width()).max().unwrap_or(0);
            let (x, y) = (camera.area.x.saturating_add(x as u16), camera.area.y.saturating_add(y as u16));
            let row = Rect { x, y, width: (2 + width) as u16, height: place.title.len() as u16 };
            highlight(map.theme, row.intersection(camera.area), buf);
        }
    }
}

fn title_style(map: &SkillMap<'_>, node: usize) -> Style {
    let is_ancestor = layers::ancestors(map.data, map.selected).contains(&node);
    let role = match map.data.nodes[node].mark {
        _ if is_ancestor || node == map.selected => Role::Accent,
        Mark::Locked => Role::Dim,
        _ => Role::Text,
    };
    map.theme.style(role)
}

/// One row of the list: a chapter, a lesson, or a blank before a chapter.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Row {
    Blank,
    Chapter(usize),
    Node(usize),
}

pub(super) fn list(map: &SkillMap<'_>, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    let mut rows = Vec::new();
    for chapter in 0..map.data.chapters.len() {
        let nodes: Vec<Row> =
            (0..map.data.nodes.len()).filter(|&n| map.data.nodes[n].chapter == chapter).map(Row::Node).collect();
        if !nodes.is_empty() {
            rows.extend([Row::Blank, Row::Chapter(chapter)].iter().skip(usize::from(rows.is_empty())));
            rows.extend(nodes);
        }
    }
    let height = usize::from(area.height);
    let at = rows.iter().position(|r| *r == Row::Node(map.selected)).unwrap_or(0);
    // Two rows of what follows stay in sight, and at the end of the list no row is wasted.
    let first = (at + 3).min(rows.len()).saturating_sub(height).min(at);
    // The last two columns say that there is more above or below.
    let scrolls = rows.len() > height;
    let place = Rect { width: area.width.saturating_sub(if scrolls { 2 } else { 0 }), ..area };
    for (y, row) in rows.iter().skip(first).take(height).enumerate() {
        list_row(map, *row, y, place, buf);
    }
    let (edge, dim) = (usize::from(area.width).saturating_sub(1), map.theme.style(Role::Dim));
    let (above, below) = if map.theme.ascii() { ("^", "v") } else { ("↑", "↓") };
    if first > 0 {
        print(buf, area, edge, 0, above, dim);
    }
    if first + height < rows.len() {
        print(buf, area, edge, height.saturating_sub(1), below, dim);
    }
}

fn list_row(map: &SkillMap<'_>, row: Row, y: usize, area: Rect, buf: &mut Buffer) {
    let (glyphs, width) = (map.theme.glyphs(), usize::from(area.width));
    match row {
        Row::Blank => {}
        Row::Chapter(chapter) => {
            let (name, _) = heading_texts(map, chapter);
            print(buf, area, 0, y, &fit(&name, width, glyphs.ellipsis), heading_style(map, chapter));
        }
        Row::Node(node) => {
            let (data, is_selected) = (&map.data.nodes[node], node == map.selected);
            let track = map.theme.say(map.data.tracks.get(data.track).map_or("", String::as_str));
            let has_track = width >= 40 + track.width();
            let room = width.saturating_sub(6 + if has_track { track.width() + 2 } else { 0 });
            print(buf, area, 2, y, data.mark.glyph(glyphs), map.theme.style(data.mark.role()));
            let end =
                4 + print(buf, area, 4, y, &fit(&map.theme.say(&data.title), room, glyphs.ellipsis), title_style(map, node));
            if has_track {
                print(buf, area, width - track.width(), y, &track, map.theme.style(track_role(data.track)));
            }
            if is_selected {
                print(buf, area, end + 1, y, glyphs.selected, map.theme.style(Role::Accent));
                highlight(map.theme, Rect { y: area.y + y as u16, height: 1, ..area }, buf);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_begins_left_of_the_view_is_cut_and_not_dropped() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 10, 1));
        let camera = Camera { area: buf.area, x: 4, y: 0 };
        let end = camera.print(&mut buf, 1, 0, "Rounding", Style::new());
        assert_eq!(end, 8, "columns of the sheet, also those that are hidden");
        assert_eq!(buf, Buffer::with_lines(["nding     "]));
        camera.print(&mut buf, 0, 0, "gone", Style::new());
        assert_eq!(buf, Buffer::with_lines(["nding     "]));
    }
}
