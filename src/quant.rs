//! Quantization without I/O: schemes, ranges, whole arrays, error metrics.
//!
//! [`Config`] says how, [`calibrate`] finds scale and zero point of every tensor, row, column or group, and
//! [`Calibration::apply`] turns values into codes and back and adds up the errors. Formats that are more than integers
//! with a scale (small floats, blocks, microscaling, codebooks) stand as rows in [`mod@format`].
//!
//! Defined for every input: an array of zeros, or an empty one, gets scale 1 and is reconstructed exactly; a constant
//! or a single value gets its own range; ranges look at finite values only, so a NaN becomes real 0 and an infinity
//! the last code of its side, and both stay out of the error metrics.
//!
//! # What is held to what
//!
//! The last column says how closely, then names the tests: of `tests/oracles*.rs` by function, of this crate by path.
//!
//! | part | reference | held, and by which test |
//! |---|---|---|
//! | **floats** | | |
//! | FP16, BF16 | the `half` crate | bit for bit: `float::tests::sixteen_bit_floats_encode_as_the_half_crate_does` |
//! | E5M2, E4M3 (FN, IEEE, FNUZ), E5M2FNUZ, E3M2, E2M3, E2M1, E8M0 | ml_dtypes' tables | bit for bit: `o_10_small_formats_have_the_values_that_ml_dtypes_lists`, `float::tests::eight_bits_and_fewer_round_to_the_nearest_value` |
//! | casts of slices | the cast of one value | bit for bit: `float::tests::slices_are_encoded_and_rounded_as_single_values_are` |
//! | **integers** | | |
//! | rounding modes | IEEE 754, Rust's casts | exact: `o_01_rust_casts_saturate_floats_and_wrap_integers`, `o_02_ties_go_where_their_mode_says` |
//! | stochastic rounding | twice the error of rounding, no bias | 1 % of the error, bias 2e-3: `o_04_stochastic_rounding_is_unbiased_at_twice_the_error` |
//! | affine and symmetric scales, all conventions | closed forms | 1e-8: `o_12_ranges_have_their_scale_and_zero_point`, `scheme::tests::conventions_differ_in_their_scale` |
//! | QuantizeLinear, DequantizeLinear | ONNX's vectors, opset 25 | exact: `o_13_and_o_14_quantize_linear_of_onnx`, `onnx::tests::blocks_run_along_their_axis` |
//! | DynamicQuantizeLinear | ONNX's vectors | codes exact, scale to 1 ulp: `o_15_dynamic_quantize_linear_of_onnx` |
//! | MatMulInteger, QLinearMatMul, ConvInteger | ONNX's vectors | exact: `o_16_matmul_integer_of_onnx`, `o_17_qlinear_matmul_of_onnx`, `onnx::tests::padding_is_the_zero_point` |
//! | int32 accumulators | bounds on the depth | exact: `o_19_the_depth_at_which_sums_can_overflow` |
//! | TFLite's int8 contract | its specification, as data | every rule broken once: `tflite::tests::every_rule_is_named_when_it_is_broken` |
//! | Q31 multipliers, SRDHM, rounding shift | gemmlowp's `fixedpoint.h`; rationals in i128 | exact: `o_20_requantization_without_floats` |
//! | SQNR of granularities and widths on real weights | NumPy | 0.006 dB: `real_weights_at_every_granularity_are_as_numpy_found_them` |
//! | **calibration** | | |
//! | min-max, moving average, percentile | their definitions; percentiles to a bin | `observer::tests::a_moving_average_still_remembers_its_first_batch`, `clip::tests::a_percentile_leaves_out_what_it_says` |
//! | streaming histograms | counts of the whole stream | exact: `histogram::tests::a_larger_batch_adds_bins_of_the_same_width` |
//! | MSE search | every candidate tried out; the exact optimum | 0.5 % of the error: `clip::search::tests::the_histogram_finds_what_trying_out_finds`, `a_search_on_the_histogram_reaches_the_error_of_the_exact_optimum` |
//! | entropy (KL) | pytorch-quantization's loop | the same bin: `o_24_entropy_calibration_keeps_the_bins_of_the_reference` |
//! | ACIQ | solutions of its model (arXiv:1810.05723) | 1e-3: `o_25_aciq_has_the_solutions_of_its_model` |
//! | exact optimum, Gaussian and Laplace | integrals by cells (Max 1960) | 1e-6 of the error: `o_23_integer_grids_and_mid_rise_quantizers_have_their_exact_optimum` |
//! | the largest of n Gaussians | its distribution | 1e-4: `the_largest_of_many_normal_values_has_its_known_mean` |
//! | **blocks** | | |
//! | Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, TQ1_0, TQ2_0, MXFP4, NVFP4 of ggml | the `gguf` package 0.19 | encoded and decoded bit for bit: `blocks_are_encoded_and_decoded_as_the_gguf_package_does` |
//! | Q2_K to Q6_K, IQ4_NL | the `gguf` package | decoded bit for bit, the same test; IQ4_NL is encoded without llama.cpp's search |
//! | sizes of all ggml types | the `gguf` package, ggml-common.h | exact: `o_35_blocks_have_the_sizes_of_the_package` |
//! | MXFP4, MXFP6, MXFP8, MXINT8; FLOOR, CEIL, EVEN, RCEIL | OCP MX 1.0, torchao | scales exact: `o_37_the_largest_value_of_an_mxfp4_block_has_its_scale`, `o_38_an_mxfp8_block_saturates_below_the_next_scale`, `mx::tests::scales_follow_their_rules` |
//! | NVFP4, two levels | TransformerEngine's description | tensor scale 1e-9, block scales exact: `o_39_nvfp4_scales_the_tensor_and_then_the_block` |
//! | every format of [`mod@format`] on four distributions | NumPy, four million draws | 0.1 dB, 0.3 dB with outliers: `o_27_every_cell_of_the_shoot_out` |
//! | whole arrays of blocks | the same block by block | bit for bit: `format::apply::tests::every_value_is_a_level_times_its_unit` |
//! | **codebooks** | | |
//! | NF4 | bitsandbytes' table; normal quantiles | table exact, quantiles 2e-7: `o_28_nf4_comes_from_normal_quantiles` |
//! | double quantization | QLoRA's account of bits | 1e-6 bits: `o_40_bits_for_each_weight_count_everything` |
//! | Lloyd-Max | published tables | 1e-4 of the error, levels 1e-5: `o_23_lloyd_max_has_its_published_errors_and_levels` |
//! | k-means on samples | Lloyd's turns | `lloyd::samples::tests::settling_ends_where_lloyd_ends` |
//! | **metrics** | | |
//! | MSE, SQNR | the law of 6.02 dB a bit | 0.05 dB: `o_22_uniform_data_keep_the_rule_at_every_width` |
//! | noise of a product | sum of both noises | 0.15 dB: `o_34_the_noises_of_two_operands_add_up_in_their_product` |
//! | entropy of codes | closed forms | 1e-6 bits: `o_30_ternary_and_binary_weights_have_their_constants` |
//! | bias, clipped share, worst row, KL of outputs | their definitions | `metric::tests::measures_have_their_known_values`, `metric::tests::the_worst_row_is_the_first_of_equals` |
//! | bits for each weight | every scale, minimum and zero point counted | exact: `o_40_formats_have_the_bits_that_they_say` |
//! | **post-training algorithms** | | |
//! | GPTQ, AdaRound (a flip at a time) | the papers' formulas in NumPy, 3 weights | weights exact, loss 1e-6: `o_31_three_weights_are_compensated_and_flipped_as_in_the_papers` |
//! | cross-layer equalization, SmoothQuant | the papers' formulas | exact; product 1e-12: `o_32_scales_move_between_layers_without_changing_the_product` |
//! | bias correction | the mean behind a ReLU | 1e-9: `o_30_ternary_and_binary_weights_have_their_constants`, `ptq::equalize::tests::a_corrected_bias_has_the_mean_of_the_float_layer` |
//! | Hadamard rotation | lengths and products | 1e-5: `o_33_a_rotation_keeps_lengths_and_products` |
//! | LSQ | gradient of the straight-through estimate | 1e-9: `o_29_the_step_has_the_gradient_of_lsq` |
//! | ternary (TWN, absmean), binary | closed forms | 2e-3 of sampled errors: `o_30_ternary_and_binary_weights_have_their_constants` |

pub mod aciq;
mod apply;
mod clip;
pub mod codebook;
pub mod density;
pub mod entropy;
pub mod fixed_point;
pub mod float;
pub mod format;
pub mod ggml;
pub mod histogram;
pub mod lloyd;
pub mod metric;
mod minimum;
pub mod mx;
pub mod nvfp4;
pub mod observer;
pub mod onnx;
pub mod optimum;
pub mod ptq;
mod scheme;
pub mod tflite;

pub use crate::kernel::{Affine, CodeRange, Errors, Rounding};
pub use apply::{Quantized, Sink};
pub use clip::{Calibration, Clip, Config, Granularity, Matrix, RangeSearch, calibrate, percentile_range};
pub use float::{FloatFormat, Overflow};
pub use scheme::{ScaleFormat, Scheme, affine_of, covered};
