//! Operations: what occupies a slot, and its beginning: selection, check-out, the first write.

use super::invocation::{Invocation, OperationOptions, SessionChoice, Target};
use super::retry::Attempts;
use super::{ClientId, Completion, Engine};
use crate::failure::Failure;
use crate::profile::Profile;
use crate::session::{Ending, ServerSession};
use ferropool_connection::{Channel, Error, Phase};
use ferropool_pool::{
    CheckOut, CheckOutResult, CheckedOut, Condition, Origin, Purpose, Request, Ticket,
};
use ferropool_topology::{Deliver, Server, Waiter, Wired};
use ferropool_wire::op_msg::PREFIX_LENGTH;
use ferropool_wire::{Appender, Document};
use std::sync::Arc;
use std::time::Instant;

/// What a slot is occupied by.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) client: ClientId,
    pub(super) kind: Kind,
    /// Tells operations apart that have been in the same slot.
    pub(super) serial: u64,
    pub(super) profile: Arc<Profile>,
    pub(super) target: Target,
    pub(super) session: SessionUse,
    /// Whether there is no reply to it.
    pub(super) is_unacknowledged: bool,
    /// Whether its caller has given it up.
    pub(super) is_abandoned: bool,
    /// The end of a transaction that it is.
    pub(super) ending: Option<Ending>,
    /// When it must have ended.
    pub(super) until: Option<Instant>,
    /// Whether it has a `timeoutMS`, also one of 0: then the older options do not count.
    pub(super) has_timeout: bool,
    pub(super) stage: Stage,
    /// The server that was selected; it counts the operation.
    pub(super) server: Option<Arc<Server>>,
    /// The request, while no connection has it.
    pub(super) request: Vec<u8>,
    /// How much of the request every attempt has in common, in bytes.
    pub(super) common: usize,
    /// Document sequences, as sections.
    pub(super) sequences: Vec<u8>,
    pub(super) attempts: Attempts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Connect,
    Warm(u32),
    CheckOut,
    Command,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    New,
    /// Waits for a usable server.
    Selecting {
        since: Instant,
        deadline: Instant,
    },
    /// Waits for a connection.
    Waiting(Ticket),
    /// Waits for a reply.
    Running,
    /// Waits for its next attempt.
    BetweenAttempts,
    /// Something else will complete it.
    Elsewhere,
}

/// The session of an operation, with what it takes from it.
#[derive(Debug)]
pub(super) enum SessionUse {
    None,
    /// Taken when there is a connection.
    Implicit(Option<ServerSession>),
    Started(u32),
}

impl From<SessionChoice> for SessionUse {
    fn from(choice: SessionChoice) -> Self {
        match choice {
            SessionChoice::None => Self::None,
            SessionChoice::Implicit => Self::Implicit(None),
            SessionChoice::Started(number) => Self::Started(number),
        }
    }
}

impl Operation {
    pub(super) fn new(client: ClientId, kind: Kind, profile: Arc<Profile>) -> Self {
        Self {
            client,
            kind,
            serial: 0,
            profile,
            target: Target::Selected,
            session: SessionUse::None,
            is_unacknowledged: false,
            is_abandoned: false,
            ending: None,
            until: None,
            has_timeout: false,
            stage: Stage::New,
            server: None,
            request: Vec::new(),
            common: 0,
            sequences: Vec::new(),
            attempts: Attempts::default(),
        }
    }

    /// Whether it is for every server, not for one.
    pub(super) fn warms(&self) -> bool {
        matches!(self.kind, Kind::Warm(_))
    }
}

impl Engine {
    /// For so many operations there is always room; what a crowd takes is given back at its end.
    const KEPT: usize = 512;

