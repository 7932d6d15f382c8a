//! The skill graph: who needs whom. Functions over heads, so that any set of lessons can be drawn.

use std::collections::{BTreeMap, BTreeSet};

use super::model::Head;
use crate::id::NodeId;

/// The nodes in layers by their longest chain of prerequisites, in the order of `heads` within a layer.
///
/// Prerequisites that are not among the heads do not count. The heads are acyclic, as loading makes them.
pub fn layers<'h>(heads: &[&'h Head]) -> Vec<Vec<&'h Head>> {
    let by_id: BTreeMap<&NodeId, &Head> = heads.iter().map(|head| (&head.node, *head)).collect();
    let mut depths = BTreeMap::new();
    let mut layers: Vec<Vec<&Head>> = Vec::new();
    for head in heads {
        let depth = depth(head, &by_id, &mut depths, heads.len());
        layers.resize_with(layers.len().max(depth + 1), Vec::new);
        layers[depth].push(head);
    }
    layers
}

fn depth<'h>(
    head: &'h Head,
    by_id: &BTreeMap<&NodeId, &'h Head>,
    depths: &mut BTreeMap<&'h NodeId, usize>,
    fuel: usize,
) -> usize {
    if let Some(&depth) = depths.get(&head.node) {
        return depth;
    }
    // A chain is no longer than the graph; where it would be, the graph has a circle and is cut here.
    let needs = head.requires.iter().filter(|_| fuel > 0).filter_map(|node| by_id.get(node).copied());
    let depth = needs.map(|need| depth(need, by_id, depths, fuel - 1) + 1).max().unwrap_or(0);
    depths.insert(&head.node, depth);
    depth
}

/// The nodes that need this one directly, in the order of `heads`.
pub fn successors<'h>(heads: &[&'h Head], node: &NodeId) -> Vec<&'h Head> {
    heads.iter().copied().filter(|head| head.requires.contains(node)).collect()
}

/// Everything that a node needs, directly or not.
pub fn ancestors(heads: &[&Head], node: &NodeId) -> BTreeSet<NodeId> {
    let mut found = BTreeSet::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        for need in heads.iter().filter(|head| head.node == *node).flat_map(|head| &head.requires) {
            if found.insert(need.clone()) {
                open.push(need);
            }
        }
    }
    found
}

/// For each head the indices of the heads that it needs.
pub(super) fn needs(heads: &[&Head]) -> Vec<Vec<usize>> {
    let idx: BTreeMap<&NodeId, usize> = heads.iter().enumerate().map(|(idx, head)| (&head.node, idx)).collect();
    heads.iter().map(|head| head.requires.iter().filter_map(|need| idx.get(need).copied()).collect()).collect()
}

/// A way from `from` along prerequisites back to itself: `a, b, a`.
pub(super) fn cycle(needs: &[Vec<usize>], from: usize) -> Option<Vec<usize>> {
    let mut came_from: Vec<Option<usize>> = vec![None; needs.len()];
    let mut open = vec![from];
    while let Some(node) = open.pop() {
        for &need in &needs[node] {
            if need == from {
                return Some(way(from, node, &came_from));
            }
            if came_from[need].is_none() {
                came_from[need] = Some(node);
                open.push(need);
            }
        }
    }
    None
}

fn way(from: usize, last: usize, came_from: &[Option<usize>]) -> Vec<usize> {
    let before = |&node: &usize| if node == from { None } else { came_from[node] };
    let mut way = vec![from];
    way.extend(std::iter::successors(Some(last), before));
    way.reverse();
    way
}

/// Sorts so that prerequisites stand first and otherwise by `rank`. The heads are acyclic.
pub(super) fn sort(heads: &mut Vec<Head>, rank: impl Fn(&Head) -> (usize, usize)) {
    let mut waiting: Vec<Head> = std::mem::take(heads);
    // Stable: files of equal rank keep their order.
    waiting.sort_by_key(|head| rank(head));
    let mut open: BTreeSet<NodeId> = waiting.iter().map(|head| head.node.clone()).collect();
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|head| head.requires.iter().all(|need| !open.contains(need))).unwrap_or(0);
        let head = waiting.remove(ready);
        open.remove(&head.node);
        heads.push(head);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{course::model::Status, text::Text};

    fn head(id: &str, requires: &[&str]) -> Head {
        Head {
            node: NodeId::new("c", id),
            title: Text::default(),
            track: String::new(),
            status: Status::Active,
            summary: Text::default(),
            goals: vec![],
            requires: requires.iter().map(|id| NodeId::new("c", id)).collect(),
            minutes: 5,
            steps: vec![],
        }
    }

    fn ids<'h>(heads: impl IntoIterator<Item = &'h Head>) -> Vec<&'h str> {
        heads.into_iter().map(|head| head.node.lesson()).collect()
    }

    #[test]
    fn a_layer_is_the_longest_chain_of_prerequisites() {
        let all = [head("d", &["a", "c"]), head("a", &[]), head("b", &["a"]), head("c", &["b"]), head("e", &["gone"])];
        let heads: Vec<&Head> = all.iter().collect();
        let layers: Vec<Vec<&str>> = layers(&heads).into_iter().map(ids).collect();
        assert_eq!(layers, [vec!["a", "e"], vec!["b"], vec!["c"], vec!["d"]]);
        assert_eq!(ids(successors(&heads, &NodeId::new("c", "a"))), ["d", "b"]);
        let ancestors: Vec<_> = ancestors(&heads, &NodeId::new("c", "d")).into_iter().map(|n| n.lesson().to_owned()).collect();
        assert_eq!(ancestors, ["a", "b", "c"]);
    }

    #[test]
    fn a_circle_is_spelt_out_and_layers_end_all_the_same() {
        let all = [head("a", &["b"]), head("b", &["c"]), head("c", &["a"]), head("d", &["a"])];
        let heads: Vec<&Head> = all.iter().collect();
        let needs = needs(&heads);
        assert_eq!(cycle(&needs, 0), Some(vec![0, 1, 2, 0]));
        assert_eq!(cycle(&needs, 3), None, "it leads into the circle but is not part of it");
        assert_eq!(cycle(&[vec![0]], 0), Some(vec![0, 0]));
        assert_eq!(cycle(&[vec![1], vec![0]], 1), Some(vec![1, 0, 1]));
        assert!(!layers(&heads).is_empty());
    }

    #[test]
    fn sorting_puts_prerequisites_first_and_keeps_the_rank_otherwise() {
        let mut heads = vec![head("late", &[]), head("needs-late", &["late"]), head("early", &[])];
        sort(&mut heads, |head| (usize::from(head.node.lesson() == "late"), 0));
        assert_eq!(ids(&heads), ["early", "late", "needs-late"]);
    }
}
