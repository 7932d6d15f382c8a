//! The lines of a log. A line is read as far as it can be, never changed.

use std::{ops::Range, panic::resume_unwind, thread};

use serde::Deserialize;

use crate::{
    id::{StepId, is_kebab},
    learner::{Event, What},
    text::Text,
};

/// The version of the format that this program writes.
pub(super) const FORMAT: u64 = 1;
pub(super) const HEADER: &str = "{\"format\":1,\"app\":\"quantlearn\"}\n";

/// How every event line begins, and so where one may begin inside a damaged line.
const EVENT_START: &[u8] = b"{\"id\":";

/// The bytes of a log, taken apart.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) events: Vec<Event>,
    /// Where in the bytes each event stands, in the same order.
    pub(super) spans: Vec<Range<usize>>,
    /// Sound lines of a kind that this version does not know.
    pub(super) unknown: Vec<Unknown>,
    pub(super) broken: Vec<Broken>,
    /// The highest format number of a header.
    pub(super) format: Option<u64>,
    /// Line breaks.
    pub(super) n_lines: usize,
}

#[derive(Debug)]
pub(super) struct Unknown {
    pub(super) id: String,
    pub(super) kind: Text,
    pub(super) line: usize,
    pub(super) bytes: Range<usize>,
}

#[derive(Debug)]
pub(super) struct Broken {
    pub(super) line: usize,
    pub(super) reason: Text,
    pub(super) bytes: Range<usize>,
}

/// Shorter logs are read sooner than a thread starts.
const WORTH_A_THREAD: usize = 1 << 18;

/// Takes `bytes` apart; the first of its lines is line `n_before + 1` of the file. Of a long log one thread reads each
/// half, for the first frame waits for it.
pub(super) fn parse(bytes: &[u8], n_before: usize) -> Lines {
    if bytes.len() < WORTH_A_THREAD {
        return part(bytes, 0, n_before);
    }
    let middle = bytes.len() / 2;
    let middle = bytes[middle..].iter().position(|&b| b == b'\n').map_or(bytes.len(), |at| middle + at + 1);
    let (first, second) = bytes.split_at(middle);
    let n_first = first.iter().filter(|&&b| b == b'\n').count();
    let second = || part(second, middle, n_before + n_first);
    thread::scope(|scope| {
        let other = thread::Builder::new().spawn_scoped(scope, second);
        let mut lines = part(first, 0, n_before);
        lines.extend(match other {
            Ok(other) => other.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // No thread can be had.
            Err(_) => second(),
        });
        lines
    })
}

/// Whole lines, of which the first is line `n_before + 1` of the file and begins at byte `start` of the log.
fn part(bytes: &[u8], mut start: usize, n_before: usize) -> Lines {
    let mut lines = Lines::default();
    for (idx, line) in bytes.split(|&b| b == b'\n').enumerate() {
        let range = start..start + line.len();
        start = range.end + 1;
        lines.n_lines = idx;
        if !line.trim_ascii().is_empty() {
            lines.take(line, n_before + idx + 1, range);
        }
    }
    lines
}

/// Appends the line of an event.
pub(super) fn write(event: &Event, bytes: &mut Vec<u8>) {
    serde_json::to_writer(&mut *bytes, event).expect("an event is plain data with text keys, and memory does not fail");
    bytes.push(b'\n');
}

impl Lines {
    /// Adds the lines that follow.
    fn extend(&mut self, next: Self) {
        self.events.extend(next.events);
        self.spans.extend(next.spans);
        self.unknown.extend(next.unknown);
        self.broken.extend(next.broken);
        self.format = self.format.max(next.format);
        self.n_lines += next.n_lines;
    }

    fn take(&mut self, bytes: &[u8], line: usize, range: Range<usize>) {
        let reason = match serde_json::from_slice::<Event>(bytes) {
            Ok(event) if is_sound(&event) => {
                self.events.push(event);
                return self.spans.push(range);
            }
            Ok(_) => "an id is malformed".into(),
            Err(error) => match other(bytes) {
                Some(Other::Header { format }) => return self.format = self.format.max(Some(format)),
                Some(Other::Unknown { id, kind }) => {
                    let kind = Text::clean_line(&kind);
                    return self.unknown.push(Unknown { id, kind, line, bytes: range });
                }
                None => Text::clean_line(&error.to_string()),
            },
        };
        for (event, span) in salvage(bytes) {
            self.events.push(event);
            self.spans.push(range.start + span.start..range.start + span.end);
        }
        self.broken.push(Broken { line, reason, bytes: range });
    }
}

/// A sound line that is no event of this version.
#[derive(Deserialize)]
#[serde(untagged)]
enum Other {
    Header { format: u64 },
    Unknown { id: String, kind: String },
}

fn other(bytes: &[u8]) -> Option<Other> {
    match serde_json::from_slice(bytes).ok()? {
        // A known kind that does not read is damaged.
        Other::Unknown { kind, .. } if What::KINDS.contains(&kind.as_str()) => None,
        other => Some(other),
    }
}

/// Whole events inside a damaged line: a lost line break joins two, and a power cut can leave NULs before one.
fn salvage(bytes: &[u8]) -> Vec<(Event, Range<usize>)> {
    let mut events = Vec::new();
    let mut at = 0;
    while let Some(found) = find(&bytes[at..], EVENT_START) {
        at += found;
        let mut stream = serde_json::Deserializer::from_slice(&bytes[at..]).into_iter::<Event>();
        match stream.next() {
            Some(Ok(event)) => {
                let span = at..at + stream.byte_offset();
                at = span.end;
                if is_sound(&event) {
                    events.push((event, span));
                }
            }
            _ => at += EVENT_START.len(),
        }
    }
    events
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

/// Ids come from a file: they must have the form that this program writes.
fn is_sound(event: &Event) -> bool {
    event.what.step().is_none_or(is_step_id)
}

fn is_step_id(step: &StepId) -> bool {
    let mut parts = step.as_str().split('/');
    parts.by_ref().take(3).filter(|part| is_kebab(part)).count() == 3 && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_is_read_in_two_halves_as_in_one_piece() {
        let event = r#"{"id":"9e3779b97f4a7c15f39cc0605cedc834","at":"2026-11-28T10:00:00.000Z","day":"2026-11-28","kind":"skip","step":"core/a/b"}"#;
        let known = part(event.as_bytes(), 0, 0);
        assert_eq!(known.events.len(), 1, "{known:?}");
        let odd = ["", "{\"id\":\"x\",\"kind\":\"of later\"}", "{\"id\":", "{\"format\":3}"];
        // The odd lines move over the cut in the middle.
        for n_first in 1140..1160 {
            let mut log: Vec<&str> = vec![event; n_first];
            log.extend(odd);
            log.extend(vec![event; 1150]);
            let bytes = log.join("\n").into_bytes();
            assert!(bytes.len() >= WORTH_A_THREAD);
            assert_eq!(format!("{:?}", parse(&bytes, 7)), format!("{:?}", part(&bytes, 0, 7)), "{n_first}");
        }
        let one_line = "x".repeat(WORTH_A_THREAD);
        assert_eq!(parse(one_line.as_bytes(), 0).broken.len(), 1);
    }
}
