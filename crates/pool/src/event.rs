use crate::error::CheckOutError;
use crate::ids::{ConnectionId, Origin, ServiceId};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// One of the eleven events of "Connection Pool Monitoring".
#[derive(Clone, Debug)]
pub struct Event<E> {
    /// When it happened.
    pub at: Instant,
    /// What happened.
    pub kind: EventKind<E>,
}

/// What an [`Event`] says; fields are the specification's.
#[derive(Clone, Debug)]
pub enum EventKind<E> {
    /// `PoolCreatedEvent`. Always recorded, listener or not.
    PoolCreated,
    /// `PoolReadyEvent`.
    PoolReady,
    /// `PoolClearedEvent`.
    PoolCleared {
        /// The service it was cleared for, in load balancer mode.
        service: Option<ServiceId>,
        /// Whether connections in use were ended.
        interrupt_in_use: bool,
    },
    /// `PoolClosedEvent`.
    PoolClosed,
    /// `ConnectionCreatedEvent`.
    ConnectionCreated {
        /// The connection.
        connection: ConnectionId,
    },
    /// `ConnectionReadyEvent`.
    ConnectionReady {
        /// The connection.
        connection: ConnectionId,
        /// Since its creation.
        duration: Duration,
    },
    /// `ConnectionClosedEvent`.
    ConnectionClosed {
        /// The connection.
        connection: ConnectionId,
        /// Why.
        reason: ClosedReason,
        /// The service it belonged to, in load balancer mode.
        service: Option<ServiceId>,
        /// What went wrong, where `reason` is `Error`.
        error: Option<E>,
    },
    /// `ConnectionCheckOutStartedEvent`.
    CheckOutStarted {
        /// Whose check-out.
        origin: Origin,
    },
    /// `ConnectionCheckOutFailedEvent`.
    CheckOutFailed {
        /// Whose check-out.
        origin: Origin,
        /// What it failed with; [`FailedReason::of`] gives the event's `reason`.
        error: CheckOutError<E>,
        /// Since it started.
        duration: Duration,
    },
    /// `ConnectionCheckedOutEvent`.
    CheckedOut {
        /// Whose check-out.
        origin: Origin,
        /// The connection.
        connection: ConnectionId,
        /// Since it started.
        duration: Duration,
    },
    /// `ConnectionCheckedInEvent`.
    CheckedIn {
        /// The connection.
        connection: ConnectionId,
    },
}

/// `ConnectionClosedEvent.reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ClosedReason {
    /// The pool was cleared.
    Stale,
    /// It was available for longer than `maxIdleTimeMS`.
    Idle,
    /// It failed.
    Error,
    /// The pool was closed.
    PoolClosed,
}

/// `ConnectionCheckOutFailedEvent.reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FailedReason {
    /// The pool was closed.
    PoolClosed,
    /// The deadline passed.
    Timeout,
    /// Anything else: a failed establishment, a paused pool, an abort.
    ConnectionError,
}

impl FailedReason {
    /// The reason that belongs to `error`.
    pub fn of<E>(error: &CheckOutError<E>) -> Self {
        match error {
            CheckOutError::PoolClosed => Self::PoolClosed,
            CheckOutError::Timeout(_) => Self::Timeout,
            CheckOutError::PoolCleared { .. }
            | CheckOutError::Connection(_)
            | CheckOutError::Cancelled => Self::ConnectionError,
        }
    }
}

/// The pool's events on their way to a subscriber, in the order in which they happened. Bounded:
/// what a stalled subscriber loses is counted.
#[derive(Debug)]
pub(crate) struct EventLog<E> {
    events: VecDeque<Event<E>>,
    subscribed: bool,
    lost: u64,
}

impl<E> EventLog<E> {
    const CAPACITY: usize = 1 << 16;

    pub(crate) fn new() -> Self {
        Self {
            events: VecDeque::new(),
            subscribed: false,
            lost: 0,
        }
    }

    pub(crate) fn subscribe(&mut self, subscribed: bool) {
        self.subscribed = subscribed;
        if !subscribed {
            // Whoever subscribes next still has to see that the pool was created.
            let is_creation = |event: &Event<E>| matches!(event.kind, EventKind::PoolCreated);
            self.events.retain(is_creation);
            self.events.shrink_to_fit();
        }
    }

    /// Records what `kind` builds, if anybody listens.
    pub(crate) fn push(&mut self, at: Instant, kind: impl FnOnce() -> EventKind<E>) {
        if self.subscribed {
            match self.events.len() < Self::CAPACITY {
                true => self.events.push_back(Event { at, kind: kind() }),
                false => self.lost += 1,
            }
        }
    }

    /// Records an event that a subscriber who comes later must still see.
    pub(crate) fn push_always(&mut self, at: Instant, kind: EventKind<E>) {
        self.events.push_back(Event { at, kind });
    }

    /// Drops what is recorded, whatever it is.
    pub(crate) fn forget(&mut self) {
        self.events.clear();
    }

    pub(crate) fn is_subscribed(&self) -> bool {
        self.subscribed
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    /// Gives what is recorded away, in its order.
    pub(crate) fn drain(&mut self, mut to: impl FnMut(Event<E>)) {
        while let Some(event) = self.events.pop_front() {
            to(event);
        }
    }
}
