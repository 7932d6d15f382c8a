//! Everything that can make the app do something.

use jiff::civil::Date;

use crate::{
    input::Key,
    learner::{Event, EventId},
    model::{JobEvent, JobId},
    text::Text,
};

/// What comes in. Closed: a new cause of work is a new variant.
#[derive(Clone, Debug)]
pub enum Msg {
    Key(Key),
    /// Bracketed paste; already clean.
    Paste(Text),
    /// Columns and rows; also sent once at the start, before the first frame.
    Resize(u16, u16),
    Job(JobId, JobEvent),
    /// The answer to [`Effect::Append`](crate::model::Effect::Append).
    Stored(Result<Stored, String>),
    /// The answer to `Effect::Export` and `Effect::Copy`: one sentence for the status line.
    Told(Result<String, String>),
    /// The answer to [`Effect::Edit`](crate::model::Effect::Edit): the text as the editor left it, or why there is none.
    Edited(Result<Text, String>),
    /// The wall clock; sent at the start, when a local day ends and before each key.
    Tick(Now),
}

/// What the store did.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Events that are now on disk.
    pub kept: Vec<EventId>,
    /// Events that another instance appended meanwhile.
    pub others: Vec<Event>,
}

/// Wall-clock time, brought in from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// UTC, milliseconds since 1970.
    pub unix_ms: i64,
    /// The local day.
    pub day: Date,
}
