//! In a forked child the pool forgets its parent's connections, and lets go of them without a word to
//! the server: their sockets are the parent's.

mod support;

use ferropool_pool::{CheckIn, Condition, ConnectionId, PoolOptions, Sever, Status, fork};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use support::{check_in, check_out, poll, ready, request, try_check_out};

struct Socket(Arc<AtomicBool>);

impl Sever for Socket {
    fn sever(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// The only test of this process, because whoever forks does so for every pool.
#[test]
fn the_child_starts_over_with_connections_of_its_own() {
    fork::notifications_installed();
    let severed = Arc::new(AtomicBool::new(false));
    let (pool, remote) = ready(PoolOptions {
        max_pool_size: Some(3),
        min_pool_size: 3,
        max_connecting: 3,
        ..PoolOptions::default()
    });
    // One in use, one available, one pending.
    for _ in 0..2 {
        let permit = remote.permit().expect("the pool is populated");
        permit.link().attach(Arc::new(Socket(Arc::clone(&severed))));
        permit.complete(remote.connection(), None);
    }
    let in_use = try_check_out(&pool).expect("one is available");
    let pending = remote.permit().expect("the pool is populated");
    let mut events = Vec::new();
    pool.subscribe(true);
    let before = pool.stats();
    assert_eq!((before.pending, before.available), (1, 1));

    fork::forked();
    let mut asking = Box::pin(check_out(&pool, request()));
    assert!(
        poll(&mut asking).is_pending(),
        "there is none of its own yet"
    );

    assert!(!severed.load(Ordering::SeqCst), "the parent's still work");
    assert_eq!(remote.living(), 1, "what was available is let go of");
    let stats = pool.stats();
    assert_eq!(stats.status, Status::Ready);
    assert_eq!(stats.generation, before.generation + 1);
    assert_eq!((stats.available, stats.in_use), (0, [0; 3]));
    assert_eq!(stats.pending, 3, "it is populated anew");
    pool.drain_events(|event| events.push(event));
    assert_eq!(
        events.len(),
        4,
        "its own check-out and handshakes, not what the parent had not read: {events:?}"
    );

    let key = remote.complete();
    assert_eq!(key.id, ConnectionId(4), "numbers go on");
    let Poll::Ready(Ok(lease)) = poll(&mut asking) else {
        panic!("it is served");
    };
    assert_eq!(lease.key(), key);

    // What the parent had started or held finds nothing here.
    assert_eq!(
        check_in(&pool, in_use, Condition::Healthy),
        CheckIn::CheckedIn
    );
    pending.complete(remote.connection(), None);
    assert_eq!(remote.living(), 1);
    assert_eq!(pool.stats().total(), 3);
    assert!(!severed.load(Ordering::SeqCst));
}
