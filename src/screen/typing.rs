//! Keys that edit a text field.

use crate::{
    input::{Key, KeyCode},
    widget::field::Field,
};

/// Edits `field` as `key` says, with the keys of a shell's line: ctrl-u clears it, ctrl-y brings back; false where the key edits nothing.
pub fn type_into(field: &mut Field, key: Key) -> bool {
    match (key.code, key.ctrl) {
        (KeyCode::Char('u'), true) => field.clear(),
        (KeyCode::Char('y'), true) => field.undo(),
        (KeyCode::Char('w'), true) | (KeyCode::Backspace, true) => field.delete_word(),
        (KeyCode::Char(c), false) if !key.alt => field.insert(c),
        (KeyCode::Backspace, false) => field.backspace(),
        (KeyCode::Delete, _) => field.delete(),
        (KeyCode::Left, ctrl) => {
            if ctrl {
                field.word_left()
            } else {
                field.left()
            }
            true
        }
        (KeyCode::Right, ctrl) => {
            if ctrl {
                field.word_right()
            } else {
                field.right()
            }
            true
        }
        (KeyCode::Home, _) => {
            field.home();
            true
        }
        (KeyCode::End, _) => {
            field.end();
            true
        }
        _ => false,
    }
}
