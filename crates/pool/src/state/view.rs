//! What can be seen of the pool: its events, its counts, who holds what.

use super::{Phase, State};
use crate::error::{CheckOutError, Holder};
use crate::event::Event;
use crate::ids::{Key, ServiceId};
use crate::records::Place;
use crate::stats::{PoolStats, Status};
use crate::types::Types;
use std::time::Instant;

impl<T: Types> State<T> {
    /// Why no connection can be had now, if that is so.
    pub fn refusal(&self) -> Option<CheckOutError<T::Error>> {
        match &self.phase {
            Phase::Closed => Some(CheckOutError::PoolClosed),
            Phase::Paused { cause } => Some(CheckOutError::PoolCleared {
                cause: cause.clone(),
            }),
            Phase::Ready => None,
        }
    }

    /// Whether a connection is here, for anybody to take.
    pub fn is_available(&self, key: Key) -> bool {
        let record = self.records.get(key);
        record.is_some_and(|record| matches!(record.place, Place::Available { .. }))
    }

    /// Connections that are established.
    pub fn established_count(&self) -> u32 {
        self.records.total() - self.records.pending()
    }

    /// Subscribes to events, or no longer. Unsubscribed, none is built.
    pub fn subscribe(&mut self, subscribed: bool) {
        self.events.subscribe(subscribed);
    }

    /// Gives the events since the last call to `to`, in their order.
    pub fn drain_events(&mut self, to: impl FnMut(Event<T::Error>)) {
        self.events.drain(to);
    }

    /// Whether there are events to drain.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// The pool now.
    pub fn stats(&self) -> PoolStats {
        PoolStats {
            status: self.status(),
            generation: self.generations.current(None),
            pending: self.records.pending(),
            available: self.records.available(),
            in_use: self.records.in_use(),
            wait_queue: self.queue.len() as u32,
            counters: self.counters,
            events_lost: self.events.lost(),
            wait_p50: self.waits.quantile(0.5),
            wait_p99: self.waits.quantile(0.99),
        }
    }

    /// Its state, as the specification names it.
    pub fn status(&self) -> Status {
        match self.phase {
            Phase::Paused { .. } => Status::Paused,
            Phase::Ready => Status::Ready,
            Phase::Closed => Status::Closed,
        }
    }

    /// Whether it is closed and nobody holds a connection of it any more.
    pub fn is_drained(&self) -> bool {
        matches!(self.phase, Phase::Closed) && !self.records.is_any_in_use()
    }

    /// The pool's generation, which no service's generation is part of.
    pub fn generation(&self) -> u32 {
        self.generations.current(None)
    }

    /// The generation that a connection of `service` would have now.
    pub fn generation_of(&self, service: Option<ServiceId>) -> u32 {
        self.generations.current(service)
    }

    /// How many check-outs wait.
    pub fn waiting(&self) -> u32 {
        self.queue.len() as u32
    }

    /// The generation, and connection count, of each service behind a load balancer.
    pub fn service_generations(&self) -> impl Iterator<Item = (ServiceId, u32, u32)> {
        self.generations.services()
    }

    /// The connections in use, longest first, at most `most`.
    pub fn holders(&self, most: usize, now: Instant) -> Vec<Holder> {
        let mut holders: Vec<Holder> = self
            .records
            .iter()
            .filter_map(|(key, record)| match record.place {
                Place::InUse { purpose, .. } => Some(Holder {
                    connection: key.id,
                    purpose,
                    age: now.saturating_duration_since(record.since),
                }),
                _ => None,
            })
            .collect();
        holders.sort_by_key(|holder| std::cmp::Reverse(holder.age));
        holders.truncate(most);
        holders
    }
}
