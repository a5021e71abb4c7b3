//! A burst opens no more connections than it needs: while those that there are come back, the end of a handshake puts off the next.

use ferropool_pool::{
    CheckOut, CheckedOut, Condition, Effects, Key, PoolOptions, Purpose, Request, State, Types,
};
use std::time::{Duration, Instant};

struct Virtual;

impl Types for Virtual {
    type Connection = ();
    type Waiter = u32;
    type Error = &'static str;

    fn abandoned() -> Self::Error {
        "abandoned"
    }
}

/// A pool in virtual time, of which `maxConnecting` is 2.
struct Pool {
    state: State<Virtual>,
    effects: Effects<Virtual>,
    now: Instant,
}

impl Pool {
    fn ready() -> Self {
        let now = Instant::now();
        let mut effects = Effects::new();
        let mut state = State::new(PoolOptions::default(), now);
        state.ready(now, &mut effects);
        Self {
            state,
            effects,
            now,
        }
    }

    fn wait(&mut self, milliseconds: u64) {
        self.now += Duration::from_millis(milliseconds);
        if self.state.next_tick().is_some_and(|at| at <= self.now) {
            self.state.tick(self.now, &mut self.effects);
        }
    }

    fn queue(&mut self, count: u32) {
        for waiter in 0..count {
            let request = Request::new(Purpose::Operation);
            let asked =
                { &mut self.state }.check_out(&request, || waiter, self.now, &mut self.effects);
            assert!(matches!(asked, CheckOut::Queued(_)));
        }
    }

    /// The handshakes that were started since the last look.
    fn started(&mut self) -> Vec<Key> {
        self.effects.establish.drain(..).map(|it| it.key).collect()
    }

    fn establish(&mut self, keys: &[Key]) {
        for key in keys {
            self.state
                .established(*key, (), None, self.now, &mut self.effects);
        }
    }

    /// Everybody who has been served gives back what they got, until nobody is served any more.
    fn use_up(&mut self) {
        while let Some((_, served)) = self.effects.settled.pop() {
            self.give_back(served.expect("a connection"));
        }
    }

    fn give_back(&mut self, connection: CheckedOut<Virtual>) {
        let returned = self.state.check_in(
            connection,
            Condition::Healthy,
            || self.now,
            &mut self.effects,
        );
        assert!(returned.is_ok());
    }
}

#[test]
fn a_burst_that_is_served_at_once_opens_no_more_than_max_connecting() {
    let mut pool = Pool::ready();
    pool.queue(50);
    let first = pool.started();
    assert_eq!(first.len(), 2);
    pool.wait(150);
    pool.establish(&first);
    assert!(pool.started().is_empty(), "two may be enough");
    pool.use_up();
    pool.wait(150);
    assert!(pool.started().is_empty(), "they were");
    assert_eq!((pool.state.waiting(), pool.state.stats().available), (0, 2));
}

#[test]
fn who_still_waits_after_the_lull_gets_the_next_handshake() {
    let mut pool = Pool::ready();
    pool.queue(5);
    let first = pool.started();
    pool.wait(80);
    pool.establish(&first);
    pool.wait(9);
    assert!(
        pool.started().is_empty(),
        "an eighth of the handshake is not over"
    );
    pool.wait(1);
    assert_eq!(pool.started().len(), 2);
}

#[test]
fn it_lasts_20_milliseconds_at_the_most() {
    let mut pool = Pool::ready();
    pool.queue(5);
    let first = pool.started();
    pool.wait(10_000);
    pool.establish(&first);
    assert_eq!(
        pool.state.next_tick(),
        Some(pool.now + Duration::from_millis(20))
    );
}

#[test]
fn quick_handshakes_have_none() {
    let mut pool = Pool::ready();
    pool.queue(5);
    let first = pool.started();
    pool.wait(7);
    pool.establish(&first);
    assert_eq!(pool.started().len(), 2);
}

#[test]
fn there_is_no_other_until_a_connection_has_come_back() {
    let mut pool = Pool::ready();
    pool.queue(6);
    let first = pool.started();
    pool.wait(80);
    pool.establish(&first);
    pool.wait(10);
    let second = pool.started();
    pool.wait(80);
    pool.establish(&second);
    let third = pool.started();
    assert_eq!(third.len(), 2, "those who hold connections keep them");

    let (_, held) = pool.effects.settled.pop().expect("four are held");
    pool.give_back(held.expect("a connection"));
    pool.queue(3);
    pool.wait(80);
    pool.establish(&third);
    assert!(pool.started().is_empty());
}

#[test]
fn it_ends_with_the_last_connection_in_use() {
    let mut pool = Pool::ready();
    pool.queue(5);
    let [one, other] = pool.started()[..] else {
        panic!("two handshakes");
    };
    pool.wait(80);
    pool.establish(&[one]);
    let (_, held) = pool.effects.settled.pop().expect("one is held");
    let _ = pool.state.check_in(
        held.expect("a connection"),
        Condition::Errored("gone"),
        || pool.now,
        &mut pool.effects,
    );
    assert_eq!(
        pool.started().len(),
        1,
        "beside {other:?}, which is pending"
    );
}
