//! What each event may say, given what came before it.

use super::{Connection, Life, Observer, Outcome, ensure};
use crate::input::Kind;
use crate::world::Fault;
use ferropool_pool::{
    CheckOutError, ClosedReason, ConnectionId, Ended, Event, EventKind, FailedReason, Origin,
    Purpose, ServiceId, Status, Timeout,
};
use std::time::Duration;

impl Observer {
    /// One event, in its order.
    pub(crate) fn see(&mut self, event: &Event<Fault>) -> Result<(), String> {
        let now = self.step.now;
        if !self.has_begun {
            self.has_begun = true;
            ensure!(
                matches!(event.kind, EventKind::PoolCreated),
                "the first event is not PoolCreated"
            );
            return Ok(());
        }
        ensure!(
            event.at == self.instant(now),
            "the event is not of this moment"
        );
        match &event.kind {
            EventKind::PoolCreated => return Err("PoolCreated again".to_owned()),
            EventKind::PoolReady => {
                self.consume("PoolReady")?;
                ensure!(
                    self.status == Status::Paused,
                    "PoolReady while {:?}",
                    self.status
                );
                self.status = Status::Ready;
            }
            EventKind::PoolCleared {
                service,
                interrupt_in_use,
            } => {
                self.consume("PoolCleared")?;
                let is_interrupting = matches!(
                    self.step.kind,
                    Kind::ClearInterrupting | Kind::ClearServiceInterrupting
                );
                ensure!(
                    *interrupt_in_use == is_interrupting && *service == self.step.service,
                    "PoolCleared says something else than the clear did"
                );
                if service.is_none() {
                    self.status = Status::Paused;
                }
                self.counters.cleared += 1;
            }
            EventKind::PoolClosed => {
                self.consume("PoolClosed")?;
                ensure!(
                    self.available.is_empty() && self.pending.is_empty(),
                    "PoolClosed before the connections that are not in use are closed"
                );
                self.status = Status::Closed;
            }
            EventKind::ConnectionCreated { connection } => self.created(*connection)?,
            EventKind::ConnectionReady {
                connection,
                duration,
            } => self.ready(*connection, *duration)?,
            EventKind::ConnectionClosed {
                connection,
                reason,
                service,
                error,
            } => self.closed(*connection, *reason, *service, *error)?,
            EventKind::CheckOutStarted { origin } => {
                let asked = self.step.asks.as_ref().map(|asks| asks.origin);
                ensure!(
                    asked == Some(origin.0) && !self.step.has_started,
                    "CheckOutStarted for nobody"
                );
                self.step.has_started = true;
                self.counters.started += 1;
            }
            EventKind::CheckOutFailed {
                origin,
                error,
                duration,
            } => self.failed(*origin, error, *duration)?,
            EventKind::CheckedOut {
                origin,
                connection,
                duration,
            } => self.checked_out(*origin, *connection, *duration)?,
            EventKind::CheckedIn { connection } => {
                self.settle_arrived()?;
                let id = connection.0;
                let position = position(&self.in_use, id).ok_or("CheckedIn while not in use")?;
                if self.step.connection == Some(id) {
                    self.consume("CheckedIn")?;
                }
                self.in_use.remove(position);
                self.enter(id, Life::Returned);
                self.arrived = Some(id);
            }
        }
        Ok(())
    }

    fn created(&mut self, connection: ConnectionId) -> Result<(), String> {
        self.settle_arrived()?;
        self.join_queue();
        let id = connection.0;
        ensure!(
            id == self.connections.len() as u64 + 1,
            "connection {id} is out of order"
        );
        ensure!(self.status == Status::Ready, "created while not ready");
        ensure!(
            (self.pending.len() as u32) < self.options.max_connecting,
            "more pending than maxConnecting"
        );
        let total = self.total();
        ensure!(
            self.options.max_pool_size.is_none_or(|max| total < max),
            "more connections than maxPoolSize"
        );
        let is_resting = self.rest.is_some_and(|at| at > self.step.now);
        ensure!(
            (self.queue.len() > self.pending.len() && !self.lulls())
                || (!is_resting && total < self.floor()),
            "created for nobody"
        );
        self.connections.push(Connection {
            life: Life::Pending,
            generation: self.generation,
            service: None,
            created: self.step.now,
            since: self.step.now,
            purpose: Purpose::Operation,
            use_until: None,
            ended: None,
            number: None,
            link: None,
        });
        self.pending.push(id);
        self.counters.created += 1;
        self.expected.establish.push(id);
        Ok(())
    }

