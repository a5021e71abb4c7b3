//! epoll: level-triggered as it is.

use super::{Batch, Interest, Ready};
use crate::table::Token;
use ferropool_connection::{Socket, Watcher};
use ferropool_pool::fork::ProcessMark;
use parking_lot::Mutex;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, epoll, eventfd, poll};
use rustix::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;

/// The readiness of a lane's sockets as one descriptor: level-triggered, so that a turn may stop
/// anywhere. Its own descriptor becomes readable when there is something to do.
///
/// Shared with whoever takes a connection away from the lane, on any thread.
#[derive(Debug)]
pub struct Readiness {
    epoll: OwnedFd,
    wake: OwnedFd,
    /// Tokens whose sockets are no longer watched.
    released: Mutex<Vec<Token>>,
    process: ProcessMark,
}

/// The token of the wake-up, which no table gives out.
const WAKE: u64 = u64::MAX;
/// How many sockets one look reports at the most.
const CAPACITY: usize = 256;

impl Readiness {
    /// An empty set.
    ///
    /// # Errors
    /// The process has too many descriptors.
    pub fn new() -> std::io::Result<Arc<Self>> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        epoll::add(
            &epoll,
            &wake,
            epoll::EventData::new_u64(WAKE),
            epoll::EventFlags::IN,
        )?;
        Ok(Arc::new(Self {
            epoll,
            wake,
            released: Mutex::new(Vec::new()),
            process: ProcessMark::current(),
        }))
    }

    /// Makes the set's descriptor readable.
    pub fn wake(&self) {
        // The counter is full only if the lane has been woken and has not looked since.
        let _ = io::write(&self.wake, &1u64.to_ne_bytes());
    }

    /// Watches `socket` for something to read.
    ///
    /// # Errors
    /// The kernel's limit of watches.
    pub fn watch(&self, socket: &Arc<Socket>, token: Token) -> std::io::Result<()> {
        Ok(epoll::add(
            &self.epoll,
            socket,
            epoll::EventData::new_u64(token.0),
            flags(Interest::Read),
        )?)
    }

    /// Changes what a watched socket is watched for.
    ///
    /// # Errors
    /// The socket is not watched.
    pub fn change(
        &self,
        socket: &Arc<Socket>,
        token: Token,
        interest: Interest,
    ) -> std::io::Result<()> {
        Ok(epoll::modify(
            &self.epoll,
            socket,
            epoll::EventData::new_u64(token.0),
            flags(interest),
        )?)
    }

    /// Looks once, without waiting, and replaces what is in `batch`.
    ///
    /// # Errors
    /// None that a valid set gives.
    pub fn look(&self, batch: &mut Batch) -> std::io::Result<()> {
        const NOW: Timespec = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let to_read = epoll::EventFlags::IN
            | epoll::EventFlags::RDHUP
            | epoll::EventFlags::HUP
            | epoll::EventFlags::ERR;
        batch.ready.clear();
        let mut space = [MaybeUninit::uninit(); CAPACITY];
        let (events, _) = epoll::wait(&self.epoll, &mut space, Some(&NOW))?;
        for event in &*events {
            let (token, flags) = (event.data.u64(), event.flags);
            if token == WAKE {
                // Read before the inbox is: a message behind it wakes again.
                let _ = io::read(&self.wake, &mut [0u8; 8]);
                continue;
            }
            batch.ready.push(Ready {
                token: Token(token),
                readable: flags.intersects(to_read),
                writable: flags.contains(epoll::EventFlags::OUT),
            });
        }
        batch.again = events.len() == CAPACITY;
        Ok(())
    }

    /// Waits until there is something to do, for programs that have no event loop.
    ///
    /// # Errors
    /// A signal.
    pub fn wait(&self) -> std::io::Result<()> {
        let mut fds = [PollFd::new(&self.epoll, PollFlags::IN)];
        poll(&mut fds, None)?;
        Ok(())
    }

    /// Moves the tokens that are no longer watched into `into`.
    pub fn take_released(&self, into: &mut Vec<Token>) {
        into.append(&mut self.released.lock());
    }
}

impl Watcher for Readiness {
    fn unwatch(&self, socket: &Socket, token: u64) {
        // A forked child shares the set with its parent, whose registration it must leave alone.
        if !self.process.is_foreign() {
            // The only failure is that it is not watched, which is what is asked for.
            let _ = epoll::delete(&self.epoll, socket);
        }
        self.released.lock().push(Token(token));
    }
}

impl AsRawFd for Readiness {
    fn as_raw_fd(&self) -> RawFd {
        self.epoll.as_raw_fd()
    }
}

fn flags(interest: Interest) -> epoll::EventFlags {
    let read = epoll::EventFlags::IN | epoll::EventFlags::RDHUP;
    match interest {
        Interest::Read => read,
        Interest::ReadWrite => read | epoll::EventFlags::OUT,
    }
}
