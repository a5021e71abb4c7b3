//! Handshakes: when one starts, who gets its connection, whom its failure fails.

use super::{Phase, State};
use crate::effects::Effects;
use crate::error::CheckOutError;
use crate::event::{ClosedReason, EventKind};
use crate::ids::{Key, ServiceId};
use crate::options::Background;
use crate::records::Place;
use crate::types::Types;
use std::time::{Duration, Instant};

/// How long population rests after it failed without pausing the pool: an overloaded server is not
/// helped by being dialled again at once.
const POPULATION_REST: Duration = Duration::from_millis(500);

/// The part of a handshake for which its end puts off the next one.
const LULL_PART: u32 = 8;

/// The most that it does, in milliseconds.
const LONGEST_LULL: u64 = 20;

/// What a failed handshake clears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clears {
    /// Nothing: the failure may be due to overload, or says nothing about other connections.
    Nothing,
    /// The pool: the server is unknown.
    Pool,
    /// The connections of one service behind a load balancer.
    Service(ServiceId),
}

impl<T: Types> State<T> {
    /// Asks for at least `connections` to exist, whatever `minPoolSize` says, until as many
    /// [`stop_warming`](Self::stop_warming).
    pub fn warm(&mut self, connections: u32, now: Instant, effects: &mut Effects<T>) {
        self.floors.push(connections);
        self.start_handshakes(now, effects);
    }

    /// Takes one [`warm`](Self::warm) of as many `connections` back; what others ask for remains.
    pub fn stop_warming(&mut self, connections: u32) {
        if let Some(index) = self.floors.iter().position(|floor| *floor == connections) {
            self.floors.swap_remove(index);
        }
    }

    /// How many connections those who warm the pool ask for.
    pub fn warming(&self) -> u32 {
        self.floors.iter().copied().max().unwrap_or(0)
    }

    /// Starts the handshakes that the rule allows: pending < maxConnecting, total < maxPoolSize, and
    /// (waiters > pending and no lull, or total < minPoolSize). A handshake that populates counts for a waiter.
    pub(super) fn start_handshakes(&mut self, now: Instant, effects: &mut Effects<T>) {
        let populates = self.options.background == Background::Driven;
        self.start_handshakes_while(populates, now, effects);
    }

    pub(super) fn start_handshakes_while(
        &mut self,
        populates: bool,
        now: Instant,
        effects: &mut Effects<T>,
    ) {
        if !matches!(self.phase, Phase::Ready) {
            return;
        }
        let rests = self.populate_after.is_some_and(|at| at > now);
        let floor = match (rests, populates) {
            (true, _) => 0,
            (false, true) => self.warming().max(self.options.min_pool_size),
            (false, false) => self.warming(),
        };
        let max_pool_size = self.options.max_pool_size.unwrap_or(u32::MAX);
        loop {
            let (pending, total) = (self.records.pending(), self.records.total());
            let is_waited_for = self.queue.len() > pending as usize && !self.lulls(now);
            let wanted = is_waited_for || total < floor;
            if !wanted || pending >= self.options.max_connecting || total >= max_pool_size {
                return;
            }
            let establish =
                self.records
                    .create(self.generations.current(None), !is_waited_for, now);
            self.counters.created += 1;
            self.events.push(now, || EventKind::ConnectionCreated {
                connection: establish.key.id,
            });
            effects.establish.push(establish);
        }
    }

    /// A handshake succeeded. The connection serves the oldest waiter or becomes available; it is
    /// dropped if the pool gave it up meanwhile.
    pub fn established(
        &mut self,
        key: Key,
        connection: T::Connection,
        service: Option<ServiceId>,
        now: Instant,
        effects: &mut Effects<T>,
    ) {
        let Some(record) = self.records.get_mut(key) else {
            effects.close.push(connection);
            return;
        };
        if let Some(service) = service {
            self.generations.enter(service);
            record.generation = self.generations.current(Some(service));
            record.service = Some(service);
        }
        let duration = now.saturating_duration_since(record.since);
        self.counters.ready += 1;
        self.populate_after = None;
        self.events.push(now, || EventKind::ConnectionReady {
            connection: key.id,
            duration,
        });
        self.make_available(key, connection, now, effects);
        self.begin_lull(duration, now);
        self.start_handshakes(now, effects);
    }

    /// Whether what is in use is waited for, in place of another connection.
    fn lulls(&self, now: Instant) -> bool {
        self.lull_until.is_some_and(|at| at > now) && self.records.is_any_in_use()
    }

    /// A handshake has ended and others still wait. Where connections come back, what there is now may have served them long
    /// before another handshake could: that one is put off for a moment, so that a burst opens no more than it needs. Where none
    /// came back in one lull, there is no other.
    fn begin_lull(&mut self, handshake: Duration, now: Instant) {
        // In whole milliseconds, as a runtime's timers are.
        let lull = (handshake / LULL_PART).as_millis() as u64;
        let is_due = self.turns_over
            && lull > 0
            && !self.queue.is_empty()
            && self.options.background == Background::Driven;
        if is_due {
            self.turns_over = false;
            self.lull_until = now.checked_add(Duration::from_millis(lull.min(LONGEST_LULL)));
        }
    }

    /// A handshake failed. The oldest waiter fails with `error` if waiters exceed the pending that
    /// remain. `clears` says what the failure means for other connections (SDAM, "Error handling"); the
    /// pool is cleared only for a connection of the current generation.
    pub fn establishment_failed(
        &mut self,
        key: Key,
        error: T::Error,
        clears: Clears,
        now: Instant,
        effects: &mut Effects<T>,
    ) {
        let Some(record) = self.records.get(key) else {
            return;
        };
        debug_assert!(
            matches!(record.place, Place::Pending),
            "BUG: only a pending connection can fail to be established"
        );
        let is_stale = self.is_stale(record);
        let record = self.records.remove(key);
        let failed = (self.queue.len() > self.records.pending() as usize)
            .then(|| self.queue.pop())
            .flatten();
        match clears {
            Clears::Pool if !is_stale => self.clear(Some(error.clone()), false, None, now, effects),
            Clears::Service(service) => {
                self.clear(Some(error.clone()), false, Some(service), now, effects);
            }
            Clears::Pool | Clears::Nothing => {
                self.populate_after = now.checked_add(POPULATION_REST);
            }
        }
        self.log_closed(
            key,
            record.service,
            ClosedReason::Error,
            Some(error.clone()),
            now,
        );
        if let Some(waiting) = failed {
            let error = CheckOutError::Connection(error);
            let waiter = self.leave_queue(waiting, &error, now);
            effects.settled.push((waiter, Err(error)));
        }
        self.start_handshakes(now, effects);
    }
}
