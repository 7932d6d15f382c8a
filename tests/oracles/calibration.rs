//! Calibration, optima and post-training algorithms: exact integrals and published vectors.

use proptest::prelude::*;
use quantlearn::{
    kernel::Errors,
    quant::{
        Clip, CodeRange, Config, Granularity, Matrix, Rounding, ScaleFormat, Scheme, aciq, calibrate,
        density::Density,
        entropy::{Divergence, EntropySearch, n_levels},
        histogram::MagnitudeHistogram,
        metric,
        observer::{Method, Observer},
        optimum,
        ptq::{adaround, equalize, gptq, hadamard, lsq, smooth, ternary},
    },
    tensor::{Source, Sources},
};

use crate::{list, near, number, numbers, oracles};

fn config(bits: u32, scheme: Scheme, granularity: Granularity) -> Config {
    Config { bits, scheme, granularity, clip: Clip::AbsMax, rounding: Rounding::Even, scale_format: ScaleFormat::F32 }
}

/// Reconstructed values, and the error of the whole.
fn quantized(matrix: Matrix, config: &Config) -> (Vec<f32>, Errors) {
    let mut no_step = |_, _| Ok::<(), std::convert::Infallible>(());
    let Ok(found) = calibrate(matrix, config, &mut no_step);
    let Ok(out) = found.apply(matrix, None, &mut no_step);
    (out.dequantized.to_vec(), out.errors())
}

#[test]
fn o_22_uniform_data_keep_the_rule_at_every_width() {
    let data = Sources::default().get(Source::Uniform, 1 << 18, 1);
    for bits in 2..=8 {
        for (scheme, rule) in [(Scheme::Symmetric, (1u32 << bits) - 2), (Scheme::Affine, (1 << bits) - 1)] {
            let (_, errors) = quantized(data.matrix(), &config(bits, scheme, Granularity::Tensor));
            near(errors.sqnr_db(), 20.0 * f64::from(rule).log10(), 0.05, &format!("{scheme:?} {bits} bits"));
        }
    }
}

#[test]
fn o_23_integer_grids_and_mid_rise_quantizers_have_their_exact_optimum() {
    let table = &oracles()["scalar"];
    for (key, density, scheme) in [
        ("gauss_int_restricted", Density::Gaussian, Scheme::Symmetric),
        ("gauss_int_full", Density::Gaussian, Scheme::SymmetricFull),
        ("laplace_int_restricted", Density::Laplace, Scheme::Symmetric),
        ("laplace_int_full", Density::Laplace, Scheme::SymmetricFull),
    ] {
        for row in list(&table[key]) {
            let bits = number(&row["bits"]) as u32;
            let best = optimum::best_grid(density, bits, scheme);
            let (mse, clip) = (number(&row["mse"]), number(&row["alpha_qmax"]));
            near(best.mse, mse, 1e-6 * mse, &format!("{key} {bits}"));
            near(best.clip, clip, 1e-4 * clip, &format!("{key} {bits}"));
            near(best.sqnr_db(), number(&row["sqnr_db"]), 1e-4, &format!("{key} {bits}"));
        }
    }
    for (key, density) in [("gauss_uniform_midrise", Density::Gaussian), ("laplace_uniform_midrise", Density::Laplace)] {
        for row in list(&table[key]) {
            let bits = number(&row["bits"]) as u32;
            let best = optimum::best_mid_rise(density, 1 << bits);
            let mse = number(&row["mse"]);
            near(best.mse, mse, 1e-6 * mse, &format!("{key} {bits}"));
            near(best.step, number(&row["step"]), 1e-4 * best.step, &format!("{key} {bits}"));
        }
    }
}

/// 2048 bins of `n` draws, each as full as the distribution function says.
fn expected_counts(n: f64, end: f64, below: impl Fn(f64) -> f64, extra_in_last: u64) -> MagnitudeHistogram {
    let width = end / 2048.0;
    let share = |i: u32| below(f64::from(i + 1) * width) - below(f64::from(i) * width);
    let mut counts: Vec<u64> = (0..2048).map(|i| (n * share(i)).round() as u64).collect();
    counts[2047] += extra_in_last;
    MagnitudeHistogram::from_counts(counts, width)
}

fn kept(histogram: &MagnitudeHistogram) -> (Divergence, f64) {
    let search = EntropySearch::new(histogram, n_levels(8));
    let best = search.best().expect("there are 2048 bins");
    (best, search.threshold(best))
}

