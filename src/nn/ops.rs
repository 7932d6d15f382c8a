//! Loops over plain slices, in an order of additions that does not depend on the machine.

use super::layer::Shape;

/// Lanes of a dot product; the sum of the lanes is a fixed tree.
const LANES: usize = 8;

/// `sum a_i b_i` over equal lengths: eight running sums, so that the compiler can use vectors without changing the result.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; LANES];
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    for (x, y) in a_lanes.iter().zip(b_lanes) {
        for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
            *sum += x * y;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + b) + (c + d)) + ((e + f) + (g + h)) + rest
}

/// `y += a x`.
pub(super) fn axpy(a: f32, x: &[f32], y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// The 3 x 3 patches around every place of every image, `[images * places, 9 * channels]`; outside of an image they hold
/// `border`.
pub(super) fn patches<T: Copy>(x: &[T], shape: Shape, border: T) -> Vec<T> {
    let mut out = Vec::with_capacity(9 * x.len());
    // With the border around it, each of the three rows of a patch is one piece of the image.
    let (line, wide) = (shape.cols * shape.channels, (shape.cols + 2) * shape.channels);
    let mut framed = vec![border; (shape.rows + 2) * wide];
    for image in x.chunks_exact(shape.len()) {
        for (row, values) in image.chunks_exact(line).enumerate() {
            framed[(row + 1) * wide + shape.channels..][..line].copy_from_slice(values);
        }
        for (row, col) in places(shape) {
            for r in row..row + 3 {
                out.extend_from_slice(&framed[r * wide + col * shape.channels..][..3 * shape.channels]);
            }
        }
    }
    out
}

/// The transpose of [`patches`]: adds each patch to the places it came from.
pub(super) fn add_patches(patches: &[f32], shape: Shape, x: &mut [f32]) {
    let mut from = patches.chunks_exact(shape.channels);
    for image in x.chunks_exact_mut(shape.len()) {
        for (row, col) in places(shape) {
            for ((r, c), values) in around(row, col).zip(from.by_ref()) {
                if let Some(at) = place(shape, r, c) {
                    axpy(1.0, values, &mut image[at * shape.channels..][..shape.channels]);
                }
            }
        }
    }
}

/// The largest of every 2 x 2 patch.
pub(super) fn max_pool<T: Copy + PartialOrd>(x: &[T], shape: Shape) -> Vec<T> {
    let n = shape.channels;
    let line = shape.cols * n;
    let mut out = Vec::with_capacity(x.len() / 4);
    for image in x.chunks_exact(shape.len()) {
        for pair in image.chunks_exact(2 * line).take(shape.rows / 2) {
            let (upper, lower) = pair.split_at(line);
            for (above, below) in upper.chunks_exact(2 * n).zip(lower.chunks_exact(2 * n)) {
                let larger = |a: T, b: T| if b > a { b } else { a };
                out.extend((0..n).map(|c| larger(larger(above[c], above[n + c]), larger(below[c], below[n + c]))));
            }
        }
    }
    out
}

/// The same, and where in `x` each stood (the first of equals).
pub(super) fn max_pool_places(x: &[f32], shape: Shape) -> (Vec<f32>, Vec<usize>) {
    let n_images = x.len() / shape.len();
    let (mut values, mut from) = (Vec::with_capacity(x.len() / 4), Vec::with_capacity(x.len() / 4));
    for image in 0..n_images {
        for row in 0..shape.rows / 2 {
            for col in 0..shape.cols / 2 {
                for channel in 0..shape.channels {
                    let at = |dr, dc| {
                        let place = (2 * row + dr) * shape.cols + 2 * col + dc;
                        image * shape.len() + place * shape.channels + channel
                    };
                    let best = [at(0, 1), at(1, 0), at(1, 1)].into_iter().fold(at(0, 0), |b, i| if x[i] > x[b] { i } else { b });
                    values.push(x[best]);
                    from.push(best);
                }
            }
        }
    }
    (values, from)
}

fn places(shape: Shape) -> impl Iterator<Item = (usize, usize)> {
    (0..shape.rows).flat_map(move |row| (0..shape.cols).map(move |col| (row, col)))
}

/// The nine places of a patch, row by row; one less than 0 is a place outside.
fn around(row: usize, col: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..3).flat_map(move |dr| (0..3).map(move |dc| ((row + dr).wrapping_sub(1), (col + dc).wrapping_sub(1))))
}

fn place(shape: Shape, row: usize, col: usize) -> Option<usize> {
    (row < shape.rows && col < shape.cols).then(|| row * shape.cols + col)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { rows: 2, cols: 3, channels: 2 };

    #[test]
    fn a_dot_product_takes_every_element() {
        for n in 0..40 {
            let a: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let expected: f32 = a.iter().map(|x| x * 2.0).sum();
            assert_eq!(dot(&a, &vec![2.0; n]), expected, "{n}");
        }
    }

    #[test]
    fn the_middle_of_each_patch_is_its_place() {
        let x: Vec<i32> = (0..12).collect();
        let patches = patches(&x, SHAPE, -1);
        for (place, patch) in patches.chunks_exact(18).enumerate() {
            assert_eq!(&patch[8..10], &x[2 * place..][..2]);
        }
        assert_eq!(&patches[..8], &[-1; 8], "the first place has nothing above it or left of it");
    }

    /// `<patches(x), y> = <x, add_patches(y)>`.
    #[test]
    fn adding_patches_is_the_transpose() {
        let x: Vec<f32> = (0..24).map(|i| (i % 5) as f32).collect();
        let y: Vec<f32> = (0..24 * 9).map(|i| (i % 7) as f32).collect();
        let mut back = vec![0.0; x.len()];
        add_patches(&y, SHAPE, &mut back);
        assert_eq!(dot(&patches(&x, SHAPE, 0.0), &y), dot(&x, &back));
    }

    #[test]
    fn pooling_keeps_the_largest_and_its_place() {
        let x = [1, 9, 5, 2, 0, 0, 3, 9, 8, 4, 0, 0];
        let x = x.map(|x| x as f32);
        assert_eq!(max_pool_places(&x, SHAPE), (vec![8.0, 9.0], vec![8, 1]));
        assert_eq!(max_pool(&x, SHAPE), [8.0, 9.0]);
    }
}
