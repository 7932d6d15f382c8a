//! Keys, the key-script language of tests and `quantlearn frame`, the action table and the keymap that follows from it.

mod action;
mod key;
mod script;

pub use action::{ACTIONS, Action, ActionRow, Context, Keymap};
pub use key::{Key, KeyCode};
pub use script::{ScriptError, parse_script};
