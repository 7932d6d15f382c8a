//! Where an arrow leads.

use super::{Direction, MapData, layers};

/// In the drawn graph: left and right follow the lines, otherwise the nearest node in that direction.
pub(super) fn in_graph(data: &MapData, selected: usize, width: u16, direction: Direction) -> usize {
    let sheet = layers::sheet(data, usize::from(width), "");
    let Some(here) = sheet.nodes.get(selected) else { return selected };
    let along_line: Vec<usize> = match direction {
        Direction::Left => sheet.edges.iter().filter(|e| e.to == selected).map(|e| e.from).collect(),
        Direction::Right => sheet.edges.iter().filter(|e| e.from == selected).map(|e| e.to).collect(),
        Direction::Up | Direction::Down => Vec::new(),
    };
    let candidates: Vec<usize> = if along_line.is_empty() { (0..sheet.nodes.len()).collect() } else { along_line };
    let distance = |node: usize| {
        let there = &sheet.nodes[node];
        let (dx, dy) = (there.x as i64 - here.x as i64, there.y as i64 - here.y as i64);
        // A row is about as far as three columns; sideways costs more than ahead.
        let (ahead, aside) = match direction {
            Direction::Left => (-dx, 3 * dy.abs() * 2),
            Direction::Right => (dx, 3 * dy.abs() * 2),
            Direction::Up => (-3 * dy, dx.abs() * 2),
            Direction::Down => (3 * dy, dx.abs() * 2),
        };
        (ahead > 0 && !there.title.is_empty()).then_some(ahead + aside)
    };
    candidates.into_iter().filter_map(|n| Some((distance(n)?, n))).min().map_or(selected, |(_, n)| n)
}

/// In the list: up and down along the path, left and right to the first lesson of the chapter before and after.
pub(super) fn in_list(data: &MapData, selected: usize, direction: Direction) -> usize {
    let mut order: Vec<usize> = (0..data.nodes.len()).filter(|&n| data.nodes[n].chapter < data.chapters.len()).collect();
    order.sort_by_key(|&n| data.nodes[n].chapter);
    let Some(at) = order.iter().position(|&n| n == selected) else { return selected };
    let chapter = data.nodes[selected].chapter;
    let first_of = |c: usize| order.iter().copied().find(|&n| data.nodes[n].chapter == c);
    let found = match direction {
        Direction::Up => at.checked_sub(1).map(|i| order[i]),
        Direction::Down => order.get(at + 1).copied(),
        Direction::Left => (0..chapter).rev().find_map(first_of),
        Direction::Right => (chapter + 1..data.chapters.len()).find_map(first_of),
    };
    found.unwrap_or(selected)
}
