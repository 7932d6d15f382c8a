//! The skill map: lessons as a drawn graph, or as a list where the terminal is narrow.
//!
//! Inside a chapter lessons stand in layers, prerequisites to the left. An edge is drawn where both ends are in one
//! chapter (a prerequisite by way of another chapter counts); every prerequisite of the selected node, wherever it is,
//! is marked.

mod layers;
mod moves;
mod paint;

use ratatui::{buffer::Buffer, layout::Rect};

use crate::theme::{Glyphs, Role, Theme};

/// How far a lesson is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Locked,
    Open,
    InProgress,
    Complete,
    /// Complete with its exercise.
    Exercised,
    /// Par met and every question solved unaided.
    Starred,
}

impl Mark {
    pub fn glyph(self, glyphs: &Glyphs) -> &'static str {
        match self {
            Self::Locked => glyphs.locked,
            Self::Open => glyphs.open,
            Self::InProgress => glyphs.in_progress,
            Self::Complete => glyphs.complete,
            Self::Exercised => glyphs.exercised,
            Self::Starred => glyphs.starred,
        }
    }

    pub fn role(self) -> Role {
        match self {
            Self::Locked => Role::Dim,
            Self::Open => Role::Text,
            Self::InProgress => Role::Accent,
            Self::Complete | Self::Exercised | Self::Starred => Role::Good,
        }
    }
}

/// One lesson. Nodes are named by their position in the slice that the map is made of.
#[derive(Clone, Debug)]
pub struct MapNode {
    pub title: String,
    pub mark: Mark,
    /// Position in [`MapData::tracks`].
    pub track: usize,
    /// Position in [`MapData::chapters`].
    pub chapter: usize,
    /// Positions of the nodes that must be complete first.
    pub requires: Vec<usize>,
}

/// What the map shows. Nodes come in the order of the path.
#[derive(Clone, Debug, Default)]
pub struct MapData {
    pub chapters: Vec<String>,
    pub tracks: Vec<String>,
    pub nodes: Vec<MapNode>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Up,
    Down,
    Left,
    Right,
}

/// The drawn graph from this width on, the list below it.
pub const WIDE: u16 = 50;

/// The map with one node selected.
#[derive(Clone, Debug)]
pub struct SkillMap<'a> {
    data: &'a MapData,
    selected: usize,
    theme: &'a Theme,
}

impl<'a> SkillMap<'a> {
    pub fn new(data: &'a MapData, selected: usize, theme: &'a Theme) -> Self {
        Self { data, selected, theme }
    }

    /// Draws the graph, or below [`WIDE`] columns the list, scrolled so that the selected node shows.
    pub fn render(&self, area: Rect, buf: &mut Buffer) {
        if area.width < WIDE { self.render_list(area, buf) } else { paint::graph(self, area, buf) }
    }

    /// Chapters as headings, nodes as rows in the order of the path.
    pub fn render_list(&self, area: Rect, buf: &mut Buffer) {
        paint::list(self, area, buf);
    }

    /// The node that an arrow leads to from the selected one, in a map drawn at `width`; itself where there is none.
    pub fn neighbour(&self, width: u16, direction: Direction) -> usize {
        if width < WIDE { self.neighbour_in_list(direction) } else { moves::in_graph(self.data, self.selected, width, direction) }
    }

    /// The same for [`SkillMap::render_list`].
    pub fn neighbour_in_list(&self, direction: Direction) -> usize {
        moves::in_list(self.data, self.selected, direction)
    }
}
