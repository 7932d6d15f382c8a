//! One row per action: its name, its keys by context, its line in help. Footer, help, palette and README derive from it.

use crate::input::{Key, KeyCode};

/// What a key means. The screen in view decides what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Quit,
    Suspend,
    Palette,
    Help,
    /// Closes the innermost thing.
    Back,
    NextRegion,
    PrevRegion,
    Up,
    Down,
    Left,
    Right,
    /// What the footer names first.
    Primary,
    Space,
    Next,
    Prev,
    PageUp,
    PageDown,
    First,
    Last,
    Search,
    GoTo,
    Hint,
    Solution,
    Run,
    Undo,
    Redo,
    Reset,
    Mark,
    View,
    Scale,
    Words,
    About,
    Export,
    Copy,
    /// The code in the editor of the learner's own.
    External,
    /// The n-th option or partner, from 0.
    Answer(u8),
    CarryUp,
    CarryDown,
    /// Takes the partner away; on a control, puts its default back.
    Clear,
    FastLeft,
    FastRight,
    /// Opens number entry on a control, with this character.
    Entry(char),
}

/// Where a key is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// The skill map.
    Map,
    /// Text, listings, solved steps, cards.
    Reading,
    ChooseOne,
    ChooseMany,
    Order,
    Match,
    /// A text field: every printable key is text.
    Field,
    /// A box of code: every printable key is text, and enter begins a line.
    Editor,
    /// Controls of a lab.
    Controls,
    /// Figure of a lab.
    Figure,
    /// A list: glossary, progress, settings.
    List,
    /// A pop-up that is read or answered with enter or esc.
    Popup,
    /// A pop-up with a text field and a list: palette, search.
    Finder,
}

impl Context {
    pub const ALL: [Self; 13] = [
        Self::Map,
        Self::Reading,
        Self::ChooseOne,
        Self::ChooseMany,
        Self::Order,
        Self::Match,
        Self::Field,
        Self::Editor,
        Self::Controls,
        Self::Figure,
        Self::List,
        Self::Popup,
        Self::Finder,
    ];

    /// In a typing context every printable key is text.
    pub fn typing(self) -> bool {
        matches!(self, Self::Field | Self::Editor | Self::Finder)
    }

    /// The heading of the context in help.
    pub fn title(self) -> &'static str {
        match self {
            Self::Map => "Skill map",
            Self::Reading => "Reading",
            Self::ChooseOne => "One choice",
            Self::ChooseMany => "Many choices",
            Self::Order => "Order",
            Self::Match => "Match",
            Self::Field => "Typing an answer",
            Self::Editor => "Writing code",
            Self::Controls => "Lab controls",
            Self::Figure => "Lab figure",
            Self::List => "Lists",
            Self::Popup => "Pop-up",
            Self::Finder => "Palette and search",
        }
    }
}

/// One row of the action table. Several rows may share an action (`Up` moves and zooms); each says its own words.
#[derive(Clone, Copy, Debug)]
pub struct ActionRow {
    pub action: Action,
    /// Stable kebab-case name.
    pub name: &'static str,
    pub contexts: &'static [Context],
    pub keys: &'static [Key],
    pub help: &'static str,
}

use Context as C;
const EVERYWHERE: &[Context] = &Context::ALL;
const NOT_TYPING: &[Context] =
    &[C::Map, C::Reading, C::ChooseOne, C::ChooseMany, C::Order, C::Match, C::Controls, C::Figure, C::List, C::Popup];
/// On the map esc closes nothing: one esc too many, on the way back to it, must not leave the program.
const NOT_MAP: &[Context] = &[
    C::Reading,
    C::ChooseOne,
    C::ChooseMany,
    C::Order,
    C::Match,
    C::Field,
    C::Editor,
    C::Controls,
    C::Figure,
    C::List,
    C::Popup,
    C::Finder,
];
const SCREENS: &[Context] =
    &[C::Map, C::Reading, C::ChooseOne, C::ChooseMany, C::Order, C::Match, C::Controls, C::Figure, C::List];
