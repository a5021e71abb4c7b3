//! The check-out of an operation: at once, or after a wait in the pool's queue.

use super::operation::{Kind, Stage};
use super::{CheckedOutInfo, Completion, Engine, Holder};
use crate::failure::Failure;
use ferropool_pool::{CheckOut, CheckOutResult, CheckedOut, Condition, Origin, Purpose, Request};
use ferropool_topology::{Deliver, Server, Waiter, Wired};
use std::sync::Arc;

impl Engine {
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
        match server.pool().check_out(&request, waiter, &mut self.effects) {
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
        let holder = (kind == Kind::CheckOut).then_some(Holder::User);
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
                    Completion::Connection(CheckedOutInfo {
                        token,
                        connection,
                        server: number,
                    }),
                );
            }
            (Ok(token), Ok(())) => self.send(slot, token),
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
