//! Sessions of users and cursors, as they are called for from outside.

use super::invocation::{Invocation, SessionChoice, Target, Timeout};
use super::operation::{Kind, Operation, SessionUse};
use super::{ClientId, Completion, Engine};
use crate::failure::Failure;
use crate::session::{
    Ending, Pin, ServerSession, Session, SessionOptions, TransactionOptions, TransactionState,
};
use ferropool_wire::{Appender, Document, Value};
use std::time::Instant;

impl Engine {
    /// Starts a session. It is the caller's until [`Self::end_session`].
    pub fn start_session(&mut self, id: ClientId, options: SessionOptions) -> u32 {
        match self.clients.get_mut(id as usize) {
            Some(attached) => attached.sessions.insert(Session::new(options)),
            None => 0,
        }
    }

    /// Ends a session: its server session is free for others, its connection goes back.
    pub fn end_session(&mut self, id: ClientId, session: u32) {
        let attached = self.clients.get_mut(id as usize);
        let Some(ended) = attached.and_then(|it| it.sessions.remove(session)) else {
            return;
        };
        if let Some(server) = ended.server {
            self.release_session(id, server);
        }
        self.inbox.attend();
        self.unpin(ended.transaction.pin);
        self.rest();
    }

    /// A server session is free.
    pub(super) fn release_session(&mut self, id: ClientId, session: ServerSession) {
        if let Some(attached) = self.clients.get_mut(id as usize) {
            let minutes = attached.session_minutes;
            attached
                .server_sessions
                .release(session, Instant::now(), minutes);
        }
    }

    fn session_mut(&mut self, id: ClientId, session: u32) -> Result<&mut Session, Failure> {
        { self.clients.get_mut(id as usize) }
            .and_then(|attached| attached.sessions.get_mut(session))
            .ok_or(Failure::SessionEnded)
    }

    /// Describes a session as BSON: `id`, `state`, `isDirty`, and what is known of `operationTime`, `clusterTime`,
    /// `snapshotTime`, `recoveryToken`, `server` (a router's number), `isPinned`.
    ///
    /// # Errors
    /// It has ended.
    pub fn describe_session(&mut self, id: ClientId, session: u32) -> Result<Vec<u8>, Failure> {
        let now = Instant::now();
        let Some(attached) = self.clients.get_mut(id as usize) else {
            return Err(Failure::SessionEnded);
        };
        let minutes = attached.session_minutes;
        let Some(session) = attached.sessions.get_mut(session) else {
            return Err(Failure::SessionEnded);
        };
        // Whoever asks for its id gets it, though no command has needed it yet.
        let pool = &attached.server_sessions;
        let server = session
            .server
            .get_or_insert_with(|| pool.acquire(now, minutes));
        let mut bytes = Vec::new();
        let mut to = Appender::begin(&mut bytes);
        server.append(&mut to);
        to.string("state", state_name(session.transaction.state))
            .boolean("isDirty", server.is_dirty)
            .boolean("isPinned", session.transaction.pin.is_some());
        if let Some(Pin::Server(number)) = session.transaction.pin {
            to.int32("server", number as i32);
        }
        for (name, time) in [
            ("operationTime", session.operation_time),
            ("snapshotTime", session.snapshot_time),
        ] {
            if let Some(time) = time {
                to.timestamp(name, time);
            }
        }
        for (name, document) in [
            ("clusterTime", session.cluster_time.document()),
            ("recoveryToken", &session.transaction.recovery_token),
        ] {
            if !document.is_empty() {
                to.raw_document(name, document);
            }
        }
        to.finish();
        Ok(bytes)
    }

