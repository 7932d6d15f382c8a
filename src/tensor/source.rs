//! The table of sources.

/// Where a tensor comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    Uniform,
    Gaussian,
    Laplace,
    StudentT,
    Bimodal,
    Outliers,
    Relu,
    IntermediateDense,
    OutputDense,
    Activations,
    UnitUniform,
    WideUniform,
    UnitNormal,
    Shifted,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct SourceSpec {
    pub source: Source,
    /// Stable: `--set source=gaussian`.
    pub name: &'static str,
    pub label: &'static str,
    /// One line.
    pub summary: &'static str,
}

const fn row(source: Source, name: &'static str, label: &'static str, summary: &'static str) -> SourceSpec {
    SourceSpec { source, name, label, summary }
}

impl Source {
    /// Every source; the first ten are those of the playground, the others belong to single labs.
    pub const ALL: [SourceSpec; 14] = [
        row(Self::Uniform, "uniform", "uniform", "evenly spread over [-1, 1)"),
        row(Self::Gaussian, "gaussian", "Gaussian", "the bell curve, mean 0, standard deviation 1"),
        row(Self::Laplace, "laplace", "Laplace", "two-sided exponential, standard deviation 1"),
        row(Self::StudentT, "student_t", "Student t", "4 degrees of freedom: heavy tails"),
        row(Self::Bimodal, "bimodal", "bimodal", "two Gaussian hills at -1 and 1, each 1/4 wide"),
        row(Self::Outliers, "outliers", "outliers", "Gaussian, one value in a thousand 20 times as large"),
        row(Self::Relu, "relu", "ReLU", "max(0, Gaussian): half of it is exactly 0"),
        row(
            Self::IntermediateDense,
            "minilm.intermediate.dense",
            "MiniLM intermediate",
            "real weights, 1536 x 384: first layer of a feed-forward block of all-MiniLM-L6-v2",
        ),
        row(
            Self::OutputDense,
            "minilm.output.dense",
            "MiniLM output",
            "real weights, 384 x 1536: second layer of that block, with one huge outlier",
        ),
        row(Self::Activations, "minilm.x", "MiniLM activations", "real inputs of that block, 256 tokens x 384 channels"),
        row(Self::UnitUniform, "uniform01", "[0, 1)", "evenly spread over [0, 1)"),
        row(Self::WideUniform, "uniform_wide", "[-0.5, 1.5)", "evenly spread over [-0.5, 1.5)"),
        row(Self::UnitNormal, "normal", "Gaussian at 0.5", "the bell curve, mean 0.5, standard deviation 0.15"),
        row(Self::Shifted, "shifted", "[0.5, 3)", "evenly spread over [0.5, 3): far from 0"),
    ];

    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|spec| spec.name == name).map(|spec| spec.source)
    }

    pub fn spec(self) -> &'static SourceSpec {
        const ALL: &[SourceSpec] = &Source::ALL;
        ALL.iter().find(|spec| spec.source == self).expect("a test finds every source in the table")
    }

    /// Drawn from a seed, in any number; otherwise embedded.
    pub fn is_sampled(self) -> bool {
        !matches!(self, Self::IntermediateDense | Self::OutputDense | Self::Activations)
    }

    /// What its values are called: "weight", "activation", "value".
    pub fn noun(self) -> &'static str {
        match self {
            Self::IntermediateDense | Self::OutputDense => "weight",
            Self::Activations => "activation",
            _ => "value",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_has_a_row_of_its_own() {
        for spec in &Source::ALL {
            assert_eq!(spec.source.spec().name, spec.name);
            assert_eq!(Source::find(spec.name), Some(spec.source));
            assert!(!spec.label.is_empty() && !spec.summary.is_empty());
        }
        assert_eq!(Source::Shifted as usize + 1, Source::ALL.len());
    }
}
