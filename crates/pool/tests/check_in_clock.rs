//! Reading the clock costs as much as a check-in: it is read where something depends on the time, and nowhere else.

use ferropool_pool::{
    CheckOut, CheckedOut, Condition, Effects, PoolOptions, Purpose, Request, State, Types,
};
use std::time::{Duration, Instant};

struct Virtual;

impl Types for Virtual {
    type Connection = ();
    type Waiter = ();
    type Error = &'static str;

    fn abandoned() -> Self::Error {
        "abandoned"
    }
}

/// A pool of one connection, which is in use.
struct Bench {
    state: State<Virtual>,
    effects: Effects<Virtual>,
    now: Instant,
    held: Option<CheckedOut<Virtual>>,
}

impl Bench {
    fn new(options: PoolOptions) -> Self {
        let (now, mut effects) = (Instant::now(), Effects::new());
        let mut state = State::new(options, now);
        state.ready(now, &mut effects);
        let mut bench = Self {
            state,
            effects,
            now,
            held: None,
        };
        bench.ask();
        let key = bench.effects.establish.pop().expect("it starts").key;
        bench
            .state
            .established(key, (), None, now, &mut bench.effects);
        let (_, told) = bench.effects.settled.pop().expect("somebody waits");
        bench.held = Some(told.expect("it is established"));
        bench
    }

    fn ask(&mut self) {
        let request = Request::new(Purpose::Operation);
        let answer = self
            .state
            .check_out(&request, || (), self.now, &mut self.effects);
        assert!(matches!(answer, CheckOut::Queued(_)), "there is none");
    }

    /// Whether the clock was read.
    fn check_in(&mut self, condition: Condition<&'static str>) -> bool {
        let (held, now) = (self.held.take().expect("it is held"), self.now);
        let mut was_read = false;
        let clock = || {
            was_read = true;
            now
        };
        let returned = self
            .state
            .check_in(held, condition, clock, &mut self.effects);
        assert!(returned.is_ok(), "it is this pool's");
        was_read
    }
}

fn small() -> PoolOptions {
    PoolOptions {
        max_pool_size: Some(1),
        ..PoolOptions::default()
    }
}

#[test]
fn nobody_asks_when_a_connection_became_available_that_may_be_so_forever() {
    let mut bench = Bench::new(small());
    assert!(!bench.check_in(Condition::Healthy));
    assert_eq!(bench.state.stats().available, 1);
}

#[test]
fn it_is_read_where_a_connection_may_grow_too_old() {
    let limit = Duration::from_millis(10);
    let mut bench = Bench::new(PoolOptions {
        max_idle_time: Some(limit),
        ..small()
    });
    bench.now += Duration::from_secs(1);
    assert!(bench.check_in(Condition::Healthy));
    let due = bench.state.next_tick().expect("it will be too old");
    assert_eq!(
        due,
        bench.now + limit + Duration::from_millis(1),
        "since its check-in"
    );
}

#[test]
fn it_is_read_where_somebody_waits() {
    let mut bench = Bench::new(small());
    bench.ask();
    bench.now += Duration::from_millis(5);
    assert!(bench.check_in(Condition::Healthy));
    let longest = bench.state.stats().wait_p99;
    assert!(longest >= Duration::from_micros(4900), "{longest:?}");
}

#[test]
fn it_is_read_where_somebody_listens() {
    let mut bench = Bench::new(small());
    bench.state.subscribe(true);
    bench.now += Duration::from_secs(1);
    assert!(bench.check_in(Condition::Healthy));
    let mut events = Vec::new();
    bench.state.drain_events(|event| events.push(event));
    assert_eq!(
        events.last().map(|event| event.at),
        Some(bench.now),
        "ConnectionCheckedIn"
    );
}

#[test]
fn it_is_read_where_a_connection_is_not_kept() {
    assert!(Bench::new(small()).check_in(Condition::Errored("broken")));
    let mut stale = Bench::new(small());
    stale
        .state
        .clear(None, false, None, stale.now, &mut stale.effects);
    assert!(stale.check_in(Condition::Healthy));
}

#[test]
fn how_long_a_connection_is_held_is_told_since_its_check_out() {
    let mut bench = Bench::new(small());
    assert!(!bench.check_in(Condition::Healthy));
    bench.now += Duration::from_secs(3);
    let request = Request::new(Purpose::Operation);
    let taken = bench
        .state
        .try_check_out(&request, bench.now, &mut bench.effects);
    bench.held = taken.expect("it is open");
    bench.now += Duration::from_secs(2);
    let holders = bench.state.holders(1, bench.now);
    assert_eq!(
        holders.first().map(|holder| holder.age),
        Some(Duration::from_secs(2))
    );
}
