//! What the nets say: accuracies side by side, confusions, misread digits.

use super::{Bench, MODES, points};
use crate::lab::{Heatmap, Images, Picture, Table, few::db, net::N_CLASSES, row::count};

/// At most so many misread digits are drawn.
const MAX_PICTURES: usize = 32;

/// FP32 and the three modes, one below the other.
pub(super) fn modes(bench: &Bench) -> Table {
    let float = bench.subject.float.accuracy;
    let absent = || "–".to_owned();
    let row = |name: &str, verdict: Option<&super::Verdict>| {
        let of = |text: &dyn Fn(&super::Verdict) -> String| verdict.map_or_else(absent, text);
        vec![
            name.to_owned(),
            of(&|v| format!("{:.1} %", v.accuracy)),
            of(&|v| format!("{:.1}", points(float - v.accuracy))),
            of(&|v| format!("{:.1} %", v.agreement)),
            of(&|v| if v.sqnr_db.is_finite() { format!("{} dB", db(v.sqnr_db)) } else { absent() }),
        ]
    };
    let others = MODES.iter().zip(&bench.modes).map(|((mode, name), found)| {
        let name = if *mode == bench.plan.mode { format!("{name} (chosen)") } else { (*name).to_owned() };
        row(&name, found.as_ref().map(|f| &f.1))
    });
    let chosen = &bench.chosen().1;
    Table {
        view: "modes",
        heading: format!(
            "{:.1} % right, FP32 {float:.1} %: a drop of {:.1} points at {:.2} bits per weight",
            chosen.accuracy,
            points(float - chosen.accuracy),
            bench.chosen().0.bits_per_weight()
        ),
        columns: vec!["", "accuracy", "drop, points", "same answer", "scores"],
        rows: std::iter::once(row("FP32", Some(&bench.subject.float))).chain(others).collect(),
    }
}

/// Truth by answer in the chosen mode.
pub(super) fn confusion(bench: &Bench) -> Heatmap {
    let mut counts = [0u32; N_CLASSES * N_CLASSES];
    for (label, got) in bench.subject.test().labels.iter().zip(&bench.chosen().1.classes) {
        counts[usize::from(*label) * N_CLASSES + usize::from(*got)] += 1;
    }
    let wrong = |&at: &usize| at / N_CLASSES != at % N_CLASSES;
    let most = (0..counts.len()).filter(wrong).max_by_key(|&at| (counts[at], std::cmp::Reverse(at))).unwrap_or(1);
    let n_wrong: u32 = (0..counts.len()).filter(wrong).map(|at| counts[at]).sum();
    let heading = match counts[most] {
        0 => "no image is misread".into(),
        n => format!(
            "{} misread; most often a {} as a {}, {n}x",
            count(n_wrong.into(), "image"),
            most / N_CLASSES,
            most % N_CLASSES
        ),
    };
    Heatmap {
        view: "confusion",
        heading,
        x_label: "answer",
        y_label: "truth",
        value_label: "images",
        unit: "or more",
        per_value: (1, 1),
        n_cols: N_CLASSES,
        values: counts.iter().map(|&n| n as f32).collect(),
        lo: 0.0,
        // The diagonal would drown the rest.
        hi: counts[most].max(1) as f32,
    }
}

/// Digits that a net misreads: first those on which the two differ.
pub(super) fn misread(bench: &Bench) -> Images {
    let (test, chosen) = (bench.subject.test(), &bench.chosen().1.classes);
    let float = &bench.subject.float.classes;
    let misread = |&i: &usize| float[i] != test.labels[i] || chosen[i] != test.labels[i];
    let mut places: Vec<usize> = (0..test.len()).filter(misread).collect();
    places.sort_by_key(|&i| (float[i] == chosen[i], i));
    let n_differ = places.iter().filter(|&&i| float[i] != chosen[i]).count();
    let picture = |&i: &usize| Picture {
        pixels: test.image(i).to_vec(),
        caption: vec![format!("a {}", test.labels[i]), format!("FP {} Q {}", float[i], chosen[i])],
    };
    let more = places.len().saturating_sub(MAX_PICTURES);
    let more = if more > 0 { format!("; {more} more are not drawn") } else { String::new() };
    Images {
        view: "misread",
        heading: format!(
            "{} misread, {n_differ} of them otherwise in codes (Q) than in FP32 (FP){more}",
            count(places.len() as u64, "image")
        ),
        width: 8,
        pictures: places.iter().take(MAX_PICTURES).map(picture).collect(),
    }
}
