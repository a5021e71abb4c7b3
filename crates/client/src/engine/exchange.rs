//! A connection in use: taken over, a request sent on it, given back or given up.

use super::{ClientId, CommandEnd, Completion, Engine, Entry, Held, Holder};
use crate::failure::Failure;
use ferropool_connection::{Error, Home, Phase, Sent};
use ferropool_lane::{Interest, Token};
use ferropool_pool::{CheckedOut, Condition};
use ferropool_topology::{ApplicationError, Server, Wired};
use ferropool_wire::op_msg::flags;
use std::sync::Arc;
use std::time::Instant;

impl Engine {
    /// Watches a connection that was checked out of a client's pool. One that this lane used last is
    /// watched already.
    // Inlined, it is not copied on its way into its place.
    #[inline(always)]
    pub(super) fn adopt(
        &mut self,
        checked_out: CheckedOut<Wired>,
        client: ClientId,
        server: Arc<Server>,
        holder: Option<Holder>,
    ) -> Result<Token, Error> {
        let home = checked_out.connection.home();
        let known = home
            .and_then(|home| home.token_at(&self.watcher))
            .map(Token);
        // Where nothing is dropped first, it is written where it stays.
        match known.and_then(|token| Some((token, self.entries.get_mut(token)?))) {
            Some((token, entry)) if entry.held.is_none() => {
                entry.held = Some(Held::new(checked_out, client, holder));
                Ok(token)
            }
            _ => self.watch(checked_out, client, server, holder),
        }
    }

    /// The same of one that another lane used last, or none yet.
    #[inline(never)]
    fn watch(
        &mut self,
        mut checked_out: CheckedOut<Wired>,
        client: ClientId,
        server: Arc<Server>,
        holder: Option<Holder>,
    ) -> Result<Token, Error> {
        self.reclaim();
        checked_out.connection.leave_home();
        let token = self.entries.insert(Entry {
            server: Arc::clone(&server),
            key: checked_out.key,
            held: None,
        });
        if let Err(error) = self.readiness.watch(checked_out.connection.socket(), token) {
            self.entries.remove(token);
            let error = Error::io(Phase::Established, &error).at(server.address());
            let condition = Condition::Errored(error.clone());
            let _ = { server.pool() }.check_in(checked_out, condition, &mut self.effects);
            return Err(error);
        }
        let home = Home::new(Arc::clone(&self.watcher), token.0);
        checked_out.connection.move_home(home);
        if let Some(entry) = self.entries.get_mut(token) {
            entry.held = Some(Held::new(checked_out, client, holder));
        }
        Ok(token)
    }

    /// The connection under `token`, if it is in use here.
    pub(super) fn held(&mut self, token: Token) -> Option<&mut Held> {
        self.entries.get_mut(token)?.held.as_mut()
    }

    /// Writes the request in `self.request` on a connection in use.
    pub(super) fn send(&mut self, slot: u32, token: Token) {
        let Some(Some(operation)) = self.operations.get(slot as usize) else {
            return;
        };
        let is_unacknowledged = operation.is_unacknowledged;
        let Some(held) = self.held(token) else { return };
        let (limit, id) = (
            held.checked_out.connection.limits().max_message_size,
            held.client,
        );
        let length = self.request.len();
        if length > limit {
            let message = format!(
                "The command of {length} bytes exceeds the server's limit of {limit} bytes"
            );
            self.failed(slot, Failure::InvalidArgument(message));
            return self.finish(token);
        }
        let monitored = { self.clients.get(id as usize) }
            .is_some_and(|attached| attached.subscription.commands);
        if let Some(held) = self.held(token) {
            held.slot = Some(slot);
            held.is_unacknowledged = is_unacknowledged;
            held.started = monitored.then(Instant::now);
        }
        let flags = match is_unacknowledged {
            true => flags::MORE_TO_COME,
            false => 0,
        };
        match self.write(token, flags, monitored.then_some(slot)) {
            Err(error) => self.connection_failed(token, error),
            Ok(Sent::Whole) if is_unacknowledged => self.written(token),
            Ok(_) => self.bound_by_socket_timeout(slot, token),
        }
    }

