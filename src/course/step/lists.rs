//! Questions made of lists: blanks to fill, items to order, pairs to match.

use std::ops::Range;

use toml::{Spanned, de::DeValue};

use super::choice::first_double;
use crate::{
    course::{
        diagnostic::Code,
        lesson::Reader,
        model::{Blank, ClozePiece, ClozeStep, MatchStep, OrderStep, StepBody},
        raw::{RawCloze, RawMatch, RawOrder, Str},
    },
    text::Text,
};

pub(super) fn cloze(value: Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<StepBody> {
    let raw: RawCloze = reader.read(value)?;
    let prompt = reader.maybe(&raw.prompt);
    // Term links may stand in the text around the blanks.
    reader.text(&raw.text);
    match pieces(raw.text.get_ref().trim_matches('\n')) {
        Ok(pieces) => Some(StepBody::Cloze(ClozeStep { prompt, pieces })),
        Err((message, part)) => {
            let cut = raw.text.get_ref().len() - raw.text.get_ref().trim_start_matches('\n').len();
            let span = reader.file.inside(&raw.text.span(), raw.text.get_ref(), part.start + cut..part.end + cut);
            reader
                .sink
                .report(Code::Blanks, span, message)
                .remedy("a blank is `{{answer}}` or `{{answer|also right}}`; `\\|` is a bar");
            None
        }
    }
}

/// Splits the text at its blanks.
fn pieces(text: &str) -> Result<Vec<ClozePiece>, (&'static str, Range<usize>)> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find("{{").map(|n| at + n) {
        let close = text[open..].find("}}").map(|n| open + n).ok_or(("the blank is not closed", open..open + 2))?;
        let accepts = accepts(&text[open + 2..close]);
        if accepts.iter().any(|answer| answer.is_empty()) {
            return Err(("the blank has an empty answer", open..close + 2));
        }
        push_text(&text[at..open], &mut pieces);
        pieces.push(ClozePiece::Blank(Blank { accepts }));
        at = close + 2;
    }
    if at == 0 {
        return Err(("the text has no blank", 0..text.len()));
    }
    push_text(text[at..].trim_end(), &mut pieces);
    Ok(pieces)
}

fn push_text(text: &str, pieces: &mut Vec<ClozePiece>) {
    if !text.is_empty() {
        pieces.push(ClozePiece::Text(Text::clean(text)));
    }
}

/// The answers of a blank: split at bars, of which `\|` is a literal one.
fn accepts(inner: &str) -> Vec<Text> {
    let mut answers = vec![String::new()];
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&'|') => answers.last_mut().expect("it starts with one").extend(chars.next()),
            '|' => answers.push(String::new()),
            _ => answers.last_mut().expect("it starts with one").push(c),
        }
    }
    answers.iter().map(|answer| Text::clean_line(answer.trim())).collect()
}

pub(super) fn order(value: Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<StepBody> {
    let raw: RawOrder = reader.read(value)?;
    let items = reader.lines(raw.items.get_ref());
    let prompt = prompt(&raw.prompt, "Put these in order.", reader);
    distinct(&items, "items", raw.items.span(), reader);
    Some(StepBody::Order(OrderStep { prompt, items }))
}

pub(super) fn pairs(value: Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<StepBody> {
    let raw: RawMatch = reader.read(value)?;
    let pairs: Vec<(Text, Text)> = raw.pairs.get_ref().iter().filter_map(|raw| pair(raw, reader)).collect();
    let extra = reader.lines(&raw.extra);
    let prompt = prompt(&raw.prompt, "Match the pairs.", reader);
    let lefts: Vec<Text> = pairs.iter().map(|(left, _)| left.clone()).collect();
    let partners: Vec<Text> = pairs.iter().map(|(_, right)| right.clone()).chain(extra.iter().cloned()).collect();
    distinct(&lefts, "left sides", raw.pairs.span(), reader);
    distinct(&partners, "partners", raw.pairs.span(), reader);
    Some(StepBody::Match(MatchStep { prompt, pairs, extra }))
}

fn pair(raw: &Spanned<Vec<Str>>, reader: &mut Reader<'_>) -> Option<(Text, Text)> {
    if let [left, right] = raw.get_ref().as_slice() {
        return Some((reader.text(left), reader.text(right)));
    }
    let message = format!("a pair has two sides, this one {}", raw.get_ref().len());
    reader
        .sink
        .report(Code::Items, raw.span(), message)
        .remedy("write `[\"left\", \"right\"]`; partners of nothing stand in `extra`");
    None
}

fn prompt(raw: &Option<Str>, default: &str, reader: &mut Reader<'_>) -> Text {
    reader.maybe(raw).unwrap_or_else(|| Text::clean(default))
}

fn distinct(texts: &[Text], what: &str, span: Range<usize>, reader: &mut Reader<'_>) {
    if texts.len() < 2 {
        let message = format!("there {} in the {what}", if texts.is_empty() { "is nothing" } else { "is only one" });
        reader.sink.report(Code::Items, span.clone(), message).remedy("give at least two");
    }
    if let Some(double) = first_double(texts.iter().map(|t| &**t)) {
        reader.sink.report(Code::Items, span, format!("two {what} read `{double}`")).remedy("make them differ");
    }
}
