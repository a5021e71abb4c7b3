//! What a check-out and its check-in cost, in nanoseconds for the pair.
//!
//! `cargo run --release -p ferropool-pool --example check_out_cost`

#![allow(clippy::print_stdout, reason = "it exists to print")]

use ferropool_pool::{
    CheckOut, CheckOutResult, CheckedOut, Condition, Connector, Effects, Permit, Pool, PoolOptions,
    Purpose, Request, State, Types, fork,
};
use std::hint::black_box;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

struct Mock;

impl Types for Mock {
    type Connection = u64;
    type Waiter = ();
    type Error = &'static str;

    fn abandoned() -> Self::Error {
        "abandoned"
    }
}

/// Establishes within the call.
struct AtOnce;

impl Connector<Mock> for AtOnce {
    fn establish(&self, permit: Permit<Mock>) {
        permit.complete(7, None);
    }

    fn settle(&self, _waiter: (), _result: CheckOutResult<Mock>) {}

    fn events_recorded(&self) {}
}

const CONNECTIONS: u32 = 100;
const ROUNDS: u32 = 15;
const PAIRS: u32 = 200_000;

fn main() {
    let options = PoolOptions {
        max_pool_size: Some(CONNECTIONS),
        min_pool_size: CONNECTIONS,
        max_idle_time: Some(Duration::from_secs(60)),
        ..PoolOptions::default()
    };
    report(
        "two readings of the clock, which a pool's pair contains",
        || {
            black_box((Instant::now(), Instant::now()));
        },
    );
    state(&options);

    let pool = Pool::<Mock>::new(options, Box::new(AtOnce));
    pool.ready();
    let mut effects = Effects::new();
    report("pool, try_check_out, asking for the process id", || {
        try_pair(&pool, &mut effects)
    });
    fork::notifications_installed();
    report("pool, try_check_out", || try_pair(&pool, &mut effects));
    report("pool, check_out", || pair(&pool, request(), &mut effects));
    report("pool, check_out with a deadline of the use", || {
        let until = Request {
            use_until: Some(Instant::now() + Duration::from_secs(10)),
            ..request()
        };
        pair(&pool, until, &mut effects);
    });

    pool.subscribe(true);
    let mut pairs = 0_u32;
    report("pool, check_out, with a subscriber who drains", || {
        pair(&pool, request(), &mut effects);
        pairs += 1;
        if pairs.is_multiple_of(64) {
            pool.drain_events(drop);
        }
    });
    pool.subscribe(false);
    contended(&pool);
}

/// The decisions alone.
fn state(options: &PoolOptions) {
    let now = Instant::now();
    let mut effects = Effects::new();
    let mut state = State::<Mock>::new(options.clone(), now);
    state.ready(now, &mut effects);
    while let Some(establish) = effects.establish.pop() {
        state.established(establish.key, 7, None, now, &mut effects);
    }
    report("state, try_check_out, no lock and no clock", || {
        let taken = state.try_check_out(&request(), now, &mut effects);
        if let Ok(Some(taken)) = black_box(taken) {
            let returned = state.check_in(taken, Condition::Healthy, || now, &mut effects);
            assert!(returned.is_ok());
        }
    });
}

/// Two threads on one pool.
fn contended(pool: &Arc<Pool<Mock>>) {
    let pairs = 2_000_000;
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut effects = Effects::new();
                (0..pairs).for_each(|_| try_pair(pool, &mut effects));
            });
        }
    });
    let each = started.elapsed().as_nanos() as f64 / f64::from(2 * pairs);
    println!("{each:7.1} ns  pool, try_check_out, two threads at once");
}

fn request() -> Request {
    Request::new(Purpose::Operation)
}

fn try_pair(pool: &Pool<Mock>, effects: &mut Effects<Mock>) {
    if let Ok(Some(taken)) = pool.try_check_out(&request(), effects) {
        check_in(pool, taken, effects);
    }
}

fn pair(pool: &Pool<Mock>, request: Request, effects: &mut Effects<Mock>) {
    if let CheckOut::Taken(taken) = pool.check_out(&request, || (), effects) {
        check_in(pool, taken, effects);
    }
}

fn check_in(pool: &Pool<Mock>, taken: CheckedOut<Mock>, effects: &mut Effects<Mock>) {
    let returned = pool.check_in(black_box(taken), Condition::Healthy, effects);
    assert!(returned.is_ok());
}

/// The median of a few rounds.
fn report(what: &str, mut pair: impl FnMut()) {
    let mut rounds: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            (0..PAIRS).for_each(|_| pair());
            started.elapsed()
        })
        .collect();
    rounds.sort();
    let median = rounds[rounds.len() / 2].as_nanos() as f64 / f64::from(PAIRS);
    println!("{median:7.1} ns  {what}");
}
