//! Where progress and added courses are kept.

use std::{
    env,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use crate::text::Text;

#[derive(Debug, thiserror::Error)]
pub enum DirError {
    #[error(
        "there is no folder to keep progress in: HOME is not set to an absolute path. Set HOME, or name a folder with --data-dir or QUANTLEARN_HOME"
    )]
    NoHome,
    #[error("the data folder {path} cannot be made absolute: {source}. Give an absolute path to --data-dir or QUANTLEARN_HOME")]
    Relative { path: Text, source: io::Error },
}

/// The data folder, absolute, whether or not it exists: `--data-dir`, `QUANTLEARN_HOME`, `XDG_DATA_HOME/quantlearn`
/// (on every system), then the place that the system has for it.
pub fn data_dir(flag: Option<&Path>) -> Result<PathBuf, DirError> {
    pick(flag, |name| env::var_os(name), system_dir)
}

fn pick(
    flag: Option<&Path>,
    var: impl Fn(&str) -> Option<OsString>,
    system: impl FnOnce() -> Option<PathBuf>,
) -> Result<PathBuf, DirError> {
    let set = |name| var(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(named) = flag.map(Path::to_path_buf).or_else(|| set("QUANTLEARN_HOME")) {
        return absolute(&named);
    }
    // The XDG specification: a relative path is invalid and to be ignored.
    let xdg = set("XDG_DATA_HOME").filter(|dir| dir.is_absolute()).map(|dir| dir.join("quantlearn"));
    xdg.or_else(system).filter(|dir| dir.is_absolute()).ok_or(DirError::NoHome)
}

fn absolute(path: &Path) -> Result<PathBuf, DirError> {
    std::path::absolute(path).map_err(|source| DirError::Relative { path: Text::clean_line(&path.to_string_lossy()), source })
}

fn system_dir() -> Option<PathBuf> {
    Some(directories::ProjectDirs::from("", "", "quantlearn")?.data_dir().to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(flag: Option<&str>, vars: &[(&str, &str)]) -> Result<PathBuf, String> {
        let var = |name: &str| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value));
        pick(flag.map(Path::new), var, || Some("/system".into())).map_err(|error| error.to_string())
    }

    #[test]
    fn the_flag_comes_before_the_variables_and_they_before_the_system() {
        let all = [("QUANTLEARN_HOME", "/ours"), ("XDG_DATA_HOME", "/xdg")];
        assert_eq!(picked(Some("/flag"), &all), Ok("/flag".into()));
        assert_eq!(picked(None, &all), Ok("/ours".into()));
        assert_eq!(picked(None, &all[1..]), Ok("/xdg/quantlearn".into()));
        assert_eq!(picked(None, &[]), Ok("/system".into()));
    }

    #[test]
    fn an_empty_variable_is_not_set_and_a_relative_xdg_folder_is_ignored() {
        assert_eq!(picked(None, &[("QUANTLEARN_HOME", ""), ("XDG_DATA_HOME", "data")]), Ok("/system".into()));
    }

    #[test]
    fn a_relative_folder_is_made_absolute_at_once() {
        let here = env::current_dir().expect("tests run in a folder");
        assert_eq!(picked(Some("data"), &[]), Ok(here.join("data")));
    }

    #[test]
    fn without_a_home_the_message_names_the_ways_out() {
        let error = pick(None, |_| None, || None).expect_err("nothing to pick from").to_string();
        assert!(["HOME", "--data-dir", "QUANTLEARN_HOME"].iter().all(|way| error.contains(way)), "{error}");
        assert!(pick(None, |_| None, || Some("relative".into())).is_err());
    }
}
