//! Ready, clear and close.

use super::{Phase, State};
use crate::effects::{Effects, Ended};
use crate::error::CheckOutError;
use crate::event::{ClosedReason, EventKind};
use crate::ids::{Key, ServiceId};
use crate::records::{Place, Record};
use crate::types::Types;
use std::time::Instant;

impl<T: Types> State<T> {
    /// "Marking a Connection Pool as Ready". Nothing happens unless the pool is paused.
    pub fn ready(&mut self, now: Instant, effects: &mut Effects<T>) {
        if let Phase::Paused { .. } = self.phase {
            self.phase = Phase::Ready;
            self.populate_after = None;
            self.events.push(now, || EventKind::PoolReady);
            self.run(now, effects);
        }
    }

    /// "Clearing a Connection Pool". Without a service the pool pauses, its handshakes end and its
    /// waiters fail; with one, only that service's connections become stale. With
    /// `interrupt_in_use`, connections in use end as well.
    pub fn clear(
        &mut self,
        cause: Option<T::Error>,
        interrupt_in_use: bool,
        service: Option<ServiceId>,
        now: Instant,
        effects: &mut Effects<T>,
    ) {
        if let Phase::Closed = self.phase {
            return;
        }
        self.generations.increment(service);
        self.last_clear = Some((now, cause.clone()));
        let observable = service.is_some() || matches!(self.phase, Phase::Ready);
        if service.is_none() {
            self.phase = Phase::Paused {
                cause: cause.clone(),
            };
            self.populate_after = None;
        }
        if observable {
            self.counters.cleared += 1;
            self.events.push(now, || EventKind::PoolCleared {
                service,
                interrupt_in_use,
            });
        }
        if service.is_none() {
            self.end_pending(ClosedReason::Stale, now, effects);
            self.fail_waiters(&CheckOutError::PoolCleared { cause }, now, effects);
        }
        if interrupt_in_use {
            self.end_in_use(
                Ended::Interrupted,
                ClosedReason::Stale,
                |state, record| record.service == service && state.is_stale(record),
                now,
                effects,
            );
        }
        self.run(now, effects);
    }

    /// "Closing a Connection Pool": available connections close at once, those in use as they
    /// return, waiters fail.
    pub fn close(&mut self, now: Instant, effects: &mut Effects<T>) {
        if let Phase::Closed = self.phase {
            return;
        }
        self.phase = Phase::Closed;
        (self.next_run, self.populate_after, self.lull_until) = (None, None, None);
        while let Some(key) = self.records.oldest_available() {
            self.close_available(key, ClosedReason::PoolClosed, None, now, effects);
        }
        self.end_pending(ClosedReason::PoolClosed, now, effects);
        self.events.push(now, || EventKind::PoolClosed);
        self.fail_waiters(&CheckOutError::PoolClosed, now, effects);
    }

    /// Ends every connection in use of a closed pool: its drain deadline has passed. Returns how
    /// many there were.
    pub fn interrupt(&mut self, now: Instant, effects: &mut Effects<T>) -> u32 {
        match self.phase {
            Phase::Closed => self.end_in_use(
                Ended::PoolClosed,
                ClosedReason::PoolClosed,
                |_, _| true,
                now,
                effects,
            ),
            Phase::Paused { .. } | Phase::Ready => 0,
        }
    }

    /// Ends one connection in use of a closed pool, on which nobody waits for anything. `true` if it was in use.
    pub fn interrupt_one(&mut self, key: Key, now: Instant, effects: &mut Effects<T>) -> bool {
        let is_in_use = { self.records.get(key) }
            .is_some_and(|record| matches!(record.place, Place::InUse { .. }));
        let ends = is_in_use && matches!(self.phase, Phase::Closed);
        if ends {
            let (ended, reason) = (Ended::PoolClosed, ClosedReason::PoolClosed);
            self.end_use(key, ended, reason, None, now, effects);
        }
        ends
    }

    /// Forgets connections, waiters, deadlines and events without a word to anybody: they belong to
    /// the parent of the forked process that calls ("Forking"). The caller drops the effects' contents.
    pub fn reset_after_fork(&mut self, effects: &mut Effects<T>) {
        self.generations.increment(None);
        self.generations.forget_services();
        self.events.forget();
        self.floors.clear();
        for record in self.records.take_all() {
            if let Place::Available { connection, .. } = record.place {
                effects.close.push(connection);
            }
        }
        while self.queue.pop().is_some() {}
        self.deadlines = super::Deadlines::new();
    }

    /// Ends the handshakes in progress.
    fn end_pending(&mut self, reason: ClosedReason, now: Instant, effects: &mut Effects<T>) {
        for key in self.keys(|_, record| matches!(record.place, Place::Pending)) {
            effects.sever.push(self.remove(key, reason, None, now).link);
        }
    }

    fn fail_waiters(
        &mut self,
        error: &CheckOutError<T::Error>,
        now: Instant,
        effects: &mut Effects<T>,
    ) {
        while let Some(waiting) = self.queue.pop() {
            let waiter = self.leave_queue(waiting, error, now);
            effects.settled.push((waiter, Err(error.clone())));
        }
    }

    pub(super) fn keys(&self, chosen: impl Fn(&Self, &Record<T>) -> bool) -> Vec<Key> {
        let chosen = self
            .records
            .iter()
            .filter(|(_, record)| chosen(self, record));
        let mut keys: Vec<Key> = chosen.map(|(key, _)| key).collect();
        // Slots are reused in any order; observers see connections end in the order of their ids.
        keys.sort_unstable_by_key(|key| key.id);
        keys
    }
}
