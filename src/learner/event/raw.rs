//! Reading a line. serde's flattened and tagged types keep a copy of everything before they know the kind, and every
//! line of the log is read at the start; so all fields of all kinds are read at once and sorted out after.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{Event, EventId, What, utc};
use crate::id::{StepId, StepKind};

/// The fields of every kind. Fields of newer versions are passed over.
#[derive(Deserialize)]
pub(super) struct Raw {
    id: EventId,
    #[serde(with = "utc")]
    at: i64,
    day: Date,
    kind: Kind,
    step: Option<StepId>,
    #[serde(default = "one")]
    rev: u32,
    step_kind: Option<StepKind>,
    seed: Option<u64>,
    #[serde(default, deserialize_with = "null_too")]
    answer: Option<Value>,
    correct: Option<bool>,
    attempt: Option<u32>,
    hints: Option<u32>,
    #[serde(default)]
    shown: bool,
    #[serde(default)]
    misconceptions: Vec<String>,
    #[serde(default)]
    completes: bool,
    params: Option<BTreeMap<String, Value>>,
    metrics: Option<BTreeMap<String, Option<f64>>>,
    passed: Option<bool>,
    par: Option<bool>,
    guesses: Option<BTreeMap<String, f64>>,
    n: Option<u32>,
    #[serde(default, deserialize_with = "null_too")]
    draft: Option<Value>,
    key: Option<String>,
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Answer,
    Challenge,
    Prediction,
    Drill,
    Hint,
    Solution,
    Skip,
    Position,
    Draft,
    Controls,
    Setting,
}

impl TryFrom<Raw> for Event {
    type Error = String;

    fn try_from(raw: Raw) -> Result<Self, String> {
        let (id, at, day) = (raw.id, raw.at, raw.day);
        Ok(Self { id, at, day, what: raw.what()? })
    }
}

impl Raw {
    fn what(self) -> Result<What, String> {
        if matches!(self.kind, Kind::Setting) {
            return Ok(What::Setting { key: need(self.key, "key")?, value: need(self.value, "value")? });
        }
        let step = need(self.step, "step")?;
        Ok(match self.kind {
            Kind::Answer => What::Answer {
                step,
                rev: self.rev,
                step_kind: need(self.step_kind, "step_kind")?,
                seed: need(self.seed, "seed")?,
                answer: need(self.answer, "answer")?,
                correct: need(self.correct, "correct")?,
                attempt: need(self.attempt, "attempt")?,
                hints: need(self.hints, "hints")?,
                shown: self.shown,
                misconceptions: self.misconceptions,
                completes: self.completes,
            },
            Kind::Challenge => What::Challenge {
                step,
                rev: self.rev,
                params: need(self.params, "params")?,
                metrics: need(self.metrics, "metrics")?,
                passed: need(self.passed, "passed")?,
                par: need(self.par, "par")?,
                attempt: need(self.attempt, "attempt")?,
                hints: need(self.hints, "hints")?,
                shown: self.shown,
                completes: self.completes,
            },
            Kind::Prediction => What::Prediction { step, rev: self.rev, guesses: need(self.guesses, "guesses")? },
            Kind::Drill => What::Drill {
                step,
                rev: self.rev,
                seed: need(self.seed, "seed")?,
                answer: need(self.answer, "answer")?,
                correct: need(self.correct, "correct")?,
                attempt: need(self.attempt, "attempt")?,
                shown: self.shown,
                misconceptions: self.misconceptions,
            },
            Kind::Hint => What::Hint { step, n: need(self.n, "n")? },
            Kind::Solution => What::Solution { step, completes: self.completes },
            Kind::Skip => What::Skip { step },
            Kind::Position => What::Position { step },
            Kind::Draft => What::Draft { step, draft: need(self.draft, "draft")? },
            Kind::Controls => What::Controls { step, params: need(self.params, "params")? },
            Kind::Setting => unreachable!("it has no step and was read above"),
        })
    }
}

fn need<T>(field: Option<T>, name: &str) -> Result<T, String> {
    field.ok_or_else(|| format!("`{name}` is missing"))
}

/// A `null` that stands there is a value, not a missing field.
fn null_too<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn one() -> u32 {
    1
}
