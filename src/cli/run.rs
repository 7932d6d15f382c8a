//! `quantlearn run`: a script in the sandbox of the lessons' listings, without the screen.

use std::{
    fs::File,
    io::{self, IsTerminal, Read, Write},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use annotate_snippets::Level;
use ratatui::{buffer::Buffer, layout::Rect};
use serde_json::{Value as Json, json};
use signal_hook::consts::SIGINT;

use super::{
    Failure, Global, Outcome, complain,
    quote::{self, shown},
};
use crate::{
    course::SCRIPT_SEED,
    export,
    lab::Figure,
    runtime::{cancel_by_interrupt, computed, headless},
    script::{self, End, Fault, Limits, MAX_SOURCE, Piece, Run, Stop, World},
    tensor::Sources,
    theme::{Background, Depth, Theme},
    widget::figure::FigureView,
};

/// Columns and rows of a figure in the output.
const FIGURE: Rect = Rect { x: 0, y: 0, width: 80, height: 14 };

#[derive(Debug, clap::Args)]
pub struct Options {
    /// The script; `-` reads standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Start of the random numbers; the default is that of every listing.
    #[arg(long, value_name = "NUMBER", default_value_t = SCRIPT_SEED)]
    pub seed: u64,
    /// As JSON: output, status, elapsed, diagnostics, figures.
    #[arg(long)]
    pub json: bool,
}

/// Prints what the script prints. What it came to otherwise is told on standard error, and is [`Outcome::Finding`].
pub(super) fn run(global: &Global, options: &Options, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let script = Script::read(&options.file)?;
    // From here on only: while the script is being typed in, ctrl-c ends the program.
    let cancel = cancel_by_interrupt().map_err(|error| Failure::Refused(format!("signals cannot be set up: {error}")))?;
    let world = World {
        sources: Arc::<Sources>::default(),
        seed: options.seed,
        cancel: Arc::clone(&cancel),
        elapsed: Arc::new(computed),
        limits: Limits::LESSON,
    };
    let run = script::run(&script.text, &world);
    // Whoever waits for a pipe now is not kept from leaving.
    cancel.store(true, std::sync::atomic::Ordering::Relaxed);
    if options.json {
        serde_json::to_writer_pretty(&mut *out, &report(&script, &run)).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        print(&run, global.ascii, out)?;
    }
    // What was printed before comes first, also where both go to the same terminal.
    out.flush()?;
    Ok(match &run.end {
        End::Finished => Outcome::Done,
        End::Stopped(stop) => {
            complain(&stop.why);
            if stop.is_cancel { Outcome::Signal(SIGINT) } else { Outcome::Finding }
        }
        End::Failed(fault) => {
            // Where standard error is closed, nobody is left to tell.
            let _ = writeln!(io::stderr(), "{}", script.diagnostic(fault));
            Outcome::Finding
        }
    })
}

struct Script {
    name: String,
    text: String,
}

impl Script {
    fn read(path: &Path) -> Result<Self, Failure> {
        let is_input = path == Path::new("-");
        let name = if is_input { "standard input".into() } else { shown(path).to_string() };
        let bytes = if is_input { bounded(io::stdin().lock()) } else { File::open(path).and_then(bounded) };
        let bytes = bytes.map_err(|error| {
            Failure::Refused(format!("{name} cannot be read: {error}; name a script, or - for standard input"))
        })?;
        if bytes.len() > MAX_SOURCE {
            let most = export::count(MAX_SOURCE as u64);
            return Err(Failure::Refused(format!(
                "{name} is longer than {most} bytes, which is the most that a script may have"
            )));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let n = error.utf8_error().valid_up_to();
            Failure::Refused(format!("{name} is no UTF-8 text: byte {} begins no character; save it as UTF-8", n + 1))
        })?;
        Ok(Self { name, text: text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text) })
    }

    /// The fault as rustc shows it.
    fn diagnostic(&self, fault: &Fault) -> String {
        let title = Level::ERROR.primary_title(fault.message.as_str());
        let place = place(&self.text, fault).map(|span| (self.text.as_str(), span));
        quote::render(title, &self.name, place, fault.help.as_deref(), &quote::renderer(io::stderr().is_terminal()))
    }
}

