//! The learner's own editor, on a file that is there for as long as the editor is open.

use std::{
    env,
    io::{self, Read, Write},
    process::Command,
};

use crate::text::Text;

/// More is not read back; an exercise is a page at most.
const LARGEST: u64 = 256 * 1024;

/// Opens `text` in the editor that the environment names; gives what the editor left.
///
/// # Errors
/// A sentence: no editor is named, it cannot be started, or it ended with an error.
pub(super) fn edit(text: &str) -> Result<Text, String> {
    let named = ["VISUAL", "EDITOR"].into_iter().find_map(|name| env::var(name).ok().filter(|value| !value.trim().is_empty()));
    let Some(command) = named else {
        return Err("No editor is named: set the environment variable EDITOR, for example to vi.".into());
    };
    edit_with(&command, text)
}

/// The same with the command line of an editor, which may have arguments.
fn edit_with(command: &str, text: &str) -> Result<Text, String> {
    let file = write(text).map_err(|error| format!("The file for the editor cannot be written: {error}."))?;
    let mut words = command.split_whitespace();
    let program = words.next().unwrap_or_default();
    let status = Command::new(program).args(words).arg(file.path()).status();
    match status {
        Err(error) => Err(format!("The editor `{}` cannot be started: {error}.", Text::clean_line(program))),
        Ok(status) if !status.success() => {
            Err(format!("The editor `{}` ended with an error, so nothing was taken over.", Text::clean_line(program)))
        }
        Ok(_) => read(file.path()).map_err(|error| format!("What the editor left cannot be read: {error}.")),
    }
}

fn write(text: &str) -> io::Result<tempfile::NamedTempFile> {
    // The ending lets editors colour it: rhai reads like Rust, and few editors know rhai.
    let mut file = tempfile::Builder::new().prefix("quantlearn-").suffix(".rhai").tempfile()?;
    writeln!(file, "{text}")?;
    file.flush()?;
    Ok(file)
}

/// Read by name: many editors replace the file.
fn read(path: &std::path::Path) -> io::Result<Text> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(Text::clean(String::from_utf8_lossy(&bytes).trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_editor_left_comes_back() {
        assert_eq!(edit_with("true", "let a = 1;").map(|text| text.to_string()), Ok("let a = 1;".into()));
        assert_eq!(edit_with("sed -i s/1/2/", "let a = 1;").map(|text| text.to_string()), Ok("let a = 2;".into()));
    }

    #[test]
    fn an_editor_that_fails_or_is_not_there_is_named() {
        assert!(edit_with("false", "x").is_err_and(|why| why.contains("`false` ended with an error")));
        assert!(edit_with("no-such-editor -w", "x").is_err_and(|why| why.contains("`no-such-editor` cannot be started")));
    }
}
