//! `quantlearn list`: the lessons, and where the learner stands in each.

use std::io::Write;

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::{
    cli::{Failure, Global, Outcome, complain},
    model::Model,
};

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    title: &'a str,
    track: &'a str,
    minutes: u32,
    requires: Vec<&'a str>,
    state: &'static str,
    xp: u32,
    xp_possible: u32,
}

pub(super) fn run(global: &Global, json: bool, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let (start, _) = global.sight().open().map_err(Failure::Refused)?;
    start.notices.iter().chain(&start.read_only).for_each(|notice| complain(notice));
    let model = Model::new(start);
    let rows: Vec<Row> = model.library.heads().into_iter().map(|head| row(&model, head)).collect();
    if json {
        serde_json::to_writer_pretty(&mut *out, &rows).map_err(std::io::Error::from)?;
        writeln!(out)?;
    } else {
        table(&rows, out)?;
    }
    Ok(Outcome::Done)
}

fn row<'a>(model: &Model, head: &'a crate::course::Head) -> Row<'a> {
    let state = model.learner.node(&head.node, &model.facts);
    Row {
        id: head.node.as_str(),
        title: &head.title,
        track: &head.track,
        minutes: head.minutes,
        requires: head.requires.iter().map(|node| node.as_str()).collect(),
        state: state.mark.name(),
        xp: state.xp_earned,
        xp_possible: state.xp_possible,
    }
}

fn table(rows: &[Row], out: &mut dyn Write) -> Result<(), Failure> {
    let ids = rows.iter().map(|row| row.id.width()).max().unwrap_or(0);
    let titles = rows.iter().map(|row| row.title.width()).max().unwrap_or(0);
    for row in rows {
        let (state, pad) = (row.state.replace('-', " "), titles - row.title.width());
        writeln!(out, "{:ids$}  {}{:pad$}  {state:11}  {:>4} of {:>4} XP", row.id, row.title, "", row.xp, row.xp_possible)?;
    }
    Ok(())
}
