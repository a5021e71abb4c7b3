//! The events on their way to a subscriber: none without one, bounded with one, and what a stalled
//! one loses is counted.

mod support;

use ferropool_pool::{Condition, Event, EventKind, Pool, PoolOptions};
use std::sync::Arc;
use support::{Fault, Mock, Remote, check_in, paused, try_check_out};

/// How many events wait for a subscriber at most.
const CAPACITY: usize = 1 << 16;

/// A pool with one connection available, its events so far drained.
fn quiet() -> (Arc<Pool<Mock>>, Arc<Remote>) {
    let (pool, remote) = paused(PoolOptions {
        min_pool_size: 1,
        ..PoolOptions::default()
    });
    remote.establish_at_once();
    pool.ready();
    drain(&pool);
    (pool, remote)
}

/// A check-out and a check-in, which is three events.
fn use_once(pool: &Pool<Mock>) {
    let taken = try_check_out(pool).expect("one is available");
    check_in(pool, taken, Condition::Healthy);
}

fn drain(pool: &Pool<Mock>) -> Vec<Event<Fault>> {
    let mut events = Vec::new();
    pool.drain_events(|event| events.push(event));
    events
}

#[test]
fn what_a_stalled_subscriber_loses_is_counted_and_the_rest_is_in_order() {
    let (pool, _remote) = quiet();
    let uses = CAPACITY / 3 + 1_000;
    (0..uses).for_each(|_| use_once(&pool));

    let lost = (3 * uses - CAPACITY) as u64;
    assert_eq!(pool.stats().events_lost, lost);
    let events = drain(&pool);
    assert_eq!(events.len(), CAPACITY, "the oldest are kept");
    for uses in events.chunks_exact(3) {
        let is_a_use = matches!(
            (&uses[0].kind, &uses[1].kind, &uses[2].kind),
            (
                EventKind::CheckOutStarted { .. },
                EventKind::CheckedOut { .. },
                EventKind::CheckedIn { .. },
            )
        );
        assert!(is_a_use, "{uses:?}");
    }

    use_once(&pool);
    assert_eq!(drain(&pool).len(), 3, "there is room again");
    assert_eq!(pool.stats().events_lost, lost);
}

#[test]
fn the_subscriber_is_told_once_for_what_it_has_not_drained() {
    let (pool, remote) = quiet();
    let before = remote.events_calls();
    (0..10).for_each(|_| use_once(&pool));
    assert_eq!(remote.events_calls(), before + 1);
    drain(&pool);
    use_once(&pool);
    assert_eq!(remote.events_calls(), before + 2);
}

#[test]
fn nothing_is_recorded_for_nobody() {
    let (pool, remote) = quiet();
    pool.subscribe(false);
    let before = remote.events_calls();
    use_once(&pool);
    assert!(drain(&pool).is_empty());
    assert_eq!(remote.events_calls(), before);
    assert_eq!(pool.stats().events_lost, 0);
}

#[test]
fn whoever_subscribes_later_still_sees_that_the_pool_was_created() {
    let (pool, _remote) = paused(PoolOptions::default());
    pool.ready();
    pool.subscribe(false);
    pool.clear(None, false, None);
    pool.subscribe(true);
    pool.ready();
    let kinds: Vec<_> = drain(&pool).into_iter().map(|event| event.kind).collect();
    assert!(
        matches!(kinds[..], [EventKind::PoolCreated, EventKind::PoolReady]),
        "{kinds:?}"
    );
}
