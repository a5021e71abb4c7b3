//! Operations: what occupies a slot, and how it begins and ends.

use super::attempts::Attempts;
use super::invocation::{Invocation, OperationOptions, SessionChoice, Target};
use super::{ClientId, Completion, Engine};
use crate::failure::Failure;
use crate::profile::Profile;
use crate::session::{Ending, ServerSession};
use ferropool_connection::{Channel, Error, Phase};
use ferropool_pool::Ticket;
use ferropool_topology::Server;
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
