//! The loader of lessons: whatever the file says, there is a lesson or a finding, and findings lie inside of the file.
//!
//! Begin with the built-in lessons: `cargo +nightly fuzz run lesson --fuzz-dir fuzz fuzz/corpus/lesson lessons/integers`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use quantlearn::course;

fuzz_target!(|data: &[u8]| {
    let (lesson, findings) = course::load_lesson("course", "a/lesson.toml", data);
    assert!(lesson.is_some() || !findings.is_empty(), "neither a lesson nor a reason");
    for place in findings.iter().filter_map(|finding| finding.place.as_ref()) {
        assert!(place.span.start <= place.span.end && place.span.end <= data.len(), "{place:?} is outside of the file");
    }
});