    /// Advances a session's `operationTime` and `clusterTime`, those that `to` has; a `snapshotTime` sets the point in
    /// time of a snapshot session.
    ///
    /// # Errors
    /// It has ended, or `to` cannot be read.
    pub fn advance_session(
        &mut self,
        id: ClientId,
        session: u32,
        to: &[u8],
    ) -> Result<(), Failure> {
        let session = self.session_mut(id, session)?;
        let refuse = |_| Failure::InvalidArgument("The times cannot be read".to_owned());
        for element in Document::new(to).map_err(refuse)?.elements() {
            let element = element.map_err(refuse)?;
            match (element.key, element.value) {
                (b"operationTime", Value::Timestamp(time)) => session.advance_operation_time(time),
                (b"snapshotTime", Value::Timestamp(time)) => session.snapshot_time = Some(time),
                (b"clusterTime", Value::Document(time)) => session.cluster_time.advance(time),
                _ => {}
            }
        }
        Ok(())
    }

    /// Starts a transaction; nothing is sent.
    ///
    /// # Errors
    /// There is one, or the session has ended.
    pub fn start_transaction(
        &mut self,
        id: ClientId,
        session: u32,
        options: TransactionOptions,
    ) -> Result<(), Failure> {
        let now = Instant::now();
        let Some(attached) = self.clients.get_mut(id as usize) else {
            return Err(Failure::SessionEnded);
        };
        let (free, minutes) = (&attached.server_sessions, attached.session_minutes);
        let Some(started) = attached.sessions.get_mut(session) else {
            return Err(Failure::SessionEnded);
        };
        if started.options.snapshot {
            return Err(Failure::Incompatible(
                "Transactions are not supported in snapshot sessions".into(),
            ));
        }
        let pin = started.transaction.leave();
        let result = started.transaction.start(options);
        if result.is_ok() {
            // Each has its number, also one that no command belongs to.
            let server = { &mut started.server }.get_or_insert_with(|| free.acquire(now, minutes));
            server.transaction_number += 1;
        }
        self.inbox.attend();
        self.unpin(pin);
        self.rest();
        result.map_err(Failure::Transaction)
    }

    /// Commits or aborts a session's transaction; completes with the reply, or with nothing where no server knows
    /// of it.
    pub fn end_transaction(
        &mut self,
        id: ClientId,
        slot: u32,
        session: u32,
        ending: Ending,
        timeout: Timeout,
    ) {
        let profile = self.profile(id, 0);
        let ended = self.session_mut(id, session).and_then(|session| {
            let transaction = &mut session.transaction;
            let again = transaction.state == TransactionState::Committed;
            { transaction.end(ending) }
                .map(|tells| (tells, again))
                .map_err(Failure::Transaction)
        });
        let (tells, again) = match ended {
            Ok(ended) => ended,
            Err(failure) => {
                self.occupy(slot, Operation::new(id, Kind::Command, profile));
                return self.fail_later(slot, failure);
            }
        };
        if !tells {
            self.occupy(slot, Operation::new(id, Kind::Command, profile));
            return self.complete_later(slot, Completion::Written);
        }
        let mut operation = Operation {
            session: SessionUse::Started(session),
            ending: Some(ending),
            ..Operation::new(id, Kind::Command, profile)
        };
        operation.attempts.commits_again = again;
        self.limit(&mut operation, timeout);
        let name = match ending {
            Ending::Commit => "commitTransaction",
            Ending::Abort => "abortTransaction",
        };
        let mut body = Vec::new();
        let mut command = Appender::begin(&mut body);
        command.int32(name, 1);
        command.finish();
        let invocation = Invocation {
            database: "admin",
            body: &body,
            sequences: &[],
            profile: 0,
            session: SessionChoice::Started(session),
            target: Target::Selected,
            timeout,
        };
        self.run(slot, operation, &invocation);
    }
}

fn state_name(state: TransactionState) -> &'static str {
    match state {
        TransactionState::None => "none",
        TransactionState::Starting => "starting",
        TransactionState::InProgress => "in_progress",
        TransactionState::Committed => "committed",
        TransactionState::CommittedEmpty => "committed_empty",
        TransactionState::Aborted => "aborted",
    }
}
