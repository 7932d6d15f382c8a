//! Characters by meaning, each with an ASCII twin of the same width.

/// Every glyph is one column wide.
#[derive(Clone, Copy, Debug)]
pub struct Glyphs {
    // Nodes of the skill map.
    pub locked: &'static str,
    pub open: &'static str,
    pub in_progress: &'static str,
    pub complete: &'static str,
    pub exercised: &'static str,
    pub starred: &'static str,
    // Verdicts.
    pub good: &'static str,
    pub warn: &'static str,
    pub bad: &'static str,
    // Progress.
    pub dot_done: &'static str,
    pub dot_here: &'static str,
    pub dot_ahead: &'static str,
    pub bar_full: &'static str,
    pub bar_empty: &'static str,
    // Controls.
    pub slider_start: &'static str,
    pub slider_line: &'static str,
    pub slider_end: &'static str,
    pub knob: &'static str,
    pub choice_left: &'static str,
    pub choice_right: &'static str,
    pub pointer: &'static str,
    pub selected: &'static str,
    /// A mark in a list of many choices.
    pub box_on: &'static str,
    pub box_off: &'static str,
    pub enter: &'static str,
    pub bullet: &'static str,
    pub separator: &'static str,
    pub ellipsis: &'static str,
    pub absent: &'static str,
    // Figures.
    pub full: &'static str,
    /// Half a row that stands on the axis.
    pub half_up: &'static str,
    /// Half a row that hangs from the axis.
    pub half_down: &'static str,
    pub tick_used: &'static str,
    pub tick_unused: &'static str,
    /// None, at most half, more, all of a column's codes in use.
    pub shares: [&'static str; 4],
    /// RMS error below 0.1, 0.4, 1, 4 steps, and above or clipped.
    pub errors: [&'static str; 5],
    /// Textures of stacked segments: A, B, error, grid.
    pub textures: [&'static str; 4],
    /// That of a second kind of segment of one role.
    pub texture_twin: &'static str,
    pub clip: &'static str,
    pub zero: &'static str,
    pub prediction: &'static str,
    pub here: &'static str,
    pub dash: &'static str,
    pub cursor: &'static str,
    // Lines and frames.
    pub h: &'static str,
    pub v: &'static str,
    pub corner_tl: &'static str,
    pub corner_tr: &'static str,
    pub corner_bl: &'static str,
    pub corner_br: &'static str,
    pub tee_down: &'static str,
    pub tee_up: &'static str,
    pub tee_right: &'static str,
    pub tee_left: &'static str,
    pub cross: &'static str,
    pub quote: &'static str,
}

pub(super) const UNICODE: Glyphs = Glyphs {
    locked: "·",
    open: "○",
    in_progress: "◐",
    complete: "●",
    exercised: "◉",
    starred: "★",
    good: "✔",
    warn: "!",
    bad: "✗",
    dot_done: "●",
    dot_here: "◉",
    dot_ahead: "○",
    bar_full: "█",
    bar_empty: "░",
    slider_start: "├",
    slider_line: "─",
    slider_end: "┤",
    knob: "●",
    choice_left: "‹",
    choice_right: "›",
    pointer: "▸",
    selected: "◀",
    box_on: "■",
    box_off: "□",
    enter: "⏎",
    bullet: "•",
    separator: "·",
    ellipsis: "…",
    absent: "–",
    full: "█",
    half_up: "▄",
    half_down: "▀",
    tick_used: "┼",
    tick_unused: "┬",
    shares: ["·", "░", "▒", "█"],
    errors: ["·", "░", "▒", "▓", "█"],
    textures: ["█", "▓", "▒", "░"],
    texture_twin: "▚",
    clip: "▏",
    zero: "z",
    prediction: "◇",
    here: "◆",
    dash: "╌",
    cursor: "▲",
    h: "─",
    v: "│",
    corner_tl: "┌",
    corner_tr: "┐",
    corner_bl: "└",
    corner_br: "┘",
    tee_down: "┬",
    tee_up: "┴",
    tee_right: "├",
    tee_left: "┤",
    cross: "┼",
    quote: "▎",
};

pub(super) const ASCII: Glyphs = Glyphs {
    locked: "-",
    open: "o",
    in_progress: "~",
    complete: "x",
    exercised: "X",
    starred: "*",
    good: "+",
    warn: "!",
    bad: "x",
    dot_done: "x",
    dot_here: "@",
    dot_ahead: "o",
    bar_full: "#",
    bar_empty: ".",
    slider_start: "|",
    slider_line: "-",
    slider_end: "|",
    knob: "o",
    choice_left: "<",
    choice_right: ">",
    pointer: ">",
    selected: "<",
    box_on: "x",
    box_off: "_",
    enter: "=",
    bullet: "*",
    separator: "|",
    ellipsis: "~",
    absent: "-",
    full: "#",
    half_up: ":",
    half_down: ":",
    tick_used: "+",
    tick_unused: "'",
    shares: [".", ":", "%", "#"],
    errors: [".", ":", "+", "%", "#"],
    textures: ["#", "=", "+", "."],
    texture_twin: "%",
    clip: "|",
    zero: "z",
    prediction: "?",
    here: "@",
    dash: "-",
    cursor: "^",
    h: "-",
    v: "|",
    corner_tl: "+",
    corner_tr: "+",
    corner_bl: "+",
    corner_br: "+",
    tee_down: "+",
    tee_up: "+",
    tee_right: "+",
    tee_left: "+",
    cross: "+",
    quote: "|",
};

/// Replaces each character that is not ASCII by its twin, or by `?` where there is none.
pub(super) fn to_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() { out.push(c) } else { out.push_str(twin(c)) }
    }
    out
}

fn twin(c: char) -> &'static str {
    TWINS.iter().find(|(unicode, _)| *unicode == c).map_or("?", |(_, ascii)| ascii)
}

