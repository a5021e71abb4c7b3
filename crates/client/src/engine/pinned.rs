//! Connections that a user holds.

use super::invocation::{Invocation, Target};
use super::operation::{Kind, Operation, SessionUse, Stage};
use super::{ClientId, Engine, Held, Holder};
use crate::failure::Failure;
use crate::session::Pin;
use ferropool_lane::Token;
use ferropool_pool::{Origin, Purpose, Request};
use ferropool_topology::{Criteria, ReadPreferenceMode};
use std::sync::Arc;
use std::time::Instant;

const NOT_CHECKED_OUT: &str = "The connection is not checked out: it has been checked in already";

/// A connection that was checked out for a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedOutInfo {
    /// Names it towards the engine.
    pub token: Token,
    /// Its number in its pool.
    pub connection: u64,
    /// Its server's number.
    pub server: u32,
}

impl Engine {
    /// Takes an available connection if there is one, without waiting. A failure is behind a pointer, so that little is copied where there is none.
    ///
    /// # Errors
    /// The pool is closed, or the connection cannot be watched.
    pub fn try_check_out(
        &mut self,
        id: ClientId,
        origin: u32,
        preference: ReadPreferenceMode,
    ) -> Result<Option<CheckedOutInfo>, Box<Failure>> {
        let is_heard = self.attend_to_events(id);
        let taken = self.take_available(id, origin, preference);
        if is_heard {
            self.rest();
        }
        taken
    }

    fn take_available(
        &mut self,
        id: ClientId,
        origin: u32,
        preference: ReadPreferenceMode,
    ) -> Result<Option<CheckedOutInfo>, Box<Failure>> {
        let preference = preference.alone();
        let server = match self.select(id, &Criteria::read(&preference)) {
            Ok(Some(server)) => server,
            Err(Failure::Closed) => return Err(Box::new(Failure::Closed)),
            // Whoever waits is told why there is none.
            Ok(None) | Err(_) => return Ok(None),
        };
        let request = Request {
            origin: Origin(origin),
            ..Request::new(Purpose::Operation)
        };
        let checked_out = match server.pool().try_check_out(&request, &mut self.effects) {
            Ok(Some(checked_out)) => checked_out,
            Ok(None) => return Ok(None),
            Err(error) => {
                let address = server.address().clone();
                return Err(Box::new(Failure::CheckOut { error, address }));
            }
        };
        let (connection, server_number) = (checked_out.key.id.0, server.number());
        match self.adopt(checked_out, id, server, Some(Holder::User)) {
            Ok(token) => Ok(Some(CheckedOutInfo {
                token,
                connection,
                server: server_number,
            })),
            Err(error) => Err(Box::new(Failure::Connection(error))),
        }
    }

    /// Nothing but the pool's events can come to the inbox of a lane that takes a connection or returns one: without them,
    /// it need not be locked. Whether there are some.
    fn attend_to_events(&self, id: ClientId) -> bool {
        let attached = self.clients.get(id as usize);
        let is_heard = attached.is_some_and(|attached| attached.subscription.pools);
        if is_heard {
            self.inbox.attend();
        }
        is_heard
    }

    /// Returns a user's connection to the pool of `id`.
    ///
    /// # Errors
    /// It is not checked out, it belongs to another pool, or a command is running on it.
    pub fn check_in(&mut self, id: ClientId, token: Token) -> Result<(), Failure> {
        self.held_by_user(id, token)?.holder = None;
        let is_heard = self.attend_to_events(id);
        self.finish(token);
        if is_heard {
            self.rest();
        }
        Ok(())
    }

    /// Runs a command on a user's connection; completes with the reply.
    ///
    /// # Errors
    /// As for [`Self::check_in`], before the slot is occupied.
    pub fn command_on(
        &mut self,
        id: ClientId,
        token: Token,
        slot: u32,
        invocation: &Invocation<'_>,
    ) -> Result<(), Failure> {
        let broken = self.held_by_user(id, token)?.broken.clone();
        let profile = self.profile(id, invocation.profile);
        let mut operation = Operation {
            target: Target::Connection(token),
            session: invocation.session.into(),
            ..Operation::new(id, Kind::Command, profile)
        };
        operation.attempts.forbid();
        // The client's own limit bounds what it does by itself.
        if invocation.timeout != super::Timeout::Inherited {
            self.limit(&mut operation, invocation.timeout);
        }
        match broken {
            Some(error) => {
                self.occupy(slot, operation);
                self.fail_later(slot, Failure::Connection(error));
            }
            None => self.run(slot, operation, invocation),
        }
        Ok(())
    }

