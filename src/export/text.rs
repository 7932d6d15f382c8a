//! A report as text for a terminal or a pipe.

use unicode_width::UnicodeWidthStr;

use super::{
    number::format_metric,
    words::{step_words, words},
};
use crate::lab::{Lab, Report};

/// Metrics line by line at the decimal point, each figure in words, the notes; wrapped at `width` columns.
pub fn text(report: &Report, lab: &Lab, width: usize) -> String {
    let mut out = format!("{}\n\n", lab.title);
    let rows: Vec<(&str, String, &str)> = report
        .metrics
        .iter()
        .filter_map(|m| lab.metric(m.name).map(|spec| (spec.label, format_metric(m.value, spec), spec.unit)))
        .collect();
    let left = |number: &str| number.find('.').unwrap_or_else(|| number.width());
    let label_width = rows.iter().map(|r| r.0.width()).max().unwrap_or(0);
    let most_left = rows.iter().map(|r| left(&r.1)).max().unwrap_or(0);
    let most_right = rows.iter().map(|r| r.1.width() - left(&r.1)).max().unwrap_or(0);
    for (label, number, unit) in &rows {
        let indent = " ".repeat(label_width - label.width() + 2 + most_left - left(number));
        let pad = " ".repeat(most_right - (number.width() - left(number)) + 1);
        out.push_str(format!("  {label}{indent}{number}{pad}{unit}").trim_end());
        out.push('\n');
    }
    for figure in &report.figures {
        out.push_str(&format!("\n{}:\n", figure.view()));
        paragraph(&words(figure, None), width, &mut out);
    }
    if let Some(trace) = &report.trace {
        out.push_str("\nsteps:\n");
        for (i, step) in trace.steps.iter().enumerate() {
            paragraph(&format!("{}. {}", i + 1, step_words(step)), width, &mut out);
        }
    }
    if !report.notes.is_empty() {
        out.push_str("\nnotes:\n");
        report.notes.iter().for_each(|note| paragraph(note, width, &mut out));
    }
    out
}

/// Words in lines of at most `width` columns, indented by two; a longer word keeps a line of its own.
fn paragraph(text: &str, width: usize, out: &mut String) {
    let mut column = 0;
    for word in text.split_whitespace() {
        if column > 0 && column + 1 + word.width() > width {
            out.push('\n');
            column = 0;
        }
        let gap = if column == 0 { "  " } else { " " };
        out.push_str(gap);
        out.push_str(word);
        column += gap.len() + word.width();
    }
    out.push('\n');
}
