//! The command line: without a subcommand the app opens, each subcommand prints what the core computes.

mod bench;
mod check;
mod frame;
mod lab;
mod list;
mod open;
pub mod progress;
mod quote;
mod run;

use std::{
    env, fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::{
    course::Library,
    id::NodeId,
    kernel::Isa,
    model::{Model, Route},
    runtime::{Sight, ThemeChoice, dirs::data_dir, store::Store},
    text::Text,
};

/// Learn neural-network quantization in your terminal, on real weights.
#[derive(Debug, Parser)]
#[command(
    name = "quantlearn",
    version,
    about,
    disable_help_subcommand = true,
    after_help = "Without a command the app opens where you left it. In the app, ? shows the keys of the screen in view.\n\
                  QUANTLEARN_ISA names the instruction set of the kernels, such as scalar; without it the best of this CPU is taken."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What every command takes.
#[derive(Clone, Debug, Default, Args)]
pub struct Global {
    /// Folder for progress and added courses (else QUANTLEARN_HOME, XDG_DATA_HOME/quantlearn, the system's place).
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// A course folder to load beside the built-in one; may be given several times.
    #[arg(long = "course", global = true, value_name = "DIR")]
    pub courses: Vec<PathBuf>,
    /// Colours for a dark or a light background; auto asks the terminal.
    #[arg(long, global = true, value_name = "WHICH")]
    pub theme: Option<ThemeChoice>,
    /// Draw with plain ASCII characters only.
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Whether anything may move by itself. Nothing does in this version, so both look the same.
    #[arg(long, global = true, value_name = "WHETHER", default_value = "on")]
    pub motion: Motion,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Motion {
    #[default]
    On,
    Off,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open the app at a place: `map`, `lesson ID`, `lab ID k=v`, `track ID`, `term ID`, `terms`, `practice`,
    /// `progress`, `settings`.
    Open {
        #[arg(required = true, value_name = "ROUTE")]
        route: Vec<String>,
    },
    /// List the lessons.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tools for authors of lessons.
    #[command(subcommand)]
    Author(Author),
    /// Run a lab and print what it measures; without a name, list the labs.
    Lab(lab::Options),
    /// Measure the kernels on this CPU, beside its own limits.
    Bench(bench::Options),
    /// Run a script in the sandbox of the lessons' listings.
    Run(run::Options),
    /// Show, move or merge progress.
    #[command(subcommand)]
    Progress(Progress),
    /// Print one frame of the app after a key script, without a terminal.
    Frame(frame::Options),
    /// Print shell completions.
    Completions { shell: clap_complete::Shell },
    /// Print the manual page.
    Man,
}

#[derive(Debug, Subcommand)]
pub enum Author {
    /// Check course folders or lesson files; exit code 1 where there are errors.
    Check {
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Progress {
    /// Show XP, level, streak and lessons.
    Show {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print where progress is kept.
    Path,
    /// Write all events into a file, or to standard output with `-`.
    Export { file: PathBuf },
    /// Add the events of a file; those that are there already are left alone.
    Import { file: PathBuf },
}

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// There is something to mend; exit code 1.
    Finding,
    /// The app has died by an error of its own; exit code 101, as a panic has.
    Crashed,
    /// To be ended by this signal.
    Signal(i32),
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Wrong use, or something that is not there: one sentence; exit code 2.
    #[error("{0}")]
    Refused(String),
    /// Nobody can read the output.
    #[error("the output could not be written: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    fn refused(error: impl std::fmt::Display) -> Self {
        Self::Refused(error.to_string())
    }
}

/// Runs the command line; what it says goes to standard output, sentences about failures to standard error.
pub fn main() -> ExitCode {
    if let Err(error) = crate::runtime::ignore_file_size_limit() {
        complain(&format!("signals cannot be set up: {error}"));
    }
    let cli = Cli::parse();
    let mut out = BufWriter::new(io::stdout().lock());
    let ran = choose_isa().and_then(|()| run(cli, &mut out)).and_then(|outcome| Ok(out.flush().map(|()| outcome)?));
    match ran {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Finding) => ExitCode::from(1),
        Ok(Outcome::Crashed) => ExitCode::from(101),
        Ok(Outcome::Signal(signal)) => {
            crate::runtime::die_by(signal);
            ExitCode::FAILURE
        }
        // Whoever read the output has had enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&failure.to_string());
            ExitCode::from(2)
        }
    }
}

/// Lets `QUANTLEARN_ISA` choose the instruction set of the kernels; without it the best that the CPU has.
fn choose_isa() -> Result<(), Failure> {
    if let Some(name) = env::var_os("QUANTLEARN_ISA") {
        let isa = Isa::named(&name.to_string_lossy()).map_err(|error| Failure::Refused(format!("QUANTLEARN_ISA: {error}")))?;
        isa.choose();
    }
    Ok(())
}

/// Runs one command; `out` takes its output.
pub fn run(cli: Cli, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let global = cli.global;
    match cli.command {
        None => open::run(&global, None),
        Some(Command::Open { route }) => open::run(&global, Some(&route.join(" "))),
        Some(Command::List { json }) => list::run(&global, json, out),
        Some(Command::Author(Author::Check { paths })) => check::run(&global, &paths, out),
        Some(Command::Lab(options)) => lab::run(&options, out),
        Some(Command::Bench(options)) => bench::run(&options, out),
        Some(Command::Run(options)) => run::run(&global, &options, out),
        Some(Command::Progress(command)) => run_progress(&global, &command, out),
        Some(Command::Frame(options)) => frame::run(&global, &options, out),
        Some(Command::Completions { shell }) => completions(shell, out),
        Some(Command::Man) => man(out),
    }
}

impl Global {
    fn sight(&self) -> Sight {
        Sight { data_dir: self.data_dir.clone(), courses: self.courses.clone() }
    }
}

fn run_progress(global: &Global, command: &Progress, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let dir = data_dir(global.data_dir.as_deref()).map_err(Failure::refused)?;
    if let Progress::Show { json } = command {
        return show_progress(global, *json, out);
    }
    let (mut store, loaded) = Store::open(&dir).map_err(Failure::refused)?;
    loaded.remarks().iter().for_each(|remark| complain(remark));
    match command {
        Progress::Show { .. } | Progress::Path => progress::path(&store, out)?,
        Progress::Export { file } => progress::export(&store, file, out).map_err(output_or_refused)?,
        Progress::Import { file } => progress::import(&mut store, file, out).map_err(output_or_refused)?,
    }
    Ok(Outcome::Done)
}

fn show_progress(global: &Global, json: bool, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let (start, world) = global.sight().open().map_err(Failure::Refused)?;
    if let Some(why) = start.read_only {
        return Err(Failure::Refused(why));
    }
    let today = start.now.day;
    let model = Model::new(start);
    let heads = model.library.heads();
    let lessons: Vec<(NodeId, Text)> = heads.into_iter().map(|head| (head.node.clone(), head.title.clone())).collect();
    let overview = progress::Overview {
        state: &model.learner,
        facts: &model.facts,
        lessons: &lessons,
        today,
        remarks: &world.remarks,
        ascii: global.ascii,
    };
    let show = if json { progress::show_json } else { progress::show };
    show(&overview, out)?;
    Ok(Outcome::Done)
}

/// What went wrong with the output stays a failure of the output: a broken pipe is none.
fn output_or_refused(error: anyhow::Error) -> Failure {
    match error.downcast::<io::Error>() {
        Ok(error) => Failure::Output(error),
        // The error of the store tells its cause itself.
        Err(error) => Failure::Refused(error.to_string()),
    }
}

fn completions(shell: clap_complete::Shell, out: &mut dyn Write) -> Result<Outcome, Failure> {
    // Into memory first: the generator panics on a writer that fails.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "quantlearn", &mut script);
    out.write_all(&script)?;
    Ok(Outcome::Done)
}

fn man(out: &mut dyn Write) -> Result<Outcome, Failure> {
    clap_mangen::Man::new(Cli::command()).render(out)?;
    Ok(Outcome::Done)
}

/// Reads a route; a bare lesson belongs to the first course, which is the built-in one.
fn parse_route(text: &str, library: &Library) -> Result<Route, Failure> {
    let home = library.courses().next().map_or("", |course| &course.id);
    Route::parse(text, home).map_err(Failure::refused)
}

/// One sentence on standard error. Where that is closed too, nobody is left to tell.
fn complain(sentence: &str) {
    let _ = writeln!(io::stderr(), "quantlearn: {sentence}");
}

/// Writes a file as a whole: beside it first, then renamed into place. A link stays, and the file behind it is replaced;
/// a device or a pipe is written to and never replaced.
fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let is_stream = fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir());
    let written = if is_stream { write_into(path, bytes) } else { replace(path, bytes) };
    written.map_err(|error| {
        let shown = Text::clean_line(&path.display().to_string());
        Failure::Refused(format!("{shown} could not be written: {error}; name a file in a folder that you may write to"))
    })
}

