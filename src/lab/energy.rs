//! Lesson 13: what an operation and a byte cost in energy.
//!
//! The energies are those of Horowitz, *Computing's energy problem (and what we can do about it)*, ISSCC 2014,
//! doi:10.1109/ISSCC.2014.6757323: 45 nm at 0.9 V. DRAM is told there as 1.3 to 2.6 nJ for 64 bits; 640 pJ for 32 bits
//! is the figure that is usually made of it.

use super::{
    Bar, Bars, Better, Ctx, Figure, Lab, LabError, MetricSpec, ParamSpec, Params, Report, Segment, SeriesRole, Table,
    row::{choice, doubling, grouped, metric, option, short, value},
};

pub(super) const LAB: Lab = Lab {
    id: "energy",
    title: "What a byte costs",
    summary: "The energy of additions, multiplications and memory, and of a layer by format.",
    params: PARAMS,
    metrics: METRICS,
    run,
};

const PARAMS: &[ParamSpec] = &[
    choice(
        "format",
        "format",
        &[option("f32", "FP32"), option("f16", "FP16"), option("int8", "INT8"), option("q4_0", "4-bit weights, FP16")],
        "int8",
        "of weights and activations",
    ),
    doubling("m", "vectors (M)", (1, 4096), 1, "rows of activations that use the same weights"),
    doubling("k", "inputs (K)", (64, 16_384), 4096, "input channels"),
    doubling("n_out", "outputs (N)", (64, 16_384), 4096, "output channels"),
    choice(
        "weights_in",
        "weights come from",
        &[
            option("dram", "DRAM"),
            option("sram_1m", "1 MB SRAM"),
            option("sram_32k", "32 KB SRAM"),
            option("sram_8k", "8 KB SRAM"),
        ],
        "dram",
        "each weight is read from there once; activations go to and from DRAM",
    ),
];

const METRICS: &[MetricSpec] = &[
    metric("total_uj", "energy", "µJ", Better::Lower, 3, "arithmetic and traffic of the layer"),
    metric("arithmetic_uj", "arithmetic", "µJ", Better::Lower, 3, "M K N multiply-adds"),
    metric("traffic_uj", "traffic", "µJ", Better::Lower, 3, "weights read once, inputs read once, outputs written once"),
    metric("traffic_share", "traffic share", "%", Better::Neither, 1, "traffic over all"),
    metric("saving", "saving", "x", Better::Higher, 2, "energy of the same layer in FP32 over this one's"),
    metric("mac_pj", "multiply-add", "pJ", Better::Lower, 2, "one multiplication and one addition"),
    metric("mac_ratio", "FP32 over it", "x", Better::Higher, 2, "4.6 pJ over this multiply-add"),
    metric("dram_macs", "DRAM word", "MACs", Better::Neither, 0, "how many multiply-adds (MACs) 32 bits from DRAM cost"),
    metric(
        "break_even_m",
        "vectors at par",
        "",
        Better::Neither,
        1,
        "M at which arithmetic costs as much as reading the weights",
    ),
];

/// What something costs, in pJ.
struct Cost {
    name: &'static str,
    pj: f64,
    role: SeriesRole,
}

const fn cost(name: &'static str, pj: f64, role: SeriesRole) -> Cost {
    Cost { name, pj, role }
}

/// A 32-bit word from DRAM.
const DRAM_WORD: f64 = 640.0;
/// 64 bits from memory on the chip.
const SRAM_8K: f64 = 10.0;
const SRAM_32K: f64 = 20.0;
const SRAM_1M: f64 = 100.0;

/// The table, the dearest first. Floats are series A and integers series B, as everywhere; memory stands apart.
const TABLE: [Cost; 13] = [
    cost("DRAM, 32 bits", DRAM_WORD, SeriesRole::Error),
    cost("1 MB SRAM, 64 bits", SRAM_1M, SeriesRole::Error),
    cost("32 KB SRAM, 64 bits", SRAM_32K, SeriesRole::Error),
    cost("8 KB SRAM, 64 bits", SRAM_8K, SeriesRole::Error),
    cost("FP32 multiply", 3.7, SeriesRole::A),
    cost("INT32 multiply", 3.1, SeriesRole::B),
    cost("FP16 multiply", 1.1, SeriesRole::A),
    cost("FP32 add", 0.9, SeriesRole::A),
    cost("FP16 add", 0.4, SeriesRole::A),
    cost("INT8 multiply", 0.2, SeriesRole::B),
    cost("INT32 add", 0.1, SeriesRole::B),
    cost("INT16 add", 0.05, SeriesRole::B),
    cost("INT8 add", 0.03, SeriesRole::B),
];

/// The cost by its name in the table, in pJ.
fn pj(name: &str) -> f64 {
    TABLE.iter().find(|cost| cost.name == name).map(|cost| cost.pj).expect("the names stand in the table")
}

/// A format of the layer.
struct Format {
    name: &'static str,
    label: &'static str,
    multiply: &'static str,
    add: &'static str,
    /// Bits of a weight, its share of a block's scale among them.
    weight_bits: f64,
    activation_bits: f64,
}

