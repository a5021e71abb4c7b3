//! The specification's tests of server discovery and monitoring, run against
//! [`TopologyDescription`](ferropool_topology::TopologyDescription) and
//! [`ApplicationError`](ferropool_topology::ApplicationError): what servers reply and what operations
//! meet is passed in, nothing is dialled.
//!
//! The files are discovered in the directory that `MONGODB_SPECIFICATIONS` names, by default
//! `../shared/specifications` as seen from the workspace. Where there is no such directory nothing is
//! run, which is said, and which is a failure where `CI` is `true`.

#![allow(clippy::print_stdout, reason = "what is not run has to be said")]

mod bson;
mod format;
mod matching;
mod runner;

use libtest_mimic::{Arguments, Trial};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

const TESTS: &str = "server-discovery-and-monitoring/tests";
const FOLDERS: [&str; 6] = [
    "rs",
    "single",
    "sharded",
    "errors",
    "load-balanced",
    "monitoring",
];

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
    for folder in FOLDERS {
        let files = files(&specifications.join(TESTS).join(folder));
        println!("{folder}: {} conformance files", files.len());
        if files.is_empty() {
            return ExitCode::FAILURE;
        }
        trials.extend(files.into_iter().map(|path| trial(folder, path)));
    }
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

fn trial(folder: &str, path: PathBuf) -> Trial {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = format!("{folder}/{name}");
    Trial::test(name, move || {
        let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
        Ok(runner::run(format::parse(&text)?)?)
    })
}
