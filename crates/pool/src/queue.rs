//! The wait queue: first in, first out, and out of the middle at once.

use crate::chain::Chain;
use crate::deadlines::DeadlineId;
use crate::effects::Request;
use crate::ids::Ticket;
use slab::Slab;
use std::time::Instant;

#[derive(Debug)]
pub(crate) struct WaitQueue<W> {
    waiting: Slab<Waiting<W>>,
    order: Chain,
    next_number: u64,
}

/// A check-out that waits.
#[derive(Debug)]
pub(crate) struct Waiting<W> {
    pub(crate) waiter: W,
    pub(crate) request: Request,
    pub(crate) since: Instant,
    pub(crate) deadline: Option<DeadlineId>,
    number: u64,
}

impl<W> WaitQueue<W> {
    pub(crate) fn new() -> Self {
        Self {
            waiting: Slab::new(),
            order: Chain::new(),
            next_number: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Enters the queue at its end.
    pub(crate) fn push(&mut self, waiter: W, request: Request, since: Instant) -> Ticket {
        let number = self.next_number;
        self.next_number += 1;
        let slot = self.waiting.insert(Waiting {
            waiter,
            request,
            since,
            deadline: None,
            number,
        }) as u32;
        self.order.push_back(slot);
        Ticket { slot, number }
    }

    pub(crate) fn set_deadline(&mut self, ticket: Ticket, deadline: DeadlineId) {
        self.waiting[ticket.slot as usize].deadline = Some(deadline);
    }

    /// The oldest waiter leaves.
    pub(crate) fn pop(&mut self) -> Option<Waiting<W>> {
        let slot = self.order.pop_front()?;
        Some(self.waiting.remove(slot as usize))
    }

    /// One waiter leaves, if it is still there.
    pub(crate) fn remove(&mut self, ticket: Ticket) -> Option<Waiting<W>> {
        let waiting = self.waiting.get(ticket.slot as usize)?;
        (waiting.number == ticket.number).then(|| {
            self.order.remove(ticket.slot);
            self.waiting.remove(ticket.slot as usize)
        })
    }
}
