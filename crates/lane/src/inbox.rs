use crate::readiness::Readiness;
use ferropool_pool::CheckOutResult;
use ferropool_topology::{Deliver, Wired};
use parking_lot::Mutex;
use std::sync::Arc;

/// What other threads have for a lane. Keeps the lane's readiness set alive, not the lane.
pub struct Inbox<T> {
    queue: Mutex<Queue<T>>,
    readiness: Arc<Readiness>,
}

struct Queue<T> {
    messages: Vec<Message<T>>,
    /// Whether the lane's owner looks into the inbox before it rests, so that nobody has to wake it.
    attended: bool,
    /// Whether somebody has woken it since it last looked.
    woken: bool,
}

/// One thing for a lane.
pub enum Message<T> {
    /// The check-out of the operation in a slot has ended.
    CheckOut {
        /// The operation.
        slot: u32,
        /// How.
        result: CheckOutResult<Wired>,
    },
    /// Whatever the lane's owner and its other threads say to each other.
    Other(T),
}

impl<T: Send + 'static> Inbox<T> {
    /// An inbox whose lane is woken through `readiness`.
    pub fn new(readiness: Arc<Readiness>) -> Arc<Self> {
        let queue = Queue {
            messages: Vec::new(),
            attended: false,
            woken: false,
        };
        Arc::new(Self {
            queue: Mutex::new(queue),
            readiness,
        })
    }

    /// Leaves a message, and wakes the lane unless it is about to look anyway.
    pub fn push(&self, message: Message<T>) {
        let mut queue = self.queue.lock();
        queue.messages.push(message);
        let wake = !queue.attended && !std::mem::replace(&mut queue.woken, true);
        drop(queue);
        if wake {
            self.readiness.wake();
        }
    }

    /// The lane's owner starts to act, and will [`leave`](Self::leave) before it rests.
    pub fn attend(&self) {
        self.queue.lock().attended = true;
    }

    /// Moves the messages into `into`.
    pub fn take(&self, into: &mut Vec<Message<T>>) {
        into.append(&mut self.queue.lock().messages);
    }

    /// The lane's owner is about to rest. `false` if there are messages to take first.
    pub fn leave(&self) -> bool {
        let mut queue = self.queue.lock();
        if !queue.messages.is_empty() {
            return false;
        }
        queue.attended = false;
        queue.woken = false;
        true
    }
}

impl<T: Send + 'static> Deliver for Inbox<T> {
    fn deliver(&self, slot: u32, result: CheckOutResult<Wired>) {
        self.push(Message::CheckOut { slot, result });
    }
}
