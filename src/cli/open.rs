//! Opens the app in the terminal.

use crate::{
    cli::{Failure, Global, Outcome, complain, parse_route},
    runtime::{How, Wish, run as run_app},
};

pub(super) fn run(global: &Global, route: Option<&str>) -> Result<Outcome, Failure> {
    let (start, world) = global.sight().open().map_err(Failure::Refused)?;
    let route = route.map(|text| parse_route(text, &start.library)).transpose()?;
    let wish = Wish { theme: global.theme, ascii: global.ascii, route };
    let exit = run_app(start, world, wish).map_err(Failure::refused)?;
    if let Some(why) = &exit.unsaved {
        complain(&format!("what you did last is not saved: {why}"));
    }
    Ok(match exit.how {
        How::Quit if exit.unsaved.is_some() => Outcome::Finding,
        How::Quit => Outcome::Done,
        How::Signal(signal) => Outcome::Signal(signal),
        How::Crash(report) => {
            let kept = if exit.unsaved.is_none() { "; your progress is saved" } else { "" };
            complain(&match report {
                Ok(path) => format!("an error of the program itself has ended it{kept}. A report is in {}", path.display()),
                Err(why) => format!("an error of the program itself has ended it{kept}. No report could be written: {why}"),
            });
            Outcome::Crashed
        }
    })
}