fn write_into(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::OpenOptions::new().write(true).open(path)?.write_all(bytes)
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_coherent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_flags_stand_before_and_behind_the_command() {
        let before = Cli::parse_from(["quantlearn", "--theme", "light", "list"]);
        let behind = Cli::parse_from(["quantlearn", "list", "--theme", "light"]);
        assert_eq!((before.global.theme, behind.global.theme), (Some(ThemeChoice::Light), Some(ThemeChoice::Light)));
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_a_failure_names_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x.svg");
        write_file(&path, b"old").and_then(|()| write_file(&path, b"new")).expect("it is ours");
        assert_eq!(std::fs::read(&path).expect("it is there"), b"new");
        let error = write_file(&dir.path().join("gone/x.svg"), b"").expect_err("no such folder").to_string();
        assert!(error.contains("gone/x.svg"), "{error}");
    }

    #[test]
    fn a_link_stays_and_a_pipe_is_written_to() {
        let dir = tempfile::tempdir().expect("a folder");
        let (target, link) = (dir.path().join("x.svg"), dir.path().join("link"));
        std::fs::write(&target, b"old").and_then(|()| std::os::unix::fs::symlink(&target, &link)).expect("it is ours");
        write_file(&link, b"new").expect("it is ours");
        assert!(link.is_symlink(), "the link was replaced");
        assert_eq!(std::fs::read(&target).expect("it is there"), b"new");
        let (mut reader, writer) = std::io::pipe().expect("a pipe");
        let pipe = PathBuf::from(format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&writer)));
        write_file(&pipe, b"through").expect("it is open");
        drop(writer);
        let mut read = String::new();
        std::io::Read::read_to_string(&mut reader, &mut read).expect("it is open");
        assert_eq!(read, "through");
    }
}
