//! Every interleaving of two or three threads.
//!
//! The state machine has no synchronisation of its own, so it runs behind loom's mutex as it is:
//! what is explored is every order of the decisions, and of carrying them out after the lock is
//! released. [`Link`](ferropool_pool::Link) uses the standard library's atomics, which loom cannot
//! see; its algorithm is modelled here, and has to be kept like `link.rs`.

use ferropool_pool::{
    CheckIn, CheckOut, CheckedOut, Clears, Condition, Effects, Key, PoolOptions, Purpose, Request,
    State, Status, Ticket, Types,
};
use loom::sync::Mutex;
use loom::thread;
use std::sync::Arc;
use std::time::{Duration, Instant};

struct Model;

impl Types for Model {
    type Connection = ();
    /// The number of the check-out.
    type Waiter = usize;
    type Error = &'static str;

    fn abandoned() -> Self::Error {
        "abandoned"
    }
}

/// A pool and everybody who uses it.
struct Shared {
    state: Mutex<State<Model>>,
    users: Mutex<Users>,
    now: Instant,
}

#[derive(Default)]
struct Users {
    /// How each check-out ended, if it has; nobody is told twice.
    ended: [Option<bool>; 3],
    hands: Vec<CheckedOut<Model>>,
    permits: Vec<Key>,
    /// Connections that were established, and dropped.
    made: usize,
    closed: usize,
}

impl Users {
    fn end(&mut self, check_out: usize, is_served: bool) {
        let before = self.ended[check_out].replace(is_served);
        assert_eq!(before, None, "check-out {check_out} ends twice");
    }
}

impl Shared {
    fn new(max_pool_size: u32) -> Arc<Self> {
        let now = Instant::now();
        let options = PoolOptions {
            max_pool_size: Some(max_pool_size),
            ..PoolOptions::default()
        };
        let shared = Self {
            state: Mutex::new(State::new(options, now)),
            users: Mutex::default(),
            now,
        };
        shared.act(|state, effects| state.ready(now, effects));
        Arc::new(shared)
    }

    /// Decides under the lock and carries out after it, as `pool.rs` does.
    fn act<R>(&self, input: impl FnOnce(&mut State<Model>, &mut Effects<Model>) -> R) -> R {
        let mut effects = Effects::new();
        let result = input(&mut self.lock(), &mut effects);
        if !effects.is_empty() {
            let mut users = self.users();
            for (waiter, result) in effects.settled {
                users.end(waiter, result.is_ok());
                users.hands.extend(result.ok());
            }
            users
                .permits
                .extend(effects.establish.iter().map(|it| it.key));
            users.closed += effects.close.len();
        }
        result
    }

    fn lock(&self) -> loom::sync::MutexGuard<'_, State<Model>> {
        self.state.lock().expect("nobody panics with it")
    }

    fn users(&self) -> loom::sync::MutexGuard<'_, Users> {
        self.users.lock().expect("nobody panics with it")
    }

    fn check_out(&self, number: usize, request: Request) -> Option<Ticket> {
        let answer =
            self.act(|state, effects| state.check_out(&request, || number, self.now, effects));
        let mut users = self.users();
        match answer {
            CheckOut::Queued(ticket) => return Some(ticket),
            CheckOut::Taken(taken) => {
                users.hands.push(taken);
                users.end(number, true);
            }
            CheckOut::Refused(_) => users.end(number, false),
        }
        None
    }

    fn cancel(&self, ticket: Ticket) {
        let waiter = self.act(|state, _| state.cancel(ticket, self.now));
        if let Some(number) = waiter {
            self.users().end(number, false);
        }
    }

    fn check_in(&self, taken: CheckedOut<Model>) -> CheckIn {
        let returned = self
            .act(|state, effects| state.check_in(taken, Condition::Healthy, || self.now, effects));
        returned.map_err(|_| ()).expect("it is of this pool")
    }

    fn establish(&self, key: Key) {
        self.users().made += 1;
        self.act(|state, effects| state.established(key, (), None, self.now, effects));
    }

    /// The one handshake that has started.
    fn permit(&self) -> Key {
        self.users().permits.pop().expect("a handshake has started")
    }

    fn hand(&self) -> CheckedOut<Model> {
        self.users().hands.pop().expect("it was served")
    }

    /// Everybody finishes, and then nothing is left over.
    fn finish(&self, check_outs: usize) {
        loop {
            let permit = self.users().permits.pop();
            let hand = self.users().hands.pop();
            match (permit, hand) {
                (None, None) => break,
                (permit, hand) => {
                    permit.into_iter().for_each(|key| self.establish(key));
                    hand.into_iter().for_each(|taken| {
                        self.check_in(taken);
                    });
                }
            }
        }
        let ended = self.users().ended;
        assert!(ended[..check_outs].iter().all(Option::is_some), "{ended:?}");
        let stats = self.lock().stats();
        assert_eq!(
            (stats.pending, stats.in_use, stats.wait_queue),
            (0, [0; 3], 0)
        );
        self.act(|state, effects| state.close(self.now, effects));
        let state = self.lock();
        assert!(state.is_drained());
        assert_eq!(state.next_tick(), None);
        let counters = state.stats().counters;
        let failed: u64 = counters.failed.iter().sum();
        assert_eq!(counters.started, counters.checked_out + failed);
        assert_eq!(counters.started, check_outs as u64);
        let closed: u64 = counters.closed.iter().sum();
        assert_eq!(counters.created, closed);
        drop(state);
        let users = self.users();
        assert_eq!(users.closed, users.made, "none is lost");
    }
}

