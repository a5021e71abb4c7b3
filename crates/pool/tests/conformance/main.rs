//! The specification's unit tests of a connection pool, run against [`Pool`](ferropool_pool::Pool)
//! with connections that are established at once.
//!
//! The files are discovered in the directory that `MONGODB_SPECIFICATIONS` names, by default
//! `../shared/specifications` as seen from the workspace. Where there is no such directory nothing is
//! run, which is said, and which is a failure where `CI` is `true`.

#![allow(clippy::print_stdout, reason = "what is not run has to be said")]

mod format;
mod matching;
mod runner;
#[path = "../support/mod.rs"]
mod support;

use libtest_mimic::{Arguments, Trial};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

const FOLDER: &str = "connection-monitoring-and-pooling/tests/cmap-format";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let specifications = env::var_os("MONGODB_SPECIFICATIONS")
        .map_or_else(|| PathBuf::from("../shared/specifications"), PathBuf::from);
    let specifications = workspace.join(specifications);
    if !specifications.is_dir() {
        println!(
            "no conformance files: there is no directory {}",
            specifications.display()
        );
        return match env::var("CI").is_ok_and(|value| value == "true") {
            true => ExitCode::FAILURE,
            false => ExitCode::SUCCESS,
        };
    }
    let files = files(&specifications.join(FOLDER));
    let all = files.len();
    let trials: Vec<Trial> = files.into_iter().filter_map(trial).collect();
    println!(
        "{} of {all} conformance files; those of style integration are run on a real server, by the \
         TypeScript runner",
        trials.len(),
    );
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_json = |path: &PathBuf| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_json).collect();
    files.sort();
    files
}

/// The test of a file, unless it needs a server.
fn trial(path: PathBuf) -> Option<Trial> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = name.into_owned();
    let text = fs::read_to_string(&path).map_err(|error| error.to_string());
    match text.and_then(|text| format::parse(&text)) {
        Ok(Some(test)) => Some(Trial::test(name, move || Ok(runner::run(test)?))),
        Ok(None) => None,
        Err(error) => Some(Trial::test(name, move || Err(error.into()))),
    }
}
