//! Beginning an operation: selection, check-out, the first write.

use super::{ClientId, Completion, Engine};
use crate::failure::Failure;
use ferropool_connection::{Channel, Error, Phase};
use ferropool_pool::{
    CheckOut, CheckOutResult, CheckedOut, Condition, Origin, Purpose, Request, Ticket,
};
use ferropool_topology::{Deliver, ReadPreferenceMode, Server, Waiter, Wired};
use ferropool_wire::{Appender, op_msg::PREFIX_LENGTH};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a caller asks of an operation, besides what it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperationOptions {
    /// Which servers may answer. Default primary.
    pub read_preference: ReadPreferenceMode,
    /// Bounds all of it; `None` leaves that to the client's `timeoutMS`.
    pub timeout: Option<Duration>,
}

/// What a slot is occupied by.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) client: ClientId,
    pub(super) kind: Kind,
    /// When it must have ended.
    pub(super) until: Option<Instant>,
    pub(super) stage: Stage,
    /// Which servers may answer.
    preference: ReadPreferenceMode,
    /// The server that was selected; it counts the operation.
    server: Option<Arc<Server>>,
    /// The request, while no connection has it.
    pub(super) request: Vec<u8>,
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
    /// Something else will complete it.
    Elsewhere,
}

impl Operation {
    fn new(client: ClientId, kind: Kind) -> Self {
        Self {
            client,
            kind,
            until: None,
            stage: Stage::New,
            preference: ReadPreferenceMode::Primary,
            server: None,
            request: Vec::new(),
        }
    }

    pub(super) fn connect(client: ClientId, preference: ReadPreferenceMode) -> Self {
        Self {
            preference,
            ..Self::new(client, Kind::Connect)
        }
    }

    pub(super) fn warm(client: ClientId, connections: u32, preference: ReadPreferenceMode) -> Self {
        Self {
            preference,
            ..Self::new(client, Kind::Warm(connections))
        }
    }

    /// The client, and which of its servers may do.
    pub(super) fn wants(&self) -> (ClientId, ReadPreferenceMode) {
        (self.client, self.preference)
    }

    /// Whether it is for every server, not for one.
    pub(super) fn warms(&self) -> bool {
        matches!(self.kind, Kind::Warm(_))
    }

    pub(super) fn elsewhere(client: ClientId) -> Self {
        Self {
            stage: Stage::Elsewhere,
            ..Self::new(client, Kind::Connect)
        }
    }

    pub(super) fn running(client: ClientId) -> Self {
        Self {
            stage: Stage::Running,
            ..Self::new(client, Kind::Command)
        }
    }
}

impl Engine {
    /// Sends `body`, a BSON document, to `database`, and completes with the reply.
    pub fn command(
        &mut self,
        id: ClientId,
        slot: u32,
        database: &str,
        body: &[u8],
        options: OperationOptions,
    ) {
        if let Err(failure) = self.compose(id, database, body) {
            self.occupy(slot, Operation::elsewhere(id));
            return self.fail_later(slot, failure);
        }
        self.start(
            slot,
            Operation {
                until: self.until(id, options.timeout),
                preference: options.read_preference,
                ..Operation::new(id, Kind::Command)
            },
        );
    }

    /// Checks a connection out for a user, and completes with it.
    pub fn check_out(&mut self, id: ClientId, slot: u32, options: OperationOptions) {
        self.start(
            slot,
            Operation {
                until: self.until(id, options.timeout),
                preference: options.read_preference,
                ..Operation::new(id, Kind::CheckOut)
            },
        );
    }

    /// Gives an operation up. What waits ends at once, with a completion that says so; what has been
    /// sent goes on to its reply.
    pub fn cancel(&mut self, slot: u32) {
        let Some(Some(operation)) = self.operations.get(slot as usize) else {
            return;
        };
        let Some(attached) = self.clients.get(operation.client as usize) else {
            return;
        };
        let gone = match operation.stage {
            Stage::Selecting { deadline, .. } => attached.client.stop_waiting(slot, deadline),
            Stage::Waiting(ticket) => { operation.server.as_ref() }
                .is_some_and(|server| server.pool().cancel(ticket).is_some()),
            Stage::New | Stage::Running | Stage::Elsewhere => false,
        };
        if gone {
            self.complete_later(slot, Completion::Abandoned);
        }
    }

    fn until(&self, id: ClientId, timeout: Option<Duration>) -> Option<Instant> {
        let timeout = timeout.or_else(|| self.client(id)?.options().timeout)?;
        Instant::now().checked_add(timeout)
    }

    /// Builds the message around `body`, but for its header, in `self.request`.
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

    pub(super) fn occupy(&mut self, slot: u32, operation: Operation) {
        let at = slot as usize;
        if at >= self.operations.len() {
            self.operations.resize_with(at + 1, || None);
        }
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
        let request = Request {
            purpose: Purpose::Operation,
            origin: Origin(slot),
            wait_until: operation.until,
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
                if is_command {
                    let spare = self.buffers.pop().unwrap_or_default();
                    operation.request = std::mem::replace(&mut self.request, spare);
                }
            }
            CheckOut::Refused(error) => {
                let address = server.address().clone();
                self.fail_later(slot, Failure::CheckOut { error, address });
            }
        }
        self.settle();
    }

    /// An operation that waited got a connection, or none.
    pub(super) fn checked_out(&mut self, slot: u32, result: CheckOutResult<Wired>) {
        let Some(Some(operation)) = self.operations.get_mut(slot as usize) else {
            return self.give_back(result);
        };
        match result {
            Ok(checked_out) => {
                if operation.kind == Kind::Command {
                    let request = std::mem::take(&mut operation.request);
                    let spare = std::mem::replace(&mut self.request, request);
                    recycle(&mut self.buffers, spare);
                }
                self.served(slot, checked_out);
            }
            Err(error) => {
                let Some(server) = &operation.server else {
                    return;
                };
                let address = server.address().clone();
                self.fail_later(slot, Failure::CheckOut { error, address });
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
        let (id, kind, preference) = (operation.client, operation.kind, operation.preference);
        let Some(server) = operation.server.clone() else {
            return;
        };
        operation.stage = Stage::Running;
        let (connection, number) = (checked_out.key.id.0, server.number());
        if kind == Kind::Command {
            self.pass_read_preference(id, &server, preference);
        }
        match (
            self.adopt(checked_out, id, server, kind == Kind::CheckOut),
            kind,
        ) {
            (Err(error), _) => self.fail_later(slot, Failure::Connection(error)),
            (Ok(token), Kind::CheckOut) => {
                self.complete_later(
                    slot,
                    Completion::Connection(super::CheckedOutInfo {
                        token,
                        connection,
                        server: number,
                    }),
                );
            }
            (Ok(token), _) => self.send(slot, token),
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
            recycle(&mut self.buffers, operation.request);
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

/// Keeps a request buffer for the next operation that has to wait, unless it is large or there are many.
pub(super) fn recycle(buffers: &mut Vec<Vec<u8>>, buffer: Vec<u8>) {
    const MOST: usize = 1024;
    if (1..=Channel::KEPT).contains(&buffer.capacity()) && buffers.len() < MOST {
        buffers.push(buffer);
    }
}
