//! Who leaves: waiters that fail, connections that close.

use super::State;
use crate::effects::{Effects, Request};
use crate::error::CheckOutError;
use crate::event::{ClosedReason, EventKind, FailedReason};
use crate::ids::{Key, ServiceId};
use crate::queue::Waiting;
use crate::records::{Place, Record};
use crate::types::Types;
use std::time::{Duration, Instant};

impl<T: Types> State<T> {
    /// Takes a waiter that is out of the queue out of the deadlines, and records its failure.
    pub(super) fn leave_queue(
        &mut self,
        waiting: Waiting<T::Waiter>,
        error: &CheckOutError<T::Error>,
        now: Instant,
    ) -> T::Waiter {
        if let Some(deadline) = waiting.deadline {
            self.deadlines.remove(deadline);
        }
        self.log_failed(
            &waiting.request,
            now.saturating_duration_since(waiting.since),
            error,
            now,
        );
        waiting.waiter
    }

    pub(super) fn log_failed(
        &mut self,
        request: &Request,
        duration: Duration,
        error: &CheckOutError<T::Error>,
        now: Instant,
    ) {
        self.counters.failed[FailedReason::of(error) as usize] += 1;
        self.events.push(now, || EventKind::CheckOutFailed {
            origin: request.origin,
            error: error.clone(),
            duration,
        });
    }

    /// Closes an available connection.
    pub(super) fn close_available(
        &mut self,
        key: Key,
        reason: ClosedReason,
        error: Option<T::Error>,
        now: Instant,
        effects: &mut Effects<T>,
    ) {
        if let Place::Available { connection, .. } = self.remove(key, reason, error, now).place {
            effects.close.push(connection);
        }
    }

    /// "Closing a Connection": it stops being counted, wherever it is.
    pub(super) fn remove(
        &mut self,
        key: Key,
        reason: ClosedReason,
        error: Option<T::Error>,
        now: Instant,
    ) -> Record<T> {
        let record = self.records.remove(key);
        self.log_closed(key, record.service, reason, error, now);
        record
    }

    pub(super) fn log_closed(
        &mut self,
        key: Key,
        service: Option<ServiceId>,
        reason: ClosedReason,
        error: Option<T::Error>,
        now: Instant,
    ) {
        if let Some(service) = service {
            self.generations.leave(service);
        }
        self.counters.closed[reason as usize] += 1;
        self.events.push(now, || EventKind::ConnectionClosed {
            connection: key.id,
            reason,
            service,
            error,
        });
    }
}