#[test]
fn o_24_entropy_calibration_keeps_the_bins_of_the_reference() {
    let half_normal = |x: f64| libm::erf(x / 2f64.sqrt());
    let exponential = |x: f64| 1.0 - (-x).exp();
    let table = &oracles()["calibration"];
    for (key, histogram) in [
        ("gauss_T6", expected_counts(1e6, 6.0, half_normal, 0)),
        ("gauss_T12", expected_counts(1e6, 12.0, half_normal, 0)),
        ("laplace(b=1)_T20", expected_counts(1e6, 20.0, exponential, 0)),
        ("uniform_T1", expected_counts(1e6, 1.0, |x| x, 0)),
    ] {
        let (best, threshold) = kept(&histogram);
        assert_eq!(best.n_kept as f64, number(&table[key]["kl_bins"]), "{key}");
        near(threshold, number(&table[key]["kl_thr"]), 1e-9, key);
        for (percent, edge) in table[key]["pct"].as_object().expect("percentiles by name") {
            let percent = percent.parse().expect("a number");
            near(histogram.percentile(percent), number(edge), 1.01 * histogram.width(), key);
        }
    }
    near(kept(&expected_counts(1e6, 1.0, |x| x, 0)).0.nats, 0.0, 1e-9, "uniform data lose nothing");
    let (best, threshold) = kept(&expected_counts(1e6, 60.0, half_normal, 10));
    assert_eq!(best.n_kept, 158);
    near(threshold, 4.629, 5e-4, "outliers at 60");
}

#[test]
fn a_search_on_the_histogram_reaches_the_error_of_the_exact_optimum() {
    let half_normal = |x: f64| libm::erf(x / 2f64.sqrt());
    let histogram = expected_counts(1e12, 6.0, half_normal, 0);
    for bits in 2..=8 {
        let best = optimum::best_grid(Density::Gaussian, bits, Scheme::Symmetric);
        let range = Scheme::Symmetric.range(bits);
        let clip = histogram.best_clip(range.qmax as u32);
        let mse = optimum::grid_mse(Density::Gaussian, clip / f64::from(range.qmax), range);
        near(mse / best.mse, 1.0, 2e-3, &format!("{bits} bits, clip {clip}"));
        near(histogram.squared_error(clip, range.qmax as u32) / mse, 1.0, 5e-3, &format!("{bits} bits, clip {clip}"));
    }
}

/// The stream of lesson 9: ten values at 60 among a million.
#[test]
fn rare_outliers_divide_the_observers() {
    let sources = Sources::default();
    let inliers = sources.get(Source::Gaussian, 1 << 20, 1);
    let mut observer = Observer::default();
    observer.observe(&inliers.data);
    observer.observe(&[60.0; 10]);
    let inlier_db = |clip: f64| -10.0 * optimum::grid_mse(Density::Gaussian, clip / 127.0, Scheme::Symmetric.range(8)).log10();
    for (method, clip, db) in [
        (Method::MinMax, 60.0, 17.3),
        (Method::Mse, 39.0, 21.0),
        (Method::Entropy, 4.63, 39.6),
        (Method::Percentile(99.99), 3.90, 40.5),
    ] {
        let got = observer.clip(method, 8);
        // Of a few values a bin, the entropy search feels the draw: the figure is that of the expected counts.
        near(got, clip, 0.06 * clip, &format!("{method:?}"));
        near(inlier_db(got), db, 0.5, &format!("{method:?} at {got}"));
    }
}

#[test]
fn o_25_aciq_has_the_solutions_of_its_model() {
    for row in list(&oracles()["scalar"]["aciq_model"]) {
        let bits = number(&row["bits"]) as u32;
        near(aciq::clip(Density::Laplace, bits), number(&row["alpha_over_b_laplace"]), 1e-3, "Laplace");
        near(aciq::clip(Density::Gaussian, bits), number(&row["alpha_over_sigma_gauss"]), 1e-3, "Gaussian");
        near(
            aciq::model_mse(Density::Gaussian, aciq::clip(Density::Gaussian, bits), bits),
            number(&row["mse_gauss"]),
            1e-6,
            "error",
        );
    }
    near(aciq::one_sided_clip(Density::Gaussian, 4), 2.93620, 1e-3, "half of a Gaussian");
}

#[test]
fn a_static_range_falls_behind_when_the_data_grow() {
    let table = &oracles()["static_drift"];
    let range = Scheme::Symmetric.range(8);
    let clip = optimum::best_grid(Density::Gaussian, 8, Scheme::Symmetric).clip;
    for (gain, db) in table["sqnr_db_at_gain"].as_object().expect("ratios by gain") {
        let gain = gain.parse().expect("a number");
        near(optimum::drifted_sqnr_db(Density::Gaussian, clip, range, gain), number(db), 2e-3, "gain");
    }
    let sized_for_4 = optimum::drifted_sqnr_db(Density::Gaussian, 4.0 * clip, range, 1.0);
    near(sized_for_4, number(&table["clip_sized_for_gain4_at_gain1"]), 0.01, "sized for gain 4");
}

