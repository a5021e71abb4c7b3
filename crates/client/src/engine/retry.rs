//! Attempts after the first: what may be sent again ("Retryable Reads", "Retryable Writes", "Client Backpressure"), and
//! which error is the operation's in the end.

use super::attempts::Failing;
use super::operation::{Kind, SessionUse, Stage, cut};
use super::trouble::Trouble;
use super::verdict::Facts;
use super::{Completion, Engine};
use crate::client::Client;
use crate::failure::Failure;
use crate::labels::Labels;
use crate::note::Note;
use crate::profile::CommandKind;
use crate::runtime::runtime;
use crate::session::Ending;
use ferropool_lane::Message;
use ferropool_topology::{ServerType, TopologyType, View};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The wire version of 4.4, from which on servers label the errors after which a write may be sent again.
const LABELS_RETRYABLE_WRITES: i32 = 9;

/// The same of the errors after which a change stream may be resumed.
const LABELS_RESUMABLE: i32 = 9;

/// "Overload retry policy".
const BASE_BACKOFF_MS: f64 = 100.0;
const MAX_BACKOFF_MS: f64 = 10_000.0;

/// What follows an attempt that failed.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// Another one, after a while.
    Retry(Duration),
    /// The operation's end, with these labels besides those that the error has.
    Fail(Labels),
}

impl Engine {
    /// An attempt ended without a reply. `true` if that is how the operation ends.
    pub(super) fn failed(&mut self, slot: u32, failure: Failure) -> bool {
        let trouble = Trouble::of_failure(&failure);
        let Some(Some(operation)) = self.operations.get(slot as usize) else {
            return false;
        };
        if operation.kind != Kind::Command {
            let failure = match operation.kind {
                Kind::Connect => self.timed_out(slot, failure),
                _ => failure,
            };
            self.fail_later(slot, failure);
            return true;
        }
        match self.judge(slot, trouble, 0) {
            Next::Retry(after) => {
                let labels = trouble.labels;
                self.retry(slot, after, labels, |labels| {
                    Failing::Failure(failure, labels)
                });
                false
            }
            Next::Fail(added) => {
                let failure = self.timed_out(slot, failure);
                let is_late = matches!(failure, Failure::OperationTimeout { .. });
                let says_less = !is_late && (trouble.is_selection || trouble.is_own);
                let earlier = self.earlier_error(slot, says_less);
                let is_earlier = earlier.is_some();
                let own = || Completion::Failed(Box::new(failure), added);
                self.complete_later(slot, earlier.unwrap_or_else(own));
                !is_earlier
            }
        }
    }

    /// An attempt ended with an error that the server reports: whether another one follows, or else the labels that the
    /// error gets, or the earlier error that takes its place.
    pub(super) fn refused(
        &mut self,
        slot: u32,
        facts: &Facts,
        max_wire_version: i32,
        body: impl FnOnce() -> Vec<u8>,
    ) -> Result<(), Result<Labels, Completion>> {
        let trouble = Trouble::of_reply(facts);
        match self.judge(slot, trouble, max_wire_version) {
            Next::Retry(after) => {
                self.retry(slot, after, trouble.labels, |labels| {
                    Failing::Reply(body(), labels)
                });
                Ok(())
            }
            Next::Fail(added) => {
                let says_less = trouble.labels.has(Labels::NO_WRITES_PERFORMED);
                Err(match self.earlier_error(slot, says_less) {
                    Some(earlier) => Err(earlier),
                    None => Ok(added),
                })
            }
        }
    }

