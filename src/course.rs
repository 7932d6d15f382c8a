//! Courses: folders of TOML files that become a typed [`Course`] with spans, the skill graph and the grading of steps.
//!
//! Loading cannot fail: it gives what could be read and a list of [`Diagnostic`]s. It does no I/O; files come in as
//! (name, bytes) pairs from the embedded course or from the runtime.

mod challenge;
mod diagnostic;
mod document;
mod embedded;
mod grade;
mod graph;
mod lesson;
mod library;
mod lint;
mod load;
mod manifest;
mod markup;
mod model;
mod raw;
mod scripts;
mod shape;
mod source;
mod step;

pub use model::{
    AnswerKey, Blank, ChoiceStep, ClozePiece, ClozeStep, CodeStep, Course, ExerciseStep, Faq, Head, LabStep, Lesson, Listing,
    MatchStep, Misconception, NumericPart, NumericStep, Opt, OrderStep, OutputStep, Par, Path, PathChapter, PredictSpec, SCRIPT,
    Status, Step, StepBody, StepHead, Term, Tolerance, Track, VarSpec, WrongValue,
};

pub use challenge::{check_labs, goal_met, par_met, solution_params, start_params};
pub use diagnostic::{Code, Diagnostic, Place, Severity};
pub use embedded::{embedded, embedded_files, embedded_lesson};
pub use grade::{
    Answer, FieldError, OutputLine, Verdict, compare_output, draw, fill, filled, grade, grade_output, grade_tests, show,
    shuffled, solution_answer, solution_text,
};
pub use graph::{ancestors, layers, successors};
pub use library::Library;
pub use load::{COURSE_FILE, Loaded, load, load_lesson, load_lesson_with, load_with};
pub use markup::term_links;
pub use scripts::{SCRIPT_SEED, check_scripts};

/// Every table of the format with its keys, as the loader knows them.
pub fn tables() -> Vec<(&'static str, Vec<&'static str>)> {
    manifest::shapes().chain(lesson::shapes()).map(|shape| (shape.header, shape.keys().collect())).collect()
}
