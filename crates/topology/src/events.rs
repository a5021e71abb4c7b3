//! What a topology tells of itself ("SDAM Monitoring"), in one order with its pools' events.
//!
//! Everything is recorded under the topology's lock. A pool records its events under a lock of its own:
//! they are collected before each event of the topology, so that what came before it stays before it.

use crate::description::ServerDescription;
use crate::server::Server;
use crate::topology_description::TopologyDescription;
use ferropool_connection::{Address, Error};
use ferropool_pool::Event;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An event of a topology or of one of its pools.
#[derive(Clone, Debug)]
pub enum Recorded {
    /// Of the pool of the server of this number.
    Pool(u32, Event<Error>),
    /// Of the topology.
    Topology(Instant, TopologyEvent),
}

/// What happened to a topology or one of its servers; the names are the specification's, without "Event".
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are the specification's")]
pub enum TopologyEvent {
    TopologyOpening,
    TopologyClosed,
    TopologyDescriptionChanged {
        previous: Arc<TopologyDescription>,
        new: Arc<TopologyDescription>,
    },
    ServerOpening(Address),
    ServerClosed(Address),
    ServerDescriptionChanged {
        previous: Arc<ServerDescription>,
        new: Arc<ServerDescription>,
    },
    ServerHeartbeatStarted {
        address: Address,
        connection: MonitorConnection,
        /// Whether the server is waited for, rather than asked.
        awaited: bool,
    },
    ServerHeartbeatSucceeded {
        address: Address,
        connection: MonitorConnection,
        awaited: bool,
        /// Since the start, the waiting included.
        duration: Duration,
        /// A BSON document.
        reply: Arc<[u8]>,
    },
    ServerHeartbeatFailed {
        address: Address,
        connection: MonitorConnection,
        awaited: bool,
        duration: Duration,
        failure: Error,
    },
}

/// A connection of a monitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonitorConnection {
    /// The monitor's number for it; it has one before it is established.
    pub id: u64,
    /// The server's, if it is known by now.
    pub server_id: Option<i64>,
}

/// A check that has ended, for its events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heartbeat {
    pub(crate) connection: MonitorConnection,
    pub(crate) awaited: bool,
    pub(crate) duration: Duration,
}

/// The events on their way to a subscriber. Bounded: what a stalled subscriber loses is lost.
#[derive(Debug, Default)]
pub(crate) struct EventLog {
    events: VecDeque<Recorded>,
    subscribed: bool,
}

impl EventLog {
    const CAPACITY: usize = 1 << 16;

    /// Without a subscriber nothing is recorded.
    pub(crate) fn subscribe(&mut self, subscribed: bool) {
        self.subscribed = subscribed;
        if !subscribed {
            let is_of_pool = |event: &Recorded| matches!(event, Recorded::Pool(..));
            self.events.retain(is_of_pool);
        }
    }

    pub(crate) fn is_subscribed(&self) -> bool {
        self.subscribed
    }

    /// Records what `event` builds behind what the pools have recorded, if anybody listens.
    pub(crate) fn push<'a>(
        &mut self,
        pools: impl Iterator<Item = &'a Arc<Server>>,
        event: impl FnOnce() -> TopologyEvent,
    ) {
        if self.subscribed {
            Self::drain_pools(pools, |event| self.events.push_back(event));
            if self.events.len() < Self::CAPACITY {
                let event = Recorded::Topology(Instant::now(), event());
                self.events.push_back(event);
            }
        }
    }

    /// Gives away what is recorded, and behind it what pools have recorded.
    pub(crate) fn drain<'a>(
        &mut self,
        pools: impl Iterator<Item = &'a Arc<Server>>,
        mut to: impl FnMut(Recorded),
    ) {
        self.events.drain(..).for_each(&mut to);
        Self::drain_pools(pools, to);
    }

    fn drain_pools<'a>(pools: impl Iterator<Item = &'a Arc<Server>>, mut to: impl FnMut(Recorded)) {
        for server in pools {
            let number = server.number();
            server
                .pool()
                .drain_events(|event| to(Recorded::Pool(number, event)));
        }
    }
}
