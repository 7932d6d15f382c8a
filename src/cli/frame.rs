//! `quantlearn frame`: one frame after a key script, for documents and tests.

use std::{io::Write, path::PathBuf, sync::Arc};

use crate::{
    app::Look,
    cli::{Failure, Global, Outcome, parse_route, write_file},
    input::parse_script,
    runtime::{
        ThemeChoice,
        headless::{Headless, fresh},
    },
    theme::{Background, Depth, Theme},
};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// The keys to press, such as "jj<enter>1/127<enter>".
    #[arg(long, default_value = "", value_name = "SCRIPT", allow_hyphen_values = true)]
    pub keys: String,
    /// Columns and rows.
    #[arg(long, default_value = "100x30", value_name = "WxH", value_parser = size)]
    pub size: (u16, u16),
    /// Where to begin, such as "lab quantize bits=4".
    #[arg(long, value_name = "ROUTE")]
    pub route: Option<String>,
    /// Write the frame as a picture instead of printing it.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

fn size(text: &str) -> Result<(u16, u16), String> {
    let parsed = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    match parsed {
        Some((w, h)) if u32::from(w) * u32::from(h) <= 1_000_000 => Ok((w, h)),
        Some(_) => Err("a frame has at most a million cells".into()),
        None => Err("a size is two whole numbers, such as 100x30".into()),
    }
}

/// Progress is fresh and stays in memory; with `--data-dir` it begins with the log there, which is not changed.
pub(super) fn run(global: &Global, options: &Options, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let keys = parse_script(&options.keys).map_err(Failure::refused)?;
    let start = match global.data_dir {
        Some(_) => global.sight().open().map_err(Failure::Refused)?.0,
        None => fresh(Arc::new(global.sight().library(None).map_err(Failure::Refused)?.0)),
    };
    let route = options.route.as_ref().map(|text| parse_route(text, &start.library)).transpose()?;
    let background = if global.theme == Some(ThemeChoice::Light) { Background::Light } else { Background::Dark };
    let look = Look { theme: Theme::new(background, Depth::True, global.ascii), background_fixed: global.theme.is_some() };
    let mut app = Headless::with(start, look, options.size, Arc::default());
    if let Some(route) = route {
        app.open(route);
    }
    app.press(&keys);
    match &options.svg {
        Some(path) => write_file(path, app.svg("quantlearn").as_bytes())?,
        None => out.write_all(app.text().as_bytes())?,
    }
    Ok(Outcome::Done)
}
