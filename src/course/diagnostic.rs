//! What a course file gets wrong: where, why, what to do.

use std::{fmt, ops::Range};

use serde::Serialize;

use crate::text::Text;

/// One finding in one file. All of its text is clean.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnostic {
    pub file: Text,
    /// `None` where the file as a whole is meant.
    pub place: Option<Place>,
    pub severity: Severity,
    pub code: Code,
    pub message: Text,
    pub remedy: Option<Text>,
}

impl Diagnostic {
    pub(super) fn new(file: &Text, place: Option<Place>, code: Code, message: &str) -> Self {
        let message = Text::clean_line(message);
        Self { file: file.clone(), place, severity: code.severity(), code, message, remedy: None }
    }

    pub(super) fn remedy(&mut self, remedy: impl AsRef<str>) {
        self.remedy = Some(Text::clean_line(remedy.as_ref()));
    }

    /// Whether something is left out because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// One line, as editors and terminals link it: `lessons/a.toml:3:5: error[unknown-key]: ...`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(place) = &self.place {
            write!(f, ":{}:{}", place.line, place.column)?;
        }
        write!(f, ": {}[{}]: {}", self.severity, self.code, self.message)?;
        self.remedy.iter().try_for_each(|remedy| write!(f, " ({remedy})"))
    }
}

/// A place in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// In bytes of the file.
    pub span: Range<usize>,
}

/// What a finding costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The step, lesson or course is left out.
    Error,
    /// It works, but learners are served better otherwise.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One row per code: variant, stable name, severity, what it means. `lessons/FORMAT.md` lists them from here.
macro_rules! codes {
    ($($variant:ident $name:literal $severity:ident $help:literal;)*) => {
        /// What kind of finding it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $help] $variant,)* }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name: `unknown-key`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What a finding of this kind costs.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// What it means, in a sentence.
            pub fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }
        }
    };
}

codes! {
    BadFileName "bad-file-name" Error "The path leaves the course's folder, is absolute, or holds control characters.";
    TooLarge "too-large" Error "A lesson may have 1 MiB, a course 64 MiB in 2,000 files; more is not read.";
    NotUtf8 "not-utf8" Error "The file is not UTF-8 text.";
    Syntax "syntax" Error "The file is not TOML.";
    TooDeep "too-deep" Error "Brackets or dotted keys are nested deeper than any lesson needs.";
    NewerFormat "newer-format" Error "The file is written for a newer version of the program.";
    UnknownKey "unknown-key" Error "The key is not part of the format at this place.";
    MissingKey "missing-key" Error "A key that is needed is absent.";
    WrongType "wrong-type" Error "The value has another type than the key needs.";
    BadValue "bad-value" Error "The value is not one of those allowed.";
    EmptyText "empty-text" Error "A text that learners read is empty.";
    BadId "bad-id" Error "Ids are kebab-case: a-z, 0-9 and `-`, starting with a letter.";
    DuplicateId "duplicate-id" Error "Two things of the same sort have one id.";
    UnknownKind "unknown-kind" Error "There is no such kind of step.";
    NoCourse "no-course" Error "The folder has no course.toml.";
    UnknownTrack "unknown-track" Error "The track is not registered in course.toml.";
    UnknownLesson "unknown-lesson" Error "A prerequisite or a path names a lesson that is not there.";
    NotInstalled "not-installed" Warning "A prerequisite lies in a course that is not loaded; it is not asked for.";
    Replaces "replaces" Warning "A course of the same id was loaded before; this one takes its place.";
    Cycle "cycle" Error "Lessons require each other in a circle.";
    UnknownMisconception "unknown-misconception" Error "The misconception is not registered in course.toml.";
    UnknownTerm "unknown-term" Error "A `[[link]]` names a term that no lesson of the course defines.";
    Options "options" Error "A choice has 2 to 6 different options; exactly one is right with `select = \"one\"`, at least one with \"many\".";
    NoFeedback "no-feedback" Error "Every option tells why it is right or wrong.";
    Blanks "blanks" Error "A cloze has at least one blank `{{..}}`, each closed and with an answer in it.";
    Items "items" Error "Items to order, pairs to match and extras are at least two, and all different.";
    BadExpression "bad-expression" Error "The expression cannot be read, or uses a name that is not known here.";
    BadAnswer "bad-answer" Error "The answer is not a finite number for every combination of the variables.";
    WrongIsRight "wrong-is-right" Error "A named wrong value is accepted as the answer for some combination of the variables.";
    NoTolerance "no-tolerance" Warning "The answer is a fraction and has no tolerance, so only its exact value is right.";
    UnknownPlaceholder "unknown-placeholder" Error "A {=name} in the text is no variable of the step.";
    UnknownLab "unknown-lab" Error "There is no such lab.";
    UnknownParam "unknown-param" Error "The lab has no such parameter.";
    UnknownMetric "unknown-metric" Error "The lab has no such metric.";
    NoSolution "no-solution" Error "A challenge has a goal, and a goal comes with a solution that the checker can run, made of controls that the learner may move.";
    ParWithoutGoal "par-without-goal" Error "Par stands beside a goal, on a metric of which more or less is better.";
    StartMeetsGoal "start-meets-goal" Error "The challenge is already met before anything was moved.";
    SolutionFails "solution-fails" Error "The solution does not meet the goal, or fails a test of its exercise.";
    SolutionBelowPar "solution-below-par" Warning "The solution meets the goal but not par.";
    NoTests "no-tests" Error "An exercise has at least one test, and each says what it calls.";
    ScriptFails "script-fails" Error "A listing does not run to its end.";
    OutputDiffers "output-differs" Error "A listing prints something else than `expect` says.";
    StarterPasses "starter-passes" Error "The starter of an exercise passes every test before anything was written.";
    LabFails "lab-fails" Error "The lab does not run with these settings, or gives no value where the step needs one.";
    LongText "long-text" Warning "More than 120 words stand between two things that the learner does.";
    LongCard "long-card" Warning "The reference card has more than 150 words, or `for_real` is more than one line of 72 columns.";
    WideListing "wide-listing" Warning "A line of a listing is wider than its pane in a terminal of 80 columns: 72 less the line numbers where it can be edited, 72 beside it, 74 where its output is foretold.";
    NeverShown "never-shown" Warning "A step that asks nothing has hints or an explanation; they are shown with an answer only.";
    LongLesson "long-lesson" Warning "The main line of a lesson has at most 12 steps and 12 minutes.";
    ManyControls "many-controls" Warning "A lab step frees at most two controls that are new to the lesson.";
    NoAlt "no-alt" Warning "A lab step says in words (`alt`) what its figure shows.";
    More "more" Warning "The file has more findings than are listed.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_kebab_case_and_unique() {
        let names: std::collections::BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(names.iter().all(|name| crate::id::is_kebab(name)));
    }
}
