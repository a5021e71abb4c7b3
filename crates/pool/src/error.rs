use crate::ids::ConnectionId;
use crate::stats::{PoolStats, Purpose};
use std::sync::Arc;
use std::time::Duration;

/// Why a check-out ended without a connection ("Checking Out a Connection").
#[derive(Clone, Debug, thiserror::Error)]
pub enum CheckOutError<E> {
    /// The pool is closed.
    #[error("Attempted to check out a connection from closed connection pool")]
    PoolClosed,
    /// The pool was paused, or was cleared while the waiter waited. Retryable; never a reason to
    /// mark the server unknown.
    #[error("The connection pool is paused")]
    PoolCleared {
        /// What the pool was last cleared for, if it ever was.
        cause: Option<E>,
    },
    /// The deadline passed.
    #[error("Timed out while checking out a connection from connection pool")]
    Timeout(Arc<Timeout<E>>),
    /// The establishment that failed was this waiter's to fail with.
    #[error("The connection could not be established")]
    Connection(E),
    /// Whoever asked has given up.
    #[error("The check-out was aborted")]
    Cancelled,
}

/// What there was to wait for when a check-out timed out.
#[derive(Clone, Debug)]
pub struct Timeout<E> {
    /// How long the check-out waited.
    pub waited: Duration,
    /// The most connections that there may be.
    pub max_pool_size: Option<u32>,
    /// The pool at that moment.
    pub pool: PoolStats,
    /// The longest holders, oldest first; at most [`Timeout::HOLDERS`].
    pub holders: Vec<Holder>,
    /// When the pool was last cleared and why, if it ever was.
    pub last_clear: Option<(Duration, Option<E>)>,
}

impl<E> Timeout<E> {
    /// How many holders an error names.
    pub const HOLDERS: usize = 5;
}

/// A connection in use, as an error or a statistic shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The connection.
    pub connection: ConnectionId,
    /// What it is used for.
    pub purpose: Purpose,
    /// For how long.
    pub age: Duration,
}
