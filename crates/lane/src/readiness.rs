//! Which sockets have something to do.

#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod epoll;
#[cfg(any(not(target_os = "linux"), feature = "portable"))]
mod portable;

#[cfg(all(target_os = "linux", not(feature = "portable")))]
pub use epoll::Readiness;
#[cfg(any(not(target_os = "linux"), feature = "portable"))]
pub use portable::Readiness;

use crate::table::Token;

/// What to wait for at a socket; its peer's hang-up always is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Something to read.
    Read,
    /// Something to read, or room to write.
    ReadWrite,
}

/// A socket with something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Which.
    pub token: Token,
    /// It can be read, or its peer hung up, or it failed: reading tells.
    pub readable: bool,
    /// It can be written.
    pub writable: bool,
}

/// What one look found; reused, so that looking allocates nothing.
#[derive(Debug, Default)]
pub struct Batch {
    ready: Vec<Ready>,
    again: bool,
}

impl Batch {
    /// Whether another look is due, though the set does not say so by itself.
    pub fn look_again(&self) -> bool {
        self.again
    }

    /// The sockets that are ready.
    pub fn ready(&self) -> &[Ready] {
        &self.ready
    }
}
