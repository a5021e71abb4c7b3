//! Operations from bytes to reply, deadlines, and the runtime that owns the core's threads.
//!
//! A [`Client`] is what a user opens; an [`Engine`] is a lane with the operations of its thread on
//! it. An operation lives in a slot that its caller chose, and ends in exactly one completion.
//!
//! **Invariants**
//! - Nothing here knows JavaScript: bytes in, bytes and numbers out, through buffers that the driver
//!   lends.
//! - A failure completes in a later turn, never inside the call that caused it.

#![forbid(unsafe_code)]

mod client;
mod engine;
mod failure;
mod labels;
mod note;
mod profile;
mod reply;
mod runtime;
mod selection;
mod session;
mod stats;
mod supplier;

pub use client::{Client, Closed};
pub use engine::{
    CheckedOutInfo, ClientId, CommandEnd, Completion, Engine, Invocation, Journal,
    OperationOptions, SelectionEvent, SelectionStep, Selections, SessionChoice, Subscription,
    Target, Timeout, Turn, kind,
};
pub use failure::{Failure, FailureView};
pub use ferropool_options::{
    Acknowledgement, ClientOptions, OptionError, OptionErrorKind, OptionValue, ReadPreference,
    ReadPreferenceMode, ServerMonitoringMode, TagSet, WriteConcern,
};
pub use ferropool_topology::SrvOptions;
pub use labels::Labels;
pub use note::Note;
pub use profile::{CommandKind, Profile};
pub use runtime::runtime;
pub use session::{Ending, SessionOptions, TransactionOptions, TransactionState};
pub use stats::PoolStatsView;