    /// Decides what follows, and does to the session what the error means for its transaction.
    fn judge(&mut self, slot: u32, trouble: Trouble, max_wire_version: i32) -> Next {
        let Some(Some(operation)) = self.operations.get_mut(slot as usize) else {
            return Next::Fail(Labels::NONE);
        };
        let Some(attached) = self.clients.get_mut(operation.client as usize) else {
            return Next::Fail(Labels::NONE);
        };
        let options = attached.client.options();
        let session = match operation.session {
            SessionUse::Started(number) => attached.sessions.get_mut(number),
            _ => None,
        };
        let takes_part = { session.as_ref() }.is_some_and(|it| it.transaction.is_active());
        let profile = &operation.profile;
        let is_read = profile.kind == CommandKind::Read;
        let has_numbers = operation.attempts.write_number.is_some()
            || attached
                .client
                .topology()
                .is_some_and(|it| keeps_write_numbers(&it.view()));
        let writes_again = operation.ending.is_some()
            || profile.writes()
                && profile.is_retryable
                && !operation.is_unacknowledged
                && options.retry_writes
                && !takes_part
                && has_numbers;
        let mut added = Labels::NONE;
        if writes_again
            && (trouble.is_network
                || trouble.is_retryable_write
                    && (1..LABELS_RETRYABLE_WRITES).contains(&max_wire_version))
        {
            added |= Labels::RETRYABLE_WRITE;
        }
        if profile.follows_changes
            && trouble.is_resumable
            && (1..LABELS_RESUMABLE).contains(&max_wire_version)
        {
            added |= Labels::RESUMABLE_CHANGE_STREAM;
        }
        let labels = trouble.labels | added;
        match operation.ending {
            Some(Ending::Commit) if trouble.is_commit_unknown(labels) => {
                added |= Labels::UNKNOWN_COMMIT
            }
            None if takes_part && (trouble.is_network || trouble.is_selection) => {
                added |= Labels::TRANSIENT_TRANSACTION;
            }
            _ => {}
        }
        let labels = trouble.labels | added;
        let both = Labels::OVERLOADED | Labels::RETRYABLE;
        operation.attempts.overloaded |= labels.has(Labels::OVERLOADED);
        let may_again = match profile.kind {
            _ if operation.ending.is_some() => true,
            CommandKind::Write | CommandKind::WritingAggregate => options.retry_writes,
            CommandKind::Read | CommandKind::GetMore => options.retry_reads,
            _ => options.retry_reads && options.retry_writes,
        };
        let is_retryable = labels.has(both) && may_again
            || is_read
                && profile.is_retryable
                && options.retry_reads
                && !takes_part
                && (trouble.is_network || trouble.is_retryable_read)
            || writes_again && labels.has(Labels::RETRYABLE_WRITE);
        let allowed = match (operation.attempts.overloaded, operation.has_timeout) {
            (true, _) => options.max_adaptive_retries,
            (false, true) => u32::MAX,
            (false, false) => 1,
        };
        // What has no topology is its user's to judge, and what is closed is closed.
        let is_over = attached.client.is_closed()
            || !attached.client.governs_pools()
            || operation.attempts.forbidden
            || operation.attempts.retries >= allowed;
        let backoff = match labels.has(Labels::OVERLOADED) {
            true => backoff(
                operation.attempts.retries + 1,
                trouble.base_backoff_ms,
                self.scratch.fraction(),
            ),
            false => Duration::ZERO,
        };
        // Without a backoff, an attempt for which it is too late becomes the time-out that it is.
        let is_too_long = !backoff.is_zero() && { operation.until }
            .is_some_and(|until| Instant::now() + backoff >= until);
        let next = match is_retryable && !is_over && !is_too_long {
            true => Next::Retry(backoff),
            false => Next::Fail(added),
        };
        // "When to unpin": a transaction that starts over may do so anywhere, and so may its end.
        let unpins = labels.has(Labels::TRANSIENT_TRANSACTION) && operation.ending.is_none()
            || operation.ending == Some(Ending::Abort)
            || operation.ending == Some(Ending::Commit)
                && (labels.has(Labels::UNKNOWN_COMMIT)
                    || labels.has(Labels::TRANSIENT_TRANSACTION)
                    || matches!(next, Next::Retry(_)));
        let pin = session
            .filter(|_| unpins)
            .and_then(|session| session.transaction.pin.take());
        self.unpin(pin);
        next
    }

