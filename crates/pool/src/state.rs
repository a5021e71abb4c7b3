//! The pool's decisions, as a state machine.
//!
//! **Structure.** [`Records`] holds the connections, available ones in the order of their last
//! use; [`WaitQueue`] the check-outs that wait, oldest first; [`Deadlines`] what ends when.
//!
//! **Who gets a connection.** A check-out takes the available connection that was used last, so
//! that a pool larger than its load lets the rest grow idle. If there is none it waits, and whatever
//! connection becomes available first, by check-in or by handshake, goes to the oldest waiter.
//! While somebody waits nothing is available; every input ends with that being true.
//!
//! **A handshake belongs to nobody.** `establish.rs` has the rule that starts one, and whom a
//! failure fails.
//!
//! This file has check-out and check-in; `state/` has the other inputs: `establish.rs` the handshakes,
//! `in_use.rs` what befalls a connection while it is held, `lifecycle.rs` ready, clear and close,
//! `maintenance.rs` what time brings. `departures.rs` lets waiters and connections go, `view.rs` has what can be seen.

mod departures;
mod establish;
mod in_use;
mod lifecycle;
mod maintenance;
mod view;

pub use establish::Clears;

use crate::deadlines::Deadlines;
use crate::effects::{CheckIn, CheckOut, CheckedOut, Condition, Effects, Request};
use crate::error::CheckOutError;
use crate::event::{ClosedReason, EventKind, EventLog};
use crate::generation::Generations;
use crate::ids::{Key, PoolId, Ticket};
use crate::options::PoolOptions;
use crate::queue::WaitQueue;
use crate::records::{Place, Record, Records};
use crate::stats::{Counters, Waits};
use crate::types::Types;
use std::time::{Duration, Instant};

/// A connection pool without a lock, a clock or a socket.
pub struct State<T: Types> {
    id: PoolId,
    options: PoolOptions,
    phase: Phase<T::Error>,
    generations: Generations,
    records: Records<T>,
    queue: WaitQueue<T::Waiter>,
    deadlines: Deadlines<Expiry>,
    events: EventLog<T::Error>,
    counters: Counters,
    waits: Waits,
    last_clear: Option<(Instant, Option<T::Error>)>,
    /// When the next run of background work is due, where it runs at intervals.
    next_run: Option<Instant>,
    /// How many connections each of those who warm the pool asks for.
    floors: Vec<u32>,
    /// No population before this instant: the last one failed and did not pause the pool.
    populate_after: Option<Instant>,
    /// No handshake for waiters before this instant, as long as connections are in use: what the last one brought may be
    /// enough.
    lull_until: Option<Instant>,
    /// A connection has come back since the last lull began, or none had the time to.
    turns_over: bool,
}

/// The state of the pool; why it is paused travels inside.
#[derive(Debug)]
enum Phase<E> {
    Paused { cause: Option<E> },
    Ready,
    Closed,
}

/// What a deadline ends.
#[derive(Clone, Copy, Debug)]
enum Expiry {
    Wait(Ticket),
    Use(Key),
}

impl<T: Types> State<T> {
    /// A paused pool of generation 0 ("Creating a Connection Pool").
    pub fn new(options: PoolOptions, now: Instant) -> Self {
        let mut events = EventLog::new();
        events.push_always(now, EventKind::PoolCreated);
        Self {
            id: PoolId::next(),
            options,
            phase: Phase::Paused { cause: None },
            generations: Generations::default(),
            records: Records::new(),
            queue: WaitQueue::new(),
            deadlines: Deadlines::new(),
            events,
            counters: Counters::default(),
            waits: Waits::new(),
            last_clear: None,
            next_run: None,
            floors: Vec::new(),
            populate_after: None,
            lull_until: None,
            turns_over: true,
        }
    }

    /// The options it was made with.
    pub fn options(&self) -> &PoolOptions {
        &self.options
    }

