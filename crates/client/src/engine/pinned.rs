//! Connections that a user holds.

use super::{ClientId, Engine};
use crate::engine::operation::{Operation, OperationOptions};
use crate::failure::Failure;
use ferropool_lane::Token;
use ferropool_pool::{Origin, Purpose, Request};
use ferropool_topology::ReadPreferenceMode;
use std::sync::Arc;
use std::time::Instant;

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
    /// Takes an available connection if there is one, without waiting.
    ///
    /// # Errors
    /// The pool is closed.
    pub fn try_check_out(
        &mut self,
        id: ClientId,
        origin: u32,
        preference: ReadPreferenceMode,
    ) -> Result<Option<CheckedOutInfo>, Failure> {
        let server = match self.select(id, preference) {
            Ok(Some(server)) => server,
            Err(Failure::Closed) => return Err(Failure::Closed),
            // Whoever waits is told why there is none.
            Ok(None) | Err(_) => return Ok(None),
        };
        let request = Request {
            origin: Origin(origin),
            ..Request::new(Purpose::Operation)
        };
        self.inbox.attend();
        let taken = server.pool().try_check_out(request, &mut self.effects);
        let taken = taken.map_err(|error| Failure::CheckOut {
            error,
            address: server.address().clone(),
        });
        let result = match taken {
            Ok(Some(checked_out)) => {
                let (connection, number) = (checked_out.key.id.0, server.number());
                let adopted = self.adopt(checked_out, id, server, true);
                let info = |token| CheckedOutInfo {
                    token,
                    connection,
                    server: number,
                };
                adopted
                    .map(|token| Some(info(token)))
                    .map_err(Failure::Connection)
            }
            Ok(None) => Ok(None),
            Err(failure) => Err(failure),
        };
        self.rest();
        result
    }

    /// Returns a user's connection to the pool of `id`.
    ///
    /// # Errors
    /// It is not checked out, it belongs to another pool, or a command is running on it.
    pub fn check_in(&mut self, id: ClientId, token: Token) -> Result<(), Failure> {
        self.check_held(id, token)?;
        self.inbox.attend();
        if let Some(held) = self.held(token) {
            held.pinned = false;
        }
        self.finish(token);
        self.rest();
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
        database: &str,
        body: &[u8],
        options: OperationOptions,
    ) -> Result<(), Failure> {
        let broken = self.check_held(id, token)?;
        self.compose(id, database, body)?;
        let entry = self.entries.get_mut(token);
        if let Some(server) = entry.map(|entry| Arc::clone(&entry.server)) {
            self.pass_read_preference(id, &server, options.read_preference);
        }
        self.inbox.attend();
        self.occupy(slot, Operation::running(id));
        match broken {
            Some(failure) => self.fail_later(slot, failure),
            None => {
                if let Some(timeout) = options.timeout {
                    self.bound(token, Instant::now().checked_add(timeout));
                }
                self.send(slot, token);
            }
        }
        self.rest();
        Ok(())
    }

    /// Checks that the user holds the connection and that nothing runs on it; gives what broke it.
    fn check_held(&mut self, id: ClientId, token: Token) -> Result<Option<Failure>, Failure> {
        let refuse = |message: &str| Err(Failure::InvalidArgument(message.to_owned()));
        match self.held(token) {
            Some(held) if held.pinned && held.client != id => {
                refuse("The connection belongs to another pool")
            }
            Some(held) if held.pinned && held.slot.is_some() => {
                refuse("A command is running on the connection")
            }
            Some(held) if held.pinned => Ok(held.broken.clone().map(Failure::Connection)),
            _ => refuse("The connection is not checked out: it has been checked in already"),
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
