//! Golden-section search.

/// A place with a small `cost` in `a..=b`, where the cost has one minimum the minimum: `n_steps` steps, each of which
/// keeps 0.618 of the interval. `b` where the interval is empty.
pub(crate) fn golden(mut a: f64, mut b: f64, n_steps: usize, cost: impl Fn(f64) -> f64) -> f64 {
    const KEPT: f64 = 0.618_033_988_749_894_8;
    if b <= a {
        return b;
    }
    let at = |a: f64, b: f64, t: f64| a + t * (b - a);
    let (mut left, mut right) = (at(a, b, 1.0 - KEPT), at(a, b, KEPT));
    let (mut cost_left, mut cost_right) = (cost(left), cost(right));
    for _ in 0..n_steps {
        if cost_left <= cost_right {
            (b, right, cost_right) = (right, left, cost_left);
            left = at(a, b, 1.0 - KEPT);
            cost_left = cost(left);
        } else {
            (a, left, cost_left) = (left, right, cost_right);
            right = at(a, b, KEPT);
            cost_right = cost(right);
        }
    }
    if cost_left <= cost_right { left } else { right }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valley_is_found_and_an_empty_interval_is_its_end() {
        assert!((golden(-3.0, 5.0, 60, |x| (x - 1.25).powi(2)) - 1.25).abs() < 1e-7);
        assert_eq!(golden(2.0, 1.0, 5, |x| x), 1.0);
    }
}
