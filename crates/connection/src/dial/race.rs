//! Happy Eyeballs (RFC 8305, section 5): attempts at all addresses of a name, each a little after the
//! one before it. The first that succeeds wins.
//!
//! The attempts are futures that the race owns and polls itself. Nothing is spawned: when the race
//! ends, or is dropped, every attempt that is left is dropped with it, and its socket closed.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::sleep;

/// How long an attempt is alone before the next one begins beside it ("Connection Attempt Delay").
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// What the first attempt to succeed gives, of one `attempt` for each of `addresses`, in their order.
/// An attempt that fails lets the next one begin at once.
///
/// # Errors
/// All attempts failed.
pub(super) async fn race<F, T>(
    addresses: &[SocketAddr],
    attempt: impl Fn(SocketAddr) -> F,
) -> Result<T, Unreached>
where
    F: Future<Output = io::Result<T>>,
{
    let mut waiting = addresses.iter();
    let mut running = Vec::with_capacity(addresses.len());
    let mut failed = Vec::new();
    loop {
        match waiting.next() {
            Some(address) => running.push((*address, Box::pin(attempt(*address)))),
            None if running.is_empty() => return Err(Unreached(failed)),
            None => {}
        }
        tokio::select! {
            // An outcome that is there already needs no further attempt.
            biased;
            (address, outcome) = first_of(&mut running) => match outcome {
                Ok(won) => return Ok(won),
                Err(error) => failed.push((address, error)),
            },
            () = sleep(ATTEMPT_DELAY), if waiting.len() > 0 => {}
        }
    }
}

/// Takes the first attempt out that has an outcome. Waits for ever if there are none.
async fn first_of<F: Future>(
    running: &mut Vec<(SocketAddr, Pin<Box<F>>)>,
) -> (SocketAddr, F::Output) {
    poll_fn(|context| {
        for at in 0..running.len() {
            if let Poll::Ready(outcome) = running[at].1.as_mut().poll(context) {
                let (address, _) = running.remove(at);
                return Poll::Ready((address, outcome));
            }
        }
        Poll::Pending
    })
    .await
}

/// No address accepted: which ones, and why, in the order in which they failed.
#[derive(Debug)]
pub(super) struct Unreached(Vec<(SocketAddr, io::Error)>);

