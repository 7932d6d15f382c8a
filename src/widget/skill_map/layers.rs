//! Where nodes stand and how edges run: no cells, only places.
//!
//! Each chapter is a small layered graph: a node's layer is its longest chain of prerequisites inside the chapter; an
//! edge over several layers gets a row of its own in each layer between; layers are ordered by their prerequisites'
//! rows. Chapters flow like words: beside each other while there is room, then below.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use unicode_width::UnicodeWidthStr;

use super::{
    super::{fit, wrap},
    MapData,
};

/// Columns of a title, widest first: the first that lets every chapter fit is taken, else the last.
const TITLES: [usize; 5] = [22, 20, 18, 16, 14];
/// Lines of a title.
const TITLE_LINES: usize = 3;
/// Mark and space before a title, and the sign of the selection behind it.
const BESIDE_TITLE: usize = 4;
/// Rows from a chapter's heading to its nodes, and below it.
const HEAD: usize = 2;
const GAP: usize = 4;
/// Columns from one lane of a channel to the next.
const LANE: usize = 2;

/// A laid out map. Places are columns and rows of an unbounded sheet.
#[derive(Clone, Debug, Default)]
pub(super) struct Sheet {
    /// By node.
    pub(super) nodes: Vec<Place>,
    pub(super) headings: Vec<Heading>,
    pub(super) edges: Vec<Edge>,
    /// Columns of a node.
    pub(super) node_width: usize,
    pub(super) height: usize,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) title: Vec<String>,
}

impl Place {
    /// The column behind the first line of the title.
    fn end(&self) -> usize {
        self.x + 2 + self.title.first().map_or(0, |t| t.width())
    }
}

#[derive(Clone, Debug)]
pub(super) struct Heading {
    pub(super) chapter: usize,
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
}

/// A line from a node to one that needs it: corner points, each in one row or column with the next.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) points: Vec<(usize, usize)>,
}

/// All prerequisites of a node, direct or not.
pub(super) fn ancestors(data: &MapData, node: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open: Vec<usize> = data.nodes.get(node).map_or(Vec::new(), |n| n.requires.clone());
    while let Some(next) = open.pop() {
        if next != node && next < data.nodes.len() && found.insert(next) {
            open.extend(&data.nodes[next].requires);
        }
    }
    found
}

/// Lays the map out for `width` columns; a chapter wider than that sticks out.
pub(super) fn sheet(data: &MapData, width: usize, ellipsis: &str) -> Sheet {
    let blocks_at = |title| (0..data.chapters.len()).map(move |chapter| Block::new(data, chapter, title, ellipsis));
    let fits = |&title: &usize| blocks_at(title).all(|block| block.width <= width);
    let title = TITLES.into_iter().find(fits).unwrap_or(TITLES[TITLES.len() - 1]);
    let node_width = title + BESIDE_TITLE;
    let mut sheet = Sheet { nodes: vec![Place::default(); data.nodes.len()], node_width, ..Sheet::default() };
    let (mut x, mut top, mut bottom) = (0, 0, 0);
    for (chapter, block) in blocks_at(title).enumerate().filter(|(_, block)| !block.items.is_empty()) {
        if x > 0 && x + block.width > width {
            (x, top) = (0, bottom + 1);
        }
        block.put(&mut sheet, chapter, x, top);
        bottom = bottom.max(top + HEAD + block.height);
        x += block.width + GAP;
    }
    sheet.height = bottom;
    sheet
}

/// What takes rows in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Node(usize),
    /// A row for the edge between two nodes of other layers.
    Pass(usize, usize),
}

#[derive(Clone, Debug)]
struct Item {
    kind: Kind,
    /// Items of the layer before that lead here.
    before: Vec<usize>,
    layer: usize,
    y: usize,
    title: Vec<String>,
}

/// Sources and targets (items) that one vertical line joins.
type Lane = (Vec<usize>, Vec<usize>);