const LESSON: &[Context] = &[C::Reading, C::ChooseOne, C::ChooseMany, C::Order, C::Match, C::Controls, C::Figure];
const ABOUT: &[Context] = &[C::Map, C::Reading, C::ChooseOne, C::ChooseMany, C::Order, C::Match, C::Controls, C::Figure];
/// A text, a listing, a question that is done, a lab: not a question that is open.
const DONE_OR_LAB: &[Context] = &[C::Reading, C::Controls, C::Figure];
const REGIONS: &[Context] = &[C::Reading, C::Field, C::Editor, C::Controls, C::Figure, C::Finder];
const SIDEWAYS: &[Context] = &[C::Map, C::Reading, C::Controls, C::Figure, C::List];
const SPACE: &[Context] = &[C::Map, C::Reading, C::ChooseMany, C::Order, C::Controls, C::List, C::Popup];
const LAB: &[Context] = &[C::Controls, C::Figure];
/// In the editor enter begins a line.
const ENTER: &[Context] = &[
    C::Map,
    C::Reading,
    C::ChooseOne,
    C::ChooseMany,
    C::Order,
    C::Match,
    C::Field,
    C::Controls,
    C::Figure,
    C::List,
    C::Popup,
    C::Finder,
];
const NO_CONTROLS: &[Context] =
    &[C::Map, C::Reading, C::ChooseOne, C::ChooseMany, C::Order, C::Match, C::Figure, C::List, C::Popup];
const ANSWERS: &[Context] = &[C::ChooseOne, C::ChooseMany, C::Match];

const fn key(code: KeyCode) -> Key {
    Key::new(code)
}

macro_rules! row {
    ($action:expr, $name:literal, $contexts:expr, [$($key:expr),+], $help:literal) => {
        ActionRow { action: $action, name: $name, contexts: $contexts, keys: &[$($key),+], help: $help }
    };
}

