//! Which keys stand where. The lists come from the structs that load the tables, so they cannot drift from them.

use std::ops::Range;

use serde::{Deserialize, Deserializer, de::value::Error, forward_to_deserialize_any};
use toml::de::{DeTable, DeValue};

use super::{diagnostic::Code, source::Sink};
use crate::text::did_you_mean;

/// One sort of table.
pub(super) struct Shape {
    /// How messages name it: `[[step.option]]`.
    pub(super) header: &'static str,
    /// The kind of step that it is, empty for other tables.
    pub(super) kind: &'static str,
    /// The keys of the structs that the table is read into.
    pub(super) fields: &'static [fn() -> &'static [&'static str]],
    /// Tables below it.
    pub(super) children: &'static [(&'static str, &'static Shape)],
    /// The table takes other keys as well.
    pub(super) open: bool,
}

impl Shape {
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().flat_map(|fields| fields().iter().copied())
    }
}

/// The keys of a struct that derives `Deserialize`.
pub(super) fn fields_of<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    // The spy refuses to give a value, so an error is what comes back.
    let _ = T::deserialize(Spy(&mut fields));
    fields
}

struct Spy<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Spy<'_> {
    type Error = Error;

    fn deserialize_struct<V: serde::de::Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    fn deserialize_any<V: serde::de::Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("only the keys were asked for"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Reports and removes every key that does not belong, in the table and in those below it. `above` holds the shapes
/// around it, outermost first; `elsewhere` the shapes of the rest of the file, which may be where a key belongs.
pub(super) fn prune(
    table: &mut DeTable<'_>,
    shape: &'static Shape,
    above: &[&'static Shape],
    elsewhere: &[&'static Shape],
    sink: &mut Sink<'_>,
) {
    let keep = |key: &str| shape.open || shape.keys().any(|known| known == key);
    for key in table.keys().filter(|key| !keep(key.get_ref())) {
        unknown(key.get_ref(), key.span(), shape, above, elsewhere, sink);
    }
    *table = std::mem::take(table).into_iter().filter(|(key, _)| keep(key.get_ref())).collect();
    let around: Vec<&'static Shape> = above.iter().copied().chain([shape]).collect();
    for (key, child) in shape.children {
        match table.get_mut(*key).map(|value| value.get_mut()) {
            Some(DeValue::Table(below)) => prune(below, child, &around, elsewhere, sink),
            Some(DeValue::Array(items)) => {
                for item in items.iter_mut() {
                    if let DeValue::Table(below) = item.get_mut() {
                        prune(below, child, &around, elsewhere, sink);
                    }
                }
            }
            _ => {}
        }
    }
}

fn unknown(
    key: &str,
    span: Range<usize>,
    shape: &'static Shape,
    above: &[&'static Shape],
    elsewhere: &[&'static Shape],
    sink: &mut Sink<'_>,
) {
    let has = |shape: &&&'static Shape| shape.keys().any(|k| k == key);
    let below = shape.children.iter().map(|(_, child)| child);
    let home = above.iter().rev().chain(below).chain(elsewhere).find(has);
    match home {
        Some(home) if !home.kind.is_empty() && !shape.kind.is_empty() => {
            let message = format!("`{key}` is not a key of a step of kind `{}`", shape.kind);
            sink.report(Code::UnknownKey, span, message).remedy(format!("it belongs to the kind `{}`", home.kind));
        }
        Some(home) => {
            let message = format!("`{key}` stands under {}; it belongs under {}", shape.header, home.header);
            sink.report(Code::UnknownKey, span, message).remedy(format!("move it to {}", home.header));
        }
        None => {
            let finding = sink.report(Code::UnknownKey, span, format!("`{key}` is not a key of {}", shape.header));
            match did_you_mean(key, shape.keys()) {
                Some(meant) => finding.remedy(format!("did you mean `{meant}`?")),
                None => finding.remedy(format!("it takes: {}", shape.keys().collect::<Vec<_>>().join(", "))),
            }
        }
    }
}
