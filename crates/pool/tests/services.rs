//! "Load Balancer Mode": generations and clears are a service's own.

use ferropool_pool::{
    CheckIn, CheckedOut, Clears, Condition, Effects, Ended, Key, PoolOptions, Purpose, Request,
    ServiceId, State, Status, Types,
};
use std::time::Instant;

struct Virtual;

impl Types for Virtual {
    type Connection = ();
    type Waiter = ();
    type Error = &'static str;

    fn abandoned() -> Self::Error {
        "abandoned"
    }
}

const A: ServiceId = ServiceId([1; 12]);
const B: ServiceId = ServiceId([2; 12]);

/// A pool in use, at one moment.
struct Bench {
    state: State<Virtual>,
    effects: Effects<Virtual>,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        let now = Instant::now();
        let options = PoolOptions {
            load_balanced: true,
            max_connecting: 10,
            ..PoolOptions::default()
        };
        let mut bench = Self {
            state: State::new(options, now),
            effects: Effects::new(),
            now,
        };
        bench.state.ready(now, &mut bench.effects);
        bench
    }

    /// Somebody waits, and a handshake is in progress for them.
    fn ask(&mut self) -> Key {
        let request = Request::new(Purpose::Operation);
        let _ = self
            .state
            .check_out(&request, || (), self.now, &mut self.effects);
        self.effects.establish.pop().expect("it starts").key
    }

    fn establish(&mut self, key: Key, service: ServiceId) -> CheckedOut<Virtual> {
        self.state
            .established(key, (), Some(service), self.now, &mut self.effects);
        let told = self.effects.settled.pop().expect("somebody waits").1;
        told.map_err(|_| ()).expect("it is served")
    }

    fn fail(&mut self, key: Key, clears: Clears) {
        self.state
            .establishment_failed(key, "refused", clears, self.now, &mut self.effects);
    }

    fn take(&mut self, service: ServiceId) -> CheckedOut<Virtual> {
        let key = self.ask();
        self.establish(key, service)
    }

    fn clear(&mut self, service: ServiceId, interrupt: bool) {
        self.state
            .clear(None, interrupt, Some(service), self.now, &mut self.effects);
    }

    /// Whether it could be used again.
    fn check_in(&mut self, connection: CheckedOut<Virtual>) -> (CheckIn, bool) {
        let available = self.state.stats().available;
        let result = self.state.check_in(
            connection,
            Condition::Healthy,
            || self.now,
            &mut self.effects,
        );
        let checked_in = result.map_err(|_| ()).expect("it is of this pool");
        (checked_in, self.state.stats().available > available)
    }

    fn services(&self) -> Vec<(ServiceId, u32, u32)> {
        let mut services: Vec<_> = self.state.service_generations().collect();
        services.sort_by_key(|(id, ..)| id.0);
        services
    }
}

#[test]
fn a_clear_makes_the_connections_of_its_service_stale_and_no_others() {
    let mut bench = Bench::new();
    let (first, second) = (bench.take(A), bench.take(B));
    bench.clear(A, false);
    assert_eq!(bench.state.status(), Status::Ready, "it is not paused");
    assert_eq!(bench.services(), [(A, 1, 1), (B, 0, 1)]);
    assert_eq!(bench.check_in(first), (CheckIn::CheckedIn, false));
    assert_eq!(bench.check_in(second), (CheckIn::CheckedIn, true));
}

#[test]
fn an_interrupting_clear_ends_what_its_service_has_in_use() {
    let mut bench = Bench::new();
    let (first, second) = (bench.take(A), bench.take(B));
    bench.clear(A, true);
    assert_eq!(bench.effects.sever.len(), 1);
    assert_eq!(bench.check_in(first).0, CheckIn::Ended(Ended::Interrupted));
    assert_eq!(bench.check_in(second), (CheckIn::CheckedIn, true));
    assert_eq!(bench.services(), [(B, 0, 1)]);
}

#[test]
fn a_handshake_belongs_to_no_service_until_it_is_done() {
    let mut bench = Bench::new();
    let earlier = bench.take(A);
    let pending = bench.ask();
    bench.clear(A, true);
    assert_eq!(bench.state.stats().pending, 1, "it goes on");
    assert_eq!(bench.state.waiting(), 1, "and so does who waits for it");
    let later = bench.establish(pending, A);
    assert_eq!(bench.check_in(later), (CheckIn::CheckedIn, true));
    assert_eq!(
        bench.check_in(earlier).0,
        CheckIn::Ended(Ended::Interrupted)
    );
}

#[test]
fn a_failed_handshake_clears_the_service_that_it_had_found_and_no_other() {
    let mut bench = Bench::new();
    let (first, second) = (bench.take(A), bench.take(B));
    let pending = bench.ask();
    bench.fail(pending, Clears::Service(A));
    assert_eq!(bench.state.status(), Status::Ready, "it is not paused");
    assert_eq!(bench.state.waiting(), 0, "who waited for it has failed");
    assert_eq!(bench.check_in(first), (CheckIn::CheckedIn, false));
    assert_eq!(bench.check_in(second), (CheckIn::CheckedIn, true));
}

#[test]
fn a_service_without_connections_is_forgotten_and_begins_again() {
    let mut bench = Bench::new();
    let stale = bench.take(A);
    bench.clear(A, false);
    bench.check_in(stale);
    assert_eq!(bench.services(), []);
    bench.clear(A, false);
    assert_eq!(bench.services(), [], "a clear does not bring it back");
    let again = bench.take(A);
    assert_eq!((bench.services(), again.generation), (vec![(A, 0, 1)], 0));
    assert_eq!(bench.check_in(again), (CheckIn::CheckedIn, true));
}

#[test]
fn a_stale_connection_keeps_its_service_so_that_it_stays_stale() {
    let mut bench = Bench::new();
    let stale = bench.take(A);
    bench.clear(A, false);
    let fresh = bench.take(A);
    assert_eq!(bench.services(), [(A, 1, 2)]);
    assert_eq!(bench.check_in(fresh), (CheckIn::CheckedIn, true));
    assert_eq!(bench.check_in(stale), (CheckIn::CheckedIn, false));
    assert_eq!(bench.services(), [(A, 1, 1)]);
}
