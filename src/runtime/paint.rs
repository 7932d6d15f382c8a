//! Draws frames: the difference to the frame before goes to the terminal in one piece.

use std::{io, sync::Arc};

use crossterm::{
    clipboard::CopyToClipboard,
    cursor::{Hide, MoveTo, Show},
    queue,
    style::ResetColor,
    terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate},
};
use ratatui::{
    backend::{Backend, CrosstermBackend},
    buffer::Buffer,
    layout::{Position, Rect},
};

use crate::{
    runtime::{
        editor,
        event_loop::{Front, Stage},
        input::Gate,
        signal,
        tty::Tty,
    },
    text::Text,
};

/// Terminals cut longer texts off, or ignore them.
const LONGEST_COPY: usize = 70_000;

pub(super) struct Painter {
    tty: Arc<Tty>,
    /// Keeps the input thread from what belongs to somebody else.
    gate: Arc<Gate>,
    /// What the terminal shows.
    shown: Option<(Buffer, Option<Position>)>,
}

impl Painter {
    pub(super) fn new(tty: Arc<Tty>, gate: Arc<Gate>) -> Self {
        Self { tty, gate, shown: None }
    }
}

impl Stage for Painter {
    fn size(&self) -> (u16, u16) {
        self.tty.size()
    }

    fn busy(&self) -> bool {
        self.tty.busy()
    }

    fn draw(&mut self, front: &dyn Front) {
        let (width, height) = self.tty.size();
        let area = Rect::new(0, 0, width, height);
        let mut next = Buffer::empty(area);
        let cursor = front.render(area, &mut next).filter(|&at| area.contains(at));
        let bytes = difference(self.shown.as_ref().filter(|(buffer, _)| buffer.area == area), &next, cursor);
        if !bytes.is_empty() {
            self.tty.write(bytes);
        }
        self.shown = Some((next, cursor));
    }

    fn forget(&mut self) {
        self.shown = None;
    }

    fn suspend(&mut self, whole_job: bool) -> Result<(), String> {
        if !signal::can_stop() {
            return Err("there is no shell to go back to; quit with ctrl-c".into());
        }
        self.tty.leave();
        signal::stop(whole_job);
        self.forget();
        self.tty.enter().map_err(|error| format!("the terminal does not come back: {error}"))
    }

    fn retake(&mut self) {
        // Without a terminal there is nothing to take, and the watcher ends the program.
        let _ = self.tty.retake();
        self.forget();
    }

    fn edit(&mut self, text: &str) -> Result<Text, String> {
        if !self.gate.close() {
            return Err("The editor cannot have the keyboard now; try again.".into());
        }
        self.tty.leave();
        let edited = signal::while_editing(|| editor::edit(text));
        let entered = self.tty.enter();
        self.gate.open();
        self.forget();
        entered.map_err(|error| format!("the terminal does not come back: {error}"))?;
        edited
    }

    fn copy(&mut self, text: String) -> Result<(), String> {
        // The Linux console knows no clipboard and prints the sequence.
        let console = std::env::var("TERM").is_ok_and(|term| term == "linux");
        if console || text.len() > LONGEST_COPY {
            return Err(text);
        }
        let mut bytes = Vec::new();
        match queue!(bytes, CopyToClipboard::to_clipboard_from(&text)) {
            Ok(()) => {
                self.tty.write(bytes);
                Ok(())
            }
            Err(_) => Err(text),
        }
    }
}

/// The bytes that turn what is shown into the next frame; none where nothing changed.
fn difference(shown: Option<&(Buffer, Option<Position>)>, next: &Buffer, cursor: Option<Position>) -> Vec<u8> {
    let blank = Buffer::empty(next.area);
    let (before, was) = shown.map_or((&blank, None), |(buffer, cursor)| (buffer, *cursor));
    let updates = before.diff(next);
    if shown.is_some() && updates.is_empty() && was == cursor {
        return Vec::new();
    }
    frame(shown.is_none(), &updates, cursor).expect("writing to memory does not fail")
}

fn frame(whole: bool, updates: &[(u16, u16, &ratatui::buffer::Cell)], cursor: Option<Position>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut backend = CrosstermBackend::new(&mut bytes);
    queue!(backend, BeginSynchronizedUpdate, Hide)?;
    if whole {
        queue!(backend, ResetColor, Clear(ClearType::All))?;
    }
    backend.draw(updates.iter().copied())?;
    if let Some(at) = cursor {
        queue!(backend, MoveTo(at.x, at.y), Show)?;
    }
    queue!(backend, EndSynchronizedUpdate)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use ratatui::style::{Color, Style};

    use super::*;

    fn screen(text: &str) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 2));
        buffer.set_string(0, 1, text, Style::new().fg(Color::Red));
        buffer
    }

    fn shows(bytes: &[&[u8]]) -> (String, (u16, u16)) {
        let mut terminal = vt100::Parser::new(2, 20, 0);
        bytes.iter().for_each(|b| terminal.process(b));
        (terminal.screen().contents().trim().to_owned(), terminal.screen().cursor_position())
    }

    #[test]
    fn a_frame_that_changes_nothing_costs_nothing() {
        let shown = (screen("abc"), Some(Position::new(1, 1)));
        assert!(difference(Some(&shown), &screen("abc"), Some(Position::new(1, 1))).is_empty());
        let moved = difference(Some(&shown), &screen("abc"), Some(Position::new(2, 1)));
        assert_eq!(shows(&[&moved]).1, (1, 2), "a cursor that moves is a change");
    }

    #[test]
    fn the_first_frame_wipes_what_was_there_and_later_ones_send_what_changed() {
        let first = difference(None, &screen("abc"), None);
        assert_eq!(shows(&[b"litter\r\nlitter", &first]).0, "abc");
        let shown = (screen("abc"), None);
        let second = difference(Some(&shown), &screen("abd"), None);
        assert!(second.len() < first.len());
        assert_eq!(shows(&[&first, &second]).0, "abd");
    }

    #[test]
    fn no_size_is_too_small() {
        for (width, height) in [(0, 0), (1, 1), (65535, 1)] {
            let bytes = difference(None, &Buffer::empty(Rect::new(0, 0, width, height)), None);
            assert!(!bytes.is_empty(), "the screen is wiped all the same");
        }
    }
}