#[test]
fn the_largest_of_many_normal_values_has_its_known_mean() {
    for row in list(&oracles()["absmax_gauss"]) {
        let row = numbers(row);
        let n = row[0] as u64;
        near(optimum::expected_max_magnitude(n), row[1], 1e-4 * row[1], "magnitude");
        near(optimum::expected_max_square(n), row[2], 1e-4 * row[2], "square");
    }
}

#[test]
fn o_29_the_step_has_the_gradient_of_lsq() {
    let table = &oracles()["lsq"];
    let range = CodeRange { qmin: -(number(&table["Qn"]) as i32), qmax: number(&table["Qp"]) as i32 };
    let (values, step) = (numbers(&table["v"]), number(&table["s"]));
    for ((&v, value), slope) in values.iter().zip(numbers(&table["vhat"])).zip(numbers(&table["ds"])) {
        let got = lsq::quantize(v, step, range);
        near(got.value, value, 1e-12, "value");
        near(got.slope, slope, 1e-9, "slope");
    }
    near(lsq::gradient_scale(values.len(), range), number(&table["grad_scale"]), 1e-12, "gradient scale");
    near(lsq::first_step(&values, range), number(&table["init_s"]), 1e-12, "first step");
}

#[test]
fn o_30_ternary_and_binary_weights_have_their_constants() {
    let table = &oracles()["ternary"];
    let best = optimum::best_grid(Density::Gaussian, 2, Scheme::Symmetric);
    near(best.clip, number(&table["optimal"]["level"]), 1e-4, "level");
    near(0.5 * best.clip, number(&table["optimal"]["threshold"]), 1e-4, "threshold");
    near(best.mse, number(&table["optimal"]["mse"]), 1e-5, "error");
    let gamma = number(&table["absmean"]["gamma"]);
    near(optimum::expected_max_magnitude(1), gamma, 1e-6, "mean magnitude");
    near(
        optimum::grid_mse(Density::Gaussian, gamma, Scheme::Symmetric.range(2)),
        number(&table["absmean"]["mse"]),
        1e-8,
        "absmean",
    );
    let p0 = 1.0 - 2.0 * Density::Gaussian.above(0.5 * gamma);
    near(p0, number(&table["absmean"]["p0"]), 1e-8, "share of zeros");
    let shares = [0.5 * (1.0 - p0), p0, 0.5 * (1.0 - p0)].map(|p| (1e9 * p).round() as u32);
    near(metric::entropy_bits(&shares), number(&table["absmean"]["entropy"]), 1e-6, "entropy");
    near(metric::entropy_bits(&[7, 7, 7]), 1.584_962_5, 1e-6, "log2 of 3");

    let data = Sources::default().get(Source::Gaussian, 1 << 20, 1);
    near(ternary::binary(&data.data).mse(&data.data), number(&table["binary"]["mse"]), 2e-3, "binary, sampled");
    near(ternary::absmean(&data.data).mse(&data.data), number(&table["absmean"]["mse"]), 2e-3, "absmean, sampled");
    let twn = ternary::threshold(&data.data, 0.5 * best.clip, best.clip);
    near(twn.mse(&data.data), number(&table["optimal"]["mse"]), 2e-3, "best ternary, sampled");
    for row in list(&oracles()["relu_gauss_mean"]) {
        let row = numbers(row);
        near(equalize::relu_mean(row[0], row[1]), row[2], 1e-9, "mean behind a ReLU");
    }
}

#[test]
fn o_31_three_weights_are_compensated_and_flipped_as_in_the_papers() {
    let table = &oracles()["gptq3"];
    let x: Vec<f64> = list(&table["X"]).iter().flat_map(numbers).collect();
    let w = numbers(&table["w"]);
    let loss = |q: &[f64]| gptq::output_loss(&w, q, &x, 3);
    let rounded = |w: f64| w.round_ties_even().clamp(number(&table["qmin"]), number(&table["qmax"]));
    let nearest: Vec<f64> = w.iter().map(|&w| rounded(w)).collect();
    assert_eq!(nearest, numbers(&table["rtn"]));
    near(loss(&nearest), number(&table["rtn_loss"]), 1e-6, "nearest");
    let layer =
        gptq::Gptq::new(&w, &gptq::hessian(&x, 3), 3, number(&table["damp"]), gptq::Order::AsIs).expect("H has an inverse");
    let kept = layer.finish(|_, w| rounded(w));
    assert_eq!(kept, numbers(&table["gptq"]));
    near(loss(&kept), number(&table["gptq_loss"]), 1e-6, "GPTQ");

    let table = &oracles()["adaround3"];
    let (w, x) = (numbers(&table["w"]), numbers(&table["X"]));
    near(gptq::output_loss(&w, &[0.0; 3], &x, 3), number(&table["losses_nearest"]), 1e-9, "nearest");
    let found = adaround::flip(&w, &gptq::hessian(&x, 3), 3, 1.0, CodeRange { qmin: -8, qmax: 7 });
    assert_eq!(found.n_flips, 1);
    near(gptq::output_loss(&w, &found.weights, &x, 3), number(&table["best"]), 1e-9, "one flip");
}

