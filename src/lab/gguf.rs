//! Lesson 24: a block of a GGUF file, byte by byte.

mod figures;
mod layout;
mod steps;
mod types;

use super::{
    Better, Choice, Ctx, Figure, Lab, LabError, MetricSpec, ParamSpec, Params, Report,
    few::Few,
    row::{SEED, choice, float, int, metric, option, value, vector},
};
use crate::{
    kernel::Errors,
    quant::ggml::{BlockSpec, BlockType},
    tensor::Source,
};
use layout::Layout;
use types::Measured;

pub(super) const LAB: Lab = Lab {
    id: "gguf",
    title: "Hex block",
    summary: "The bytes of a block as GGUF files hold it: change a value and watch them, and compare all types.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    choice("format", "type", FORMATS, "q4_0", "how 32 values become bytes"),
    choice("data", "values", DATA, "course", "which 32 values"),
    int("block", "block", (0, 999, 1), 0, "which block of the source, counted round from the first").when(|p| data(p).is_some()),
    vector("own", "own values", (-8.0, 8.0, 0.125), COURSE, "32 values, those of the formula at the start")
        .when(|p| p.choice("data") == "own"),
    int("place", "place", (0, 31, 1), 0, "the value that is looked at and moved"),
    float("nudge", "move it by", (-4.0, 4.0, 0.0625), 0.0, "added to the value at this place"),
    SEED,
];

const FORMATS: &[Choice] = &[
    option("q4_0", "Q4_0"),
    option("q4_1", "Q4_1"),
    option("q5_0", "Q5_0"),
    option("q5_1", "Q5_1"),
    option("q8_0", "Q8_0"),
    option("iq4_nl", "IQ4_NL"),
    option("mxfp4", "MXFP4"),
];

const DATA: &[Choice] = &[
    option("course", "((7i mod 32) - 13) / 8"),
    option("own", "own"),
    option("gaussian", "Gaussian"),
    option("laplace", "Laplace"),
    option("minilm.intermediate.dense", "MiniLM intermediate"),
    option("minilm.output.dense", "MiniLM output"),
];

/// Values of a block here.
const N: usize = 32;

/// `x_i = ((7 i mod 32) - 13) / 8`: every eighth from -13/8 to 18/8 once.
const COURSE: &[f64] = &course();

const fn course() -> [f64; N] {
    let mut values = [0.0; N];
    let mut i = 0;
    while i < N {
        values[i] = ((7 * i % N) as f64 - 13.0) / 8.0;
        i += 1;
    }
    values
}

/// What the `gguf` package 0.19 makes of that block.
const REFERENCE: &[(BlockType, &str)] = &[
    (BlockType::Q4_0, "80b47e4b08c4815c29d6a3704b18c5926d3a"),
    (BlockType::Q4_1, "223480be80b3f72a6e91d5084c7fb3e62a5d91c4"),
    (BlockType::Q5_0, "80b063cc9831dc751f7913b943bc46e086208a24ca54"),
    (BlockType::Q5_1, "003080be983367cc0077ee55cc33aa1188ff66dd44bb2299"),
    (BlockType::Q8_0, "8924a4d607386ab9eb1c4e7fcf003163b2e4154778c8f92a5cabdd0e4071c0f22355"),
    (BlockType::MXFP4, "7e1d4b60c4063c59d2a5164b60c3952d5a"),
];

const METRICS: &[MetricSpec] = &[
    metric("bytes", "bytes", "B", Better::Lower, 0, "of the block"),
    metric("bpw", "bits per weight", "bit", Better::Lower, 4, "codes, scale and minimum"),
    metric("changed_bytes", "bytes changed", "", Better::Neither, 0, "by moving the value at the place"),
    metric(
        "reference_bytes",
        "as in gguf",
        "",
        Better::Higher,
        0,
        "bytes that the gguf package 0.19 writes too, for the block of the formula",
    ),
    metric("scale", "scale", "", Better::Neither, 6, "as it is read from the block"),
    metric("block_sqnr_db", "SQNR of the block", "dB", Better::Higher, 2, "of these 32 values alone"),
    metric("gaussian_db", "SQNR, Gaussian", "dB", Better::Higher, 2, "of 8192 Gaussian values"),
    metric("laplace_db", "SQNR, Laplace", "dB", Better::Higher, 2, "of 8192 Laplace values"),
    metric(
        "intermediate_db",
        "SQNR, intermediate",
        "dB",
        Better::Higher,
        2,
        "of the first weights, at most 8192, of MiniLM intermediate",
    ),
    metric("output_db", "SQNR, output", "dB", Better::Higher, 2, "of the first weights, at most 8192, of MiniLM output"),
    metric("minimum", "minimum", "", Better::Neither, 6, "as it is read from the block, where the type has one"),
    metric("ratio_fp32", "from FP32", "x", Better::Higher, 2, "32 / bits per weight"),
];