fn ask() -> Request {
    Request::new(Purpose::Operation)
}

/// Runs the three at the same time, in every order.
fn explore(
    prepare: impl Fn() -> Arc<Shared> + Send + Sync + 'static,
    check_outs: usize,
    threads: [fn(&Shared); 3],
) {
    loom::model(move || {
        let shared = prepare();
        let [first, second, third] = threads;
        let others = [first, second].map(|thread| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || thread(&shared))
        });
        third(&shared);
        for other in others {
            other.join().expect("it does not panic");
        }
        shared.finish(check_outs);
    });
}

/// A pool of one whose connection is in use for check-out 0.
fn in_use() -> Arc<Shared> {
    let shared = Shared::new(1);
    let ticket = shared.check_out(0, ask());
    assert!(ticket.is_some());
    shared.establish(shared.permit());
    shared
}

#[test]
fn a_waiter_that_gives_up_and_the_connection_that_comes_for_it() {
    explore(
        in_use,
        3,
        [
            |pool| {
                if let Some(ticket) = pool.check_out(1, ask()) {
                    pool.cancel(ticket);
                }
            },
            |pool| {
                pool.check_out(2, ask());
            },
            |pool| {
                let taken = pool.hand();
                pool.check_in(taken);
            },
        ],
    );
}

#[test]
fn a_clear_between_a_check_out_and_a_check_in() {
    explore(
        in_use,
        2,
        [
            |pool| {
                pool.check_out(1, ask());
            },
            |pool| {
                pool.act(|state, effects| state.clear(None, true, None, pool.now, effects));
                pool.act(|state, effects| state.ready(pool.now, effects));
            },
            |pool| {
                let taken = pool.hand();
                pool.check_in(taken);
            },
        ],
    );
}

#[test]
fn a_close_between_a_check_out_and_its_handshake() {
    explore(
        || {
            let shared = Shared::new(1);
            shared.check_out(0, ask());
            shared
        },
        2,
        [
            |pool| {
                pool.check_out(1, ask());
            },
            |pool| {
                pool.act(|state, effects| state.close(pool.now, effects));
                pool.act(|state, effects| state.interrupt(pool.now, effects));
            },
            |pool| {
                let permit = pool.permit();
                pool.establish(permit);
            },
        ],
    );
}

#[test]
fn a_handshake_that_fails_while_one_waiter_comes_and_another_goes() {
    explore(
        || {
            let shared = Shared::new(1);
            shared.check_out(0, ask());
            shared
        },
        3,
        [
            |pool| {
                pool.check_out(1, ask());
            },
            |pool| {
                if let Some(ticket) = pool.check_out(2, ask()) {
                    pool.cancel(ticket);
                }
            },
            |pool| {
                let permit = pool.permit();
                pool.act(|state, effects| {
                    state.establishment_failed(
                        permit,
                        "refused",
                        Clears::Nothing,
                        pool.now,
                        effects,
                    );
                });
            },
        ],
    );
}

#[test]
fn a_deadline_that_passes_while_the_connection_is_returned() {
    explore(
        || {
            let shared = Shared::new(1);
            let request = Request {
                use_until: Some(shared.now),
                ..ask()
            };
            shared.check_out(0, request);
            shared.establish(shared.permit());
            shared
        },
        2,
        [
            |pool| {
                let request = Request {
                    wait_until: Some(pool.now),
                    ..ask()
                };
                pool.check_out(1, request);
            },
            |pool| {
                let later = pool.now + Duration::from_secs(1);
                pool.act(|state, effects| state.tick(later, effects));
            },
            |pool| {
                let taken = pool.hand();
                pool.check_in(taken);
                assert_eq!(pool.lock().status(), Status::Ready);
            },
        ],
    );
}

/// `link.rs`: whoever severs stores a flag and looks for a socket, whoever attaches stores the socket
/// and looks at the flag. True if the socket is shut down in the end.
mod link {
    use loom::sync::atomic::{AtomicBool, Ordering, fence};
    use loom::thread;
    use std::sync::Arc;

    #[derive(Default)]
    struct Link {
        severed: AtomicBool,
        /// Whether the `OnceLock` is full, which it says with a release and asks with an acquire.
        socket: AtomicBool,
        is_shut: AtomicBool,
    }

    fn race(fenced: bool) {
        loom::model(move || {
            let link = Arc::new(Link::default());
            let severing = thread::spawn({
                let link = Arc::clone(&link);
                move || {
                    link.severed.store(true, Ordering::SeqCst);
                    if fenced {
                        fence(Ordering::SeqCst);
                    }
                    if link.socket.load(Ordering::Acquire) {
                        link.is_shut.store(true, Ordering::SeqCst);
                    }
                }
            });
            link.socket.store(true, Ordering::Release);
            if fenced {
                fence(Ordering::SeqCst);
            }
            if link.severed.load(Ordering::SeqCst) {
                link.is_shut.store(true, Ordering::SeqCst);
            }
            severing.join().expect("it does not panic");
            assert!(link.is_shut.load(Ordering::SeqCst), "both missed the other");
        });
    }

    #[test]
    fn a_sever_and_an_attach_do_not_miss_each_other() {
        race(true);
    }

    #[test]
    #[should_panic(expected = "both missed the other")]
    fn without_the_fences_they_may() {
        race(false);
    }
}
