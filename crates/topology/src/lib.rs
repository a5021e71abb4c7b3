//! Servers, their monitors and what an error means for them.
//!
//! A [`Server`] is a pool and what is known of the server behind it. [`sdam`] holds the rules, the
//! monitor is a task around them. [`srv`] finds the hosts behind a `mongodb+srv` connection string.
//!
//! **Invariants**
//! - This crate runs no operation; it is told of errors and replies.
//! - It never touches a lane: whoever waits is told through [`Deliver`].

#![forbid(unsafe_code)]

mod establishments;
mod monitor;
pub mod sdam;
mod server;
pub mod srv;
mod unclaimed;
mod wired;

pub use establishments::EstablishmentStats;
pub use monitor::MonitorOptions;
pub use server::{Observer, Server, ServerOptions};
pub use srv::{Seeds, SrvError, SrvOptions, SrvPoller};
pub use wired::{Deliver, Waiter, Wired};