const FORMATS: [Format; 4] = [
    Format { name: "f32", label: "FP32", multiply: "FP32 multiply", add: "FP32 add", weight_bits: 32.0, activation_bits: 32.0 },
    Format { name: "f16", label: "FP16", multiply: "FP16 multiply", add: "FP16 add", weight_bits: 16.0, activation_bits: 16.0 },
    Format { name: "int8", label: "INT8", multiply: "INT8 multiply", add: "INT32 add", weight_bits: 8.0, activation_bits: 8.0 },
    Format {
        name: "q4_0",
        label: "4-bit weights",
        multiply: "FP16 multiply",
        add: "FP16 add",
        weight_bits: 4.5,
        activation_bits: 16.0,
    },
];

impl Format {
    /// A multiply-add, in pJ.
    fn mac(&self) -> f64 {
        pj(self.multiply) + pj(self.add)
    }
}

/// M x K activations times K x N weights.
#[derive(Clone, Copy)]
struct Layer {
    m: f64,
    k: f64,
    n: f64,
    /// A bit of a weight, in pJ.
    weight_bit: f64,
}

/// The energy of a layer in one format, in µJ.
struct Energy {
    arithmetic: f64,
    weights: f64,
    activations: f64,
}

const DRAM_BIT: f64 = DRAM_WORD / 32.0;
const UJ: f64 = 1e-6;

impl Layer {
    fn new(params: &Params) -> Self {
        let size = |name| params.int(name) as f64;
        let weight_bit = match params.choice("weights_in") {
            "sram_8k" => SRAM_8K / 64.0,
            "sram_32k" => SRAM_32K / 64.0,
            "sram_1m" => SRAM_1M / 64.0,
            _ => DRAM_BIT,
        };
        Self { m: size("m"), k: size("k"), n: size("n_out"), weight_bit }
    }

    fn energy(&self, format: &Format) -> Energy {
        Energy {
            arithmetic: UJ * self.m * self.k * self.n * format.mac(),
            weights: UJ * self.k * self.n * format.weight_bits * self.weight_bit,
            activations: UJ * self.m * (self.k + self.n) * format.activation_bits * DRAM_BIT,
        }
    }
}

impl Energy {
    fn traffic(&self) -> f64 {
        self.weights + self.activations
    }

    fn total(&self) -> f64 {
        self.arithmetic + self.traffic()
    }
}

fn run(params: &Params, ctx: &Ctx) -> Result<Report, LabError> {
    ctx.step(0, 1)?;
    let layer = Layer::new(params);
    let format = FORMATS.iter().find(|format| format.name == params.choice("format")).unwrap_or(&FORMATS[0]);
    let energy = layer.energy(format);
    let saving = layer.energy(&FORMATS[0]).total() / energy.total();
    Ok(Report {
        metrics: vec![
            value("total_uj", energy.total()),
            value("arithmetic_uj", energy.arithmetic),
            value("traffic_uj", energy.traffic()),
            value("traffic_share", 100.0 * energy.traffic() / energy.total()),
            value("saving", saving),
            value("mac_pj", format.mac()),
            value("mac_ratio", FORMATS[0].mac() / format.mac()),
            value("dram_macs", DRAM_WORD / format.mac()),
            value("break_even_m", format.weight_bits * layer.weight_bit / format.mac()),
        ],
        figures: vec![Figure::Bars(of_layer(&layer, format, saving)), Figure::Bars(energies()), Figure::Table(ratios())],
        trace: None,
        notes: notes(&layer, format, &energy),
        arrays: vec![],
    })
}

/// The layer in every format, by what the energy goes into.
fn of_layer(layer: &Layer, chosen: &Format, saving: f64) -> Bars {
    let bar = |format: &Format| {
        let energy = layer.energy(format);
        let segment = |name, value, role| Segment { name, value, role };
        Bar {
            label: format.label.into(),
            segments: vec![
                segment("arithmetic", energy.arithmetic, SeriesRole::A),
                segment("weights", energy.weights, SeriesRole::Error),
                segment("activations", energy.activations, SeriesRole::Grid),
            ],
            note: format!("{:.0} % traffic", 100.0 * energy.traffic() / energy.total()),
        }
    };
    Bars {
        view: "layer",
        heading: format!("{}: {} µJ, {saving:.2} times less than FP32", chosen.label, amount(layer.energy(chosen).total())),
        unit: "µJ",
        log: false,
        bars: FORMATS.iter().map(bar).collect(),
    }
}

/// Whole from a hundred on, as beside the bars; below that four significant digits.
fn amount(x: f64) -> String {
    match x.round() {
        whole if whole >= 1e4 => grouped(whole as u64),
        whole if whole >= 100.0 => format!("{whole:.0}"),
        _ => short(format!("{x:.3e}").parse().unwrap_or(x)),
    }
}