    fn ready(&mut self, connection: ConnectionId, duration: Duration) -> Result<(), String> {
        self.consume("ConnectionReady")?;
        let id = connection.0;
        ensure!(
            self.step.connection == Some(id),
            "another connection is ready"
        );
        let position = position(&self.pending, id).ok_or("ready while not pending")?;
        self.pending.remove(position);
        ensure!(
            duration == self.since(self.at(id).created),
            "a wrong duration of establishment"
        );
        if let Some(service) = self.step.service {
            let position = self.services.iter().position(|(id, ..)| *id == service);
            let entry = position.unwrap_or_else(|| {
                self.services.push((service, 0, 0));
                self.services.len() - 1
            });
            self.services[entry].2 += 1;
            let generation = self.services[entry].1;
            let connection = self.at_mut(id);
            connection.service = Some(service);
            connection.generation = generation;
        }
        self.counters.ready += 1;
        self.enter(id, Life::Available);
        self.arrived = Some(id);
        Ok(())
    }

    fn closed(
        &mut self,
        connection: ConnectionId,
        reason: ClosedReason,
        service: Option<ServiceId>,
        error: Option<Fault>,
    ) -> Result<(), String> {
        if self.arrived != Some(connection.0) {
            self.settle_arrived()?;
        }
        let id = connection.0;
        let kind = self.step.kind;
        let is_named = self.step.connection == Some(id);
        let life = self.connection(id).ok_or("closed before created")?.life;
        let (use_until, since) = (self.at(id).use_until, self.at(id).since);
        let is_clear = matches!(
            kind,
            Kind::Clear | Kind::ClearInterrupting | Kind::FailedClearing
        );
        let mut error_expected = None;
        let is_right = match (life, reason) {
            (Life::Pending, ClosedReason::Error) => {
                error_expected = self.step.fault;
                self.step.is_victim_due = true;
                is_named && matches!(kind, Kind::Failed | Kind::FailedClearing)
            }
            (Life::Pending, ClosedReason::Stale) => is_clear && self.is_stale(id),
            (Life::Pending | Life::Available, ClosedReason::PoolClosed) => kind == Kind::Close,
            (Life::Available, ClosedReason::Stale) => self.is_stale(id),
            (Life::Available, ClosedReason::Idle) => self.is_idle(id),
            (Life::Available, ClosedReason::Error) => {
                error_expected = self.step.fault;
                self.consume("ConnectionClosed")?;
                is_named && kind == Kind::HungUp
            }
            (Life::Returned, reason) if is_named => {
                error_expected = self.step.fault;
                reason
                    == match kind {
                        Kind::CheckInErrored => ClosedReason::Error,
                        _ if self.status == Status::Closed => ClosedReason::PoolClosed,
                        _ if self.is_stale(id) => ClosedReason::Stale,
                        _ => return Err("a healthy connection was closed".to_owned()),
                    }
            }
            (Life::Returned, ClosedReason::Stale) => {
                self.at_mut(id).ended = Some(Ended::Interrupted);
                let is_chosen = match kind {
                    Kind::ClearInterrupting => true,
                    Kind::ClearServiceInterrupting => self.at(id).service == self.step.service,
                    _ => false,
                };
                is_chosen && self.is_stale(id)
            }
            (Life::Returned, ClosedReason::PoolClosed) => {
                self.at_mut(id).ended = Some(Ended::PoolClosed);
                kind == Kind::Interrupt && self.status == Status::Closed
            }
            (Life::Returned, ClosedReason::Error) => {
                self.at_mut(id).ended = Some(Ended::Deadline);
                matches!(kind, Kind::TickDue | Kind::TickEarly)
                    && use_until.is_some_and(|at| at <= self.step.now)
            }
            _ => false,
        };
        ensure!(
            is_right,
            "connection {id} closed as {reason:?} while {life:?} since {since}"
        );
        ensure!(
            error == error_expected,
            "connection {id} closed with another error"
        );
        ensure!(
            service == self.at(id).service,
            "connection {id} closed for another service"
        );
        let is_ended = self.at(id).ended.is_some();
        match life {
            Life::Pending => {
                let position = position(&self.pending, id).ok_or("not pending")?;
                self.pending.remove(position);
                if !is_named {
                    self.expected.sever.push(id);
                }
            }
            Life::Returned if is_ended => self.expected.sever.push(id),
            _ => {
                if let Some(position) = position(&self.available, id) {
                    self.available.remove(position);
                }
                let number = self.at(id).number.ok_or("it was never established")?;
                self.expected.close.push(number);
            }
        }
        if self.arrived == Some(id) {
            self.arrived = None;
        }
        if let Some(service) = service {
            let position = self.services.iter().position(|(id, ..)| *id == service);
            let position = position.ok_or("the service has no connections")?;
            self.services[position].2 -= 1;
            if self.services[position].2 == 0 {
                self.services.remove(position);
            }
        }
        self.enter(id, Life::Closed);
        self.counters.closed[reason as usize] += 1;
        Ok(())
    }

