use std::sync::atomic::{AtomicU32, Ordering};

/// A connection's number within its pool: assigned in order of creation, starting at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// The id of a service behind a load balancer, from `hello`'s `serviceId`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ServiceId(pub [u8; 12]);

/// Tells the pools of a process apart, so that a foreign connection is refused at check-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PoolId(u32);

impl PoolId {
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// An opaque number that a check-out's events carry back to whoever started it, so that an
/// observer can restore the caller's context. [`Origin::NONE`] where nobody asked for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin(pub u32);

impl Origin {
    /// No caller to return to.
    pub const NONE: Self = Self(u32::MAX);
}

/// Names one connection of one pool. A key outlives its connection harmlessly: ids are never
/// reused, so a key to a slot that somebody else has taken finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub(crate) slot: u32,
    /// The connection's number.
    pub id: ConnectionId,
}

/// Names one place in the wait queue. Like [`Key`], it never finds a later occupant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    pub(crate) slot: u32,
    pub(crate) number: u64,
}
