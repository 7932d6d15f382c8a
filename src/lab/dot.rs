//! What the instructions that multiply bytes do to one 32-bit lane, in plain Rust: the same on every CPU.

/// Two products of an unsigned and a signed byte, added in 16 bits and held at their ends: a pair of `vpmaddubsw`.
pub(super) fn held_pair(a: [u8; 2], b: [i8; 2]) -> i16 {
    pair(a, b).clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// The two products added as they are.
pub(super) fn pair(a: [u8; 2], b: [i8; 2]) -> i32 {
    i32::from(a[0]) * i32::from(b[0]) + i32::from(a[1]) * i32::from(b[1])
}

/// The sum of all products in int32, which wraps: `vpdpbusd`, and `vpmaddwd` on bytes that were widened before.
pub(super) fn exact(a: &[u8], b: &[i8]) -> i32 {
    a.iter().zip(b).fold(0, |sum: i32, (&a, &b)| sum.wrapping_add(i32::from(a) * i32::from(b)))
}

/// The sum as `vpmaddubsw`, `vpmaddwd` with ones and `vpaddd` make it: pairs are held in int16, then added in int32.
/// What is missing in the last pair is 0.
pub(super) fn saturating(a: &[u8], b: &[i8]) -> i32 {
    pairs(a, b).fold(0, |sum: i32, (a, b)| sum.wrapping_add(held_pair(a, b).into()))
}

/// How many of the pairs do not fit into int16.
pub(super) fn n_held(a: &[u8], b: &[i8]) -> usize {
    pairs(a, b).filter(|&(a, b)| i32::from(held_pair(a, b)) != pair(a, b)).count()
}

fn pairs<'v>(a: &'v [u8], b: &'v [i8]) -> impl Iterator<Item = ([u8; 2], [i8; 2])> + 'v {
    let at = |a: &[u8], b: &[i8]| ([a[0], a.get(1).copied().unwrap_or(0)], [b[0], b.get(1).copied().unwrap_or(0)]);
    a.chunks(2).zip(b.chunks(2)).map(move |(a, b)| at(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// O-21.
    #[test]
    fn a_pair_is_held_where_a_dot_product_is_exact() {
        let (a, b) = ([255, 255, 0, 0], [127, 127, 0, 0]);
        assert_eq!((exact(&a, &b), saturating(&a, &b), n_held(&a, &b)), (64_770, 32_767, 1));
        assert_eq!(saturating(&a, &b.map(|b: i8| -b)), -32_768);
    }

    /// O-48: seven bits on either side are enough.
    #[test]
    fn seven_bits_on_one_side_never_saturate() {
        for b0 in i8::MIN..=i8::MAX {
            for b1 in [i8::MIN, -1, 0, 63, i8::MAX] {
                assert_eq!(n_held(&[127, 127], &[b0, b1]), 0);
            }
        }
        for a0 in 0..=u8::MAX {
            for b in [[-64, -64], [63, 63], [-64, 63]] {
                assert_eq!(n_held(&[a0, 255], &b), 0);
            }
        }
    }

    #[test]
    fn an_odd_number_of_products_is_summed_whole() {
        assert_eq!((exact(&[1, 2, 3], &[4, 5, 6]), saturating(&[1, 2, 3], &[4, 5, 6])), (32, 32));
        assert_eq!((exact(&[], &[]), saturating(&[], &[])), (0, 0));
    }
}
