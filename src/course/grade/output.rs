//! What a listing printed against what the learner said, and what tests say of written code.

use super::Verdict;
use crate::{script::Grade, text::Text};

/// A line of both sides, or of one alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputLine {
    Same(String),
    /// Said, but not printed there.
    Said(String),
    /// Printed, but not said there.
    Printed(String),
}

/// Grades a foretold output. White space and the way a number is written do not count.
pub fn grade_output(said: &str, printed: &str) -> Verdict {
    let lines = compare_output(said, printed);
    Verdict::of_parts(lines.iter().map(|line| matches!(line, OutputLine::Same(_))).collect())
}

/// Grades code by the tests that it passed.
pub fn grade_tests(grade: &Grade) -> Verdict {
    let mut verdict = Verdict::of_parts(grade.passed.clone());
    verdict.correct &= !grade.passed.is_empty();
    if let Some(failure) = &grade.failure {
        verdict.feedback.push(Text::clean(&failure.test));
    }
    verdict
}

/// Both sides line by line, aligned along their longest common part.
pub fn compare_output(said: &str, printed: &str) -> Vec<OutputLine> {
    let lines = |text: &str| text.trim_end().lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    let (said, printed) = (lines(said), lines(printed));
    let common = common_lengths(&said, &printed);
    let (mut i, mut j) = (0, 0);
    let mut aligned = Vec::new();
    while i < said.len() || j < printed.len() {
        if i < said.len() && j < printed.len() && same(&said[i], &printed[j]) {
            aligned.push(OutputLine::Same(printed[j].clone()));
            (i, j) = (i + 1, j + 1);
        } else if i < said.len() && (j == printed.len() || common[i + 1][j] >= common[i][j + 1]) {
            aligned.push(OutputLine::Said(said[i].clone()));
            i += 1;
        } else {
            aligned.push(OutputLine::Printed(printed[j].clone()));
            j += 1;
        }
    }
    aligned
}

/// `[i][j]`: how many lines `said[i..]` and `printed[j..]` have in common, in order.
fn common_lengths(said: &[String], printed: &[String]) -> Vec<Vec<usize>> {
    let mut lengths = vec![vec![0; printed.len() + 1]; said.len() + 1];
    for i in (0..said.len()).rev() {
        for j in (0..printed.len()).rev() {
            lengths[i][j] =
                if same(&said[i], &printed[j]) { lengths[i + 1][j + 1] + 1 } else { lengths[i + 1][j].max(lengths[i][j + 1]) };
        }
    }
    lengths
}

/// Equal word by word, where brackets and commas are words and numbers compare by value: `[1,2]` is `[1.0, 2]`.
fn same(a: &str, b: &str) -> bool {
    let words = |line: &str| {
        let spaced: String = line.chars().flat_map(|c| if "[](),:;".contains(c) { vec![' ', c, ' '] } else { vec![c] }).collect();
        spaced.replace('\u{2212}', "-").split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let equal = |(a, b): (&String, &String)| a == b || matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(x), Ok(y)) if x == y);
    let (a, b) = (words(a), words(b));
    a.len() == b.len() && a.iter().zip(&b).all(equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_right_line_by_line_whatever_the_spaces() {
        assert!(grade_output("2\n[1, 2.0]\n", "2.0\n[1,2]").correct);
        assert!(!grade_output("2\n4", "2").correct);
        assert!(!grade_output("", "2").correct);
        assert!(!grade_output("two", "2").correct);
        assert_eq!(grade_output("1\n3", "1\n2\n3").parts, [true, false, true]);
    }

    #[test]
    fn a_missing_line_moves_no_other() {
        let lines = compare_output("a\nx\nc", "a\nb\nc");
        let is = |text: &str| text.to_owned();
        assert_eq!(
            lines,
            [OutputLine::Same(is("a")), OutputLine::Said(is("x")), OutputLine::Printed(is("b")), OutputLine::Same(is("c"))]
        );
        assert_eq!(compare_output("", ""), []);
        assert_eq!(compare_output("", "a"), [OutputLine::Printed(is("a"))]);
    }

    #[test]
    fn code_is_right_when_every_test_passes() {
        let grade = |passed: Vec<bool>| Grade { passed, failure: None, seconds: 0.0 };
        assert!(grade_tests(&grade(vec![true, true])).correct);
        assert!(!grade_tests(&grade(vec![true, false])).correct);
        assert!(!grade_tests(&grade(vec![])).correct);
    }
}
