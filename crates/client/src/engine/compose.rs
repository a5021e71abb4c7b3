//! What a command gets besides its body, once its connection is known.

use super::concerns::{append_concerns, append_read_concern, append_write_concern};
use super::operation::{Operation, SessionUse, cut};
use super::{Attached, Engine};
use crate::failure::Failure;
use crate::profile::CommandKind;
use crate::session::{Ending, Pin, ServerSession, Session, Transaction, TransactionState};
use ferropool_connection::{Abilities, Error, Phase};
use ferropool_topology::{Operation as Access, ReadPreferenceMode, Server, passed_read_preference};
use ferropool_wire::op_msg::PREFIX_LENGTH;
use ferropool_wire::{Appender, Document, WireError};
use std::time::{Duration, Instant};

/// `wtimeout` of a commit that is repeated, in milliseconds ("Transactions", "Majority write concern").
const COMMIT_TIMEOUT_MS: i32 = 10_000;

/// The wire version of 5.0, from which on servers have snapshot reads outside of transactions.
const SNAPSHOT_READS: i32 = 13;

impl Engine {
    /// Appends to the request in `self.request` what belongs to session, transaction, concerns, read preference and
    /// deadline.
    ///
    /// # Errors
    /// The server cannot do what is asked for, or there is no time left to ask.
    pub(super) fn complete_request(
        &mut self,
        slot: u32,
        server: &Server,
        abilities: Abilities,
    ) -> Result<(), Failure> {
        let Self {
            operations,
            clients,
            request,
            ..
        } = self;
        let Some(Some(operation)) = operations.get_mut(slot as usize) else {
            return Ok(());
        };
        let Some(attached) = clients.get_mut(operation.client as usize) else {
            return Ok(());
        };
        if abilities.max_wire_version < operation.profile.min_wire_version {
            let (has, needs) = (
                abilities.max_wire_version,
                operation.profile.min_wire_version,
            );
            return Err(too_old(has, needs));
        }
        if request.len() != operation.common {
            cut(request, operation.common);
        }
        let wire = |error: WireError| Failure::Connection(Error::wire(Phase::Established, &error));
        let has_own_limit = operation.has_timeout
            && operation.profile.kind == CommandKind::Command
            && Document::new(&request[PREFIX_LENGTH..])
                .and_then(|body| body.get("maxTimeMS"))
                .is_ok_and(|limit| limit.is_some());
        let mut fields = Appender::reopen(request, PREFIX_LENGTH).map_err(wire)?;
        attached.append_session(operation, server, abilities, &mut fields)?;
        attached.append_cluster_time(operation, abilities, &mut fields);
        attached.append_read_preference(operation, server, &mut fields);
        if !has_own_limit {
            attached.append_max_time(operation, server, &mut fields)?;
        }
        fields.finish();
        if operation.is_unacknowledged {
            operation.attempts.forbid();
        }
        request.extend_from_slice(&operation.sequences);
        Ok(())
    }
}

impl Attached {
    fn append_session(
        &mut self,
        operation: &mut Operation,
        server: &Server,
        abilities: Abilities,
        to: &mut Appender<'_>,
    ) -> Result<(), Failure> {
        let is_load_balanced = self.client.options().load_balanced;
        let has_sessions = abilities.session_minutes.is_some() || is_load_balanced;
        let now = Instant::now();
        self.session_minutes = match is_load_balanced {
            true => None,
            false => abilities.session_minutes,
        };
        let minutes = self.session_minutes;
        let sessions = &self.server_sessions;
        match &mut operation.session {
            SessionUse::Implicit(taken) if has_sessions && !operation.is_unacknowledged => {
                let session = taken.get_or_insert_with(|| sessions.acquire(now, minutes));
                session.touch(now);
                session.append(to);
                let number = write_number(
                    &mut operation.attempts,
                    &self.client,
                    &operation.profile,
                    session,
                    abilities,
                );
                if let Some(number) = number {
                    to.int64("txnNumber", number);
                }
            }
            SessionUse::Started(number) => {
                let Some(session) = self.sessions.get_mut(*number) else {
                    return Err(Failure::SessionEnded);
                };
                let options = session.options;
                if !has_sessions {
                    if !options.implicit {
                        return Err(incompatible("Current topology does not support sessions"));
                    }
                    append_concerns(operation, None, to);
                    return Ok(());
                }
                if operation.is_unacknowledged && !options.implicit {
                    return Err(Failure::InvalidArgument(
                        "Cannot have explicit session with unacknowledged writes".to_owned(),
                    ));
                }
                if options.snapshot && abilities.max_wire_version < SNAPSHOT_READS {
                    return Err(incompatible("Snapshot reads require MongoDB 5.0 or later"));
                }
                let taken =
                    { &mut session.server }.get_or_insert_with(|| sessions.acquire(now, minutes));
                taken.touch(now);
                taken.append(to);
                if session.transaction.is_active() || operation.ending.is_some() {
                    let router =
                        Some(server.number()).filter(|_| abilities.is_router && !is_load_balanced);
                    return append_transaction(operation, session, router, to);
                }
                let number = write_number(
                    &mut operation.attempts,
                    &self.client,
                    &operation.profile,
                    taken,
                    abilities,
                );
                if let Some(number) = number {
                    to.int64("txnNumber", number);
                }
                append_concerns(operation, Some(session), to);
                return Ok(());
            }
            _ => {}
        }
        append_concerns(operation, None, to);
        Ok(())
    }