/// Every action with its keys.
pub static ACTIONS: &[ActionRow] = &[
    row!(Action::Quit, "quit", EVERYWHERE, [Key::ctrl('c')], "leave quantlearn"),
    row!(Action::Suspend, "suspend", EVERYWHERE, [Key::ctrl('z')], "back to the shell; fg returns"),
    row!(Action::Palette, "palette", EVERYWHERE, [Key::ctrl('p')], "find a lesson, term, lab or action"),
    row!(Action::Palette, "palette", SCREENS, [Key::char(':')], "find a lesson, term, lab or action"),
    row!(Action::Help, "help", EVERYWHERE, [key(KeyCode::F(1))], "the keys of this screen"),
    row!(Action::Help, "help", NOT_TYPING, [Key::char('?')], "the keys of this screen"),
    row!(Action::Back, "back", NOT_MAP, [key(KeyCode::Esc)], "close the innermost thing"),
    row!(Action::Back, "back", NOT_TYPING, [Key::char('q')], "close; on the map, quit"),
    row!(Action::NextRegion, "next-region", REGIONS, [key(KeyCode::Tab)], "next field or region"),
    row!(Action::PrevRegion, "previous-region", REGIONS, [Key::shift(KeyCode::Tab)], "previous field or region"),
    row!(Action::Primary, "primary", ENTER, [key(KeyCode::Enter)], "the action named first in the footer"),
    row!(Action::Up, "up", NOT_TYPING, [key(KeyCode::Up), Key::char('k')], "the one above"),
    row!(Action::Down, "down", NOT_TYPING, [key(KeyCode::Down), Key::char('j')], "the one below"),
    row!(Action::Left, "left", SIDEWAYS, [key(KeyCode::Left), Key::char('h')], "left; less"),
    row!(Action::Right, "right", SIDEWAYS, [key(KeyCode::Right), Key::char('l')], "right; more"),
    row!(Action::Up, "up", &[C::Field, C::Finder], [key(KeyCode::Up)], "the one above"),
    row!(Action::Down, "down", &[C::Field, C::Finder], [key(KeyCode::Down)], "the one below"),
    row!(Action::Space, "space", SPACE, [Key::char(' ')], "page on; mark; grab; toggle"),
    row!(Action::Next, "next", SCREENS, [Key::char('n')], "next step, node or row"),
    row!(Action::Prev, "previous", SCREENS, [Key::char('p')], "previous step, node or row"),
    row!(Action::PageUp, "page-up", NOT_TYPING, [key(KeyCode::PageUp), Key::ctrl('u')], "scroll up"),
    row!(Action::PageDown, "page-down", NOT_TYPING, [key(KeyCode::PageDown), Key::ctrl('d')], "scroll down"),
    row!(Action::First, "first", NO_CONTROLS, [key(KeyCode::Home)], "to the first"),
    row!(Action::Last, "last", NO_CONTROLS, [key(KeyCode::End), Key::char('G')], "to the last"),
    row!(Action::First, "least", &[C::Controls], [key(KeyCode::Home)], "least value"),
    row!(Action::Last, "most", &[C::Controls], [key(KeyCode::End)], "greatest value"),
    row!(Action::Search, "search", SCREENS, [Key::char('/')], "search"),
    row!(Action::GoTo, "go-to", SCREENS, [Key::char('g')], "go to map, labs, terms, practice, progress, settings"),
    row!(Action::Hint, "hint", LESSON, [Key::char('t')], "a hint; says its price first"),
    row!(Action::Hint, "hint", &[C::Field, C::Editor], [Key::ctrl('t')], "a hint; says its price first"),
    row!(Action::Solution, "solution", LESSON, [Key::char('o')], "the solution; asks first"),
    row!(Action::Solution, "solution", &[C::Field, C::Editor], [Key::ctrl('o')], "the solution; asks first"),
    row!(Action::Run, "run", DONE_OR_LAB, [Key::char('r')], "run or answer again, with new numbers"),
    row!(Action::Run, "run", &[C::Editor], [Key::ctrl('r'), key(KeyCode::F(5))], "run the code, or its tests"),
    row!(Action::Undo, "undo", &[C::Editor], [Key::ctrl('u')], "take the last change back"),
    row!(Action::Redo, "redo", &[C::Editor], [Key::ctrl('y')], "bring it back again"),
    row!(Action::External, "external", &[C::Editor], [Key::ctrl('e')], "open the code in $EDITOR"),
    row!(Action::External, "external", &[C::Reading], [Key::char('E')], "open the code in $EDITOR"),
    row!(Action::Undo, "undo", LAB, [Key::char('u')], "take the last change back"),
    row!(Action::Reset, "reset", LAB, [Key::char('z')], "all controls back to the start"),
    row!(Action::Reset, "reset", &[C::Reading], [Key::char('z')], "the code as it was at the start"),
    row!(Action::Mark, "mark", LAB, [Key::char('m')], "mark this run as A and compare; again: unmark"),
    row!(Action::View, "view", LAB, [Key::char('v')], "next view of the figure"),
    row!(Action::View, "view", &[C::Reading], [Key::char('v')], "next listing"),
    row!(Action::Scale, "scale", LAB, [Key::char('s')], "count scale log or linear"),
    row!(Action::Words, "words", LAB, [Key::char('w')], "the figure in words"),
    row!(Action::About, "about", ABOUT, [Key::char('i')], "terms, questions people ask, sources"),
    row!(Action::Export, "export", LAB, [Key::char('x')], "write this run as JSON and SVG"),
    row!(Action::Copy, "copy", DONE_OR_LAB, [Key::char('y')], "copy the listing, or the command of this run"),
    row!(Action::Answer(0), "answer-a", ANSWERS, [Key::char('a'), Key::char('1')], "option or partner a"),
    row!(Action::Answer(1), "answer-b", ANSWERS, [Key::char('b'), Key::char('2')], "option or partner b"),
    row!(Action::Answer(2), "answer-c", ANSWERS, [Key::char('c'), Key::char('3')], "option or partner c"),
    row!(Action::Answer(3), "answer-d", ANSWERS, [Key::char('d'), Key::char('4')], "option or partner d"),
    row!(Action::Answer(4), "answer-e", ANSWERS, [Key::char('e'), Key::char('5')], "option or partner e"),
    row!(Action::Answer(5), "answer-f", ANSWERS, [Key::char('f'), Key::char('6')], "option or partner f"),
    row!(Action::CarryUp, "carry-up", &[C::Order], [Key::char('K'), Key::shift(KeyCode::Up)], "carry the item up"),
    row!(Action::CarryDown, "carry-down", &[C::Order], [Key::char('J'), Key::shift(KeyCode::Down)], "carry the item down"),
    row!(Action::CarryUp, "draw-up", &[C::Controls], [Key::char('K'), Key::shift(KeyCode::Up)], "ink a pixel and go up"),
    row!(Action::CarryDown, "draw-down", &[C::Controls], [Key::char('J'), Key::shift(KeyCode::Down)], "ink a pixel and go down"),
    row!(Action::Clear, "clear", &[C::Match], [key(KeyCode::Backspace)], "take the partner away"),
    row!(Action::Clear, "default", &[C::Controls], [key(KeyCode::Backspace)], "this control's default"),
    row!(
        Action::FastLeft,
        "ten-less",
        &[C::Controls],
        [Key::char('H'), Key::shift(KeyCode::Left)],
        "ten steps less; in an image ink a pixel and go left"
    ),
    row!(
        Action::FastRight,
        "ten-more",
        &[C::Controls],
        [Key::char('L'), Key::shift(KeyCode::Right)],
        "ten steps more; in an image ink a pixel and go right"
    ),
    row!(Action::Entry('0'), "type-0", &[C::Controls], [Key::char('0')], "type a number"),
    row!(Action::Entry('1'), "type-1", &[C::Controls], [Key::char('1')], "type a number"),
    row!(Action::Entry('2'), "type-2", &[C::Controls], [Key::char('2')], "type a number"),
    row!(Action::Entry('3'), "type-3", &[C::Controls], [Key::char('3')], "type a number"),
    row!(Action::Entry('4'), "type-4", &[C::Controls], [Key::char('4')], "type a number"),
    row!(Action::Entry('5'), "type-5", &[C::Controls], [Key::char('5')], "type a number"),
    row!(Action::Entry('6'), "type-6", &[C::Controls], [Key::char('6')], "type a number"),
    row!(Action::Entry('7'), "type-7", &[C::Controls], [Key::char('7')], "type a number"),
    row!(Action::Entry('8'), "type-8", &[C::Controls], [Key::char('8')], "type a number"),
    row!(Action::Entry('9'), "type-9", &[C::Controls], [Key::char('9')], "type a number"),
    row!(Action::Entry('.'), "type-point", &[C::Controls], [Key::char('.')], "type a number"),
    row!(Action::Entry('-'), "type-minus", &[C::Controls], [Key::char('-')], "type a number"),
];

