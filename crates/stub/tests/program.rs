//! The stub as a program.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Command, Stdio};

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ferropool-stub"));
    program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    program
}

#[test]
fn it_says_where_it_listens_and_ends_with_its_input() {
    let mut child = program().args(["--port", "0"]).spawn().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let announced: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(announced["pid"], child.id());
    let port = u16::try_from(announced["port"].as_u64().unwrap()).unwrap();
    TcpStream::connect(("127.0.0.1", port)).unwrap();
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn nonsense_ends_with_two() {
    let output = program().arg("--nonsense").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("unknown argument '--nonsense'"));
    assert!(message.contains("Usage:"));
}

#[test]
fn what_cannot_be_done_ends_with_one() {
    let unknown_field = program()
        .args(["--control", r#"{"x":1}"#])
        .output()
        .unwrap();
    assert_eq!(unknown_field.status.code(), Some(1));
    let elsewhere = program().args(["--host", "192.0.2.1"]).output().unwrap();
    assert_eq!(elsewhere.status.code(), Some(1));
}
