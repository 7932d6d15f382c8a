//! The block as a hex dump, in bits, and value by value.

use super::{
    Block, N,
    layout::{Field, Part, What},
};
use crate::lab::{
    Bits, BitsRow, Cell, CellRow, Cells, SeriesRole, Table,
    few::db,
    row::{count, short},
};

/// Its bytes, a row for each field.
pub(super) fn hex(block: &Block) -> Cells {
    let heading = match block.reference() {
        Some(n) if n == block.bytes.len() => {
            format!("{n} bytes, {} bits a value; all as the gguf package writes them", short(block.spec.bpw()))
        }
        _ if block.is_moved => {
            format!("{} of {} changed, in brackets", count(block.changed().count() as u64, "byte"), block.bytes.len())
        }
        _ => format!(
            "{} bytes, {} bits a value; in brackets what holds value {}",
            block.bytes.len(),
            short(block.spec.bpw()),
            block.place
        ),
    };
    Cells {
        view: "block",
        heading,
        rows: block.layout.fields.iter().map(|field| row(block, field)).collect(),
        legend: block.layout.fields.iter().map(|field| (field.what.role(), field.what.label())).collect(),
    }
}

fn row(block: &Block, field: &Field) -> CellRow {
    let mark = marked(block);
    let cell = |i: usize| Cell { text: format!("{:02x}", block.bytes[i]), role: field.what.role(), strong: mark.contains(&i) };
    CellRow {
        label: format!("{:>2} {}", field.at, field.what.label()),
        cells: (field.at..field.at + field.len).map(cell).collect(),
        note: match field.what {
            What::Scale | What::Exponent => format!("= {}", short(block.layout.scale(&block.bytes).into())),
            What::Minimum => block.layout.minimum(&block.bytes).map_or(String::new(), |m| format!("= {}", short(m.into()))),
            _ => String::new(),
        },
    }
}

/// Bytes that a move changed; without one, those that hold the code of the place.
fn marked(block: &Block) -> Vec<usize> {
    if block.is_moved {
        return block.changed().collect();
    }
    let high = block.layout.high_bit(block.place).map(|(at, _)| at);
    std::iter::once(block.layout.code_byte(block.place).0).chain(high).collect()
}

/// The scale, and the bytes of one value, in bits.
pub(super) fn bits(block: &Block) -> Bits {
    let (i, layout, bytes) = (block.place, &block.layout, &block.bytes);
    let mut rows = Vec::new();
    for field in &layout.fields {
        let two = u64::from(bytes[field.at]) | bytes.get(field.at + 1).map_or(0, |&b| u64::from(b)) << 8;
        let half = vec![("sign", 1, SeriesRole::Error), ("exponent", 5, SeriesRole::A), ("mantissa", 10, SeriesRole::B)];
        let order = || format!("bytes {:02x} {:02x}, the low one first", bytes[field.at], bytes[field.at + 1]);
        match field.what {
            What::Scale => rows.push(word("d", two, 16, half, format!("{}; {}", short(layout.scale(bytes).into()), order()))),
            What::Minimum => {
                let m = layout.minimum(bytes).map_or(0.0, f64::from);
                rows.push(word("m", two, 16, half, format!("{}; {}", short(m), order())));
            }
            What::Exponent => {
                let note = format!("2^({} - 127) = {}", bytes[field.at], short(layout.scale(bytes).into()));
                rows.push(word("scale", bytes[field.at].into(), 8, vec![("exponent", 8, SeriesRole::A)], note));
            }
            _ => {}
        }
    }
    if let Some((at, bit)) = layout.high_bit(i) {
        let note = format!("bit {bit} is the fifth bit of value {i}: {}", bytes[at] >> bit & 1);
        rows.push(word(&format!("byte {at}"), bytes[at].into(), 8, vec![("fifth bits", 8, SeriesRole::Error)], note));
    }
    let (at, part) = layout.code_byte(i);
    let fields = match part {
        Part::Whole => vec![("int8", 8, SeriesRole::B)],
        Part::Low => vec![("j + 16", 4, SeriesRole::Grid), ("this one", 4, SeriesRole::B)],
        Part::High => vec![("this one", 4, SeriesRole::B), ("j - 16", 4, SeriesRole::Grid)],
    };
    let code = layout.code(bytes, i);
    rows.push(word(&format!("byte {at}"), bytes[at].into(), 8, fields, format!("code {code}: level {}", layout.level(code))));
    Bits {
        view: "bits",
        heading: format!(
            "value {i} is {}, code {code}, and comes back as {}",
            short(block.values[i].into()),
            short(block.back[i].into())
        ),
        rows,
    }
}

pub(super) fn word(label: &str, pattern: u64, n: u32, fields: Vec<(&'static str, u32, SeriesRole)>, note: String) -> BitsRow {
    BitsRow { label: label.into(), pattern, n, fields, note }
}

pub(super) fn values(block: &Block) -> Table {
    let row = |i: usize| {
        let (x, y) = (block.values[i], block.back[i]);
        let (at, part) = block.layout.code_byte(i);
        let code = block.layout.code(&block.bytes, i);
        vec![
            i.to_string(),
            format!("{x:.4}"),
            format!("{at} {}", part.label()),
            code.to_string(),
            format!("{}", block.layout.level(code)),
            // Adding 0 takes the sign from minus 0.
            format!("{:.4}", y + 0.0),
            format!("{:+.4}", y - x),
        ]
    };
    // The one that is looked at first, so that it is in sight in a low window.
    let order = std::iter::once(block.place).chain((0..N).filter(|&i| i != block.place));
    Table {
        view: "values",
        heading: format!("what is read back; SQNR {} dB", db(block.errors().sqnr_db())),
        columns: vec!["place", "value", "byte", "code", "level", "comes back", "error"],
        rows: order.map(row).collect(),
    }
}