/// Which key means what, in which context.
#[derive(Clone, Debug)]
pub struct Keymap {
    rows: &'static [ActionRow],
}

impl Default for Keymap {
    fn default() -> Self {
        Self { rows: ACTIONS }
    }
}

impl Keymap {
    pub fn action(&self, context: Context, key: Key) -> Option<Action> {
        self.rows_of(context).find(|row| row.keys.contains(&key)).map(|row| row.action)
    }

    /// The first key of an action in a context.
    pub fn key(&self, context: Context, action: Action) -> Option<Key> {
        self.rows_of(context).find(|row| row.action == action).and_then(|row| row.keys.first().copied())
    }

    /// The rows that hold in a context, in the order of the table.
    pub fn rows_of(&self, context: Context) -> impl Iterator<Item = &'static ActionRow> {
        self.rows.iter().filter(move |row| row.contexts.contains(&context))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn keymap_is_coherent() {
        let mut letters: HashMap<char, Action> = HashMap::new();
        for context in Context::ALL {
            let mut taken: HashMap<Key, Action> = HashMap::new();
            for row in Keymap::default().rows_of(context) {
                for &key in row.keys {
                    let before = taken.insert(key, row.action);
                    assert!(before.is_none(), "{key} means two things in {context:?}: {before:?} and {:?}", row.action);
                    assert!(!(context.typing() && key.is_printable()), "{key} is a command in the typing context {context:?}");
                    if let KeyCode::Char(c) = key.code
                        && !key.ctrl
                        && c.is_ascii_alphabetic()
                    {
                        let before = letters.insert(c, row.action);
                        assert!(before.is_none_or(|a| a == row.action), "{c} means {before:?} and {:?}", row.action);
                    }
                }
            }
        }
    }

    #[test]
    fn letters_a_to_f_are_answers_only() {
        for c in 'a'..='f' {
            let rows: Vec<_> = ACTIONS.iter().filter(|r| r.keys.contains(&Key::char(c))).collect();
            assert!(rows.iter().all(|r| matches!(r.action, Action::Answer(_))), "{c}");
        }
    }

    #[test]
    fn aliases_multiplexer_and_flow_control_keys_stay_free() {
        for c in ['h', 'i', 'j', 'm', '[', 'a', 'b', 's', 'q'] {
            assert!(ACTIONS.iter().all(|r| !r.keys.contains(&Key::ctrl(c))), "ctrl-{c}");
        }
        assert!(
            ACTIONS.iter().flat_map(|r| r.keys).all(|k| !k.alt && k.code != KeyCode::Char('[') && k.code != KeyCode::Char(']'))
        );
    }

    #[test]
    fn every_context_can_be_left_and_helped() {
        for context in Context::ALL {
            let primary = if context == Context::Editor { Action::Run } else { Action::Primary };
            for action in [Action::Back, Action::Quit, Action::Help, primary, Action::Palette] {
                assert!(Keymap::default().key(context, action).is_some(), "{action:?} in {context:?}");
            }
        }
    }
}