    fn failed(
        &mut self,
        origin: Origin,
        error: &CheckOutError<Fault>,
        duration: Duration,
    ) -> Result<(), String> {
        let now = self.step.now;
        let outcome = Outcome::of_error(error);
        let is_asking = self.step.asks.as_ref().map(|asks| asks.origin) == Some(origin.0);
        let position = self.queue.iter().position(|w| w.origin == origin.0);
        let waiting = match (position, self.step.victim.take()) {
            (None, Some(victim)) if victim.origin == origin.0 => {
                ensure!(
                    self.step.is_victim_due && outcome == Outcome::Connection(self.fault()?),
                    "a waiter fails before its connection is closed, or with another error"
                );
                victim
            }
            (None, victim) if is_asking && self.step.has_started => {
                self.step.victim = victim;
                ensure!(
                    outcome
                        == match self.status {
                            Status::Closed => Outcome::PoolClosed,
                            Status::Paused => Outcome::PoolCleared(self.cause),
                            Status::Ready => return Err("refused while ready".to_owned()),
                        },
                    "refused with {outcome:?}"
                );
                self.step.asks.take().ok_or("nobody asks")?
            }
            (Some(position), victim) => {
                self.step.victim = victim;
                let waiting = self.queue.remove(position).ok_or("nobody waits")?;
                let is_tick = matches!(self.step.kind, Kind::TickDue | Kind::TickEarly);
                let is_right = match outcome {
                    Outcome::PoolCleared(cause) => {
                        position == 0 && self.status == Status::Paused && cause == self.cause
                    }
                    Outcome::PoolClosed => position == 0 && self.status == Status::Closed,
                    Outcome::Timeout => is_tick && waiting.deadline.is_some_and(|at| at <= now),
                    Outcome::Cancelled => self.step.cancelled == Some(origin.0),
                    Outcome::Connection(_) | Outcome::Taken(_) => false,
                };
                ensure!(is_right, "waiter {} failed with {outcome:?}", origin.0);
                waiting
            }
            (None, _) => return Err(format!("check-out {} had ended", origin.0)),
        };
        ensure!(
            duration == self.since(waiting.since),
            "a wrong duration of a failed check-out"
        );
        if let CheckOutError::Timeout(timeout) = error {
            self.explained(timeout, duration)?;
        }
        self.counters.failed[FailedReason::of(error) as usize] += 1;
        match (is_asking, outcome) {
            (true, _) => self.expected.answer = Some(outcome),
            (false, Outcome::Cancelled) => {}
            (false, _) => self.expected.settled.push((origin.0, outcome)),
        }
        Ok(())
    }