    /// "Gossipping the cluster time": to every server that is part of a cluster.
    fn append_cluster_time(
        &self,
        operation: &Operation,
        abilities: Abilities,
        to: &mut Appender<'_>,
    ) {
        if !abilities.has_transactions {
            return;
        }
        let of_session = match operation.session {
            SessionUse::Started(number) => self.sessions.get(number),
            _ => None,
        };
        let own = &self.cluster_time;
        let latest = of_session.map_or(own, |session| own.later(&session.cluster_time));
        if latest.is_known() {
            to.raw_document("$clusterTime", latest.document());
        }
    }

    fn append_read_preference(
        &mut self,
        operation: &Operation,
        server: &Server,
        to: &mut Appender<'_>,
    ) {
        let takes_part = match operation.session {
            SessionUse::Started(number) => {
                { self.sessions.get(number) }.is_some_and(|session| session.transaction.is_active())
            }
            _ => false,
        };
        let kind = operation.profile.kind;
        if takes_part
            || operation.ending.is_some()
            || matches!(kind, CommandKind::GetMore | CommandKind::KillCursors)
        {
            return;
        }
        let Some(latest) = &mut self.latest else {
            return;
        };
        let description = latest.get().snapshot.description();
        let Some(known) = description.servers.get(server.address()) else {
            return;
        };
        let asked = &operation.profile.read_preference;
        // Of a pool without a topology, its user knows what the server is.
        let is_known = { self.client.topology() }.is_some_and(|topology| topology.governs_pools());
        let access = match kind {
            CommandKind::Write => Access::Write,
            _ => Access::Read(asked),
        };
        let passed = match is_known {
            true => passed_read_preference(access, description.topology_type, known.server_type),
            false => Some(asked).filter(|asked| asked.mode != ReadPreferenceMode::Primary),
        };
        if let Some(passed) = passed {
            to.document("$readPreference", |document| passed.append(document));
        }
    }

    /// "Command Execution" of "Client Side Operations Timeout": what is left, less the time for the way there and back. The
    /// `getMore` of a cursor that waits for documents says how long to wait, which is no longer than that.
    fn append_max_time(
        &mut self,
        operation: &Operation,
        server: &Server,
        to: &mut Appender<'_>,
    ) -> Result<(), Failure> {
        // A server takes whole milliseconds, and 0 for no limit.
        let mut append = |limit: Duration| {
            let limit = i64::try_from(limit.as_micros().div_ceil(1000)).unwrap_or(i64::MAX);
            to.int64("maxTimeMS", limit);
        };
        let wait = operation.profile.max_await_time;
        let Some(until) = operation.until else {
            wait.map(append);
            return Ok(());
        };
        let way = self.least_round_trip_time(server);
        let left = until.saturating_duration_since(Instant::now());
        let Some(left) = left.checked_sub(way).filter(|left| !left.is_zero()) else {
            return Err(Failure::OperationTimeout { cause: None });
        };
        match wait {
            Some(wait) => append(wait.min(left)),
            None if operation.profile.computes_max_time => append(left),
            None => {}
        }
        Ok(())
    }