/// Where the measured blocks come from.
const SOURCES: [Source; 4] = [Source::Gaussian, Source::Laplace, Source::IntermediateDense, Source::OutputDense];

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    ctx.step(0, 1)?;
    let block = Block::of(params, ctx)?;
    let measured = Measured::of(params.int("seed") as u64, ctx)?;
    let [gaussian, laplace, intermediate, output] = measured.of_type(block.spec);
    Ok(Report {
        metrics: vec![
            value("bytes", block.spec.n_bytes as f64),
            value("bpw", block.spec.bpw()),
            value("changed_bytes", block.changed().count() as f64),
            value("reference_bytes", block.reference().map(|n| n as f64)),
            value("scale", f64::from(block.layout.scale(&block.bytes))),
            value("block_sqnr_db", block.errors().sqnr_db()),
            value("gaussian_db", gaussian),
            value("laplace_db", laplace),
            value("intermediate_db", intermediate),
            value("output_db", output),
            value("minimum", block.layout.minimum(&block.bytes).map(f64::from)),
            value("ratio_fp32", 32.0 / block.spec.bpw()),
        ],
        figures: vec![
            Figure::Cells(figures::hex(&block)),
            Figure::Bits(figures::bits(&block)),
            Figure::Table(figures::values(&block)),
            Figure::Table(types::table(&measured)),
            Figure::Lines(types::trade_off(&measured, block.spec)),
        ],
        trace: Some(steps::trace(&block)),
        notes: notes(&block),
        arrays: vec![],
    })
}

/// The source of a block, where it has one.
fn data(params: &Params) -> Option<Source> {
    Source::find(params.choice("data"))
}

/// 32 values, their bytes, and what is read from them.
struct Block {
    spec: &'static BlockSpec,
    layout: Layout,
    values: Vec<f32>,
    bytes: Vec<u8>,
    back: Vec<f32>,
    /// The bytes before the value was moved.
    before: Vec<u8>,
    place: usize,
    is_moved: bool,
    is_course: bool,
}

impl Block {
    fn of(params: &Params, ctx: &Ctx) -> Result<Self, LabError> {
        let name = params.choice("format").to_uppercase();
        let spec = BlockType::find(&name).expect("every option is a type of the table").spec();
        let mut values = raw_values(params, ctx)?;
        let before = encoded(spec, &values);
        let (place, nudge) = (params.int("place") as usize, params.float("nudge"));
        values[place] = (f64::from(values[place]) + nudge) as f32;
        let bytes = encoded(spec, &values);
        let mut back = vec![0.0; N];
        (spec.decode.expect("every option is decoded"))(&bytes, &mut back);
        let is_course = params.choice("data") == "course";
        Ok(Self { spec, layout: Layout::of(spec), values, bytes, back, before, place, is_moved: nudge != 0.0, is_course })
    }

    fn errors(&self) -> Errors {
        Errors::between(&self.values, &self.back)
    }

    /// Places of the bytes that moving the value changed.
    fn changed(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.bytes.len()).filter(|&i| self.bytes[i] != self.before[i])
    }

    /// Bytes that agree with those of the package; of the block of the formula only.
    fn reference(&self) -> Option<usize> {
        let hex = REFERENCE.iter().find(|(block, _)| self.is_course && *block == self.spec.block)?.1;
        let agrees = |(i, byte): (usize, &u8)| hex.get(2 * i..2 * i + 2) == Some(format!("{byte:02x}").as_str());
        Some(self.bytes.iter().enumerate().filter(|&found| agrees(found)).count())
    }

    /// The place of the value of largest magnitude, the first of equals.
    fn largest(&self) -> usize {
        (0..N).fold(0, |best, i| if self.values[i].abs() > self.values[best].abs() { i } else { best })
    }
}

fn raw_values(params: &Params, ctx: &Ctx) -> Result<Vec<f32>, LabError> {
    match data(params) {
        Some(source) => {
            let few = Few::of(source, 1 << 15, params.int("seed") as u64, ctx)?;
            let blocks = few.data().len() / N;
            Ok(few.data()[params.int("block") as usize % blocks * N..][..N].to_vec())
        }
        None if params.choice("data") == "own" => Ok(params.vector("own").iter().map(|&x| x as f32).collect()),
        None => Ok(COURSE.iter().map(|&x| x as f32).collect()),
    }
}