#[test]
fn o_32_scales_move_between_layers_without_changing_the_product() {
    let table = &oracles()["cle"];
    let (r1, r2) = (numbers(&table["r1"]), numbers(&table["r2"]));
    let s = equalize::scales(&r1, &r2);
    assert_eq!(s, numbers(&table["s"]));
    for i in 0..2 {
        assert_eq!([r1[i] / s[i], r2[i] * s[i]], [number(&table["after"][i]); 2]);
    }
    let table = &oracles()["smoothquant"];
    let (x, w): (Vec<f64>, Vec<f64>) =
        (list(&table["X"]).iter().flat_map(numbers).collect(), list(&table["W"]).iter().flat_map(numbers).collect());
    let s = smooth::scales(&smooth::column_max(&x, 4), &smooth::row_max(&w, 3), number(&table["alpha"]));
    for (got, expected) in s.iter().zip(numbers(&table["s"])) {
        near(*got, expected, 1e-12, "factor");
    }
    let product =
        |x: &dyn Fn(usize, usize) -> f64, w: &dyn Fn(usize, usize) -> f64, i, k| (0..4).map(|j| x(i, j) * w(j, k)).sum::<f64>();
    for (i, k) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)] {
        let before = product(&|i, j| x[i * 4 + j], &|j, k| w[j * 3 + k], i, k);
        let after = product(&|i, j| x[i * 4 + j] / s[j], &|j, k| w[j * 3 + k] * s[j], i, k);
        near(after, before, 1e-12, "product");
    }
}

fn norm(x: &[f32]) -> f32 {
    x.iter().map(|x| x * x).sum::<f32>().sqrt()
}

fn dot(x: &[f32], w: &[f32]) -> f32 {
    x.iter().zip(w).map(|(x, w)| x * w).sum()
}

proptest! {
    #[test]
    fn o_33_a_rotation_keeps_lengths_and_products(
        values in prop::collection::vec(-4.0f32..4.0, 256),
        log in 0u32..=7,
        seed in any::<u64>(),
        hot in 0usize..128,
    ) {
        let n = 1usize << log;
        let rotation = hadamard::Rotation::new(n, Some(seed));
        let (x, w) = (&values[..n], &values[128..128 + n]);
        let (mut xr, mut wr) = (x.to_vec(), w.to_vec());
        rotation.apply(&mut xr);
        rotation.apply(&mut wr);
        prop_assert!((norm(&xr) - norm(x)).abs() <= 1e-5 * norm(x).max(1.0));
        let size = norm(x) * norm(w);
        prop_assert!((dot(&xr, &wr) - dot(x, w)).abs() <= 1e-5 * size.max(1.0));
        rotation.undo(&mut xr);
        prop_assert!(xr.iter().zip(x).all(|(a, b)| (a - b).abs() <= 1e-5 * norm(x).max(1.0)));
        let mut one_hot = vec![0.0; n];
        one_hot[hot % n] = 1.0;
        rotation.apply(&mut one_hot);
        let peak = 1.0 / (n as f32).sqrt();
        prop_assert!(one_hot.iter().all(|x| (x.abs() - peak).abs() < 1e-6));
    }
}

#[test]
fn o_34_the_noises_of_two_operands_add_up_in_their_product() {
    let sources = Sources::default();
    let k = 256;
    let (a, b) = (sources.get(Source::Gaussian, 96 * k, 1), sources.get(Source::Gaussian, 96 * k, 2));
    let product =
        |a: &[f32], b: &[f32]| -> Vec<f32> { a.chunks(k).flat_map(|row| b.chunks(k).map(move |col| dot(row, col))).collect() };
    let exact = product(&a.data, &b.data);
    for (bits, tolerance) in [(8, 0.1), (4, 0.15)] {
        let config = config(bits, Scheme::Symmetric, Granularity::Row);
        let ((qa, errors_a), (qb, errors_b)) = (quantized(a.matrix(), &config), quantized(b.matrix(), &config));
        let predicted = metric::add_noise_db(errors_a.sqnr_db(), errors_b.sqnr_db());
        near(Errors::between(&exact, &product(&qa, &qb)).sqnr_db(), predicted, tolerance, &format!("{bits} bits"));
    }
}
