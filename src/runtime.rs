//! The app in a real terminal: one queue of messages, one loop, and the threads that feed it.
//!
//! The loop never waits for the disk, for a job or for the terminal: each has its own thread and answers with a
//! message. Nothing wakes the program while nothing happens.

mod clock;
pub mod courses;
mod crash;
pub mod dirs;
mod disk;
mod editor;
mod event_loop;
pub mod headless;
mod input;
mod job;
mod machine;
mod paint;
mod scheme;
mod signal;
pub mod store;
mod tty;
mod world;

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Arc, mpsc},
};

pub use clock::{computed, now};
pub use disk::Log;
pub use machine::this_machine;
pub use scheme::{ThemeChoice, depth, find_theme};
pub use signal::{cancel_by_interrupt, die_by, ignore_file_size_limit};
pub use world::{Sight, World};

use self::{
    disk::Disk,
    event_loop::{Ending, Hands, Loop},
    job::Jobs,
    paint::Painter,
    tty::Tty,
};
use crate::{
    app::{App, Look},
    model::{Effect, Msg, Route, Start},
};

/// How many messages may wait before the input thread does; a flood of keys then waits in the kernel, not in memory.
const QUEUE: usize = 4096;

/// What cannot be worked with, in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum NoTerminal {
    #[error(
        "{0} is not a terminal, so there is nothing to draw on; run quantlearn in a terminal, or use `quantlearn list`, \
         `quantlearn lab` or `quantlearn frame`, which need none"
    )]
    NotATty(&'static str),
    #[error(
        "this terminal (TERM={0}) cannot place text on the screen; use another terminal, or `quantlearn list`, \
         `quantlearn lab` or `quantlearn frame`, which need none"
    )]
    Dumb(String),
    #[error("the terminal does not work: {0}; use `quantlearn list`, `quantlearn lab` or `quantlearn frame`, which need none")]
    Broken(#[from] io::Error),
}

/// How the app ended.
#[derive(Debug)]
pub struct Exit {
    pub how: How,
    /// Why events are lost, where some could not be written.
    pub unsaved: Option<String>,
}

#[derive(Debug)]
pub enum How {
    Quit,
    /// The signal to die by, now that everything is saved and restored.
    Signal(i32),
    /// An error of the program itself; the path of the report, or why there is none.
    Crash(Result<PathBuf, String>),
}

/// What the command line says of the session.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Where nothing is said, the setting counts, and without one the terminal is asked.
    pub theme: Option<ThemeChoice>,
    pub ascii: bool,
    /// Where to begin; by default where the app thinks best.
    pub route: Option<Route>,
}

/// Opens the app in the terminal and comes back when it ends; the terminal is then as it was.
///
/// # Errors
/// When there is no terminal to work with; nothing has happened then.
pub fn run(start: Start, world: World, wish: Wish) -> Result<Exit, NoTerminal> {
    tty::check()?;
    // Without this, crossterm answers NO_COLOR by dropping bold and reverse too; our theme knows better.
    crossterm::style::force_color_output(true);
    let told = wish.theme.is_some_and(|theme| theme != ThemeChoice::Auto);
    let choice = wish.theme.unwrap_or_else(|| ThemeChoice::kept(&start.events));
    let (theme, late_answer) = find_theme(choice, wish.ascii);
    let look = Look { theme, background_fixed: told };
    let (sender, queue) = mpsc::sync_channel(QUEUE);
    let tty = Arc::new(Tty::open(sender.clone())?);
    let crash = crash::watch(Arc::clone(&tty));
    let disk = Disk::new(world.log, sender.clone())?;
    let jobs = Jobs::new(Arc::clone(&start.library), world.sources, sender.clone());
    let hands = Hands { jobs, disk: disk.line() };
    signal::listen(sender.clone())?;
    signal::watch_hang_up(sender.clone())?;
    tty.enter()?;
    let gate = Arc::<input::Gate>::default();
    input::listen(sender, late_answer, Arc::clone(&gate))?;
    let painter = Painter::new(Arc::clone(&tty), gate);
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let (app, effects) = begin(start, look, wish.route);
        Loop::new(app, painter, hands).run(&queue, effects)
    }));
    // Nobody takes from the queue any more: senders get an error instead of waiting for room.
    drop(queue);
    tty.leave();
    let unsaved = disk.close().err();
    let how = match ended {
        Ok(Ending::Quit) => How::Quit,
        Ok(Ending::Signal(signal)) => How::Signal(signal),
        Err(_) => How::Crash(crash.write(world.dir.as_deref())),
    };
    Ok(Exit { how, unsaved })
}

fn begin(start: Start, look: Look, route: Option<Route>) -> (App, Vec<Effect>) {
    let now = start.now;
    let (mut app, mut effects) = App::new(start, look);
    effects.extend(app.update(Msg::Tick(now)));
    if let Some(route) = route {
        effects.extend(app.open(route));
    }
    (app, effects)
}
