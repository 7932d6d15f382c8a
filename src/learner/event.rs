//! What happened. Events are appended to the log and never changed; the learner's state is their fold.
//! How a line is read stands in `raw`.

mod raw;

use std::{collections::BTreeMap, fmt};

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::id::{NodeId, StepId, StepKind};

/// One line of the log. The id is made once by whoever records the event; import is a union by id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "raw::Raw")]
pub struct Event {
    pub id: EventId,
    /// UTC, milliseconds since 1970; in the file as an RFC 3339 string.
    #[serde(with = "utc")]
    pub at: i64,
    /// The learner's local day, by which streaks and "today" count.
    pub day: Date,
    #[serde(flatten)]
    pub what: What,
}

/// 128 random bits, in the file as 32 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(u128);

impl EventId {
    /// The id from 16 random bytes, which the caller draws.
    pub fn from_bytes(random: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(random))
    }

    /// Reads 32 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        is_hex.then(|| u128::from_str_radix(text, 16).ok().map(Self)).flatten()
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("an event id has 32 hex digits"))
    }
}

/// The kinds of events. Verdicts stand in the event, so XP folds from the log alone, also when a course is gone.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum What {
    /// A graded answer to a question.
    Answer {
        step: StepId,
        rev: u32,
        step_kind: StepKind,
        seed: u64,
        /// The answer as given, in the JSON form of its kind.
        answer: serde_json::Value,
        correct: bool,
        /// 1 for the first try at this step on this local day.
        attempt: u32,
        /// Hints of this step taken on this local day before the answer.
        hints: u32,
        /// The solution was shown on this local day before the answer, which then pays nothing.
        #[serde(skip_serializing_if = "is_false")]
        shown: bool,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        misconceptions: Vec<String>,
        /// With this the last open step of the lesson was done.
        #[serde(skip_serializing_if = "is_false")]
        completes: bool,
    },
    /// A checked run of a lab challenge.
    Challenge {
        step: StepId,
        rev: u32,
        params: BTreeMap<String, serde_json::Value>,
        metrics: BTreeMap<String, Option<f64>>,
        passed: bool,
        par: bool,
        attempt: u32,
        hints: u32,
        #[serde(skip_serializing_if = "is_false")]
        shown: bool,
        #[serde(skip_serializing_if = "is_false")]
        completes: bool,
    },
    /// A prediction before the first run: metric to value. Pays for being made.
    Prediction { step: StepId, rev: u32, guesses: BTreeMap<String, f64> },
    /// A graded answer to a drill, dealt by the practice screen. Of its own kind, because practice has no end and a step
    /// pays once.
    Drill {
        step: StepId,
        rev: u32,
        seed: u64,
        answer: serde_json::Value,
        correct: bool,
        /// 1 for the first try at these numbers.
        attempt: u32,
        /// The solution was shown before the answer.
        #[serde(skip_serializing_if = "is_false")]
        shown: bool,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        misconceptions: Vec<String>,
    },
    /// The n-th hint of a step was read (1-based).
    Hint { step: StepId, n: u32 },
    /// The solution was shown: the step is done and pays nothing on this day.
    Solution {
        step: StepId,
        #[serde(skip_serializing_if = "is_false")]
        completes: bool,
    },
    /// Gone on without solving.
    Skip { step: StepId },
    /// The learner stands here now.
    Position { step: StepId },
    /// An unfinished answer, kept for coming back.
    Draft { step: StepId, draft: serde_json::Value },
    /// The controls of a lab as they were left in a lesson.
    Controls { step: StepId, params: BTreeMap<String, serde_json::Value> },
    /// A setting of the program, such as theme or "open everything".
    Setting { key: String, value: String },
}

impl What {
    /// The names of the kinds in the log.
    pub const KINDS: [&str; 11] =
        ["answer", "challenge", "prediction", "drill", "hint", "solution", "skip", "position", "draft", "controls", "setting"];

    /// The step that the event speaks of.
    pub fn step(&self) -> Option<&StepId> {
        match self {
            Self::Answer { step, .. }
            | Self::Challenge { step, .. }
            | Self::Prediction { step, .. }
            | Self::Drill { step, .. }
            | Self::Hint { step, .. }
            | Self::Solution { step, .. }
            | Self::Skip { step }
            | Self::Position { step }
            | Self::Draft { step, .. }
            | Self::Controls { step, .. } => Some(step),
            Self::Setting { .. } => None,
        }
    }

    pub fn node(&self) -> Option<NodeId> {
        self.step().map(StepId::node)
    }
}

fn is_false(b: &bool) -> bool {
    !b
}

mod utc {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(at: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        let stamp = jiff::Timestamp::from_millisecond(*at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        serializer.collect_str(&format_args!("{stamp:.3}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse::<jiff::Timestamp>().map(|stamp| stamp.as_millisecond()).map_err(D::Error::custom)
    }
}
