//! Connections that a user holds.

use super::{ClientId, Engine};
use crate::engine::operation::Operation;
use crate::failure::Failure;
use ferropool_lane::Token;
use ferropool_pool::{Origin, Purpose, Request};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A connection that was checked out for a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedOutInfo {
    /// Names it towards the engine.
    pub token: Token,
    /// Its number in its pool.
    pub connection: u64,
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
    ) -> Result<Option<CheckedOutInfo>, Failure> {
        let Some(attached) = self.clients.get(id as usize) else {
            return Ok(None);
        };
        if !attached.client.is_selectable() {
            return Ok(None);
        }
        let server = match attached.client.server() {
            Some(server) => Arc::clone(server),
            None if attached.client.is_closed() => return Err(Failure::Closed),
            // Whoever waits is told why there is none.
            None => return Ok(None),
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
                let connection = checked_out.key.id.0;
                let token = self
                    .adopt(checked_out, id, true)
                    .map_err(Failure::Connection);
                token.map(|token| Some(CheckedOutInfo { token, connection }))
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
        timeout: Option<Duration>,
    ) -> Result<(), Failure> {
        let broken = self.check_held(id, token)?;
        self.compose(id, database, body)?;
        self.inbox.attend();
        self.occupy(slot, Operation::running(id));
        match broken {
            Some(failure) => self.fail_later(slot, failure),
            None => {
                if let Some(timeout) = timeout {
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
