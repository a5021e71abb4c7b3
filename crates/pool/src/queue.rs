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
    /// For so many waiters there is always room.
    const KEPT: usize = 512;

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
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Waiting<W>> {
        let slot = self.order.pop_front()?;
        Some(self.leave(slot))
    }

    /// One waiter leaves, if it is still there.
    pub(crate) fn remove(&mut self, ticket: Ticket) -> Option<Waiting<W>> {
        let waiting = self.waiting.get(ticket.slot as usize)?;
        (waiting.number == ticket.number).then(|| {
            self.order.remove(ticket.slot);
            self.leave(ticket.slot)
        })
    }

    /// Out of line: most check-ins find nobody who waits. A crowd's room is given back when nobody is left.
    #[cold]
    #[inline(never)]
    fn leave(&mut self, slot: u32) -> Waiting<W> {
        let waiting = self.waiting.remove(slot as usize);
        if self.waiting.is_empty() && self.waiting.capacity() > Self::KEPT {
            (self.waiting, self.order) = (Slab::new(), Chain::new());
        }
        waiting
    }
}

#[cfg(test)]
mod tests {
    use super::WaitQueue;
    use crate::effects::Request;
    use crate::stats::Purpose;
    use std::time::Instant;

    #[test]
    fn a_crowd_leaves_no_room_behind() {
        let mut queue = WaitQueue::new();
        let crowd = 2 * WaitQueue::<usize>::KEPT;
        for round in 0..2 {
            let tickets: Vec<_> = (0..crowd)
                .map(|who| queue.push(who, Request::new(Purpose::Operation), Instant::now()))
                .collect();
            assert!(queue.waiting.capacity() >= crowd);
            // From the middle in one round, from the front in the other.
            for (who, ticket) in tickets.into_iter().enumerate() {
                let left = match round {
                    0 => queue.remove(ticket),
                    _ => queue.pop(),
                };
                assert_eq!(left.map(|waiting| waiting.waiter), Some(who));
            }
            assert!(queue.is_empty());
            assert_eq!(queue.waiting.capacity(), 0);
        }
    }
}