    fn least_round_trip_time(&mut self, server: &Server) -> Duration {
        let description = self
            .latest
            .as_mut()
            .map(|latest| latest.get().snapshot.description());
        let known = description.and_then(|description| description.servers.get(server.address()));
        let measured = known.and_then(|known| known.round_trip_time);
        measured.map_or(Duration::ZERO, |time| time.minimum)
    }
}

/// The number of a write that may be retried, the same for each attempt.
fn write_number(
    attempts: &mut super::attempts::Attempts,
    client: &crate::client::Client,
    profile: &crate::profile::Profile,
    session: &mut ServerSession,
    abilities: Abilities,
) -> Option<i64> {
    let may = profile.writes()
        && profile.is_retryable
        && abilities.has_transactions
        && client.options().retry_writes;
    if !may {
        return None;
    }
    if attempts.write_number.is_none() {
        session.transaction_number += 1;
        attempts.write_number = Some(session.transaction_number);
    }
    attempts.write_number
}

/// `router` is the number of the server if that is one: all of the transaction has to go there.
fn append_transaction(
    operation: &mut Operation,
    session: &mut Session,
    router: Option<u32>,
    to: &mut Appender<'_>,
) -> Result<(), Failure> {
    let Session {
        server: taken,
        transaction,
        ..
    } = session;
    let Some(taken) = taken else { return Ok(()) };
    if operation.ending.is_none() && reads_elsewhere(operation, transaction) {
        return Err(Failure::Transaction(
            "Read preference in a transaction must be primary",
        ));
    }
    if transaction.state == TransactionState::Starting {
        transaction.state = TransactionState::InProgress;
        operation.attempts.starts_transaction = true;
    }
    to.int64("txnNumber", taken.transaction_number);
    if operation.attempts.starts_transaction {
        to.boolean("startTransaction", true);
    }
    to.boolean("autocommit", false);
    let Some(ending) = operation.ending else {
        transaction.pin = transaction.pin.or(router.map(Pin::Server));
        if operation.attempts.starts_transaction {
            let concern = session.transaction.options.read_concern.clone();
            append_read_concern(concern.as_deref(), Some(session), to);
        }
        return Ok(());
    };
    if !transaction.recovery_token.is_empty() {
        to.raw_document("recoveryToken", &transaction.recovery_token);
    }
    let concern = transaction.options.write_concern.as_deref();
    // A commit that may have happened must not be taken back by a failover.
    if ending == Ending::Commit && operation.attempts.is_repeated_commit() {
        let known = concern.and_then(|concern| Document::new(concern).ok());
        to.document("writeConcern", |concern| {
            concern.string("w", "majority");
            let mut has_timeout = false;
            for element in known.iter().flat_map(Document::elements).flatten() {
                let Ok(key) = element.key_str() else { continue };
                has_timeout |= key == "wtimeout";
                if key != "w" && !(key == "wtimeout" && operation.has_timeout) {
                    concern.raw(key, element.element_type, element.value_bytes);
                }
            }
            if !has_timeout && !operation.has_timeout {
                concern.int32("wtimeout", COMMIT_TIMEOUT_MS);
            }
        });
    } else if let Some(concern) = concern {
        append_write_concern(concern, operation.has_timeout, to);
    }
    if ending == Ending::Commit
        && !operation.has_timeout
        && let Some(limit) = transaction.options.max_commit_time
    {
        to.int64(
            "maxTimeMS",
            i64::try_from(limit.as_millis()).unwrap_or(i64::MAX),
        );
    }
    Ok(())
}

/// Whether it asks for another server than the primary.
fn reads_elsewhere(operation: &Operation, transaction: &Transaction) -> bool {
    let asked = match operation.profile.kind {
        CommandKind::Write | CommandKind::GetMore | CommandKind::KillCursors => return false,
        CommandKind::Command => operation.profile.read_preference.mode,
        CommandKind::Read | CommandKind::WritingAggregate => ReadPreferenceMode::Primary,
    };
    [asked, transaction.options.read_preference.mode]
        .iter()
        .any(|mode| *mode != ReadPreferenceMode::Primary)
}

fn incompatible(message: &'static str) -> Failure {
    Failure::Incompatible(message.into())
}

fn too_old(has: i32, needs: i32) -> Failure {
    let message = format!(
        "The command needs a server of wire version {needs}, and the server's highest is {has}"
    );
    Failure::Incompatible(message.into())
}