fn encoded(spec: &BlockSpec, values: &[f32]) -> Vec<u8> {
    let mut bytes = vec![0; spec.n_bytes];
    (spec.encode.expect("every option is encoded"))(values, &mut bytes);
    bytes
}

fn notes(block: &Block) -> Vec<String> {
    let mut notes = vec![format!("{}: {}.", block.spec.name, block.spec.content)];
    match block.reference() {
        Some(n) if n == block.bytes.len() => notes.push(format!("All {n} bytes are those that the gguf package 0.19 writes.")),
        Some(n) => notes.push(format!(
            "{n} of {} bytes are those of the block before its value was moved, as the gguf package 0.19 writes it.",
            block.bytes.len()
        )),
        None if block.is_course => notes.push("reference_bytes is absent: the gguf package does not encode this type.".into()),
        None => {
            notes.push("reference_bytes is absent: the bytes of the package are kept for the block of the formula only.".into())
        }
    }
    if block.layout.minimum(&block.bytes).is_none() {
        notes.push("minimum is absent: this type has none.".into());
    }
    if block.errors().noise == 0.0 {
        notes.push("Nothing was lost in the block, so block_sqnr_db is infinite.".into());
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::tests::run_with;

    fn got(set: &[(&str, &str)], name: &str) -> Option<f64> {
        run_with(&LAB, set).metric(name)
    }

    /// O-36.
    #[test]
    fn the_block_of_the_formula_has_the_bytes_of_the_package() {
        for (format, n) in [("q4_0", 18.0), ("q4_1", 20.0), ("q5_0", 22.0), ("q5_1", 24.0), ("q8_0", 34.0), ("mxfp4", 17.0)] {
            assert_eq!(got(&[("format", format)], "reference_bytes"), Some(n), "{format}");
            assert_eq!(got(&[("format", format)], "bytes"), Some(n), "{format}");
        }
        assert_eq!(got(&[("format", "iq4_nl")], "reference_bytes"), None);
    }

    #[test]
    fn a_moved_value_changes_its_byte_and_a_new_maximum_changes_them_all() {
        let one_step = [("place", "3"), ("nudge", "0.5")];
        assert_eq!(got(&one_step, "changed_bytes"), Some(1.0));
        let largest = [("place", "3"), ("nudge", "4")];
        assert!(got(&largest, "changed_bytes") > Some(10.0));
        assert_eq!(got(&[("place", "3")], "changed_bytes"), Some(0.0));
    }

    /// Every field, bit by bit: what the figures say of a code is what the decoder reads.
    #[test]
    fn codes_of_the_layout_are_those_of_the_decoder() {
        for format in FORMATS {
            for data in DATA {
                let mut params = LAB.defaults();
                params.set("format", format.name).expect("an option");
                params.set("data", data.name).expect("an option");
                let (sources, cancel) = (crate::tensor::Sources::default(), std::sync::atomic::AtomicBool::new(false));
                let block = Block::of(&params, &Ctx::new(&sources, &cancel, &|_, _| {})).expect("nothing stops it");
                let covered: usize = block.layout.fields.iter().map(|f| f.len).sum();
                assert_eq!(covered, block.bytes.len(), "{}", format.name);
                for i in 0..N {
                    let level = block.layout.level(block.layout.code(&block.bytes, i));
                    let read = block.layout.scale(&block.bytes) * level + block.layout.minimum(&block.bytes).unwrap_or(0.0);
                    assert!(
                        (read - block.back[i]).abs() <= 1e-6 * block.back[i].abs(),
                        "{} {i}: {read} {}",
                        format.name,
                        block.back[i]
                    );
                }
            }
        }
    }

    /// The challenge of the lesson, and the figures of the course.
    #[test]
    fn q4_0_beats_21_db_with_four_and_a_half_bits() {
        for (format, db) in [("q4_0", 21.32), ("mxfp4", 18.73)] {
            let found = got(&[("format", format)], "gaussian_db").expect("always defined");
            assert!((found - db).abs() < 0.2, "{format}: {found}");
        }
        assert_eq!(got(&[], "bpw"), Some(4.5));
        assert_eq!(got(&[("format", "q8_0")], "ratio_fp32").map(|x| (x * 100.0).round()), Some(376.0));
    }
}
