//! One thread's way into the core: the readiness of the sockets it uses, what other threads have for
//! it, and the completions on their way to it.
//!
//! Whoever owns a lane drives it: an event loop that watches [`Readiness`]' descriptor, or
//! [`drive`] on tokio. Nothing here calls back.
//!
//! **Invariants**
//! - Other threads reach a lane through its [`Inbox`] alone.
//! - A readiness [`Token`] is a slot and a generation; a vacant or older one is ignored.

#![forbid(unsafe_code)]

mod drive;
mod inbox;
mod outbox;
mod readiness;
mod table;

pub use drive::drive;
pub use inbox::{Inbox, Message};
pub use outbox::{Outbox, Record};
pub use readiness::{Batch, Interest, Readiness, Ready};
pub use table::{Table, Token};
