//! The lessons as the skill map draws them: chapters of the paths, then what no path names, by track.

use crate::{
    course::{Course, Head},
    id::NodeId,
    learner,
    model::Model,
    widget::skill_map::{MapData, MapNode, Mark},
};

/// What the marks mean, for the about page.
pub(super) const LEGEND: &str = "## Marks of the map\n\n- `·` locked: something it builds on is not complete\n- `○` open\n- `◐` in progress\n- \
                                 `●` complete\n- `◉` complete, and its code exercise solved\n- `★` complete, with par met and every question solved without help at the first try";

/// Chapters in order, each with its lessons.
fn chapters(model: &Model) -> Vec<(String, Vec<&Head>)> {
    let mut chapters = Vec::new();
    for course in model.library.courses() {
        let mut placed: Vec<&NodeId> = Vec::new();
        for chapter in course.paths.iter().flat_map(|path| &path.chapters) {
            let heads: Vec<&Head> =
                chapter.lessons.iter().filter(|node| !placed.contains(node)).filter_map(|node| course.head(node)).collect();
            placed.extend(heads.iter().map(|head| &head.node));
            chapters.push((chapter.title.to_string(), heads));
        }
        for track in &course.tracks {
            let rest: Vec<&Head> = course.heads.iter().filter(|h| h.track == track.id && !placed.contains(&&h.node)).collect();
            if !rest.is_empty() {
                chapters.push((track.title.to_string(), rest));
            }
        }
    }
    chapters.retain(|(_, heads)| !heads.is_empty());
    chapters
}

/// The lessons in the order of the map.
pub(super) fn nodes(model: &Model) -> Vec<NodeId> {
    chapters(model).into_iter().flat_map(|(_, heads)| heads).map(|head| head.node.clone()).collect()
}

pub(super) fn data(model: &Model) -> MapData {
    let order = nodes(model);
    let tracks: Vec<&crate::course::Track> = model.library.courses().flat_map(|course: &Course| &course.tracks).collect();
    let mut data = MapData { tracks: tracks.iter().map(|t| t.title.to_string()).collect(), ..MapData::default() };
    for (chapter, (title, heads)) in chapters(model).into_iter().enumerate() {
        data.chapters.push(title);
        for head in heads {
            let requires = head.requires.iter().filter_map(|node| order.iter().position(|n| n == node)).collect();
            let track = tracks.iter().position(|t| t.id == head.track).unwrap_or(0);
            let mark = mark(model.learner.node(&head.node, &model.facts).mark);
            data.nodes.push(MapNode { title: head.title.to_string(), mark, track, chapter, requires });
        }
    }
    data
}

fn mark(mark: learner::Mark) -> Mark {
    match mark {
        learner::Mark::Locked => Mark::Locked,
        learner::Mark::Open => Mark::Open,
        learner::Mark::InProgress => Mark::InProgress,
        learner::Mark::Complete => Mark::Complete,
        learner::Mark::Exercised => Mark::Exercised,
        learner::Mark::Star => Mark::Starred,
    }
}