/// One chapter.
#[derive(Clone, Debug)]
struct Block {
    /// Columns of a title.
    title: usize,
    /// Layer by layer, in the order of their rows.
    items: Vec<Item>,
    layers: Vec<Range<usize>>,
    /// The first column of each layer.
    columns: Vec<usize>,
    width: usize,
    height: usize,
    edges: Vec<(usize, usize)>,
}

impl Block {
    fn new(data: &MapData, chapter: usize, title: usize, ellipsis: &str) -> Self {
        let nodes: Vec<usize> = (0..data.nodes.len()).filter(|&n| data.nodes[n].chapter == chapter).collect();
        let edges = edges_inside(data, &nodes);
        let layer_of = layers_of(&nodes, &edges);
        let (items, layers, columns) = (Vec::new(), Vec::new(), Vec::new());
        let mut block = Self { title, items, layers, columns, width: 0, height: 0, edges: edges.clone() };
        let n_layers = layer_of.values().max().map_or(0, |l| l + 1);
        for layer in 0..n_layers {
            block.add_layer(data, layer, &nodes, &layer_of, ellipsis);
        }
        block.place_columns();
        block
    }

    /// Orders the items of a layer by where their prerequisites stand and stacks them.
    fn add_layer(&mut self, data: &MapData, layer: usize, nodes: &[usize], layer_of: &BTreeMap<usize, usize>, ellipsis: &str) {
        let here = nodes.iter().filter(|n| layer_of[n] == layer).map(|&n| Kind::Node(n));
        let passing = self.edges.iter().filter(|(from, to)| layer_of[from] < layer && layer_of[to] > layer);
        let kinds: Vec<Kind> = here.chain(passing.map(|&(from, to)| Kind::Pass(from, to))).collect();
        let mut items: Vec<Item> = kinds.into_iter().map(|kind| self.item(data, kind, layer, ellipsis)).collect();
        let mean = |item: &Item| match item.before.len() {
            0 => f64::INFINITY,
            n => item.before.iter().map(|&b| self.items[b].y as f64).sum::<f64>() / n as f64,
        };
        items.sort_by(|a, b| mean(a).total_cmp(&mean(b)).then(a.kind.cmp(&b.kind)));
        let mut free = 0;
        for item in &mut items {
            // The first of several stands beside what it needs: its edge is straight.
            let wanted = item.before.iter().map(|&b| self.items[b].y).min().unwrap_or(0);
            item.y = free.max(wanted);
            free = item.y + item.title.len().max(1) + 1;
        }
        self.height = self.height.max(free.saturating_sub(1));
        let start = self.items.len();
        self.items.extend(items);
        self.layers.push(start..self.items.len());
    }

    fn item(&self, data: &MapData, kind: Kind, layer: usize, ellipsis: &str) -> Item {
        let leads_here = |item: &Item| match (item.kind, kind) {
            (Kind::Node(from), Kind::Node(to)) => self.edges.contains(&(from, to)),
            (Kind::Pass(_, to), Kind::Node(node)) => to == node,
            (Kind::Node(node), Kind::Pass(from, _)) => from == node,
            (pass, other) => pass == other,
        };
        let last = self.layers.last().cloned().unwrap_or(0..0);
        let before = last.filter(|&i| leads_here(&self.items[i])).collect();
        let title = match kind {
            Kind::Node(node) => title_lines(&data.nodes[node].title, self.title, ellipsis),
            Kind::Pass(..) => Vec::new(),
        };
        Item { kind, before, layer, y: 0, title }
    }

    fn node_width(&self) -> usize {
        self.title + BESIDE_TITLE
    }

    /// A channel between layers is as wide as its lanes need.
    fn place_columns(&mut self) {
        let mut x = 0;
        for layer in 0..self.layers.len() {
            self.columns.push(x);
            let n_lanes = self.lanes(layer + 1).len();
            x += self.node_width() + if n_lanes > 0 { LANE * (n_lanes - 1) + 4 } else { 0 };
        }
        self.width = x;
    }

