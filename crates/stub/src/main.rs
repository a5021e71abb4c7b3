//! The stub as a program, for tests that are not written in Rust.
//!
//! It prints one line of JSON, `{"port":12345,"pid":67}`, once it listens, and ends when its standard
//! input does, so that it never outlives the test that started it.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod arguments;

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use ferropool_stub::{Proxy, ProxyOptions, Stub};
use serde_json::json;

use arguments::{Arguments, Invocation, USAGE};

fn main() -> ExitCode {
    match arguments::parse(std::env::args().skip(1)) {
        Ok(Invocation::Help) => print(USAGE),
        Ok(Invocation::Serve(arguments)) => ended(run(serve(*arguments))),
        Ok(Invocation::Proxy {
            options,
            is_ignoring_stdin,
        }) => ended(run(pass_on(options, is_ignoring_stdin))),
        Err(error) => fail(&format!("{error}\n\n{USAGE}"), 2),
    }
}

fn run(work: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(work)
}

async fn serve(arguments: Arguments) -> io::Result<()> {
    let stub = Stub::start(arguments.options).await?;
    stub.control(&arguments.control)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    announce(stub.address())?;
    end(arguments.is_ignoring_stdin).await
}

async fn pass_on(options: ProxyOptions, is_ignoring_stdin: bool) -> io::Result<()> {
    let proxy = Proxy::start(options).await?;
    announce(proxy.address())?;
    end(is_ignoring_stdin).await
}

fn announce(address: SocketAddr) -> io::Result<()> {
    let line = json!({ "port": address.port(), "pid": std::process::id() });
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

async fn end(is_ignoring_stdin: bool) -> io::Result<()> {
    if is_ignoring_stdin {
        std::future::pending::<()>().await;
    }
    end_of_stdin().await
}

/// Waits on a thread of its own: not every kind of standard input can be polled.
async fn end_of_stdin() -> io::Result<()> {
    let (end, ended) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .name("stdin".to_owned())
        .spawn(move || {
            let mut stdin = io::stdin().lock();
            while matches!(stdin.read(&mut [0; 256]), Ok(length) if length > 0) {}
            // An error says that the program is ending already.
            let _ = end.send(());
        })?;
    // The thread cannot end without sending.
    let _ = ended.await;
    Ok(())
}

fn ended(result: io::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string(), 1),
    }
}

fn print(text: &str) -> ExitCode {
    match writeln!(io::stdout(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn fail(text: &str, code: u8) -> ExitCode {
    // Where standard error is closed, the exit code has to do.
    let _ = writeln!(io::stderr(), "ferropool-stub: {text}");
    ExitCode::from(code)
}