#[rustfmt::skip]
const TWINS: &[(char, &str)] = &[
    ('–', "-"), ('—', "-"), ('−', "-"), ('‐', "-"), ('‘', "'"), ('’', "'"), ('“', "\""), ('”', "\""), ('…', "..."),
    ('×', "x"), ('·', "*"), ('÷', "/"), ('±', "+-"), ('≤', "<="), ('≥', ">="), ('≠', "!="), ('≈', "~"), ('∞', "inf"),
    ('→', "->"), ('←', "<-"), ('↔', "<->"), ('↑', "up"), ('↓', "down"), ('⇒', "=>"), ('√', "sqrt"), ('∑', "sum"), ('Σ', "sum"), ('∫', "int"),
    ('∈', "in"), ('∂', "d"), ('°', "deg"), ('•', "*"), ('›', ">"), ('‹', "<"), ('▸', ">"), ('✔', "+"), ('✗', "x"), ('⏎', "enter"), ('█', "#"),
    ('⌊', "floor("), ('⌋', ")"), ('⌈', "ceil("), ('⌉', ")"), ('⟨', "<"), ('⟩', ">"), ('‖', "||"), ('∝', "prop to"),
    ('⁰', "^0"), ('¹', "^1"), ('²', "^2"), ('³', "^3"), ('⁴', "^4"), ('⁵', "^5"), ('⁶', "^6"), ('⁷', "^7"), ('⁸', "^8"), ('⁹', "^9"),
    ('⁻', "^-"), ('⁺', "^+"), ('ⁿ', "^n"), ('ᵇ', "^b"), ('ᵀ', "^T"),
    ('₀', "_0"), ('₁', "_1"), ('₂', "_2"), ('₃', "_3"), ('₄', "_4"), ('₅', "_5"), ('₆', "_6"), ('₇', "_7"), ('₈', "_8"), ('₉', "_9"),
    ('α', "alpha"), ('β', "beta"), ('γ', "gamma"), ('δ', "delta"), ('Δ', "Delta"), ('ε', "eps"), ('θ', "theta"), ('λ', "lambda"),
    ('μ', "mu"), ('π', "pi"), ('σ', "sigma"), ('τ', "tau"), ('φ', "phi"), ('ω', "omega"), ('Ω', "Omega"), ('µ', "u"),
    ('\u{302}', "^"), ('\u{303}', "~"), ('\u{304}', "_"), ('\u{a0}', " "), ('\u{202f}', " "), ('\u{2009}', " "),
    ('ä', "ae"), ('ö', "oe"), ('ü', "ue"), ('ß', "ss"), ('é', "e"), ('è', "e"), ('½', "1/2"), ('¼', "1/4"),
];

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    /// The fields as their `Debug` prints them: no glyph is forgotten when one is added.
    fn all(glyphs: &Glyphs) -> Vec<String> {
        let debug = format!("{glyphs:?}");
        debug.split('"').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn every_glyph_is_one_column_wide() {
        for glyph in all(&UNICODE).into_iter().chain(all(&ASCII)) {
            assert_eq!(glyph.width(), 1, "{glyph}");
        }
    }

    #[test]
    fn ascii_glyphs_are_ascii() {
        assert!(all(&ASCII).iter().all(|glyph| glyph.bytes().all(|b| b.is_ascii_graphic())));
        assert!(TWINS.iter().all(|(_, ascii)| ascii.is_ascii()));
        assert_eq!(all(&ASCII).len(), all(&UNICODE).len());
    }
}
