//! NumPy's file format, version 1.0.

use crate::lab::ArrayData;

/// The header and the data end on a multiple of this.
const ALIGN: usize = 64;
const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";

/// The bytes of a `.npy` file: little-endian `f4` or `i4`, C order.
///
/// `shape` is the array's; its product is `data`'s length. A shape of one axis is written `(n,)`, an empty one is a scalar.
pub fn npy(shape: &[usize], data: &ArrayData) -> Vec<u8> {
    let mut out = header(shape, data);
    match data {
        ArrayData::F32(values) => out.extend(values.iter().flat_map(|v| v.to_le_bytes())),
        ArrayData::I32(values) => out.extend(values.iter().flat_map(|v| v.to_le_bytes())),
    }
    out
}

fn header(shape: &[usize], data: &ArrayData) -> Vec<u8> {
    let descr = match data {
        ArrayData::F32(_) => "<f4",
        ArrayData::I32(_) => "<i4",
    };
    let axes: String = shape.iter().map(|n| format!("{n},")).collect();
    let axes = if shape.len() > 1 { axes.trim_end_matches(',') } else { &axes };
    let mut dict = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({axes}), }}");
    // Magic, two bytes of length, the dictionary and its newline fill whole blocks.
    let used = MAGIC.len() + 2 + dict.len() + 1;
    dict.push_str(&" ".repeat(used.next_multiple_of(ALIGN) - used));
    dict.push('\n');
    let length = u16::try_from(dict.len()).expect("a shape has a few axes, far below 65,535 bytes");
    [MAGIC, &length.to_le_bytes(), dict.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_written_as_numpy_reads_it() {
        let bytes = npy(&[2, 3], &ArrayData::F32([1.0, 2.0, 3.0, 4.0, 5.0, -6.5].into()));
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
        let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!((10 + length) % ALIGN, 0);
        let dict = std::str::from_utf8(&bytes[10..10 + length]).expect("ASCII");
        assert!(dict.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2,3), }"), "{dict}");
        assert!(dict.ends_with('\n'));
        assert_eq!(bytes.len(), 10 + length + 24);
        assert_eq!(&bytes[bytes.len() - 4..], (-6.5f32).to_le_bytes());
    }

    #[test]
    fn one_axis_keeps_its_comma_and_a_scalar_has_none() {
        let has = |shape: &[usize], text: &str| {
            let bytes = npy(shape, &ArrayData::I32([7].into()));
            assert!(String::from_utf8_lossy(&bytes).contains(text), "{shape:?}");
        };
        has(&[1], "'shape': (1,), ");
        has(&[], "'shape': (), ");
        has(&[1], "'descr': '<i4'");
    }
}
