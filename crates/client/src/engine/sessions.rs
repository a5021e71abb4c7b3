//! Sessions of users and cursors, as they are called for from outside.

use super::operation::{Invocation, Kind, Operation, SessionUse};
use super::turn::Facts;
use super::{ClientId, Completion, Engine, Holder};
use crate::failure::Failure;
use crate::reply::Reply;
use crate::session::{
    Ending, Pin, ServerSession, Session, SessionOptions, TransactionOptions, TransactionState,
    end_sessions,
};
use ferropool_lane::Token;
use ferropool_pool::{Origin, Purpose, Request};
use ferropool_topology::{Criteria, ReadPreference, ReadPreferenceMode};
use ferropool_wire::op_msg::flags;
use ferropool_wire::{Appender, Document, Value};
use std::sync::Arc;
use std::time::Instant;

/// Sessions that one `endSessions` command ends.
const BATCH: usize = 10_000;

static PRIMARY_PREFERRED: ReadPreference = ReadPreferenceMode::PrimaryPreferred.alone();

impl Engine {
    /// Starts a session. It is the caller's until [`Self::end_session`].
    pub fn start_session(&mut self, id: ClientId, options: SessionOptions) -> u32 {
        match self.clients.get_mut(id as usize) {
            Some(attached) => attached.sessions.insert(Session::new(options)) as u32,
            None => 0,
        }
    }