    /// The connection that an operation has to be sent on, of its transaction or its cursor.
    pub(super) fn kept_connection(&mut self, slot: u32) -> Option<Token> {
        self.leave_transaction(slot);
        let operation = self.operations.get(slot as usize)?.as_ref()?;
        if let Target::Connection(token) = operation.target {
            return Some(token);
        }
        let SessionUse::Started(number) = operation.session else {
            return None;
        };
        let attached = self.clients.get(operation.client as usize)?;
        match attached.sessions.get(number)?.transaction.pin {
            Some(Pin::Connection(token)) => Some(token),
            _ => None,
        }
    }

    /// Sends an operation on a connection that is kept for what it belongs to.
    pub(super) fn send_on(&mut self, slot: u32, token: Token) {
        let Some(Some(operation)) = self.operations.get_mut(slot as usize) else {
            return;
        };
        let gone = "The connection that was kept has ended";
        let Some(entry) = self.entries.get_mut(token) else {
            self.failed(slot, Failure::InvalidArgument(gone.to_owned()));
            return;
        };
        let server = Arc::clone(&entry.server);
        let refusal = match &entry.held {
            Some(held) if held.client != operation.client || held.holder.is_none() => Some(gone),
            // Nobody listens to what comes back on it.
            Some(held) if held.broken.is_some() => Some(gone),
            Some(held) if held.slot.is_some() => Some("A command is running on the connection"),
            Some(_) => None,
            None => Some(gone),
        };
        let Some(held) = entry.held.as_ref().filter(|_| refusal.is_none()) else {
            let refusal = refusal.unwrap_or(gone).to_owned();
            self.failed(slot, Failure::InvalidArgument(refusal));
            return;
        };
        let abilities = held.checked_out.connection.abilities();
        operation.stage = Stage::Running;
        server.enter();
        operation.server = Some(Arc::clone(&server));
        let until = operation.until;
        if let Err(failure) = self.complete_request(slot, &server, abilities) {
            self.failed(slot, failure);
            return;
        }
        if until.is_some() {
            self.bound(token, until);
        }
        self.send(slot, token);
    }

    /// The connection that is kept for a cursor, by its number and its server's.
    pub fn kept_for_cursor(&mut self, server: u32, connection: u64) -> Option<Token> {
        let mut entries = self.entries.iter();
        { &mut entries }
            .find(|(_, entry)| {
                entry.server.number() == server
                    && entry.key.id.0 == connection
                    && entry
                        .held
                        .as_ref()
                        .is_some_and(|held| held.holder == Some(Holder::Cursor))
            })
            .map(|(token, _)| token)
    }

    /// A connection that the user holds and that nothing runs on.
    fn held_by_user(&mut self, id: ClientId, token: Token) -> Result<&mut Held, Failure> {
        let refuse = |message: &str| Err(Failure::InvalidArgument(message.to_owned()));
        match self.held(token) {
            Some(held) if held.holder != Some(Holder::User) => refuse(NOT_CHECKED_OUT),
            Some(held) if held.client != id => refuse("The connection belongs to another pool"),
            Some(held) if held.slot.is_some() => refuse("A command is running on the connection"),
            Some(held) => Ok(held),
            None => refuse(NOT_CHECKED_OUT),
        }
    }

    /// Sets when the use of a user's connection ends, or takes that back.
    pub(super) fn bound(&mut self, token: Token, until: Option<Instant>) {
        let Some(entry) = self.entries.get_mut(token) else {
            return;
        };
        if let Some(held) = &mut entry.held {
            held.timed = until.is_some();
            entry.server.pool().set_use_until(entry.key, until);
        }
    }
}
