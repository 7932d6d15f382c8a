//! Quantization over the functions of `quant`, and error metrics over those of the labs.

use rhai::{Dynamic, Map};

use super::option;
use crate::{
    quant::{Clip, Config, Errors, Granularity, Matrix, Rounding, ScaleFormat, Scheme, calibrate},
    script::{
        format,
        host::{Trouble, trouble},
        tensor::{DType, Filled, Op, Tensor, binary, shape_text},
        value::{Answer, Call, Operand},
    },
    text::did_you_mean,
};

const KEYS: [&str; 9] =
    ["bits", "scheme", "granularity", "group", "clip", "percentile", "clip_value", "rounding", "scale_format"];

/// A row of options by name.
type Choices<T> = [(&'static str, T)];

const SCHEMES: &Choices<Scheme> =
    &[("symmetric", Scheme::Symmetric), ("symmetric_full", Scheme::SymmetricFull), ("affine", Scheme::Affine)];
const ROUNDINGS: &Choices<Rounding> = &[
    ("even", Rounding::Even),
    ("away", Rounding::Away),
    ("half_up", Rounding::HalfUp),
    ("truncate", Rounding::Truncate),
    ("floor", Rounding::Floor),
    ("stochastic", Rounding::Stochastic { seed: 0 }),
];
const FORMATS: &Choices<ScaleFormat> = &[("f32", ScaleFormat::F32), ("f16", ScaleFormat::F16)];

/// The options of one call.
struct Options {
    map: Map,
}

impl Options {
    fn of(call: &Call) -> Result<Self, Trouble> {
        if !call.has(1) {
            return Ok(Self { map: Map::new() });
        }
        if let Some(Operand::Int(bits)) = Operand::of(call.dynamic(1)) {
            return Ok(Self { map: Map::from([("bits".into(), Dynamic::from(bits))]) });
        }
        let map = call.map(1).map_err(|_| call.mismatch(1, "a width in bits or a map such as #{bits: 4}"))?;
        if let Some(key) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let meant = did_you_mean(key, KEYS).map_or(String::new(), |near| format!(" (did you mean `{near}`?)"));
            return Err(trouble(format!("`quantize` has no option `{key}`{meant}; it has: {}", KEYS.join(", "))));
        }
        Ok(Self { map })
    }

    fn choice<T: Copy>(&self, key: &str, choices: &Choices<T>) -> Result<T, Trouble> {
        let Some(value) = option(&self.map, key) else { return Ok(choices[0].1) };
        let name = format::text(value);
        let found = choices.iter().find(|(known, _)| *known == name).map(|(_, choice)| *choice);
        found.ok_or_else(|| {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let meant = did_you_mean(&name, names.iter().copied()).map_or(String::new(), |n| format!(" (did you mean \"{n}\"?)"));
            trouble(format!("`{key}` cannot be {name}{meant}: allowed is one of {}", names.join(", ")))
        })
    }

    fn number(&self, key: &str, default: f64, (least, most): (f64, f64)) -> Result<f64, Trouble> {
        let Some(value) = option(&self.map, key) else { return Ok(default) };
        let number = Operand::of(value).and_then(|value| value.number());
        number.filter(|x| (least..=most).contains(x)).ok_or_else(|| {
            trouble(format!("`{key}` cannot be {}: allowed is a number from {least} to {most}", format::text(value)))
        })
    }

    fn whole(&self, key: &str, default: usize, (least, most): (usize, usize)) -> Result<usize, Trouble> {
        let x = self.number(key, default as f64, (least as f64, most as f64))?;
        if x.fract() == 0.0 { Ok(x as usize) } else { Err(trouble(format!("`{key}` cannot be {x}: it is a whole number"))) }
    }

    fn config(&self, seed: u64) -> Result<Config, Trouble> {
        let group = self.whole("group", 32, (1, 1 << 20))?;
        let granularities = [
            ("tensor", Granularity::Tensor),
            ("row", Granularity::Row),
            ("column", Granularity::Column),
            ("group", Granularity::Group(group)),
        ];
        let clips = [
            ("absmax", Clip::AbsMax),
            ("mse", Clip::Mse),
            ("percentile", Clip::Percentile(self.number("percentile", 99.9, (50.0, 100.0))?)),
            ("manual", Clip::Manual(self.number("clip_value", 1.0, (1e-30, 1e30))?)),
        ];
        let rounding = match self.choice("rounding", ROUNDINGS)? {
            Rounding::Stochastic { .. } => Rounding::Stochastic { seed },
            other => other,
        };
        Ok(Config {
            bits: self.whole("bits", 8, (2, 16))? as u32,
            scheme: self.choice("scheme", SCHEMES)?,
            granularity: self.choice("granularity", &granularities)?,
            clip: self.choice("clip", &clips)?,
            rounding,
            scale_format: self.choice("scale_format", FORMATS)?,
        })
    }
}

/// Passes over the values that a search for the best range costs.
const SEARCH: usize = 50;

pub(super) fn quantize(call: &mut Call) -> Answer {
    let t = call.tensor(0)?;
    let config = Options::of(call)?.config(call.host.seed)?;
    let Some(&cols) = t.shape().last().filter(|_| t.len() > 0) else {
        return Err(trouble(format!("`quantize` needs values, and shape {} has none", shape_text(t.shape()))));
    };
    call.host.charge(t.len().saturating_mul(if config.clip == Clip::Mse { SEARCH } else { 4 }))?;
    // Codes and what they stand for, while they are made.
    let _room = call.host.lease(8 * t.len() as u64)?;
    let values = t.to_floats(call.host)?;
    let matrix = Matrix::new(&values, cols);
    let mut step = |_: u64, _: u64| call.host.poll();
    let found = calibrate(matrix, &config, &mut step)?;
    let made = found.apply(matrix, None, &mut step)?;
    let mut codes = Filled::with_capacity(call.host, t.len())?;
    codes.extend_from(call.host, &made.codes, |&q| q)?;
    let dtype = match config.bits {
        ..=4 => DType::I4,
        5..=8 => DType::I8,
        _ => DType::I32,
    };
    let (rows, n_groups) = (t.len() / cols, found.affines.len());
    let shape: Option<[usize; 2]> = match config.granularity {
        Granularity::Tensor => None,
        Granularity::Row => Some([rows, 1]),
        Granularity::Column => Some([1, cols]),
        Granularity::Group(_) => Some([rows, n_groups / rows.max(1)]),
        Granularity::Block { rows: height, cols: width } => Some([rows.div_ceil(height.max(1)), cols.div_ceil(width.max(1))]),
    };
    let (scale, zero_point) = match shape {
        None => {
            let by = found.affines[0];
            (Dynamic::from(f64::from(by.scale)), Dynamic::from(i64::from(by.zero_point)))
        }
        Some(shape) => {
            let (mut scales, mut zeros) =
                (Filled::with_capacity(call.host, n_groups)?, Filled::with_capacity(call.host, n_groups)?);
            scales.items.extend(found.affines.iter().map(|by| by.scale));
            zeros.items.extend(found.affines.iter().map(|by| by.zero_point));
            let scales = Tensor::floats(&shape, DType::F32, scales);
            (Dynamic::from(scales), Dynamic::from(Tensor::whole(&shape, DType::I32, zeros)))
        }
    };
    let range = config.range();
    let mut answer = Map::new();
    answer.insert("codes".into(), Dynamic::from(Tensor::whole(t.shape(), dtype, codes)));
    answer.insert("scale".into(), scale);
    answer.insert("zero_point".into(), zero_point);
    answer.insert("qmin".into(), Dynamic::from(i64::from(range.qmin)));
    answer.insert("qmax".into(), Dynamic::from(i64::from(range.qmax)));
    answer.insert("n_clipped".into(), Dynamic::from(made.n_clipped as i64));
    let group = if let Granularity::Group(size) = config.granularity { size as i64 } else { 0 };
    answer.insert("group".into(), Dynamic::from(group));
    let bits = t.len() as u64 * u64::from(config.bits) + n_groups as u64 * u64::from(config.meta_bits());
    answer.insert("nbytes".into(), Dynamic::from(bits.div_ceil(8) as i64));
    Ok(Dynamic::from(answer))
}

/// `scale * (codes - zero_point)`, by broadcasting or by groups of a row.
pub(super) fn dequantize(call: &mut Call) -> Answer {
    if call.n_args() > 1 {
        let zero_point = if call.has(2) { call.operand(2)? } else { Operand::Int(0) };
        return reals(call, call.tensor(0)?, call.operand(1)?, zero_point, 0);
    }
    let map = call.map(0).map_err(|_| call.mismatch(0, "what `quantize` gave"))?;
    let part = |key: &str| {
        let missing = || trouble(format!("`dequantize` needs what `quantize` gave, and this map has no `{key}`"));
        map.get(key).and_then(Operand::of).ok_or_else(missing)
    };
    let Operand::Tensor(codes) = part("codes")? else { return Err(trouble("the codes of `dequantize` are a tensor")) };
    let group = map.get("group").and_then(|group| group.as_int().ok()).and_then(|n| usize::try_from(n).ok());
    reals(call, codes, part("scale")?, part("zero_point")?, group.unwrap_or(0))
}

fn reals(call: &Call, codes: Tensor, scale: Operand, zero_point: Operand, group: usize) -> Answer {
    let (scale, zero_point) = match group {
        0 => (scale, zero_point),
        size => (spread(call, &codes, &scale, size)?, spread(call, &codes, &zero_point, size)?),
    };
    let steps = binary(call.host, Op::Sub, &Operand::Tensor(codes), &zero_point)?;
    binary(call.host, Op::Mul, &Operand::Tensor(steps), &scale).map(Dynamic::from)
}

/// One value for each code from one for each group of `size` neighbours.
fn spread(call: &Call, codes: &Tensor, of_groups: &Operand, size: usize) -> Result<Operand, Trouble> {
    let Operand::Tensor(groups) = of_groups else { return Ok(of_groups.clone()) };
    let cols = codes.shape().last().copied().unwrap_or(1).max(1);
    let per_row = cols.div_ceil(size);
    if groups.len() != codes.len() / cols * per_row {
        let (a, b) = (shape_text(groups.shape()), shape_text(codes.shape()));
        return Err(trouble(format!("scales of shape {a} do not fit codes of shape {b} in groups of {size}")));
    }
    call.host.charge(codes.len())?;
    let mut out = Filled::with_capacity(call.host, codes.len())?;
    out.items.extend((0..codes.len()).map(|i| groups.get(i / cols * per_row + i % cols / size) as f32));
    Ok(Operand::Tensor(Tensor::floats(codes.shape(), DType::F32, out)))
}

/// Sums over two tensors of one shape: the first is the original.
fn errors(call: &Call) -> Result<Errors, Trouble> {
    let (a, b) = (call.tensor(0)?, call.tensor(1)?);
    if a.shape() != b.shape() {
        let (a, b) = (shape_text(a.shape()), shape_text(b.shape()));
        return Err(trouble(format!("`{}` compares tensors of one shape, and these have {a} and {b}", call.name)));
    }
    call.host.charge(2 * a.len())?;
    let (x, y) = (a.to_floats(call.host)?, b.to_floats(call.host)?);
    let mut sums = Errors::default();
    for (x, y) in x.chunks(crate::script::host::BLOCK).zip(y.chunks(crate::script::host::BLOCK)) {
        call.host.poll()?;
        sums = sums.plus(Errors::between(x, y));
    }
    Ok(sums)
}

/// NaN of nothing.
pub(super) fn mse(call: &mut Call) -> Answer {
    Ok(Dynamic::from(errors(call)?.mse().unwrap_or(f64::NAN)))
}

pub(super) fn sqnr_db(call: &mut Call) -> Answer {
    Ok(Dynamic::from(errors(call)?.sqnr_db()))
}

pub(super) fn cosine(call: &mut Call) -> Answer {
    Ok(Dynamic::from(errors(call)?.cosine().unwrap_or(f64::NAN)))
}
