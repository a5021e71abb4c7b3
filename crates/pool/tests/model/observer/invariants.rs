//! What holds between any two inputs.

use super::{Observer, Outcome, ensure};
use crate::input::Kind;
use crate::world::Model;
use ferropool_pool::{Background, State, Status};

impl Observer {
    /// What holds after every step, whatever it was.
    pub(crate) fn check(&self, state: &State<Model>) -> Result<(), String> {
        let (now, options) = (self.step.now, &self.options);
        let (waiters, pending) = (self.queue.len(), self.pending.len());
        let (total, available) = (self.total(), self.available.len());

        let stats = state.stats();
        let mut in_use = [0; 3];
        for id in &self.in_use {
            in_use[self.at(*id).purpose as usize] += 1;
        }
        ensure!(
            (
                stats.pending,
                stats.available,
                stats.in_use,
                stats.wait_queue
            ) == (pending as u32, available as u32, in_use, waiters as u32),
            "the counts are {stats:?} instead of {pending} pending, {available} available, \
             {in_use:?} in use, {waiters} waiting"
        );
        ensure!(
            (stats.status, stats.generation) == (self.status, self.generation)
                && state.status() == self.status
                && state.generation() == self.generation
                && state.waiting() == waiters as u32,
            "the state is {stats:?} instead of {:?}, {}",
            self.status,
            self.generation
        );
        ensure!(
            stats.counters == self.counters,
            "{:?} instead of {:?}",
            stats.counters,
            self.counters
        );
        ensure!(stats.events_lost == 0, "events were lost");
        let is_drained = self.status == Status::Closed && self.in_use.is_empty();
        ensure!(
            state.is_drained() == is_drained,
            "drained is not {is_drained}"
        );
        let mut services = 0;
        for service in state.service_generations() {
            ensure!(self.services.contains(&service), "{service:?} is unknown");
            services += 1;
        }
        ensure!(services == self.services.len(), "a service is missing");

        ensure!(self.situation().is_legal(), "{:?}", self.situation());
        ensure!(
            options.max_pool_size.is_none_or(|max| total <= max),
            "more connections than maxPoolSize"
        );
        ensure!(
            pending as u32 <= options.max_connecting,
            "more pending than maxConnecting"
        );
        let has_room = (pending as u32) < options.max_connecting
            && options.max_pool_size.is_none_or(|max| total < max);
        // Its end is a tick's to notice.
        let lulls = self.lull.is_some() && !self.in_use.is_empty();
        ensure!(
            waiters <= pending || !has_room || lulls,
            "a waiter waits who could be served"
        );
        let is_populated = total >= self.floor() || !has_room;
        let is_resting = self.rest.is_some() || self.status != Status::Ready;
        ensure!(is_populated || is_resting, "minPoolSize is not reached");
        let warming = self.floors.iter().max();
        ensure!(
            state.warming() == warming.copied().unwrap_or(0),
            "warming is not {warming:?}"
        );
        let refusal = state.refusal().map(|error| Outcome::of_error(&error));
        let expected = match self.status {
            Status::Paused => Some(Outcome::PoolCleared(self.cause)),
            Status::Ready => None,
            Status::Closed => Some(Outcome::PoolClosed),
        };
        ensure!(refusal == expected, "{refusal:?} instead of {expected:?}");
        ensure!(
            state.established_count() == total - pending as u32,
            "{} established",
            state.established_count()
        );
        if options.background != Background::Never {
            for id in &self.available {
                ensure!(!self.is_stale(*id), "stale connection {id} stays available");
            }
        }

        let is_tick = matches!(self.step.kind, Kind::TickDue | Kind::TickEarly);
        if is_tick {
            let overdue = self
                .queue
                .iter()
                .any(|waiting| waiting.deadline.is_some_and(|at| at <= now));
            ensure!(!overdue, "a waiter outstays its deadline");
            let overdue = self
                .in_use
                .iter()
                .any(|id| self.at(*id).use_until.is_some_and(|at| at <= now));
            ensure!(!overdue, "a connection is in use beyond its deadline");
            let is_reaped = match (options.background, self.available.first()) {
                (Background::Driven, Some(oldest)) => !self.is_idle(*oldest),
                _ => true,
            };
            ensure!(is_reaped, "an idle connection outstays a tick");
        }
        let next = self.next_tick();
        ensure!(
            state.next_tick() == next.map(|at| self.instant(at)),
            "the next tick is not at {next:?}"
        );
        ensure!(
            !is_tick || next.is_none_or(|at| at > now),
            "a tick is due right after a tick"
        );
        Ok(())
    }

    /// The events of one step that end every check-out of a kind.
    pub(crate) fn check_complete(&self, is_answered: bool) -> Result<(), String> {
        match self.step.kind {
            Kind::Interrupt if self.status == Status::Closed => {
                ensure!(self.in_use.is_empty(), "a connection was not interrupted");
            }
            Kind::ClearInterrupting if self.status != Status::Closed => {
                ensure!(self.in_use.is_empty(), "a connection was not interrupted");
            }
            Kind::ClearServiceInterrupting if self.status != Status::Closed => {
                let is_left =
                    |id: &u64| self.at(*id).service == self.step.service && self.is_stale(*id);
                ensure!(
                    !self.in_use.iter().any(is_left),
                    "a connection was not interrupted"
                );
            }
            Kind::TryCheckOut if !is_answered => {
                let is_refused = self.status != Status::Ready || !self.queue.is_empty();
                ensure!(
                    is_refused || self.available.is_empty(),
                    "an available connection was not taken"
                );
            }
            _ => {}
        }
        Ok(())
    }

    /// After everything was returned to a closed pool.
    pub(crate) fn check_end(&self) -> Result<(), String> {
        ensure!(self.total() == 0, "connections are left");
        let counters = &self.counters;
        ensure!(
            counters.started == counters.checked_out + counters.failed.iter().sum::<u64>(),
            "check-outs have not ended: {counters:?}"
        );
        ensure!(
            counters.created == counters.closed.iter().sum::<u64>(),
            "connections have not been closed: {counters:?}"
        );
        ensure!(self.services.is_empty(), "a service is left");
        Ok(())
    }
}
