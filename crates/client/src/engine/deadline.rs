//! By when an operation must have ended, and what is a time-out ("Client Side Operations Timeout").

use super::invocation::Timeout;
use super::operation::{Kind, Operation, Stage};
use super::{Attached, Engine};
use crate::failure::Failure;
use ferropool_connection::ErrorKind;
use ferropool_pool::{CheckOutError, Ended};
use std::time::{Duration, Instant};

impl Operation {
    /// When its waiting for a connection ends; `None` takes the pool's own limit.
    pub(super) fn checks_out_until(&self, attached: Option<&Attached>) -> Option<Instant> {
        let is_bounded = self.kind == Kind::Command && self.has_timeout;
        match (self.stage, attached) {
            _ if !is_bounded && self.has_timeout => self.until.or_else(far),
            _ if !is_bounded => self.until,
            // `serverSelectionTimeoutMS` bounds selection and check-out together ("Server Selection").
            (Stage::Selecting { deadline, .. }, _) => Some(deadline),
            (_, Some(Attached { client, .. })) => {
                Some(client.selection_deadline(Instant::now(), self.until))
            }
            (_, None) => self.until,
        }
    }
}

/// Later than anybody waits: a `timeoutMS` of 0 is no limit, whatever the pool's own is.
fn far() -> Option<Instant> {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    Instant::now().checked_add(YEAR)
}

impl Engine {
    /// Sets when an operation must have ended.
    pub(super) fn limit(&self, operation: &mut Operation, timeout: Timeout) {
        let (has_timeout, after) = match timeout {
            Timeout::Inherited => {
                let client = self.client(operation.client);
                let timeout = client.and_then(|client| client.options().timeout);
                (timeout.is_some(), timeout.filter(|it| !it.is_zero()))
            }
            Timeout::Unlimited => (true, None),
            Timeout::After(timeout) => (true, Some(timeout)),
        };
        operation.until = after.and_then(|after| Instant::now().checked_add(after));
        operation.has_timeout = has_timeout;
    }

    /// What a failure is to whoever gave the operation a time-out.
    pub(super) fn timed_out(&self, slot: u32, failure: Failure) -> Failure {
        let Some(Some(operation)) = self.operations.get(slot as usize) else {
            return failure;
        };
        let is_late = operation.until.is_some_and(|until| Instant::now() >= until);
        let is_of_time = match &failure {
            // An attempt for which no time was left: why there had to be one says more.
            Failure::OperationTimeout { cause: None } => {
                let earlier = operation.attempts.earlier();
                return Failure::OperationTimeout {
                    cause: earlier.map(Box::new),
                };
            }
            Failure::Ended { ended, .. } => *ended == Ended::Deadline,
            Failure::CheckOut { error, .. } => matches!(error, CheckOutError::Timeout(_)),
            Failure::ServerSelection { .. } => is_late,
            Failure::Connection(error) => {
                is_late && matches!(error.kind(), ErrorKind::NetworkTimeout)
            }
            _ => false,
        };
        match operation.has_timeout && is_of_time {
            true => Failure::OperationTimeout {
                cause: Some(Box::new(failure)),
            },
            false => failure,
        }
    }
}