    /// The lanes that lead into a layer: sources with the same targets share one.
    fn lanes(&self, layer: usize) -> Vec<Lane> {
        let Some(range) = self.layers.get(layer) else { return Vec::new() };
        let mut targets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for to in range.clone() {
            for &from in &self.items[to].before {
                targets.entry(from).or_default().push(to);
            }
        }
        let mut lanes: Vec<Lane> = Vec::new();
        for (from, to) in targets {
            match lanes.iter_mut().find(|(_, t)| *t == to) {
                Some((sources, _)) => sources.push(from),
                None => lanes.push((vec![from], to)),
            }
        }
        self.untangle(lanes)
    }

    /// Orders lanes from left to right: where a line leaves its lane in the row in which another comes in, the one that
    /// comes in turns first, or the two would run over each other. A circle of such wishes keeps its order.
    fn untangle(&self, mut lanes: Vec<Lane>) -> Vec<Lane> {
        let rows = |items: &[usize]| items.iter().map(|&i| self.items[i].y).collect::<BTreeSet<_>>();
        let comes_first = |a: &Lane, b: &Lane| !rows(&a.0).is_disjoint(&rows(&b.1));
        let mut ordered = Vec::with_capacity(lanes.len());
        while !lanes.is_empty() {
            let is_free = |i: usize| (0..lanes.len()).all(|j| i == j || !comes_first(&lanes[j], &lanes[i]));
            let next = (0..lanes.len()).find(|&i| is_free(i)).unwrap_or(0);
            ordered.push(lanes.remove(next));
        }
        ordered
    }

    fn put(&self, sheet: &mut Sheet, chapter: usize, x: usize, y: usize) {
        sheet.headings.push(Heading { chapter, x, y, width: self.width });
        for item in &self.items {
            if let Kind::Node(node) = item.kind {
                sheet.nodes[node] = Place { x: x + self.columns[item.layer], y: y + HEAD + item.y, title: item.title.clone() };
            }
        }
        for &(from, to) in &self.edges {
            let points = self.route(from, to).into_iter().map(|(px, py)| (x + px, y + HEAD + py)).collect();
            sheet.edges.push(Edge { from, to, points });
        }
    }

    /// The corners of an edge, from behind its source's title to before its target's mark.
    fn route(&self, from: usize, to: usize) -> Vec<(usize, usize)> {
        let find = |kind: Kind, layer: usize| self.layers[layer].clone().find(|&i| self.items[i].kind == kind);
        let layer_of = |node| self.items.iter().find(|i| i.kind == Kind::Node(node)).map_or(0, |i| i.layer);
        let (first, last) = (layer_of(from), layer_of(to));
        let mut points = Vec::new();
        let Some(mut at) = find(Kind::Node(from), first) else { return points };
        let start = Place { x: self.columns[first], y: self.items[at].y, title: self.items[at].title.clone() };
        points.push((start.end() + 1, start.y));
        for layer in first + 1..=last {
            let kind = if layer == last { Kind::Node(to) } else { Kind::Pass(from, to) };
            let Some(next) = find(kind, layer) else { break };
            let lane = self.lanes(layer).iter().position(|(s, t)| s.contains(&at) && t.contains(&next)).unwrap_or(0);
            let lane_x = self.columns[layer - 1] + self.node_width() + LANE * lane;
            points.push((lane_x, self.items[at].y));
            points.push((lane_x, self.items[next].y));
            at = next;
        }
        points.push((self.columns[last].saturating_sub(2), self.items[at].y));
        points
    }
}

/// A title in at most [`TITLE_LINES`] lines.
fn title_lines(title: &str, width: usize, ellipsis: &str) -> Vec<String> {
    let mut lines = wrap(title, width);
    if lines.len() > TITLE_LINES {
        let rest = lines.split_off(TITLE_LINES - 1).join(" ");
        lines.push(fit(&rest, width, ellipsis));
    }
    lines
}

