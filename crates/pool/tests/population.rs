//! minPoolSize is reached as fast as maxConnecting admits, once the pool is ready and not before.

mod support;

use ferropool_pool::{
    Clears, Effects, Event, EventKind, Key, Origin, PoolOptions, Purpose, Request, State, Status,
    Types,
};
use std::time::{Duration, Instant};
use support::{Fault, paused};

#[test]
fn as_many_handshakes_as_max_connecting_run_at_a_time() {
    let (pool, remote) = paused(PoolOptions {
        min_pool_size: 10,
        max_connecting: 4,
        ..PoolOptions::default()
    });
    assert_eq!(remote.held().len(), 0, "not while it is paused");
    pool.ready();
    assert_eq!(remote.held().len(), 4);
    for established in 1..=10 {
        remote.complete();
        let stats = pool.stats();
        assert_eq!(
            (stats.available, stats.pending),
            (established, 4.min(10 - established)),
            "the next one starts when one is done"
        );
    }
}

#[test]
fn pool_ready_comes_before_anything_that_populates() {
    let (pool, remote) = paused(PoolOptions {
        min_pool_size: 3,
        ..PoolOptions::default()
    });
    remote.establish_at_once();
    pool.ready();
    let mut events = Vec::new();
    pool.drain_events(|event| events.push(event));
    let is_first = |events: &[Event<Fault>]| {
        matches!(events[0].kind, EventKind::PoolCreated)
            && matches!(events[1].kind, EventKind::PoolReady)
            && matches!(events[2].kind, EventKind::ConnectionCreated { .. })
    };
    assert!(is_first(&events), "{events:?}");
    assert_eq!(pool.stats().available, 3);
}

struct Virtual;

impl Types for Virtual {
    type Connection = ();
    type Waiter = ();
    type Error = &'static str;

    fn abandoned() -> Self::Error {
        "abandoned"
    }
}

/// The handshakes that `effects` asks for.
fn started(effects: &mut Effects<Virtual>) -> Vec<Key> {
    effects.establish.drain(..).map(|it| it.key).collect()
}

#[test]
fn population_rests_after_a_failure_that_does_not_clear_and_waiters_do_not() {
    let start = Instant::now();
    let mut effects = Effects::new();
    let mut state = State::<Virtual>::new(
        PoolOptions {
            min_pool_size: 1,
            max_connecting: 1,
            ..PoolOptions::default()
        },
        start,
    );
    state.ready(start, &mut effects);
    let [populating] = started(&mut effects)[..] else {
        panic!("one handshake populates");
    };
    state.establishment_failed(
        populating,
        "overloaded",
        Clears::Nothing,
        start,
        &mut effects,
    );
    assert_eq!(state.status(), Status::Ready);
    assert!(
        started(&mut effects).is_empty(),
        "an overloaded server rests"
    );

    let request = Request {
        origin: Origin(7),
        ..Request::new(Purpose::Operation)
    };
    let _ = state.check_out(&request, || (), start, &mut effects);
    let [asked_for] = started(&mut effects)[..] else {
        panic!("somebody waits, so a handshake starts");
    };
    state.establishment_failed(
        asked_for,
        "overloaded",
        Clears::Nothing,
        start,
        &mut effects,
    );
    assert_eq!(effects.settled.len(), 1, "and fails whoever waits");
    assert!(started(&mut effects).is_empty());

    let rested = state.next_tick().expect("population resumes");
    assert_eq!(rested - start, Duration::from_millis(500));
    state.tick(rested - Duration::from_millis(1), &mut effects);
    assert!(started(&mut effects).is_empty(), "not before");
    state.tick(rested, &mut effects);
    assert_eq!(started(&mut effects).len(), 1);
    assert_eq!(state.next_tick(), None);
}

#[test]
fn what_an_input_closes_on_its_way_is_made_up_for() {
    let start = Instant::now();
    let mut effects = Effects::new();
    let mut state = State::<Virtual>::new(
        PoolOptions {
            min_pool_size: 1,
            max_idle_time: Some(Duration::from_millis(10)),
            ..PoolOptions::default()
        },
        start,
    );
    state.ready(start, &mut effects);
    let [first] = started(&mut effects)[..] else {
        panic!("one handshake populates");
    };
    state.established(first, (), None, start, &mut effects);

    // It is idle, and nobody has looked since.
    let later = start + Duration::from_millis(20);
    let request = Request::new(Purpose::Operation);
    let taken = state.try_check_out(&request, later, &mut effects);
    assert!(matches!(taken, Ok(None)));
    assert_eq!(effects.close.len(), 1);
    assert_eq!(started(&mut effects).len(), 1, "minPoolSize holds");
}
