use ferropool_connection::{Channel, Error, ErrorKind, Phase};
use ferropool_pool::{CheckOutResult, Types};
use std::fmt;
use std::sync::Arc;

/// The product's pools: channels, lanes that wait for them, connection errors.
#[derive(Debug)]
pub enum Wired {}

impl Types for Wired {
    // Boxed, so that a connection that changes hands moves eight bytes.
    type Connection = Box<Channel>;
    type Waiter = Waiter;
    type Error = Error;

    fn abandoned() -> Error {
        Error::new(
            ErrorKind::Network,
            Phase::Dns,
            "the establishment was abandoned",
        )
    }
}

/// A place in a wait queue: an operation of a lane.
#[derive(Clone)]
pub struct Waiter {
    /// Where the operation lives.
    pub to: Arc<dyn Deliver>,
    /// Which one it is there.
    pub slot: u32,
}

impl fmt::Debug for Waiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiter")
            .field("slot", &self.slot)
            .finish_non_exhaustive()
    }
}

/// Takes what an operation waited for, from any thread.
pub trait Deliver: Send + Sync {
    /// The check-out of the operation in `slot` has ended.
    fn deliver(&self, slot: u32, result: CheckOutResult<Wired>);
}