    /// Ends a session: its server session is free for others, its connection goes back.
    pub fn end_session(&mut self, id: ClientId, session: u32) {
        let attached = self.clients.get_mut(id as usize);
        let Some(ended) = attached.and_then(|it| it.sessions.try_remove(session as usize)) else {
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
            .and_then(|attached| attached.sessions.get_mut(session as usize))
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
        let Some(session) = attached.sessions.get_mut(session as usize) else {
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
        let Some(started) = attached.sessions.get_mut(session as usize) else {
            return Err(Failure::SessionEnded);
        };
        if started.options.snapshot {
            return Err(Failure::Incompatible(
                "Transactions are not supported in snapshot sessions",
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
        timeout: super::Timeout,
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
            sequence: None,
            profile: 0,
            session: super::SessionChoice::Started(session),
            target: super::Target::Selected,
            timeout,
        };
        self.run(slot, operation, &invocation);
    }

    /// What a session learns of a reply to one of its commands, and the client.
    pub(super) fn learn(&mut self, slot: u32, reply: &Reply<'_>) {
        let Some(Some(operation)) = self.operations.get(slot as usize) else {
            return;
        };
        let Some(attached) = self.clients.get_mut(operation.client as usize) else {
            return;
        };
        if let Some(time) = reply.cluster_time {
            attached.cluster_time.advance(time);
        }
        let SessionUse::Started(number) = operation.session else {
            return;
        };
        let Some(session) = attached.sessions.get_mut(number as usize) else {
            return;
        };
        if let Some(time) = reply.cluster_time {
            session.cluster_time.advance(time);
        }
        if let Some(time) = reply.operation_time {
            session.advance_operation_time(time);
        }
        if session.options.snapshot && session.snapshot_time.is_none() && reply.ok {
            session.snapshot_time = reply.snapshot_time;
        }
        if let (Some(token), true) = (
            reply.recovery_token,
            session.transaction.state == TransactionState::InProgress,
        ) {
            session.transaction.recovery_token = token.as_bytes().to_vec();
        }
    }

    /// A command of a session has its connection no more: nobody knows what became of it.
    pub(super) fn soil_session(&mut self, slot: u32) {
        let Some(Some(operation)) = self.operations.get_mut(slot as usize) else {
            return;
        };
        let server = match &mut operation.session {
            SessionUse::None => None,
            SessionUse::Implicit(server) => server.as_mut(),
            SessionUse::Started(number) => {
                let attached = self.clients.get_mut(operation.client as usize);
                attached
                    .and_then(|attached| attached.sessions.get_mut(*number as usize))
                    .and_then(|session| session.server.as_mut())
            }
        };
        if let Some(server) = server {
            server.is_dirty = true;
        }
    }

    /// An operation of a session begins: a transaction that has ended is over for those that are not its end.
    pub(super) fn leave_transaction(&mut self, slot: u32) {
        let Some(Some(operation)) = self.operations.get(slot as usize) else {
            return;
        };
        if operation.ending.is_some() {
            return;
        }
        if let SessionUse::Started(number) = operation.session
            && let Some(attached) = self.clients.get_mut(operation.client as usize)
            && let Some(session) = attached.sessions.get_mut(number as usize)
        {
            let pin = session.transaction.leave();
            self.unpin(pin);
        }
    }

    /// Behind a load balancer the connection of a transaction's first command, or of an open cursor, is kept.
    pub(super) fn keep_connection(&mut self, slot: u32, token: Token, facts: &Facts) {
        let Some(Some(operation)) = self.operations.get(slot as usize) else {
            return;
        };
        let Some(attached) = self.clients.get_mut(operation.client as usize) else {
            return;
        };
        if !attached.client.options().load_balanced {
            return;
        }
        let transaction = match operation.session {
            SessionUse::Started(number) => { attached.sessions.get_mut(number as usize) }
                .map(|session| &mut session.transaction)
                .filter(|transaction| transaction.is_active()),
            _ => None,
        };
        let opens = operation.profile.opens_cursor && facts.cursor.is_some_and(|id| id != 0);
        let holder = match transaction {
            Some(transaction) => {
                transaction.pin.get_or_insert(Pin::Connection(token));
                Holder::Transaction
            }
            None if opens => Holder::Cursor,
            None => return,
        };
        if let Some(entry) = self.entries.get_mut(token)
            && let Some(held) = &mut entry.held
            && held.holder.is_none()
        {
            held.holder = Some(holder);
            let purpose = match holder {
                Holder::Transaction => Purpose::Transaction,
                _ => Purpose::Cursor,
            };
            entry.server.pool().set_purpose(entry.key, purpose);
        }
    }

    /// Lets go of what a transaction was bound to.
    pub(super) fn unpin(&mut self, pin: Option<Pin>) {
        if let Some(Pin::Connection(token)) = pin {
            self.release(token);
        }
    }

    /// Nobody keeps a connection any more: it goes back, at once or when what runs on it has ended.
    pub(super) fn release(&mut self, token: Token) {
        let Some(held) = self.held(token) else { return };
        held.holder = None;
        if held.slot.is_none() {
            self.finish(token);
        }
    }

    /// Gives the connection back that was kept for a cursor, of which nobody will hear again.
    pub fn release_cursor(&mut self, token: Token) {
        self.inbox.attend();
        if self
            .held(token)
            .is_some_and(|held| held.holder == Some(Holder::Cursor))
        {
            self.release(token);
        }
        self.rest();
    }

    /// Ends the sessions of a client that closes, over a connection that nobody uses now. Those whose commands are under
    /// way end over the connections that they have.
    pub(super) fn end_sessions(&mut self, id: ClientId) {
        let Some(attached) = self.clients.get_mut(id as usize) else {
            return;
        };
        let left: Vec<_> = attached.sessions.drain().collect();
        for session in left {
            if let Some(server) = session.server {
                self.release_session(id, server);
            }
            self.unpin(session.transaction.pin);
        }
        let has_none = { self.clients.get(id as usize) }
            .is_none_or(|attached| attached.server_sessions.is_empty());
        if has_none {
            return;
        }
        let Ok(Some(server)) = self.select(id, &Criteria::read(&PRIMARY_PREFERRED)) else {
            return;
        };
        let request = Request {
            origin: Origin::NONE,
            ..Request::new(Purpose::Operation)
        };
        let taken = server.pool().try_check_out(request, &mut self.effects);
        let Ok(Some(checked_out)) = taken else {
            return;
        };
        let Ok(token) = self.adopt(checked_out, id, Arc::clone(&server), None) else {
            return;
        };
        self.say_farewell(token);
        self.finish(token);
    }

    /// Ends the free sessions of a connection's client over it, if there are any. Nobody waits for a reply: what becomes of
    /// it is of no consequence.
    pub(super) fn say_farewell(&mut self, token: Token) {
        let Some(id) = self.held(token).map(|held| held.client) else {
            return;
        };
        let Some(attached) = self.clients.get_mut(id as usize) else {
            return;
        };
        let ended = attached.server_sessions.drain(BATCH);
        if ended.is_empty() {
            return;
        }
        let mut body = Vec::new();
        end_sessions(&ended, &mut body);
        if self.compose(id, "admin", &body).is_ok()
            && let Err(error) = self.write(token, flags::MORE_TO_COME, None)
            && let Some(held) = self.held(token)
        {
            held.broken = Some(error);
        }
        if let Some(held) = self.held(token) {
            held.checked_out.connection.finish();
        }
    }

    /// Nothing is bound to the transaction of an operation's session any more.
    pub(super) fn unpin_session(&mut self, slot: u32) {
        let Some(Some(operation)) = self.operations.get(slot as usize) else {
            return;
        };
        if let SessionUse::Started(number) = operation.session
            && let Some(attached) = self.clients.get_mut(operation.client as usize)
            && let Some(session) = attached.sessions.get_mut(number as usize)
        {
            let pin = session.transaction.pin.take();
            self.unpin(pin);
        }
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