    /// Runs a command, and completes with the reply.
    pub fn command(&mut self, id: ClientId, slot: u32, invocation: &Invocation<'_>) {
        let profile = self.profile(id, invocation.profile);
        let mut operation = Operation {
            target: invocation.target,
            session: invocation.session.into(),
            ..Operation::new(id, Kind::Command, profile)
        };
        // A transaction has a write concern of its own, at its end.
        operation.is_unacknowledged =
            operation.profile.is_unacknowledged && !self.is_in_transaction(id, invocation.session);
        self.limit(&mut operation, invocation.timeout);
        self.run(slot, operation, invocation);
    }

    fn is_in_transaction(&self, id: ClientId, session: SessionChoice) -> bool {
        let SessionChoice::Started(number) = session else {
            return false;
        };
        let attached = self.clients.get(id as usize);
        let session = attached.and_then(|attached| attached.sessions.get(number));
        session.is_some_and(|session| session.transaction.is_active())
    }

    /// Composes what an operation sends, and starts it.
    pub(super) fn run(&mut self, slot: u32, mut operation: Operation, of: &Invocation<'_>) {
        operation.sequences = of.sequences.to_vec();
        match self.compose(operation.client, of.database, of.body) {
            Ok(()) => {
                operation.common = self.request.len();
                self.start(slot, operation);
            }
            Err(failure) => {
                self.occupy(slot, operation);
                self.fail_later(slot, failure);
            }
        }
    }

    /// Checks a connection out for a user, and completes with it.
    pub fn check_out(&mut self, id: ClientId, slot: u32, options: OperationOptions) {
        let profile = self.profile(id, options.read_preference as u32);
        let mut operation = Operation::new(id, Kind::CheckOut, profile);
        self.limit(&mut operation, options.timeout);
        self.start(slot, operation);
    }

    /// Gives an operation up. What waits ends at once, with a completion that says so; what has been
    /// sent goes on to its reply.
    pub fn cancel(&mut self, slot: u32) {
        let Some(Some(operation)) = self.operations.get_mut(slot as usize) else {
            return;
        };
        operation.is_abandoned = true;
        let Some(attached) = self.clients.get(operation.client as usize) else {
            return;
        };
        let gone = match operation.stage {
            Stage::Selecting { deadline, .. } => attached.client.stop_waiting(slot, deadline),
            Stage::Waiting(ticket) => { operation.server.as_ref() }
                .is_some_and(|server| server.pool().cancel(ticket).is_some()),
            Stage::BetweenAttempts => true,
            Stage::New | Stage::Running | Stage::Elsewhere => false,
        };
        if gone {
            self.abandon(slot);
        }
    }

    /// Ends an operation whose caller has gone. It takes no further step meanwhile.
    fn abandon(&mut self, slot: u32) {
        if let Some(Some(operation)) = self.operations.get_mut(slot as usize) {
            operation.stage = Stage::Elsewhere;
            operation.serial = 0;
        }
        self.complete_later(slot, Completion::Abandoned);
    }

    /// The profile of this number; the first are plain commands of each read preference mode.
    pub(super) fn profile(&self, id: ClientId, number: u32) -> Arc<Profile> {
        let profiles = { self.clients.get(id as usize) }
            .map_or(&[] as &[_], |attached| attached.profiles.as_slice());
        let profile = profiles.get(number as usize).or_else(|| profiles.first());
        profile.map_or_else(Arc::default, Arc::clone)
    }

    /// Builds the message around `body`, but for its header and for what depends on the connection, in
    /// `self.request`.
    pub(super) fn compose(
        &mut self,
        id: ClientId,
        database: &str,
        body: &[u8],
    ) -> Result<(), Failure> {
        self.request.clear();
        self.request.resize(PREFIX_LENGTH, 0);
        self.request.extend_from_slice(body);
        let refuse = |error| Failure::Connection(Error::wire(Phase::Established, &error));
        let mut fields = Appender::reopen(&mut self.request, PREFIX_LENGTH).map_err(refuse)?;
        let client = self.clients.get(id as usize);
        if let Some(api) = client.and_then(|attached| attached.client.server_api()) {
            api.append(&mut fields);
        }
        fields.string("$db", database);
        fields.finish();
        Ok(())
    }