    /// "Checking Out a Connection". `waiter` is called only if the request has to wait.
    pub fn check_out(
        &mut self,
        request: &Request,
        waiter: impl FnOnce() -> T::Waiter,
        now: Instant,
        effects: &mut Effects<T>,
    ) -> CheckOut<T> {
        self.counters.started += 1;
        self.events.push(now, || EventKind::CheckOutStarted {
            origin: request.origin,
        });
        if let Some(error) = self.refusal() {
            self.log_failed(request, Duration::ZERO, &error, now);
            return CheckOut::Refused(error);
        }
        if self.queue.is_empty()
            && let Some(key) = self.find_available(now, effects)
        {
            self.waits.immediate();
            let taken = self.hand_out(key, request, now, now);
            // Perished ones that were closed on the way may be missing from minPoolSize now.
            self.start_handshakes(now, effects);
            return CheckOut::Taken(taken);
        }
        let ticket = self.queue.push(waiter(), *request, now);
        let wait_until = request
            .wait_until
            .or_else(|| now.checked_add(self.options.wait_queue_timeout?));
        if let Some(at) = wait_until {
            let deadline = self.deadlines.insert(at, Expiry::Wait(ticket));
            self.queue.set_deadline(ticket, deadline);
        }
        self.start_handshakes(now, effects);
        CheckOut::Queued(ticket)
    }

    /// Takes an available connection if there is one, without waiting, establishing or passing a
    /// waiter. No event unless it succeeds.
    ///
    /// # Errors
    /// [`CheckOutError::PoolClosed`].
    pub fn try_check_out(
        &mut self,
        request: &Request,
        now: Instant,
        effects: &mut Effects<T>,
    ) -> Result<Option<CheckedOut<T>>, CheckOutError<T::Error>> {
        match self.phase {
            Phase::Closed => return Err(CheckOutError::PoolClosed),
            Phase::Paused { .. } => return Ok(None),
            Phase::Ready => {}
        }
        if !self.queue.is_empty() {
            return Ok(None);
        }
        let Some(key) = self.find_available(now, effects) else {
            // It is nobody's handshake, but of `minPoolSize`.
            self.start_handshakes(now, effects);
            return Ok(None);
        };
        self.counters.started += 1;
        self.waits.immediate();
        self.events.push(now, || EventKind::CheckOutStarted {
            origin: request.origin,
        });
        let taken = self.hand_out(key, request, now, now);
        // As in `check_out`.
        self.start_handshakes(now, effects);
        Ok(Some(taken))
    }

    /// Takes a waiter out of the queue, because whoever asked has given up. `None` if it has been
    /// told already.
    pub fn cancel(&mut self, ticket: Ticket, now: Instant) -> Option<T::Waiter> {
        let waiting = self.queue.remove(ticket)?;
        Some(self.leave_queue(waiting, &CheckOutError::Cancelled, now))
    }

    /// "Checking In a Connection". `clock` is read where the time matters.
    ///
    /// # Errors
    /// A connection of another pool is refused and given back.
    pub fn check_in(
        &mut self,
        checked_out: CheckedOut<T>,
        condition: Condition<T::Error>,
        clock: impl FnOnce() -> Instant,
        effects: &mut Effects<T>,
    ) -> Result<CheckIn, CheckedOut<T>> {
        if checked_out.pool != self.id {
            return Err(checked_out);
        }
        let CheckedOut {
            connection, key, ..
        } = checked_out;
        let Some(record) = self.records.get(key) else {
            // The pool forgot all its connections in a forked child.
            effects.close.push(connection);
            return Ok(CheckIn::CheckedIn);
        };
        let (deadline, stale) = match record.place {
            Place::Ended(ended) => {
                self.records.remove(key);
                effects.close.push(connection);
                return Ok(CheckIn::Ended(ended));
            }
            Place::InUse { deadline, .. } => (deadline, self.is_stale(record)),
            Place::Pending | Place::Available { .. } => {
                unreachable!("BUG: whoever holds a connection has checked it out")
            }
        };
        if let Some(deadline) = deadline {
            self.deadlines.remove(deadline);
        }
        let is_healthy = matches!(condition, Condition::Healthy) && !stale;
        if is_healthy && self.is_untimed() {
            self.turns_over = true;
            self.records.move_to(key, Place::Available { connection });
            return Ok(CheckIn::CheckedIn);
        }
        let now = clock();
        self.events
            .push(now, || EventKind::CheckedIn { connection: key.id });
        let perished = match (&self.phase, condition) {
            (_, Condition::Errored(error)) => Some((ClosedReason::Error, Some(error))),
            (Phase::Closed, Condition::Healthy) => Some((ClosedReason::PoolClosed, None)),
            (_, Condition::Healthy) => stale.then_some((ClosedReason::Stale, None)),
        };
        match perished {
            Some((reason, error)) => {
                effects.close.push(connection);
                self.remove(key, reason, error, now);
                self.start_handshakes(now, effects);
            }
            None => {
                self.turns_over = true;
                self.make_available(key, connection, now, effects);
            }
        }
        Ok(CheckIn::CheckedIn)
    }