    /// Writes as much as the socket takes; the rest follows when it takes more. `announced` is the slot of an operation
    /// whose start somebody listens to.
    pub(super) fn write(
        &mut self,
        token: Token,
        flags: u32,
        announced: Option<u32>,
    ) -> Result<Sent, Error> {
        self.next_request_id = self.next_request_id.checked_add(1).unwrap_or(1);
        let request_id = self.next_request_id;
        let Self {
            entries, request, ..
        } = self;
        let Some(held) = entries.get_mut(token).and_then(|entry| entry.held.as_mut()) else {
            return Ok(Sent::Whole);
        };
        held.request_id = request_id;
        held.checked_out
            .connection
            .begin(request, request_id, flags)?;
        if let Some(slot) = announced {
            self.journal_started(slot, token);
        }
        let Some(held) = { self.entries.get_mut(token) }.and_then(|entry| entry.held.as_mut())
        else {
            return Ok(Sent::Whole);
        };
        let channel = &mut held.checked_out.connection;
        let sent = channel.send()?;
        if sent == Sent::Blocked {
            self.readiness
                .change(channel.socket(), token, Interest::ReadWrite)
                .map_err(|error| Error::io(Phase::Established, &error))?;
        }
        Ok(sent)
    }

    /// A command that has no reply is with the kernel.
    pub(super) fn written(&mut self, token: Token) {
        let slot = self.held(token).and_then(|held| held.slot.take());
        if let Some(slot) = slot {
            self.complete_later(slot, Completion::Written);
        }
        self.finish(token);
    }

    /// `socketTimeoutMS` bounds an exchange that `timeoutMS` does not.
    fn bound_by_socket_timeout(&mut self, slot: u32, token: Token) {
        let Some(Some(operation)) = self.operations.get(slot as usize) else {
            return;
        };
        let client = self.clients.get(operation.client as usize);
        let limit = client.and_then(|attached| attached.client.options().socket_timeout);
        if let (Some(limit), false) = (limit, operation.has_timeout)
            && self.held(token).is_some_and(|held| !held.timed)
        {
            self.bound(token, Instant::now().checked_add(limit));
        }
    }

    /// The exchange on a connection is over. Unless somebody keeps it, it goes back to its pool, and the
    /// next waiter's request is written on it at once.
    pub(super) fn finish(&mut self, token: Token) {
        let Some(held) = self.held(token) else { return };
        held.checked_out.connection.finish();
        let is_kept = match held.holder {
            Some(Holder::User | Holder::Cursor) => true,
            Some(Holder::Transaction) => held.broken.is_none(),
            None => false,
        };
        if is_kept {
            if held.timed {
                self.bound(token, None);
            }
            return;
        }
        let (id, is_sound) = (held.client, held.broken.is_none());
        let is_closed =
            { self.clients.get(id as usize) }.is_some_and(|attached| attached.client.is_closed());
        if is_closed && is_sound {
            self.say_farewell(token);
        }
        let Some(entry) = self.entries.get_mut(token) else {
            return;
        };
        let Some(Held {
            checked_out,
            broken,
            ..
        }) = entry.held.take()
        else {
            return;
        };
        let is_watched = checked_out.connection.home().is_some();
        let condition = broken.map_or(Condition::Healthy, Condition::Errored);
        // A connection of this engine is its server's: nothing is given back.
        let _ = entry
            .server
            .pool()
            .check_in(checked_out, condition, &mut self.effects);
        if !is_watched {
            self.entries.remove(token);
        }
        self.settle();
    }

    /// A connection in use is of no more use. What ran on it fails; the server hears of it, unless it
    /// was the pool that ended the connection.
    pub(super) fn connection_failed(&mut self, token: Token, error: Error) {
        let Some(entry) = self.entries.get_mut(token) else {
            return;
        };
        let Some(held) = &mut entry.held else { return };
        let address = entry.server.address().clone();
        let error = error.at(&address);
        held.broken = Some(error.clone());
        // No longer watched: nobody reads it any more, and its end would be reported again and again.
        held.checked_out.connection.leave_home();
        let failure = match entry.server.pool().ended(entry.key) {
            Some(ended) => Failure::Ended {
                ended,
                address,
                connection: entry.key.id.0,
            },
            None => {
                let failed = ApplicationError {
                    error: &error,
                    state_change: None,
                    generation: held.checked_out.generation,
                    service: held.checked_out.connection.service(),
                };
                let client = self.clients.get(held.client as usize);
                if let Some(topology) = client.and_then(|attached| attached.client.topology()) {
                    topology.application_failed(&entry.server, failed);
                }
                Failure::Connection(error)
            }
        };
        if let Some(slot) = held.slot {
            let request = held.checked_out.connection.reclaim();
            self.soil_session(slot);
            if let Some(Some(operation)) = self.operations.get_mut(slot as usize) {
                operation.request = request;
            }
            if !self.failed(slot, failure.clone()) {
                self.journal_ended(token, || CommandEnd::Failed(failure));
            }
        }
        if let Some(held) = self.held(token) {
            held.slot = None;
        }
        self.finish(token);
    }
}
