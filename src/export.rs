//! A [`Report`](crate::lab::Report) in other forms: text, JSON, a vector plot, npy bytes, words. Pure functions; the
//! command line writes what they return.

mod columns;
mod json;
mod npy;
mod number;
mod plot;
mod text;
mod words;
mod xml;

pub use columns::{Column, Cut};
pub use json::{figure_json, json};
pub use npy::npy;
pub use number::{
    axis_number, count, format_measure, format_metric, format_value, log_ticks, metric_words, number, power_of_ten, quantity,
    short_count, shown_unit, ticks,
};
pub use plot::svg;
pub use text::text;
pub use words::{step_words, words};
pub use xml::escape;
