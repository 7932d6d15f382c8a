//! Which instruction sets this CPU has: a value of [`Isa`] is the proof that its instructions may be run.

use std::sync::OnceLock;

/// An instruction set that this CPU has. Only detection makes one, so who holds it may run its kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Isa(Level);

/// The instruction sets that there are kernels for, weakest first within a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Plain Rust, on any CPU: the truth that the others are compared with.
    Scalar,
    /// x86 with AVX2 and FMA: 256 bits.
    Avx2,
    /// AVX2 with `vpdpbusd` on 256 bits.
    AvxVnni,
    /// x86 with AVX-512 F, BW, VL and DQ: 512 bits.
    Avx512,
    /// AVX-512 with `vpdpbusd` on 512 bits.
    Avx512Vnni,
    /// ARM, 128 bits.
    Neon,
    /// NEON with `sdot`.
    NeonDotprod,
    /// NEON with `sdot` and `smmla`.
    NeonI8mm,
}

/// Why a name does not give an instruction set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IsaError {
    #[error("there is no instruction set `{name}`; there are {}", names(ALL.iter().copied()))]
    Unknown { name: String },
    #[error("this CPU does not have `{}`; it has {}", .level.name(), names(Isa::available().into_iter().map(Isa::level)))]
    Unavailable { level: Level },
}

const ALL: [Level; 8] = [
    Level::Scalar,
    Level::Avx2,
    Level::AvxVnni,
    Level::Avx512,
    Level::Avx512Vnni,
    Level::Neon,
    Level::NeonDotprod,
    Level::NeonI8mm,
];

/// What the edge chose for the whole program, once, at its start.
static CHOSEN: OnceLock<Isa> = OnceLock::new();

impl Isa {
    /// Plain Rust, which every CPU runs.
    pub const SCALAR: Self = Self(Level::Scalar);

    /// What this CPU has, weakest first; never empty.
    pub fn available() -> Vec<Self> {
        ALL.into_iter().filter(|&level| detected(level)).map(Self).collect()
    }

    /// The strongest that this CPU has.
    pub fn best() -> Self {
        Self::available().pop().unwrap_or(Self::SCALAR)
    }

    /// By its [`name`](Self::name).
    pub fn named(name: &str) -> Result<Self, IsaError> {
        let known = ALL.into_iter().find(|level| level.name() == name);
        let level = known.ok_or_else(|| IsaError::Unknown { name: name.to_owned() })?;
        if detected(level) { Ok(Self(level)) } else { Err(IsaError::Unavailable { level }) }
    }

    /// Makes it the one that [`chosen`](Self::chosen) gives from now on; the first call counts.
    pub fn choose(self) {
        // A second choice changes nothing: kernels that run already must not change their path.
        let _ = CHOSEN.set(self);
    }

    /// What the edge chose, or the best.
    pub fn chosen() -> Self {
        *CHOSEN.get_or_init(Self::best)
    }

    pub fn level(self) -> Level {
        self.0
    }

    /// Short and stable: `scalar`, `avx2`, `avx-vnni`, `avx512`, `avx512-vnni`, `neon`, `neon-dotprod`, `neon-i8mm`.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::AvxVnni => "avx-vnni",
            Self::Avx512 => "avx512",
            Self::Avx512Vnni => "avx512-vnni",
            Self::Neon => "neon",
            Self::NeonDotprod => "neon-dotprod",
            Self::NeonI8mm => "neon-i8mm",
        }
    }
}

fn names(levels: impl Iterator<Item = Level>) -> String {
    let names: Vec<&str> = levels.map(Level::name).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
        None => String::new(),
    }
}

#[cfg(target_arch = "x86_64")]
fn detected(level: Level) -> bool {
    let avx2 = || is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let avx512 = || {
        avx2()
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
    };
    match level {
        Level::Scalar => true,
        Level::Avx2 => avx2(),
        Level::AvxVnni => avx2() && is_x86_feature_detected!("avxvnni"),
        Level::Avx512 => avx512(),
        Level::Avx512Vnni => avx512() && is_x86_feature_detected!("avx512vnni"),
        Level::Neon | Level::NeonDotprod | Level::NeonI8mm => false,
    }
}

#[cfg(target_arch = "aarch64")]
fn detected(level: Level) -> bool {
    use std::arch::is_aarch64_feature_detected;
    let dotprod = || is_aarch64_feature_detected!("neon") && is_aarch64_feature_detected!("dotprod");
    match level {
        Level::Scalar => true,
        Level::Neon => is_aarch64_feature_detected!("neon"),
        Level::NeonDotprod => dotprod(),
        Level::NeonI8mm => dotprod() && is_aarch64_feature_detected!("i8mm"),
        Level::Avx2 | Level::AvxVnni | Level::Avx512 | Level::Avx512Vnni => false,
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn detected(level: Level) -> bool {
    level == Level::Scalar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cpu_has_the_scalar_kernels_first_and_its_best_last() {
        let available = Isa::available();
        assert_eq!(available.first(), Some(&Isa::SCALAR));
        assert_eq!(available.last(), Some(&Isa::best()));
    }

    #[test]
    fn an_instruction_set_is_found_by_its_own_name() {
        for isa in Isa::available() {
            assert_eq!(Isa::named(isa.name()), Ok(isa));
        }
    }

    #[test]
    fn an_unknown_name_lists_those_that_exist() {
        let error = Isa::named("mmx").expect_err("nobody wrote kernels for it").to_string();
        assert!(error.contains("`mmx`") && error.contains("scalar, avx2") && error.ends_with("and neon-i8mm"), "{error}");
    }

    #[test]
    fn a_known_name_that_this_cpu_lacks_says_what_it_has() {
        let missing = ALL.into_iter().find(|&level| !detected(level)).expect("no CPU is both x86 and ARM");
        let error = Isa::named(missing.name()).expect_err("it is missing");
        assert_eq!(error, IsaError::Unavailable { level: missing });
        assert!(error.to_string().contains(missing.name()) && error.to_string().contains("it has scalar"), "{error}");
    }
}
