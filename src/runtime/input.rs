//! The input thread: terminal events become messages.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc::SyncSender},
    thread,
    time::{Duration, Instant},
};

use crossterm::event::{self, Event, KeyCode as Code, KeyEvent, KeyEventKind, KeyModifiers};

use crate::{
    input::{Key, KeyCode},
    model::Msg,
    runtime::{
        event_loop::{Signal, Wake},
        signal,
    },
    text::Text,
};

/// How long the thread may take to notice that the gate is closed.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long a late answer to the question for the background colour is taken for one, not for keys.
const LATE: Duration = Duration::from_millis(500);

/// Keeps the input thread from reading while another program has the terminal.
#[derive(Default)]
pub(super) struct Gate {
    state: Mutex<Pass>,
    changed: Condvar,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Pass {
    #[default]
    Open,
    /// Closed, but the thread may still be reading.
    Closing,
    /// The thread waits.
    Closed,
}

impl Gate {
    /// Closes the gate and waits until the thread stands before it; false where it does not come.
    pub(super) fn close(&self) -> bool {
        *self.lock() = Pass::Closing;
        signal::wake_input();
        let waited = self.changed.wait_timeout_while(self.lock(), PATIENCE, |pass| *pass != Pass::Closed);
        let closed = *waited.unwrap_or_else(PoisonError::into_inner).0 == Pass::Closed;
        if !closed {
            self.open();
        }
        closed
    }

    pub(super) fn open(&self) {
        *self.lock() = Pass::Open;
        self.changed.notify_all();
    }

    /// Waits while the gate is closed.
    fn pass(&self) {
        let mut state = self.lock();
        while *state != Pass::Open {
            *state = Pass::Closed;
            self.changed.notify_all();
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pass> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the terminal until the program ends. With `late_answer`, what comes in the first half second is dropped: the
/// terminal has not answered a question in time, and its answer would look like keys.
pub(super) fn listen(queue: SyncSender<Wake>, late_answer: bool, gate: Arc<Gate>) -> io::Result<()> {
    let start = Instant::now();
    thread::Builder::new().name("input".into()).spawn(move || {
        loop {
            gate.pass();
            let wake = match event::read() {
                Ok(Event::Key(_) | Event::Paste(_)) if late_answer && start.elapsed() < LATE => continue,
                Ok(event) => match message(event) {
                    Some(msg) => Wake::Msg(msg),
                    None => continue,
                },
                // Nothing more will come from there, so nobody could quit either.
                Err(_) => Wake::Signal(Signal::End(signal_hook::consts::SIGHUP)),
            };
            let last = matches!(wake, Wake::Signal(_));
            if queue.send(wake).is_err() || last {
                return;
            }
        }
    })?;
    Ok(())
}

/// What an event means; none for releases, the mouse and keys that nothing uses.
fn message(event: Event) -> Option<Msg> {
    match event {
        Event::Key(event) => key(event).map(Msg::Key),
        Event::Paste(text) => Some(Msg::Paste(Text::from(text))),
        Event::Resize(width, height) => Some(Msg::Resize(width, height)),
        Event::Mouse(_) | Event::FocusGained | Event::FocusLost => None,
    }
}

fn key(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let code = match event.code {
        Code::Char(c) => KeyCode::Char(c),
        // What terminals send for ctrl-space.
        Code::Null => KeyCode::Char(' '),
        Code::Enter => KeyCode::Enter,
        Code::Esc => KeyCode::Esc,
        Code::Tab | Code::BackTab => KeyCode::Tab,
        Code::Backspace => KeyCode::Backspace,
        Code::Delete => KeyCode::Delete,
        Code::Up => KeyCode::Up,
        Code::Down => KeyCode::Down,
        Code::Left => KeyCode::Left,
        Code::Right => KeyCode::Right,
        Code::Home => KeyCode::Home,
        Code::End => KeyCode::End,
        Code::PageUp => KeyCode::PageUp,
        Code::PageDown => KeyCode::PageDown,
        Code::F(n) => KeyCode::F(n),
        _ => return None,
    };
    let held = |modifier| event.modifiers.contains(modifier);
    Some(Key {
        code,
        ctrl: held(KeyModifiers::CONTROL) || event.code == Code::Null,
        // Of a character, shift is part already.
        shift: !matches!(code, KeyCode::Char(_)) && (held(KeyModifiers::SHIFT) || event.code == Code::BackTab),
        alt: held(KeyModifiers::ALT),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: Code, modifiers: KeyModifiers) -> Option<Key> {
        key(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn keys_arrive_as_the_keymap_writes_them() {
        assert_eq!(pressed(Code::Char('G'), KeyModifiers::SHIFT), Some(Key::char('G')));
        assert_eq!(pressed(Code::Char('c'), KeyModifiers::CONTROL), Some(Key::ctrl('c')));
        assert_eq!(pressed(Code::BackTab, KeyModifiers::SHIFT), Some(Key::shift(KeyCode::Tab)));
        assert_eq!(pressed(Code::Null, KeyModifiers::NONE), Some(Key::ctrl(' ')));
        assert_eq!(pressed(Code::CapsLock, KeyModifiers::NONE), None);
    }

    #[test]
    fn a_release_is_no_key() {
        let release = KeyEvent::new_with_kind(Code::Enter, KeyModifiers::NONE, KeyEventKind::Release);
        let repeat = KeyEvent::new_with_kind(Code::Enter, KeyModifiers::NONE, KeyEventKind::Repeat);
        assert_eq!((key(release), key(repeat)), (None, Some(Key::new(KeyCode::Enter))));
    }

    #[test]
    fn pasted_text_is_cleaned() {
        let Some(Msg::Paste(text)) = message(Event::Paste("1/\x1b[31m127\u{202e}".into())) else { panic!("a paste") };
        assert_eq!(text.as_str(), "1/[31m127");
    }
}