impl Unreached {
    /// The last failure that is about the peer. That this machine has no route or no address of a
    /// family says nothing about it, and is told only if there is nothing else.
    fn most_telling(&self) -> Option<&(SocketAddr, io::Error)> {
        let is_local = |error: &io::Error| {
            matches!(
                error.kind(),
                io::ErrorKind::NetworkUnreachable | io::ErrorKind::AddrNotAvailable
            )
        };
        self.0.iter().max_by_key(|(_, error)| !is_local(error))
    }
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.most_telling(), self.0.len()) {
            (None, _) => f.write_str("there is no address to connect to"),
            (Some((_, error)), 1) => write!(f, "{error}"),
            (Some((address, error)), tried) => {
                write!(f, "{error} at {address}, one of {tried} addresses tried")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ATTEMPT_DELAY, race};
    use std::cell::{Cell, RefCell};
    use std::future::pending;
    use std::io;
    use std::net::SocketAddr;
    use std::time::Duration;
    use tokio::time::{Instant, sleep, timeout};

    /// What becomes of the attempt at an address, and after how many milliseconds.
    #[derive(Clone, Copy)]
    enum Fate {
        Accepts(u64),
        Fails(u64, io::ErrorKind),
        Silent,
    }
    use Fate::{Accepts, Fails, Silent};

    const REFUSED: io::ErrorKind = io::ErrorKind::ConnectionRefused;

    /// Addresses with ports from 0 on, and what happened at them.
    struct Network {
        fates: Vec<Fate>,
        /// When each attempt began, in milliseconds since the race did.
        begun: RefCell<Vec<u128>>,
        open: Cell<usize>,
    }

    impl Network {
        fn of(fates: impl Into<Vec<Fate>>) -> Self {
            Self {
                fates: fates.into(),
                begun: RefCell::default(),
                open: Cell::new(0),
            }
        }

        fn addresses(&self) -> Vec<SocketAddr> {
            (0..self.fates.len())
                .map(|at| SocketAddr::from(([127, 0, 0, 1], at as u16)))
                .collect()
        }

        /// The port that won, or the failure's text, and after how many milliseconds.
        async fn race(&self) -> (Result<u16, String>, u128) {
            let start = Instant::now();
            let outcome = race(&self.addresses(), |address| self.attempt(address, start)).await;
            let outcome = outcome.map_err(|unreached| unreached.to_string());
            (outcome, start.elapsed().as_millis())
        }

        async fn attempt(&self, address: SocketAddr, start: Instant) -> io::Result<u16> {
            let _open = Open::count(&self.open);
            self.begun.borrow_mut().push(start.elapsed().as_millis());
            match self.fates[usize::from(address.port())] {
                Accepts(after) => {
                    sleep(Duration::from_millis(after)).await;
                    Ok(address.port())
                }
                Fails(after, kind) => {
                    sleep(Duration::from_millis(after)).await;
                    Err(kind.into())
                }
                Silent => pending().await,
            }
        }
    }

    struct Open<'a>(&'a Cell<usize>);

    impl<'a> Open<'a> {
        fn count(open: &'a Cell<usize>) -> Self {
            open.set(open.get() + 1);
            Self(open)
        }
    }

    impl Drop for Open<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() - 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_first_address_that_accepts_is_the_only_one_tried() {
        let network = Network::of([Accepts(249), Accepts(0)]);
        assert_eq!(network.race().await, (Ok(0), 249));
        assert_eq!(*network.begun.borrow(), [0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_address_costs_one_delay_each() {
        let network = Network::of([Silent, Silent, Accepts(10), Accepts(0)]);
        assert_eq!(network.race().await, (Ok(2), 510));
        assert_eq!(*network.begun.borrow(), [0, 250, 500]);
        assert_eq!(network.open.get(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_begins_the_next_attempt_at_once_and_its_delay_anew() {
        let network = Network::of([Fails(100, REFUSED), Silent, Accepts(1)]);
        assert_eq!(network.race().await, (Ok(2), 351));
        assert_eq!(*network.begun.borrow(), [0, 100, 350]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_early_attempt_may_win_late() {
        let network = Network::of([Accepts(600), Fails(10, REFUSED), Accepts(1_000)]);
        assert_eq!(network.race().await, (Ok(0), 600));
        assert_eq!(*network.begun.borrow(), [0, 250, 260]);
        assert_eq!(network.open.get(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_failure_ends_the_race_and_not_the_last_begun() {
        let network = Network::of([Fails(900, REFUSED), Fails(10, REFUSED)]);
        let text = "connection refused at 127.0.0.1:0, one of 2 addresses tried".to_owned();
        assert_eq!(network.race().await, (Err(text), 900));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_at_the_peer_tells_more_than_one_of_this_machine() {
        let unreachable = io::ErrorKind::NetworkUnreachable;
        let network = Network::of([Fails(0, REFUSED), Fails(0, unreachable)]);
        let text = "connection refused at 127.0.0.1:0, one of 2 addresses tried".to_owned();
        assert_eq!(network.race().await, (Err(text), 0));
        let network = Network::of([Fails(0, unreachable)]);
        assert_eq!(network.race().await, (Err("network unreachable".into()), 0));
    }

    #[tokio::test(start_paused = true)]
    async fn dropping_the_race_drops_every_attempt() {
        let network = Network::of([Silent, Silent, Silent]);
        let limit = 2 * ATTEMPT_DELAY + Duration::from_millis(1);
        let addresses = network.addresses();
        let raced = race(&addresses, |address| {
            network.attempt(address, Instant::now())
        });
        let watched = async {
            sleep(limit - Duration::from_millis(1)).await;
            tokio::task::yield_now().await;
            network.open.get()
        };
        let (outcome, open) = tokio::join!(timeout(limit, raced), watched);
        assert!(outcome.is_err(), "silence must not end");
        assert_eq!(open, 3);
        assert_eq!(network.open.get(), 0);
    }

    #[tokio::test]
    async fn no_addresses_are_an_error() {
        let (outcome, _) = Network::of([]).race().await;
        assert_eq!(outcome, Err("there is no address to connect to".into()));
    }
}