    /// What a timeout tells is what there is.
    fn explained(&self, timeout: &Timeout<Fault>, waited: Duration) -> Result<(), String> {
        ensure!(
            timeout.waited == waited,
            "the timeout tells a wrong duration"
        );
        ensure!(
            timeout.pool.total() == self.total()
                && timeout.pool.wait_queue as usize == self.queue.len(),
            "the timeout tells wrong counts"
        );
        let holders = timeout.holders.len();
        ensure!(
            holders == self.in_use.len().min(Timeout::<Fault>::HOLDERS)
                && timeout
                    .holders
                    .is_sorted_by(|older, newer| older.age >= newer.age),
            "the timeout does not name the longest holders"
        );
        for holder in &timeout.holders {
            let id = holder.connection.0;
            ensure!(
                self.life(id) == Life::InUse
                    && holder.purpose == self.at(id).purpose
                    && holder.age == self.since(self.at(id).since),
                "the timeout names a holder that there is not"
            );
        }
        let last_clear = self
            .last_clear
            .map(|(at, cause)| (self.since(at).as_micros(), cause));
        ensure!(
            timeout
                .last_clear
                .map(|(age, cause)| (age.as_micros(), cause))
                == last_clear,
            "the timeout tells of another clear"
        );
        Ok(())
    }

    fn checked_out(
        &mut self,
        origin: Origin,
        connection: ConnectionId,
        duration: Duration,
    ) -> Result<(), String> {
        let id = connection.0;
        let is_asking = self.step.asks.as_ref().map(|asks| asks.origin) == Some(origin.0);
        ensure!(!self.is_stale(id), "connection {id} is stale");
        let waiting = match is_asking {
            true => {
                ensure!(
                    self.step.has_started && self.queue.is_empty(),
                    "a check-out passes a waiter"
                );
                ensure!(
                    self.available.pop() == Some(id),
                    "connection {id} was not the last one used"
                );
                ensure!(!self.is_idle(id), "connection {id} is idle");
                self.step.asks.take().ok_or("nobody asks")?
            }
            false => {
                ensure!(
                    self.arrived.take() == Some(id),
                    "a waiter gets a connection that has not just arrived"
                );
                let waiting = self.queue.pop_front().ok_or("nobody waits")?;
                ensure!(
                    waiting.origin == origin.0,
                    "waiter {} is not the oldest",
                    origin.0
                );
                self.connection_came(id);
                waiting
            }
        };
        ensure!(
            duration == self.since(waiting.since),
            "a wrong duration of a check-out"
        );
        self.enter(id, Life::InUse);
        let connection = self.at_mut(id);
        connection.purpose = waiting.purpose;
        connection.use_until = waiting.use_until;
        self.in_use.push(id);
        self.counters.checked_out += 1;
        match is_asking {
            true => self.expected.answer = Some(Outcome::Taken(id)),
            false => self.expected.settled.push((origin.0, Outcome::Taken(id))),
        }
        Ok(())
    }

    /// After the last event of a step.
    pub(crate) fn settle(&mut self) -> Result<(), String> {
        self.settle_arrived()?;
        self.join_queue();
        ensure!(
            self.step.awaited.is_none(),
            "there was no {}",
            self.step.awaited.unwrap_or_default()
        );
        ensure!(
            self.step.victim.is_none(),
            "the waiter of a failed establishment was not told"
        );
        Ok(())
    }

    /// What has just arrived found no waiter.
    fn settle_arrived(&mut self) -> Result<(), String> {
        if let Some(id) = self.arrived.take() {
            ensure!(self.queue.is_empty(), "a waiter was passed");
            ensure!(
                self.status == Status::Ready && !self.is_stale(id),
                "perished connection {id} became available"
            );
            ensure!(
                self.step.kind != Kind::CheckInErrored,
                "an errored connection became available"
            );
            self.connection_came(id);
            self.enter(id, Life::Available);
            self.available.push(id);
        }
        Ok(())
    }

    fn join_queue(&mut self) {
        if self.step.has_started
            && let Some(waiting) = self.step.asks.take()
        {
            self.queue.push_back(waiting);
        }
    }

    fn consume(&mut self, event: &'static str) -> Result<(), String> {
        ensure!(self.step.awaited == Some(event), "an unexpected {event}");
        self.step.awaited = None;
        Ok(())
    }

    fn enter(&mut self, id: u64, life: Life) {
        let now = self.step.now;
        let connection = self.at_mut(id);
        connection.life = life;
        connection.since = now;
        if life == Life::Available {
            connection.use_until = None;
        }
    }
}

fn position(ids: &[u64], id: u64) -> Option<usize> {
    ids.iter().position(|other| *other == id)
}
