//! The tables of format 1 as they stand in the files. Each is read on its own: serde's tagged, untagged and flattened
//! types lose the spans.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use toml::Spanned;

pub(super) type Str = Spanned<String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLesson {
    pub(super) id: Str,
    pub(super) title: Str,
    pub(super) track: Str,
    pub(super) status: Option<Str>,
    pub(super) summary: Str,
    #[serde(default)]
    pub(super) goals: Vec<Str>,
    #[serde(default)]
    pub(super) requires: Vec<Str>,
    pub(super) minutes: Spanned<u32>,
    #[serde(default)]
    pub(super) sources: Vec<Str>,
    pub(super) card: Option<Str>,
    pub(super) for_real: Option<Str>,
}

/// What every step may have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStep {
    pub(super) id: Str,
    #[serde(rename = "kind")]
    _kind: Str,
    pub(super) rev: Option<Spanned<u32>>,
    #[serde(default)]
    pub(super) hints: Vec<Str>,
    pub(super) explain: Option<Str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawText {
    pub(super) body: Str,
}

/// Every further key of the step is a listing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCode {
    pub(super) prompt: Option<Str>,
    pub(super) run: Option<Str>,
    pub(super) expect: Option<Str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOutput {
    pub(super) prompt: Option<Str>,
    pub(super) run: Str,
    pub(super) expect: Option<Str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExercise {
    pub(super) prompt: Option<Str>,
    pub(super) starter: Str,
    pub(super) solution_code: Str,
    #[serde(default)]
    pub(super) test: Vec<RawTest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTest {
    pub(super) name: Str,
    pub(super) call: Str,
    pub(super) expect: Option<Str>,
    #[serde(default)]
    pub(super) vars: Pairs<toml::Value>,
    pub(super) times: Option<Spanned<u32>>,
}

/// What a drill has beside the keys of a numeric question.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDrill {
    pub(super) id: Str,
    pub(super) rev: Option<Spanned<u32>>,
    pub(super) explain: Option<Str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLab {
    pub(super) lab: Str,
    pub(super) prompt: Option<Str>,
    #[serde(default)]
    pub(super) set: Pairs<toml::Value>,
    #[serde(default)]
    pub(super) vary: Vec<Str>,
    pub(super) view: Option<Str>,
    #[serde(default)]
    pub(super) predict: Vec<RawPredict>,
    pub(super) challenge: Option<Str>,
    pub(super) goal: Option<Str>,
    pub(super) par: Option<RawPar>,
    #[serde(default)]
    pub(super) solution: Pairs<toml::Value>,
    pub(super) alt: Option<Str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPredict {
    pub(super) metric: Str,
    pub(super) prompt: Option<Str>,
    pub(super) abs_tol: Option<Spanned<f64>>,
    pub(super) rel_tol: Option<Spanned<f64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPar {
    pub(super) metric: Str,
    pub(super) value: Spanned<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawChoice {
    pub(super) prompt: Str,
    pub(super) select: Option<Str>,
    pub(super) shuffle: Option<bool>,
    #[serde(default)]
    pub(super) option: Vec<Spanned<RawOption>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOption {
    pub(super) text: Str,
    #[serde(default)]
    pub(super) correct: bool,
    pub(super) feedback: Option<Str>,
    pub(super) misconception: Option<Str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNumeric {
    pub(super) prompt: Str,
    #[serde(default)]
    pub(super) vars: Pairs<Vec<Spanned<f64>>>,
    pub(super) answer: Option<RawAnswer>,
    #[serde(default)]
    pub(super) parts: Vec<RawPart>,
    pub(super) unit: Option<Str>,
    #[serde(default)]
    pub(super) wrong: Vec<RawWrong>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAnswer {
    pub(super) compute: Str,
    pub(super) abs_tol: Option<Spanned<f64>>,
    pub(super) rel_tol: Option<Spanned<f64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPart {
    pub(super) label: Str,
    pub(super) compute: Str,
    pub(super) abs_tol: Option<Spanned<f64>>,
    pub(super) rel_tol: Option<Spanned<f64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWrong {
    /// The label of the part that it stands for.
    pub(super) part: Option<Str>,
    pub(super) compute: Str,
    pub(super) feedback: Str,
    pub(super) misconception: Option<Str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCloze {
    pub(super) prompt: Option<Str>,
    pub(super) text: Str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOrder {
    pub(super) prompt: Option<Str>,
    pub(super) items: Spanned<Vec<Str>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMatch {
    pub(super) prompt: Option<Str>,
    pub(super) pairs: Spanned<Vec<Spanned<Vec<Str>>>>,
    #[serde(default)]
    pub(super) extra: Vec<Str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTerm {
    pub(super) id: Str,
    pub(super) name: Str,
    pub(super) text: Str,
    pub(super) preview: Option<Str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFaq {
    pub(super) q: Str,
    pub(super) a: Str,
}

/// The scalars at the top of course.toml.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCourse {
    pub(super) id: Str,
    pub(super) title: Str,
    #[serde(default)]
    pub(super) authors: Vec<Str>,
    pub(super) licence: Option<Str>,
    pub(super) language: Option<Str>,
    pub(super) version: Option<Str>,
    pub(super) min_app: Option<Str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTrack {
    pub(super) id: Str,
    pub(super) title: Str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPath {
    pub(super) id: Str,
    pub(super) title: Str,
    #[serde(default)]
    pub(super) chapter: Vec<RawChapter>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawChapter {
    pub(super) title: Str,
    pub(super) lessons: Vec<Str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMisconception {
    pub(super) id: Str,
    pub(super) text: Str,
}

/// A table of free names, in the order of the file.
pub(super) struct Pairs<T>(pub(super) Vec<(Str, Spanned<T>)>);

impl<T> Default for Pairs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Collect<T> {
            type Value = Pairs<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<T>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Collect(std::marker::PhantomData))
    }
}