    /// Another attempt, in a later turn.
    fn retry(
        &mut self,
        slot: u32,
        after: Duration,
        labels: Labels,
        ended: impl FnOnce(Labels) -> Failing,
    ) {
        let Some(Some(operation)) = self.operations.get_mut(slot as usize) else {
            return;
        };
        let client = self.clients.get(operation.client as usize);
        let leaves = client.is_some_and(|it| leaves_server(&it.client, labels));
        operation.stage = Stage::BetweenAttempts;
        let attempts = &mut operation.attempts;
        attempts.retries += 1;
        // An attempt that did nothing says nothing of what the one before it did.
        if attempts.error.is_none() || !labels.has(Labels::NO_WRITES_PERFORMED) {
            attempts.error = Some(Box::new(ended(labels)));
        }
        if let Some(server) = operation.server.take() {
            server.leave();
            let address = server.address();
            if leaves && !attempts.deprioritized.contains(address) {
                attempts.deprioritized.push(address.clone());
            }
        }
        let serial = operation.serial;
        if after.is_zero() {
            if self.again.is_empty() {
                self.readiness.wake();
            }
            return self.again.push_back((slot, serial));
        }
        let inbox = Arc::clone(&self.inbox);
        runtime().spawn(async move {
            tokio::time::sleep(after).await;
            inbox.push(Message::Other(Note::Again { slot, serial }));
        });
    }

    /// The attempts that are due.
    pub(super) fn attempt_again(&mut self) {
        for _ in 0..self.again.len() {
            let Some((slot, serial)) = self.again.pop_front() else {
                break;
            };
            self.next_attempt(slot, serial);
        }
    }

    /// The next attempt at an operation, if that is still the one in the slot.
    pub(super) fn next_attempt(&mut self, slot: u32, serial: u64) {
        let Some(Some(operation)) = self.operations.get_mut(slot as usize) else {
            return;
        };
        if operation.serial != serial {
            return;
        }
        operation.stage = Stage::New;
        cut(&mut operation.request, operation.common);
        self.take_up(slot);
        self.proceed(slot);
    }

    /// The error of an earlier attempt, where the last one's `says_less`.
    fn earlier_error(&mut self, slot: u32, says_less: bool) -> Option<Completion> {
        let Some(Some(operation)) = self.operations.get_mut(slot as usize) else {
            return None;
        };
        let error = operation.attempts.error.take().filter(|_| says_less)?;
        Some(match *error {
            Failing::Reply(body, labels) => Completion::Refused(body, labels),
            Failing::Failure(failure, labels) => Completion::Failed(Box::new(failure), labels),
        })
    }
}

/// Whether the deployment tells writes apart by their numbers: one of a standalone server does not.
fn keeps_write_numbers(view: &View) -> bool {
    let description = view.snapshot.description();
    match description.topology_type {
        TopologyType::Unknown => false,
        TopologyType::Single => { description.servers.iter() }
            .any(|it| !matches!(it.server_type, ServerType::Standalone | ServerType::Unknown)),
        _ => true,
    }
}

/// "Selecting the server for retry": whether another server is preferred to the one where an attempt failed. Where reads have
/// a preference of their own, any other error than of an overload would send them elsewhere.
fn leaves_server(client: &Client, labels: Labels) -> bool {
    let is_sharded = || {
        client.topology().is_some_and(|topology| {
            topology.view().snapshot.description().topology_type == TopologyType::Sharded
        })
    };
    match labels.has(Labels::OVERLOADED) {
        true => client.options().enable_overload_retargeting,
        false => is_sharded(),
    }
}

/// How long to wait before the retry of this number, from 1; `fraction` is drawn from 0 to 1.
fn backoff(retry: u32, base_ms: Option<f64>, fraction: f64) -> Duration {
    let base = base_ms
        .filter(|base| *base > 0.0)
        .unwrap_or(BASE_BACKOFF_MS);
    let most = (base * 2f64.powi(retry.min(30) as i32)).min(MAX_BACKOFF_MS);
    Duration::from_secs_f64(fraction * most / 1e3)
}

#[cfg(test)]
mod tests {
    use super::backoff;
    use std::time::Duration;

    #[test]
    fn the_backoff_doubles_up_to_its_limit() {
        let ms = Duration::from_millis;
        for (retry, base, expected) in [
            (1, None, 200),
            (2, None, 400),
            (10, None, 10_000),
            (1, Some(10.0), 20),
            (1, Some(0.0), 200),
        ] {
            assert_eq!(backoff(retry, base, 1.0), ms(expected));
        }
        assert_eq!(backoff(1, None, 0.0), Duration::ZERO);
        assert_eq!(backoff(1, None, 0.5), ms(100));
    }
}
