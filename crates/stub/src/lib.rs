//! A scriptable MongoDB server and a proxy for tests, demonstrations and benches. It is never shipped.
//!
//! It speaks OP_MSG, OP_COMPRESSED and the legacy hello, keeps documents in memory, and fails in every way that a server
//! or a network can, on request. A test in Rust starts it in its own process:
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use bson::doc;
//! use ferropool_stub::{Options, Stub};
//!
//! let stub = Stub::start(Options::default()).await?;
//! stub.control(&doc! { "helloDelayMS": 200 }).expect("a known field");
//! assert_eq!(stub.status().accepted, 0);
//! # Ok(())
//! # }
//! ```
//!
//! Other programs start the binary `ferropool-stub` and send the same documents as the commands
//! `stubControl` and `stubStatus`; [`control`] lists the fields. A connection whose hello has
//! `application.name` [`CONTROL_APPLICATION`] is exempt from faults, fail points and counters.
//!
//! Two servers share the listener's address, never at once: the scripted one, a tokio task for each
//! connection around one locked state, and the canned one, a plain readiness loop that answers with
//! prepared bytes as fast as one core can. The [`Proxy`] serves nothing itself: it makes a real server look like a router.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod options;
mod stub;

mod listener;
mod shared;

mod compression;
mod connection;
mod reply;
mod request;

mod command_error;
mod commands;
mod hello;

mod collection;
mod cursor;
mod storage;

pub mod control;
mod counters;
mod fail_point;
mod faults;

mod canned;

mod proxy;

pub use control::ControlError;
pub use counters::Status;
pub use options::Options;
pub use proxy::{Proxy, ProxyHandle, ProxyOptions, Role};
pub use stub::{Stub, StubHandle};

/// The `application.name` of connections that script the stub and are not part of the test.
pub const CONTROL_APPLICATION: &str = "stub-control";
