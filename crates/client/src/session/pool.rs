use ferropool_wire::Appender;
use parking_lot::Mutex;
use ring::rand::{SecureRandom, SystemRandom};
use std::time::{Duration, Instant};

/// A session as the server knows it: its id, and how many retryable writes and transactions it has had.
#[derive(Debug)]
pub(crate) struct ServerSession {
    /// A UUID of version 4.
    id: [u8; 16],
    /// The number of its last retryable write or transaction (`txnNumber`).
    pub(crate) transaction_number: i64,
    last_use: Instant,
    /// A network error met it: nobody knows what the server makes of it, so it is not used again.
    pub(crate) is_dirty: bool,
}

impl ServerSession {
    fn new() -> Self {
        let mut id = [0; 16];
        // Sessions of one user only have to differ: a system without randomness still has an address space and a clock.
        if SystemRandom::new().fill(&mut id).is_err() {
            let address = std::ptr::from_ref(&id).addr() as u64;
            id[..8].copy_from_slice(&address.to_le_bytes());
            let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            let clock = clock.unwrap_or_default().as_nanos() as u64;
            id[8..].copy_from_slice(&clock.to_le_bytes());
        }
        id[6] = id[6] & 0x0f | 0x40;
        id[8] = id[8] & 0x3f | 0x80;
        Self {
            id,
            transaction_number: 0,
            last_use: Instant::now(),
            is_dirty: false,
        }
    }

    /// Its id's bytes.
    pub(crate) fn id(&self) -> &[u8; 16] {
        &self.id
    }

    /// A command is sent with it.
    pub(crate) fn touch(&mut self, now: Instant) {
        self.last_use = now;
    }

    /// Appends the field `lsid`.
    pub(crate) fn append(&self, to: &mut Appender<'_>) {
        to.document("lsid", |lsid| {
            lsid.binary("id", UUID, &self.id);
        });
    }

    /// Whether a server that keeps sessions for `minutes` may forget it soon. `None`: nobody knows, so it is used.
    fn is_about_to_expire(&self, now: Instant, minutes: Option<u32>) -> bool {
        let Some(minutes) = minutes else { return false };
        let lifetime = Duration::from_secs(60 * u64::from(minutes.saturating_sub(1)));
        now.saturating_duration_since(self.last_use) >= lifetime
    }
}

/// The subtype of binary data that is a UUID.
const UUID: u8 = 4;

/// The server sessions of a client that nobody uses ("Server Session Pool"): the last one in is the first one out.
#[derive(Debug, Default)]
pub(crate) struct ServerSessions {
    free: Mutex<Vec<ServerSession>>,
}

impl ServerSessions {
    /// The one that was used last, or a new one. `minutes`: how long the deployment keeps sessions.
    pub(crate) fn acquire(&self, now: Instant, minutes: Option<u32>) -> ServerSession {
        let mut free = self.free.lock();
        while let Some(session) = free.pop() {
            if !session.is_about_to_expire(now, minutes) {
                return session;
            }
        }
        drop(free);
        ServerSession::new()
    }

    /// Takes one back, unless it is not worth keeping.
    pub(crate) fn release(&self, session: ServerSession, now: Instant, minutes: Option<u32>) {
        let mut free = self.free.lock();
        let old = { free.iter() }
            .take_while(|session| session.is_about_to_expire(now, minutes))
            .count();
        // The oldest are in front.
        free.drain(..old);
        if !session.is_dirty && !session.is_about_to_expire(now, minutes) {
            free.push(session);
        }
    }

    /// Takes at most `most` out for good.
    pub(crate) fn drain(&self, most: usize) -> Vec<ServerSession> {
        let mut free = self.free.lock();
        let from = free.len().saturating_sub(most);
        free.split_off(from)
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.free.lock().is_empty()
    }
}

/// Writes an `endSessions` command for them.
pub(crate) fn end_sessions(sessions: &[ServerSession], into: &mut Vec<u8>) {
    let mut command = Appender::begin(into);
    command.array("endSessions", sessions, |list, index, session| {
        list.document(index, |lsid| {
            lsid.binary("id", UUID, session.id());
        });
    });
    command.finish();
}

#[cfg(test)]
mod tests {
    use super::{ServerSession, ServerSessions};
    use std::time::{Duration, Instant};

    fn ids(sessions: &[ServerSession]) -> Vec<[u8; 16]> {
        sessions.iter().map(|session| *session.id()).collect()
    }

    #[test]
    fn the_last_one_in_is_the_first_one_out() {
        let (pool, now) = (ServerSessions::default(), Instant::now());
        let (a, b) = (pool.acquire(now, Some(30)), pool.acquire(now, Some(30)));
        assert_ne!(a.id(), b.id());
        let id = *b.id();
        pool.release(a, now, Some(30));
        pool.release(b, now, Some(30));
        assert_eq!(*pool.acquire(now, Some(30)).id(), id);
    }

    #[test]
    fn a_dirty_one_is_not_kept() {
        let (pool, now) = (ServerSessions::default(), Instant::now());
        let mut session = pool.acquire(now, Some(30));
        session.is_dirty = true;
        pool.release(session, now, Some(30));
        assert!(pool.is_empty());
    }

    #[test]
    fn one_that_the_server_may_forget_within_a_minute_is_not_used() {
        let (pool, now) = (ServerSessions::default(), Instant::now());
        let session = pool.acquire(now, Some(30));
        let id = *session.id();
        pool.release(session, now, Some(30));
        let later = now + Duration::from_secs(29 * 60 + 1);
        // Nobody knows when a load balancer's servers forget.
        let taken = pool.acquire(later, None);
        assert_eq!(*taken.id(), id);
        pool.release(taken, now, None);
        assert_ne!(*pool.acquire(later, Some(30)).id(), id);
        assert!(pool.is_empty());
    }

    #[test]
    fn draining_takes_a_batch() {
        let (pool, now) = (ServerSessions::default(), Instant::now());
        let three: Vec<_> = (0..3).map(|_| pool.acquire(now, None)).collect();
        let all = ids(&three);
        for session in three {
            pool.release(session, now, None);
        }
        assert_eq!(ids(&pool.drain(2)), all[1..]);
        assert_eq!(ids(&pool.drain(2)), all[..1]);
    }
}
