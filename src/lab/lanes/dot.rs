//! What `vpmaddubsw` does to the sum of an output, in plain Rust: the same on every CPU.

use crate::kernel::saturating_pair;

/// The sum as `vpmaddubsw`, `vpmaddwd` with ones and `vpaddd` make it: pairs are held in int16, then added in int32.
/// What is missing in the last pair is 0.
pub(super) fn saturating(a: &[u8], b: &[i8]) -> i32 {
    pairs(a, b).fold(0, |sum: i32, (a, b)| sum.wrapping_add(saturating_pair(a, b).into()))
}

/// How many of the pairs do not fit into int16.
pub(super) fn n_held(a: &[u8], b: &[i8]) -> usize {
    pairs(a, b).filter(|&(a, b)| i32::from(saturating_pair(a, b)) != exact_pair(a, b)).count()
}

fn exact_pair(a: [u8; 2], b: [i8; 2]) -> i32 {
    i32::from(a[0]) * i32::from(b[0]) + i32::from(a[1]) * i32::from(b[1])
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
    fn two_large_products_are_held_at_the_ends_of_int16() {
        let (a, b) = ([255, 255, 0, 0], [127, 127, 0, 0]);
        assert_eq!((saturating(&a, &b), n_held(&a, &b)), (32_767, 1));
        assert_eq!(saturating(&a, &b.map(|b: i8| -b)), -32_768);
    }

    /// O-48: seven bits on either side are enough.
    #[test]
    fn seven_bits_on_one_side_are_never_held() {
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
        assert_eq!(saturating(&[1, 2, 3], &[4, 5, 6]), 32);
        assert_eq!(saturating(&[], &[]), 0);
    }
}