/// The table as bars on a log axis.
fn energies() -> Bars {
    let name = |role| match role {
        SeriesRole::A => "float",
        SeriesRole::B => "integer",
        _ => "memory",
    };
    let bar = |cost: &Cost| Bar {
        label: cost.name.into(),
        segments: vec![Segment { name: name(cost.role), value: cost.pj, role: cost.role }],
        note: String::new(),
    };
    Bars {
        view: "energies",
        heading: format!(
            "32 bits from DRAM: {:.0} FP32 multiply-adds, {:.0} in INT8 (45 nm, 2014)",
            DRAM_WORD / FORMATS[0].mac(),
            DRAM_WORD / FORMATS[2].mac()
        ),
        unit: "pJ",
        log: true,
        bars: TABLE.iter().map(bar).collect(),
    }
}

/// What travels to other processes: ratios.
fn ratios() -> Table {
    let row = |what: &str, a: f64, b: f64| {
        vec![what.into(), format!("{} pJ", short(a)), format!("{} pJ", short(b)), format!("{:.1}x", a / b)]
    };
    let mac = |idx: usize| FORMATS[idx].mac();
    Table {
        view: "ratios",
        heading: format!("FP32 over INT8: {:.1}x with sums in int32", mac(0) / mac(2)),
        columns: vec!["what", "dearer", "cheaper", "ratio"],
        rows: vec![
            row("FP32 add over INT8 add", pj("FP32 add"), pj("INT8 add")),
            row("FP32 multiply over INT8 multiply", pj("FP32 multiply"), pj("INT8 multiply")),
            row("FP32 multiply-add over INT8 with int32 sums", mac(0), mac(2)),
            row("FP32 multiply-add over FP16", mac(0), mac(1)),
            row("DRAM word over FP32 multiply-add", DRAM_WORD, mac(0)),
            row("DRAM word over INT8 multiply-add", DRAM_WORD, mac(2)),
            row("DRAM word over 32 bits of a 32 KB SRAM", DRAM_WORD, SRAM_32K / 2.0),
        ],
    }
}

fn notes(layer: &Layer, format: &Format, energy: &Energy) -> Vec<String> {
    let mut notes = vec![
        "Energies of 45 nm at 0.9 V (Horowitz, ISSCC 2014): their ratios travel to newer chips, their picojoules do not.".to_owned(),
        "Computed, not measured: no instruction is fetched or decoded here, and nothing leaks; on a CPU that costs more than the \
         arithmetic itself."
            .to_owned(),
        "DRAM is told as 1.3 to 2.6 nJ for 64 bits; 640 pJ for 32 bits lies at the lower end.".to_owned(),
    ];
    if energy.weights > energy.arithmetic {
        let at = format.weight_bits * layer.weight_bit / format.mac();
        notes.push(format!(
            "Reading the weights costs more than computing with them; the two are level at {} vectors.",
            if at < 10.0 { format!("{at:.1}") } else { grouped(at.round() as u64) }
        ));
    }
    if format.name == "q4_0" {
        notes.push("4-bit weights are computed with in FP16; unpacking them is not in the table and not counted.".into());
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::tests::run_with;

    fn got(set: &[(&str, &str)], name: &str) -> f64 {
        run_with(&LAB, set).metric(name).expect("it is defined")
    }

    #[test]
    fn multiply_adds_have_their_known_ratios() {
        assert!((got(&[("format", "f32")], "mac_pj") - 4.6).abs() < 1e-9);
        assert!((got(&[], "mac_pj") - 0.3).abs() < 1e-9 && (got(&[], "mac_ratio") - 15.33).abs() < 0.01);
        assert_eq!(got(&[("format", "f32")], "dram_macs").round(), 139.0);
        assert_eq!(got(&[], "dram_macs").round(), 2133.0);
        assert!(
            (pj("FP32 add") / pj("INT8 add") - 30.0).abs() < 1e-9
                && (pj("FP32 multiply") / pj("INT8 multiply") - 18.5).abs() < 1e-9
        );
    }

    #[test]
    fn at_one_vector_the_saving_is_the_byte_ratio_and_with_many_that_of_the_arithmetic() {
        assert!((got(&[], "saving") - 4.0).abs() < 0.1, "{}", got(&[], "saving"));
        let many = got(&[("m", "4096"), ("weights_in", "sram_8k")], "saving");
        assert!(many > 10.0 && many < 15.4, "{many}");
        assert!(got(&[("format", "q4_0")], "saving") > 6.5);
    }

    #[test]
    fn at_par_arithmetic_costs_as_much_as_the_weights() {
        let layer = |m| Layer { m, k: 512.0, n: 256.0, weight_bit: DRAM_BIT };
        for format in &FORMATS {
            let at = format.weight_bits * DRAM_BIT / format.mac();
            let energy = layer(at).energy(format);
            assert!((energy.arithmetic / energy.weights - 1.0).abs() < 1e-12, "{}", format.name);
        }
    }

    #[test]
    fn the_table_falls() {
        assert!(TABLE.is_sorted_by(|a, b| a.pj >= b.pj));
    }
}
