//! What time brings: deadlines, idle connections, population ("Background Thread").

use super::{Expiry, State};
use crate::effects::{Effects, Ended};
use crate::error::{CheckOutError, Holder, Timeout};
use crate::event::ClosedReason;
use crate::ids::Key;
use crate::options::Background;
use crate::records::Place;
use crate::stats::PoolStats;
use crate::types::Types;
use std::sync::Arc;
use std::time::{Duration, Instant};

impl<T: Types> State<T> {
    /// When [`Self::tick`] is next due, if at all.
    pub fn next_tick(&self) -> Option<Instant> {
        let reap = match (self.options.background, self.options.max_idle_time) {
            // A millisecond later than exactly idle, because idle means longer than the limit.
            (Background::Driven, Some(limit)) => {
                self.records.oldest_available_since().and_then(|since| {
                    since.checked_add(limit.saturating_add(Duration::from_millis(1)))
                })
            }
            _ => None,
        };
        let due = earlier(self.deadlines.earliest(), reap);
        let rests = earlier(self.populate_after, self.lull_until);
        earlier(due, earlier(self.next_run, rests))
    }

    /// Does what is due: ends what has passed its deadline, removes idle connections, populates.
    pub fn tick(&mut self, now: Instant, effects: &mut Effects<T>) {
        // Thousands may time out at once, and finding the holders looks at every connection: what
        // is the same for all of them is found once.
        let mut seen: Option<(PoolStats, Vec<Holder>)> = None;
        while let Some(expiry) = self.deadlines.pop_due(now) {
            match expiry {
                Expiry::Wait(ticket) => {
                    let Some(mut waiting) = self.queue.remove(ticket) else {
                        continue;
                    };
                    waiting.deadline = None;
                    let seen = seen.get_or_insert_with(|| {
                        let holders = self.holders(Timeout::<T::Error>::HOLDERS, now);
                        (self.stats(), holders)
                    });
                    let error = self.timeout(waiting.since, seen, now);
                    let waiter = self.leave_queue(waiting, &error, now);
                    effects.settled.push((waiter, Err(error)));
                }
                Expiry::Use(key) => {
                    seen = None;
                    if let Some(Place::InUse { deadline, .. }) =
                        self.records.get_mut(key).map(|record| &mut record.place)
                    {
                        *deadline = None;
                    }
                    self.end_use(
                        key,
                        Ended::Deadline,
                        ClosedReason::Error,
                        None,
                        now,
                        effects,
                    );
                }
            }
        }
        if self.populate_after.is_some_and(|at| at <= now) {
            self.populate_after = None;
        }
        if self.lull_until.is_some_and(|at| at <= now) {
            self.lull_until = None;
        }
        match self.options.background {
            Background::Driven => self.run(now, effects),
            Background::Every(_) if self.next_run.is_some_and(|at| at <= now) => {
                self.run(now, effects)
            }
            // The use that a deadline ended may have made room for a waiter.
            Background::Every(_) | Background::Never => self.start_handshakes(now, effects),
        }
    }

    /// An available connection can be read or has lost its peer: either way it is of no more use.
    /// It is closed without a clear. `false` if it is no longer available.
    pub fn hung_up(
        &mut self,
        key: Key,
        error: T::Error,
        now: Instant,
        effects: &mut Effects<T>,
    ) -> bool {
        let available = self
            .records
            .get(key)
            .is_some_and(|record| matches!(record.place, Place::Available { .. }));
        if available {
            self.close_available(key, ClosedReason::Error, Some(error), now, effects);
            self.start_handshakes(now, effects);
        }
        available
    }

    /// What there is to say to a waiter whose deadline has passed. What one timeout after another
    /// changes in the pool that was `seen` is taken from now.
    fn timeout(
        &self,
        since: Instant,
        (pool, holders): &(PoolStats, Vec<Holder>),
        now: Instant,
    ) -> CheckOutError<T::Error> {
        let last_clear = self.last_clear.as_ref();
        CheckOutError::Timeout(Arc::new(Timeout {
            waited: now.saturating_duration_since(since),
            max_pool_size: self.options.max_pool_size,
            pool: PoolStats {
                wait_queue: self.waiting(),
                counters: self.counters,
                ..pool.clone()
            },
            holders: holders.clone(),
            last_clear: last_clear
                .map(|(at, cause)| (now.saturating_duration_since(*at), cause.clone())),
        }))
    }

    /// One background run: as much as can be done now, then the end.
    pub(super) fn run(&mut self, now: Instant, effects: &mut Effects<T>) {
        match self.options.background {
            Background::Never => return self.start_handshakes(now, effects),
            Background::Every(interval) => self.next_run = now.checked_add(interval),
            Background::Driven => {}
        }
        // Connections are available in the order of their last use, so the idle ones come first;
        // stale ones can be anywhere, but exist only right after a clear.
        while let Some(key) = self.records.oldest_available()
            && let Some(reason) = self.perished(key, now)
        {
            self.close_available(key, reason, None, now, effects);
        }
        for key in self.stale_available() {
            self.close_available(key, ClosedReason::Stale, None, now, effects);
        }
        self.start_handshakes_while(true, now, effects);
    }

    fn stale_available(&self) -> Vec<Key> {
        match self.options.load_balanced {
            true => self.keys(|state, record| {
                matches!(record.place, Place::Available { .. }) && state.is_stale(record)
            }),
            // A clear of the whole pool makes every available connection stale, so that the loop over
            // the oldest has found them all.
            false => Vec::new(),
        }
    }
}

/// The earlier of two times that may not come.
#[inline]
fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        _ => one.or(other),
    }
}