/// Edges between nodes of one chapter, also by way of other chapters, without those that others imply.
fn edges_inside(data: &MapData, nodes: &[usize]) -> Vec<(usize, usize)> {
    let above: BTreeMap<usize, BTreeSet<usize>> = nodes.iter().map(|&n| (n, ancestors(data, n))).collect();
    let mut edges = Vec::new();
    for (&to, found) in &above {
        // A course with a cycle is refused elsewhere; here it must only not hang.
        let inside: Vec<usize> = found.iter().copied().filter(|from| above.get(from).is_some_and(|a| !a.contains(&to))).collect();
        let is_implied = |from: &usize| inside.iter().any(|mid| above[mid].contains(from));
        edges.extend(inside.iter().filter(|from| !is_implied(from)).map(|&from| (from, to)));
    }
    edges
}

/// The longest chain of edges that leads to each node.
fn layers_of(nodes: &[usize], edges: &[(usize, usize)]) -> BTreeMap<usize, usize> {
    let mut layer_of: BTreeMap<usize, usize> = nodes.iter().map(|&n| (n, 0)).collect();
    for _ in 0..nodes.len() {
        for (from, to) in edges {
            let least = layer_of[from] + 1;
            layer_of.entry(*to).and_modify(|l| *l = (*l).max(least));
        }
    }
    layer_of
}

#[cfg(test)]
mod tests {
    use super::{
        super::{MapNode, Mark},
        *,
    };

    fn data(requires: &[&[usize]]) -> MapData {
        let node = |(i, r): (usize, &&[usize])| MapNode {
            title: format!("Lesson {i}"),
            mark: Mark::Open,
            track: 0,
            chapter: 0,
            requires: r.to_vec(),
        };
        MapData {
            chapters: vec!["One".into()],
            tracks: vec!["Track".into()],
            nodes: requires.iter().enumerate().map(node).collect(),
        }
    }

    #[test]
    fn an_implied_edge_is_not_drawn() {
        let data = data(&[&[], &[0], &[0, 1]]);
        assert_eq!(edges_inside(&data, &[0, 1, 2]), [(0, 1), (1, 2)]);
        assert_eq!(ancestors(&data, 2).into_iter().collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn nodes_never_overlap_and_prerequisites_stand_left() {
        let data = data(&[&[], &[], &[0], &[0, 1], &[2], &[3, 1], &[4, 5], &[0], &[7, 6]]);
        let sheet = sheet(&data, 80, "…");
        for (i, a) in sheet.nodes.iter().enumerate() {
            for b in &sheet.nodes[..i] {
                assert!(a.x.abs_diff(b.x) >= sheet.node_width || a.y.abs_diff(b.y) >= 2, "{a:?} {b:?}");
            }
            assert!(data.nodes[i].requires.iter().all(|&r| sheet.nodes[r].x < a.x));
        }
        for edge in &sheet.edges {
            assert!(edge.points.windows(2).all(|p| p[0].0 == p[1].0 || p[0].1 == p[1].1), "{edge:?}");
        }
    }

    #[test]
    fn titles_give_way_before_a_chapter_sticks_out() {
        let mut chain = data(&[&[], &[0], &[1]]);
        for node in &mut chain.nodes {
            node.title = "Rounding noise against clipping noise".into();
        }
        let end = |sheet: &Sheet| sheet.nodes.iter().map(|place| place.x + sheet.node_width).max();
        for (width, node_width) in [(100, 26), (74, 22), (70, 20), (62, 18), (50, 18)] {
            let sheet = sheet(&chain, width, "…");
            assert_eq!(sheet.node_width, node_width, "at {width} columns");
            assert!(width == 50 || end(&sheet) <= Some(width), "at {width} columns");
            assert!(sheet.nodes.iter().all(|place| place.title.len() <= TITLE_LINES));
            assert_eq!(sheet.nodes[0].title.join(" "), chain.nodes[0].title, "nothing is left out at {width} columns");
        }
    }

    #[test]
    fn a_cycle_does_not_hang() {
        let sheet = sheet(&data(&[&[1], &[0, 99]]), 80, "…");
        assert_eq!(sheet.nodes.len(), 2);
    }
}