    pub(super) fn occupy(&mut self, slot: u32, mut operation: Operation) {
        let at = slot as usize;
        if at >= self.operations.len() {
            self.operations.resize_with(at + 1, || None);
        }
        self.serials += 1;
        operation.serial = self.serials;
        self.operations[at] = Some(operation);
        self.in_flight += 1;
    }

    pub(super) fn start(&mut self, slot: u32, operation: Operation) {
        self.inbox.attend();
        self.occupy(slot, operation);
        self.proceed(slot);
        self.rest();
    }

    /// Checks a connection of `server` out.
    pub(super) fn check_out_for(&mut self, slot: u32, server: Arc<Server>) {
        let Some(Some(operation)) = self.operations.get_mut(slot as usize) else {
            return;
        };
        let is_command = operation.kind == Kind::Command;
        let attached = self.clients.get(operation.client as usize);
        let request = Request {
            purpose: Purpose::Operation,
            origin: Origin(slot),
            wait_until: operation.checks_out_until(attached),
            // A connection for a user is his until he returns it.
            use_until: operation.until.filter(|_| is_command),
        };
        let inbox = &self.inbox;
        let waiter = || Waiter {
            to: Arc::clone(inbox) as Arc<dyn Deliver>,
            slot,
        };
        server.enter();
        let server = operation.server.insert(server);
        match server.pool().check_out(request, waiter, &mut self.effects) {
            CheckOut::Taken(checked_out) => self.served(slot, checked_out),
            CheckOut::Queued(ticket) => {
                operation.stage = Stage::Waiting(ticket);
                self.put_by(slot);
            }
            CheckOut::Refused(error) => {
                let address = server.address().clone();
                self.put_by(slot);
                self.failed(slot, Failure::CheckOut { error, address });
            }
        }
        self.settle();
    }

    /// Keeps the request that was being composed with its operation, which has to wait.
    pub(super) fn put_by(&mut self, slot: u32) {
        if let Some(Some(operation)) = self.operations.get_mut(slot as usize)
            && operation.kind == Kind::Command
            && operation.request.is_empty()
        {
            let spare = self.buffers.pop().unwrap_or_default();
            operation.request = std::mem::replace(&mut self.request, spare);
        }
    }

    /// Goes on with composing the request of an operation that waited.
    pub(super) fn take_up(&mut self, slot: u32) {
        if let Some(Some(operation)) = self.operations.get_mut(slot as usize)
            && operation.kind == Kind::Command
            && !operation.request.is_empty()
        {
            let request = std::mem::take(&mut operation.request);
            let spare = std::mem::replace(&mut self.request, request);
            recycle(&mut self.buffers, spare);
        }
    }

    /// An operation that waited got a connection, or none.
    pub(super) fn checked_out(&mut self, slot: u32, result: CheckOutResult<Wired>) {
        let Some(Some(operation)) = self.operations.get_mut(slot as usize) else {
            return self.give_back(result);
        };
        match result {
            Ok(checked_out) => {
                self.take_up(slot);
                self.served(slot, checked_out);
            }
            Err(error) => {
                let Some(server) = &operation.server else {
                    return;
                };
                let address = server.address().clone();
                self.failed(slot, Failure::CheckOut { error, address });
            }
        }
    }

    /// A connection came for an operation that is gone: whichever pool it is of takes it back.
    fn give_back(&mut self, result: CheckOutResult<Wired>) {
        let Ok(checked_out) = result else { return };
        let mut checked_out = Some(checked_out);
        for (_, attached) in &self.clients {
            let Some(topology) = attached.client.topology() else {
                continue;
            };
            topology.find(|server| {
                let pool = server.pool();
                let condition = Condition::Healthy;
                match pool.check_in(checked_out.take()?, condition, &mut self.effects) {
                    Ok(_) => Some(()),
                    Err(foreign) => {
                        checked_out = Some(foreign);
                        None
                    }
                }
            });
        }
    }

