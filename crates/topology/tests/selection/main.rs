//! The specifications' tests of "Server Selection" and "Max Staleness" that need no server.
//!
//! The files are discovered in the directory that `MONGODB_SPECIFICATIONS` names, by default
//! `../shared/specifications` as seen from the workspace. Where there is no such directory nothing is
//! run, which is said, and which is a failure where `CI` is `true`.

#![allow(clippy::print_stdout, reason = "what is not run has to be said")]

mod format;
mod runner;

use libtest_mimic::{Arguments, Trial};
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

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
    let mut trials = Vec::new();
    let mut collect = |folder: &str, make: fn(String, PathBuf) -> Trial| {
        let start = trials.len();
        let root = specifications.join(folder);
        for file in files(&root) {
            let name = file.strip_prefix(&specifications).unwrap_or(&file);
            trials.push(make(name.with_extension("").display().to_string(), file));
        }
        // A folder that was moved would otherwise be passed over in silence.
        if trials.len() == start {
            let missing = format!("no files in {}", root.display());
            let name = folder.to_owned();
            trials.push(Trial::test(name, move || Err(missing.into())));
        }
    };
    collect("server-selection/tests/server_selection", |name, file| {
        trial(name, file, runner::selects)
    });
    collect("max-staleness/tests", |name, file| {
        trial(name, file, runner::selects)
    });
    collect("server-selection/tests/in_window", |name, file| {
        trial(name, file, runner::spreads)
    });
    collect("server-selection/tests/rtt", |name, file| {
        trial(name, file, runner::averages)
    });
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Every JSON file below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_some_and(|it| it == "json") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn trial<T: DeserializeOwned + 'static>(
    name: String,
    file: PathBuf,
    run: fn(T) -> Result<(), String>,
) -> Trial {
    Trial::test(name, move || {
        let text = fs::read_to_string(&file)?;
        Ok(run(serde_json::from_str(&text)?)?)
    })
}