/// One byte more than there may be, so that too much shows.
fn bounded(input: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(MAX_SOURCE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The word or sign that a fault points at, in bytes of the source.
fn place(source: &str, fault: &Fault) -> Option<Range<usize>> {
    let idx = (fault.line as usize).checked_sub(1)?;
    let line = source.split('\n').nth(idx)?;
    let start: usize = source.split('\n').take(idx).map(|line| line.len() + 1).sum();
    let skip = line.char_indices().nth((fault.column as usize).saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let rest = &line[skip..];
    let len = match rest.chars().next() {
        // Without a column the whole line is meant.
        _ if fault.column == 0 => line.trim_end().len(),
        Some(c) if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
        Some(c) => c.len_utf8(),
        None => 0,
    };
    Some(start + skip..start + skip + len)
}

fn print(run: &Run, ascii: bool, out: &mut dyn Write) -> io::Result<()> {
    for piece in &run.output {
        match piece {
            Piece::Line(line) => writeln!(out, "{line}")?,
            Piece::Figure(figure) => out.write_all(drawn(figure, ascii).as_bytes())?,
        }
    }
    Ok(())
}

/// A figure in characters alone.
fn drawn(figure: &Figure, ascii: bool) -> String {
    let mut buffer = Buffer::empty(FIGURE);
    FigureView::new(figure, &Theme::new(Background::Dark, Depth::None, ascii)).render(FIGURE, &mut buffer);
    let text = headless::text(&buffer);
    format!("{}\n", text.trim_end())
}

/// `{"file", "status", "elapsed_s", "output", "diagnostics": [..], "figures": [..]}`; places that are unknown are null.
fn report(script: &Script, run: &Run) -> Json {
    let (status, diagnostics) = match &run.end {
        End::Finished => ("finished", json!([])),
        End::Stopped(Stop { why, line, .. }) => {
            ("stopped", json!([{ "line": line, "column": null, "message": why, "source_line": null, "help": null }]))
        }
        End::Failed(fault) => ("failed", json!([diagnostic(fault)])),
    };
    let figures: Vec<Json> = run
        .output
        .iter()
        .filter_map(|piece| match piece {
            Piece::Figure(figure) => Some(export::figure_json(figure)),
            Piece::Line(_) => None,
        })
        .collect();
    json!({
        "file": script.name,
        "status": status,
        "elapsed_s": run.seconds,
        "output": run.text(),
        "diagnostics": diagnostics,
        "figures": figures,
    })
}

fn diagnostic(fault: &Fault) -> Json {
    let known = |n: u32| (n > 0).then_some(n);
    json!({
        "line": known(fault.line),
        "column": known(fault.column),
        "message": fault.message,
        "source_line": known(fault.line).map(|_| fault.source_line.as_str()),
        "help": fault.help,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointed(source: &str, line: u32, column: u32) -> Option<&str> {
        place(source, &Fault { line, column, ..Fault::default() }).map(|span| &source[span])
    }

    #[test]
    fn a_fault_points_at_a_word_a_sign_or_the_end_of_its_line() {
        let source = "let ä = absmx(2);\n  x + 1\n";
        assert_eq!(pointed(source, 1, 9), Some("absmx"));
        assert_eq!(pointed(source, 2, 5), Some("+"));
        assert_eq!(pointed(source, 2, 99), Some(""));
        assert_eq!(pointed(source, 2, 0), Some("  x + 1"));
        assert_eq!((pointed(source, 0, 0), pointed(source, 9, 1)), (None, None));
    }

    #[test]
    fn a_script_longer_than_any_is_refused_without_being_read_to_its_end() {
        let endless = bounded(io::repeat(b' ')).expect("it can be read");
        assert_eq!(endless.len(), MAX_SOURCE + 1);
    }
}