    /// Whether nothing depends on when a connection becomes available. Reading the clock takes as long as the rest of its check-in.
    fn is_untimed(&self) -> bool {
        matches!(self.phase, Phase::Ready)
            && self.queue.is_empty()
            && self.options.max_idle_time.is_none()
            && !self.events.is_subscribed()
    }

    /// Whether only the age of a holder depends on when one takes an available connection.
    pub(crate) fn hands_out_untimed(&self) -> bool {
        self.is_untimed() && self.records.available() > 0
    }

    /// The available connection to hand out, perished ones on the way to it closed.
    fn find_available(&mut self, now: Instant, effects: &mut Effects<T>) -> Option<Key> {
        while let Some(key) = self.records.newest_available() {
            match self.perished(key, now) {
                None => return Some(key),
                Some(reason) => self.close_available(key, reason, None, now, effects),
            }
        }
        None
    }

    fn perished(&self, key: Key, now: Instant) -> Option<ClosedReason> {
        let record = self.records.get(key)?;
        if self.is_stale(record) {
            return Some(ClosedReason::Stale);
        }
        let limit = self.options.max_idle_time?;
        (now.saturating_duration_since(record.since) > limit).then_some(ClosedReason::Idle)
    }

    fn is_stale(&self, record: &Record<T>) -> bool {
        record.generation != self.generations.current(record.service)
    }

    /// An available connection goes to whoever made `request` at `since`.
    // Inlined, a place is written where it stays: to copy it at once is to wait for it.
    #[inline(always)]
    fn hand_out(
        &mut self,
        key: Key,
        request: &Request,
        since: Instant,
        now: Instant,
    ) -> CheckedOut<T> {
        let deadline = request
            .use_until
            .map(|at| self.deadlines.insert(at, Expiry::Use(key)));
        let place = Place::InUse {
            purpose: request.purpose,
            deadline,
        };
        let Place::Available { connection, .. } = self.records.move_to(key, place) else {
            unreachable!("BUG: only available connections are handed out")
        };
        let generation = self.records.get_mut(key).map_or(0, |record| {
            record.since = now;
            record.generation
        });
        self.counters.checked_out += 1;
        self.events.push(now, || EventKind::CheckedOut {
            origin: request.origin,
            connection: key.id,
            duration: now.saturating_duration_since(since),
        });
        CheckedOut {
            connection,
            key,
            generation,
            pool: self.id,
        }
    }

    /// "Marking a Connection as Available", and the oldest waiter takes it.
    fn make_available(
        &mut self,
        key: Key,
        connection: T::Connection,
        now: Instant,
        effects: &mut Effects<T>,
    ) {
        self.records.move_to(key, Place::Available { connection });
        if let Some(record) = self.records.get_mut(key) {
            record.since = now;
        }
        let Some(waiting) = self.queue.pop() else {
            return;
        };
        if let Some(deadline) = waiting.deadline {
            self.deadlines.remove(deadline);
        }
        self.waits
            .queued(now.saturating_duration_since(waiting.since));
        let checked_out = self.hand_out(key, &waiting.request, waiting.since, now);
        effects.settled.push((waiting.waiter, Ok(checked_out)));
    }
}
