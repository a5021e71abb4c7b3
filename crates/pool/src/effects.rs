use crate::error::CheckOutError;
use crate::ids::{Key, Origin, PoolId, Ticket};
use crate::link::Link;
use crate::stats::Purpose;
use crate::types::Types;
use std::sync::Arc;
use std::time::Instant;

/// What somebody wants a connection for, and until when.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// What it will be used for.
    pub purpose: Purpose,
    /// Carried on the check-out's events.
    pub origin: Origin,
    /// When the waiting ends; `None` takes the pool's `waitQueueTimeoutMS`.
    pub wait_until: Option<Instant>,
    /// When the use ends: the connection then leaves the pool, whoever holds it.
    pub use_until: Option<Instant>,
}

impl Request {
    /// A check-out for `purpose` that nobody observes and that only the pool's options bound.
    pub fn new(purpose: Purpose) -> Self {
        Self {
            purpose,
            origin: Origin::NONE,
            wait_until: None,
            use_until: None,
        }
    }
}

/// A connection in use, on its way to or with its holder. It must be checked in again: the pool
/// counts it until then.
#[must_use]
pub struct CheckedOut<T: Types> {
    /// The connection itself.
    pub connection: T::Connection,
    /// Which of the pool's connections it is.
    pub key: Key,
    /// Its generation: of the pool, or of its service behind a load balancer.
    pub generation: u32,
    pub(crate) pool: PoolId,
}

/// The answer to a check-out.
#[must_use]
pub enum CheckOut<T: Types> {
    /// Here it is.
    Taken(CheckedOut<T>),
    /// The waiter is told later; the ticket takes it out of the queue again.
    Queued(Ticket),
    /// There will be none.
    Refused(CheckOutError<T::Error>),
}

/// In what condition a connection comes back.
#[derive(Clone, Debug)]
pub enum Condition<E> {
    /// It can be used again.
    Healthy,
    /// It cannot ("Errored").
    Errored(E),
}

/// What became of a connection at check-in.
#[derive(Debug, PartialEq, Eq)]
pub enum CheckIn {
    /// It was counted in: now available, with the next waiter, or closed.
    CheckedIn,
    /// It had been ended while in use, and its events had been recorded then.
    Ended(Ended),
}

/// Why a connection in use was ended before its holder returned it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The pool was cleared with `interruptInUseConnections`.
    Interrupted,
    /// The deadline of its use passed.
    Deadline,
    /// The pool was closed and its drain deadline passed.
    PoolClosed,
}

/// What has to happen outside the state machine. The caller owns the buffer and reuses it, so that
/// an ordinary check-out and check-in allocate nothing.
pub struct Effects<T: Types> {
    /// Waiters to be told, in this order.
    pub settled: Vec<Settled<T>>,
    /// Handshakes to start.
    pub establish: Vec<Establish>,
    /// Connections to drop.
    pub close: Vec<T::Connection>,
    /// Connections that others hold, to be ended.
    pub sever: Vec<Arc<Link>>,
}

/// A waiter, and how its check-out ended.
pub type Settled<T> = (<T as Types>::Waiter, CheckOutResult<T>);

/// How a check-out that waited ended.
pub type CheckOutResult<T> = Result<CheckedOut<T>, CheckOutError<<T as Types>::Error>>;

/// A connection that was created and is to be established.
#[derive(Debug)]
pub struct Establish {
    /// The connection.
    pub key: Key,
    /// Ends the establishment when severed.
    pub link: Arc<Link>,
    /// The pool's generation at its creation.
    pub generation: u32,
    /// When it was created.
    pub created: Instant,
    /// Whether it was created for `minPoolSize` or for those who warm the pool: nobody waits for it.
    pub populates: bool,
}

impl<T: Types> Effects<T> {
    /// An empty buffer.
    pub fn new() -> Self {
        Self {
            settled: Vec::new(),
            establish: Vec::new(),
            close: Vec::new(),
            sever: Vec::new(),
        }
    }

    /// Whether nothing has to happen.
    pub fn is_empty(&self) -> bool {
        self.settled.is_empty() && self.are_waiters_only()
    }

    /// Whether nothing has to happen but that waiters are told.
    #[inline]
    pub(crate) fn are_waiters_only(&self) -> bool {
        self.establish.is_empty() && self.close.is_empty() && self.sever.is_empty()
    }
}

impl<T: Types> Default for Effects<T> {
    fn default() -> Self {
        Self::new()
    }
}
