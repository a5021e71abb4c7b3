//! Sessions ("Driver Sessions"): what a series of operations shares with the server.
//!
//! A [`Session`] is the client's side, a [`ServerSession`] the server's, which is taken from the pool when the first
//! command of the session has its connection, so that operations that wait for one need none.

mod cluster_time;
mod pool;
mod table;
mod transaction;

pub(crate) use cluster_time::ClusterTime;
pub(crate) use pool::{ServerSession, ServerSessions, end_sessions};
pub(crate) use table::Sessions;
pub use transaction::{Ending, TransactionOptions, TransactionState};
pub(crate) use transaction::{Pin, Transaction};

/// What a session is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionOptions {
    /// Whether a cursor has it, and no user.
    pub implicit: bool,
    /// Whether reads see what the session did before ("Causal Consistency").
    pub causal: bool,
    /// Whether all reads see one point in time ("Snapshot Reads").
    pub snapshot: bool,
}

/// A session of a user, or of a cursor.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) options: SessionOptions,
    /// Taken at the first command.
    pub(crate) server: Option<ServerSession>,
    /// The latest of its replies, or what its user advanced it to.
    pub(crate) operation_time: Option<u64>,
    /// The point in time of a snapshot session, once the first read has found it.
    pub(crate) snapshot_time: Option<u64>,
    pub(crate) cluster_time: ClusterTime,
    pub(crate) transaction: Transaction,
}

impl Session {
    pub(crate) fn new(options: SessionOptions) -> Self {
        Self {
            options,
            server: None,
            operation_time: None,
            snapshot_time: None,
            cluster_time: ClusterTime::default(),
            transaction: Transaction::default(),
        }
    }

    /// A later operation of it happened at `time`.
    pub(crate) fn advance_operation_time(&mut self, time: u64) {
        self.operation_time = self.operation_time.max(Some(time));
    }
}
