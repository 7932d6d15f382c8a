//! The picture of an image parameter.

use serde::{Serialize, Serializer};

/// A small picture: levels of ink, 0 (paper) to [`Pixels::INK`], row by row.
///
/// Written, it is a row of characters for each row of pixels, with `/` between them: `.` is paper, `1` to `9` are levels,
/// `a` to `g` stand for 10 to 16.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pixels {
    width: u8,
    len: u8,
    items: [u8; Self::MAX],
}

impl Pixels {
    /// An image of 8 x 8.
    pub const MAX: usize = 64;
    /// Full ink, as the handwritten digits have it.
    pub const INK: u8 = 16;

    /// A sheet of one level. Panics where it has more than [`Pixels::MAX`] pixels; in a constant row that is a compile error.
    pub const fn sheet(width: usize, height: usize, level: u8) -> Self {
        assert!(width * height <= Self::MAX, "an image parameter has at most 64 pixels");
        let mut items = [0; Self::MAX];
        let mut i = 0;
        while i < width * height {
            items[i] = level;
            i += 1;
        }
        Self { width: width as u8, len: (width * height) as u8, items }
    }

    /// From levels of ink row by row, whole rows; what lies above full ink becomes full ink.
    pub fn new(width: usize, levels: &[u8]) -> Self {
        let mut sheet = Self::sheet(width, levels.len() / width.max(1), 0);
        sheet.iter_mut().zip(levels).for_each(|(to, from)| *to = (*from).min(Self::INK));
        sheet
    }

    pub fn width(&self) -> usize {
        self.width.into()
    }

    /// The one way to write it; `None` for another size or another character. Blanks may take the place of `/`.
    pub(super) fn parse(text: &str, width: usize, height: usize) -> Option<Self> {
        let rows: Vec<&str> = text.split(|c: char| c == '/' || c.is_whitespace()).filter(|row| !row.is_empty()).collect();
        if rows.len() != height || rows.iter().any(|row| row.len() != width) {
            return None;
        }
        let levels: Option<Vec<u8>> = rows.concat().chars().map(level).collect();
        levels.map(|levels| Self::new(width, &levels))
    }
}

fn level(c: char) -> Option<u8> {
    let level = if c == '.' { 0 } else { c.to_digit(u32::from(Pixels::INK) + 1)? };
    u8::try_from(level).ok()
}

impl std::ops::Deref for Pixels {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.items[..self.len.into()]
    }
}

impl std::ops::DerefMut for Pixels {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.items[..self.len.into()]
    }
}

impl std::fmt::Display for Pixels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, row) in self.chunks(self.width().max(1)).enumerate() {
            f.write_str(if i == 0 { "" } else { "/" })?;
            for &level in row {
                let c = if level == 0 { '.' } else { char::from_digit(level.into(), u32::from(Self::INK) + 1).unwrap_or('g') };
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Pixels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Pixels {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_read_as_it_is_written() {
        let picture = Pixels::new(3, &[0, 1, 9, 10, 16, 99]);
        assert_eq!(picture.to_string(), ".19/agg");
        assert_eq!(Pixels::parse(".19/agg", 3, 2), Some(picture));
        assert_eq!(Pixels::parse("019\nAGg\n", 3, 2), Some(picture), "lines of a lesson file, and capitals");
        for wrong in ["", ".19", ".19/agh", ".19/ag", ".19/agg/...", ".1-/agg"] {
            assert_eq!(Pixels::parse(wrong, 3, 2), None, "{wrong}");
        }
    }
}