    /// The operation has a connection; its request, if it has one, is in `self.request`.
    fn served(&mut self, slot: u32, checked_out: CheckedOut<Wired>) {
        let Some(Some(operation)) = self.operations.get_mut(slot as usize) else {
            return;
        };
        let (id, kind) = (operation.client, operation.kind);
        let Some(server) = operation.server.clone() else {
            return;
        };
        operation.stage = Stage::Running;
        let (connection, number) = (checked_out.key.id.0, server.number());
        let abilities = checked_out.connection.abilities();
        let completed = match kind {
            Kind::Command => self.complete_request(slot, &server, abilities),
            _ => Ok(()),
        };
        let holder = (kind == Kind::CheckOut).then_some(super::Holder::User);
        let adopted = self.adopt(checked_out, id, server, holder);
        if adopted.is_err() {
            // Another attempt goes on with it.
            self.put_by(slot);
        }
        match (adopted, completed) {
            (Err(error), _) => {
                self.failed(slot, Failure::Connection(error));
            }
            (Ok(token), Err(failure)) => {
                self.failed(slot, failure);
                self.finish(token);
            }
            (Ok(token), Ok(())) if kind == Kind::CheckOut => {
                self.complete_later(
                    slot,
                    Completion::Connection(super::CheckedOutInfo {
                        token,
                        connection,
                        server: number,
                    }),
                );
            }
            (Ok(token), Ok(())) => self.send(slot, token),
        }
    }

    /// Ends an operation's occupation of its slot.
    pub(super) fn vacate(&mut self, slot: u32) {
        if let Some(operation) = self
            .operations
            .get_mut(slot as usize)
            .and_then(Option::take)
        {
            self.in_flight -= 1;
            if let Some(server) = &operation.server {
                server.leave();
            }
            if let SessionUse::Implicit(Some(session)) = operation.session {
                self.release_session(operation.client, session);
            }
            recycle(&mut self.buffers, operation.request);
            if self.in_flight == 0 && self.operations.len() > Self::KEPT {
                self.operations = Vec::new();
            }
        }
    }

    /// Tells the waiters that an input of a pool has left in the effects, until none is left.
    pub(super) fn settle(&mut self) {
        while !self.effects.settled.is_empty() {
            let mut settled = std::mem::take(&mut self.effects.settled);
            for (waiter, result) in settled.drain(..) {
                match std::ptr::addr_eq(Arc::as_ptr(&waiter.to), Arc::as_ptr(&self.inbox)) {
                    true => self.checked_out(waiter.slot, result),
                    false => waiter.to.deliver(waiter.slot, result),
                }
            }
            if self.effects.settled.is_empty() {
                // The buffer goes back, so that the next one needs no allocation.
                self.effects.settled = settled;
            }
        }
    }
}

/// Makes of a request what all attempts have in common.
pub(super) fn cut(request: &mut Vec<u8>, common: usize) {
    request.truncate(common);
    let Some(body) = request.get_mut(PREFIX_LENGTH..) else {
        return;
    };
    let length = (body.len() as i32).to_le_bytes();
    if let Some(end) = body.last_mut() {
        *end = 0;
    }
    if let Some(place) = body.first_chunk_mut::<4>() {
        *place = length;
    }
    debug_assert!(Document::new(&request[PREFIX_LENGTH..]).is_ok());
}

/// Keeps a request buffer for the next operation that has to wait, unless it is large or there are many.
pub(super) fn recycle(buffers: &mut Vec<Vec<u8>>, buffer: Vec<u8>) {
    const MOST: usize = 1024;
    if (1..=Channel::KEPT).contains(&buffer.capacity()) && buffers.len() < MOST {
        buffers.push(buffer);
    }
}
