//! The filter of foreign text: nothing of it moves a cursor, changes a colour or turns a line around, and cleaning what
//! is clean changes nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use quantlearn::text::Text;

fuzz_target!(|foreign: &str| {
    let clean = Text::clean(foreign);
    let is_hostile = |c: char| c != '\n' && c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!clean.chars().any(is_hostile), "{clean:?}");
    assert_eq!(Text::clean(&clean), clean, "cleaning twice");
    assert!(!Text::clean_line(foreign).contains('\n'));
});
