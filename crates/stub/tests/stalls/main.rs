//! What is being established with a server that has gone silent ends at `connectTimeoutMS`, or at once when nobody
//! wants it any more, and leaves nothing: no task of the core's runtime, no descriptor, no connection at the server.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

mod peer;

use ferropool_client::{
    Client, ClientId, ClientOptions, Engine, OperationOptions, OptionValue, kind, runtime,
};
use ferropool_lane::{Outbox, Record};
use parking_lot::{Mutex, MutexGuard};
use peer::{Peer, Stall};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Connections that are being established at a time.
const MANY: usize = 20;

const LIMIT: Duration = Duration::from_millis(500);

/// Stalls, what a client needs to get there, and the phase that it is in then.
fn stalls() -> [(Stall, Options, &'static str); 6] {
    let tls = || {
        vec![
            ("tls", OptionValue::Boolean(true)),
            ("tlsAllowInvalidCertificates", OptionValue::Boolean(true)),
        ]
    };
    let user = || {
        let fields = [("username", "user"), ("password", "pencil")];
        let fields = fields.map(|(name, text)| (name.to_owned(), OptionValue::Text(text.into())));
        vec![
            ("auth", OptionValue::Record(fields.to_vec())),
            ("authMechanism", OptionValue::Text("SCRAM-SHA-256".into())),
        ]
    };
    [
        (Stall::Accepted, vec![], "hello"),
        (Stall::Accepted, tls(), "tls"),
        (Stall::Tls, tls(), "tls"),
        (Stall::HalfOfHello, vec![], "hello"),
        (Stall::SaslStart, user(), "auth"),
        (Stall::SaslContinue, user(), "auth"),
    ]
}

type Options = Vec<(&'static str, OptionValue)>;

/// What this process has of things that can leak. Tests take turns, as they share them.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    /// Those on the core's runtime.
    tasks: usize,
    descriptors: usize,
}

impl Held {
    fn now() -> Self {
        Self {
            tasks: runtime().metrics().num_alive_tasks(),
            descriptors: std::fs::read_dir("/proc/self/fd").unwrap().count(),
        }
    }

    /// Waits until as much is held again. A task that has told its result is about to end.
    fn again(&self) {
        eventually(|| match Self::now() {
            now if now == *self => Ok(()),
            now => Err(format!("{now:?}, and before {self:?}")),
        });
    }
}

fn eventually(check: impl Fn() -> Result<(), String>) {
    let begun = Instant::now();
    while let Err(message) = check() {
        assert!(begun.elapsed() < Duration::from_secs(5), "{message}");
        std::thread::yield_now();
    }
}

fn my_turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock()
}

/// Waits until the core's runtime has no task at all, as before the first client.
fn until_nothing_runs() {
    eventually(|| match Held::now() {
        Held { tasks: 0, .. } => Ok(()),
        now => Err(format!("{now:?}")),
    });
}

/// A pool, and the engine that drives it on this thread.
struct Driver {
    engine: Engine,
    client: ClientId,
    slab: Vec<u8>,
    records: Vec<i32>,
}

impl Driver {
    /// `limit` is `connectTimeoutMS`; zero is none.
    fn pool(peer: &Peer, limit: Duration, options: Options) -> Self {
        let options = with_limit(limit, options);
        Self::of(ClientOptions::from_address(&peer.address.to_string(), &options, "test").unwrap())
    }

    fn of(options: ClientOptions) -> Self {
        let mut engine = Engine::new().unwrap();
        let client = Client::new(options, Arc::clone(engine.inbox()));
        Self {
            client: engine.attach(client),
            engine,
            slab: vec![0; 512 << 10],
            records: vec![0; 64 * Record::WIDTH],
        }
    }

    fn client(&self) -> &Arc<Client> {
        self.engine.client(self.client).unwrap()
    }

    /// Has as many connections established as there are check-outs.
    fn check_out_many(&mut self) {
        self.client().server().unwrap().pool().ready();
        for slot in 0..MANY {
            let options = OperationOptions::default();
            self.engine.check_out(self.client, slot as u32, options);
        }
    }

    /// Until nothing is in flight: the failures, as JSON.
    fn failures(&mut self) -> Vec<Value> {
        let mut failures = vec![];
        while self.engine.in_flight() > 0 {
            self.engine.readiness().wait().unwrap();
            let mut outbox = Outbox::new(&mut self.slab, &mut self.records);
            let turn = self.engine.turn(&mut outbox);
            if turn.more {
                self.engine.readiness().wake();
            }
            let records = &self.records[..turn.completions as usize * Record::WIDTH];
            for record in records.chunks(Record::WIDTH) {
                if record[1] == kind::FAILURE {
                    let (offset, length) = (record[2] as usize, record[3] as usize);
                    let json = &self.slab[offset..offset + length];
                    failures.push(serde_json::from_slice(json).unwrap());
                } else {
                    assert_eq!(record[1], kind::TEXT);
                }
            }
        }
        failures
    }
}

fn with_limit(limit: Duration, options: Options) -> Vec<(String, OptionValue)> {
    let counts = [
        ("connectTimeoutMS", limit.as_millis() as f64),
        ("maxConnecting", MANY as f64),
    ];
    let counts = counts.map(|(name, count)| (name, OptionValue::Number(count)));
    let options = counts.into_iter().chain(options);
    options
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

#[test]
fn it_is_given_up_at_the_limit() {
    let _turn = my_turn();
    for (stall, options, phase) in stalls() {
        until_nothing_runs();
        let peer = Peer::start(stall);
        let mut driver = Driver::pool(&peer, LIMIT, options);
        let before = Held::now();
        let begun = Instant::now();
        driver.check_out_many();
        let failures = driver.failures();

        // How much later is for tests that have the machine to themselves.
        assert!(begun.elapsed() >= LIMIT, "{:?}", begun.elapsed());
        assert_eq!(failures.len(), MANY);
        for failure in failures {
            // The first one clears the pool, where the failure is no sign of overload.
            let origin = match &failure["cause"] {
                Value::Null => &failure,
                cause => cause,
            };
            assert_eq!(origin["name"], "MongoNetworkTimeoutError", "{failure}");
            assert_eq!(origin["details"]["phase"], phase, "{failure}");
        }
        let counts = peer.until(|counts| counts.open == 0);
        assert_eq!((counts.accepted, counts.stalled), (MANY, MANY));
        before.again();
    }
}

/// Has many connections stall without a limit, so that nothing but `end` can end them.
fn ends_at_once(end: impl Fn(&mut Driver)) {
    let _turn = my_turn();
    for (stall, options, _) in stalls() {
        until_nothing_runs();
        let peer = Peer::start(stall);
        let mut driver = Driver::pool(&peer, Duration::ZERO, options);
        let before = Held::now();
        driver.check_out_many();
        peer.until(|counts| counts.stalled == MANY);
        let begun = Instant::now();
        end(&mut driver);

        peer.until(|counts| counts.open == 0);
        before.again();
        assert!(
            begun.elapsed() < Duration::from_secs(1),
            "{:?}",
            begun.elapsed()
        );
    }
}

fn expect(failures: &[Value], name: &str) {
    assert_eq!(failures.len(), MANY);
    for failure in failures {
        assert_eq!(failure["name"], name, "{failure}");
    }
}

#[test]
fn a_clear_ends_it() {
    ends_at_once(|driver| {
        let server = driver.client().server().unwrap();
        server.pool().clear(None, false, None);
        expect(&driver.failures(), "MongoPoolClearedError");
    });
}

/// The same with a driver that is gone in the end: then nothing is left of its client either.
fn goes_at_once(end: impl Fn(Driver)) {
    let _turn = my_turn();
    for (stall, options, _) in stalls() {
        until_nothing_runs();
        let before = Held::now();
        let peer = Peer::start(stall);
        let mut driver = Driver::pool(&peer, Duration::ZERO, options);
        driver.check_out_many();
        peer.until(|counts| counts.stalled == MANY);
        let begun = Instant::now();
        end(driver);

        peer.until(|counts| counts.open == 0);
        drop(peer);
        before.again();
        assert!(
            begun.elapsed() < Duration::from_secs(1),
            "{:?}",
            begun.elapsed()
        );
    }
}

#[test]
fn a_close_ends_it() {
    goes_at_once(|mut driver| {
        driver.engine.close(driver.client, MANY as u32, None);
        expect(&driver.failures(), "MongoPoolClosedError");
    });
}

#[test]
fn the_end_of_the_environment_ends_it() {
    goes_at_once(drop);
}

#[test]
fn a_check_out_that_is_cancelled_leaves_it_to_its_limit() {
    let _turn = my_turn();
    until_nothing_runs();
    let peer = Peer::start(Stall::Accepted);
    let mut driver = Driver::pool(&peer, LIMIT, vec![]);
    let before = Held::now();
    driver.check_out_many();
    peer.until(|counts| counts.stalled == MANY);
    for slot in 0..MANY {
        driver.engine.cancel(slot as u32);
    }
    peer.until(|counts| counts.open == 0);
    before.again();
}

/// A client whose monitor stalls.
fn client(peer: &Peer, options: Options) -> Driver {
    let uri = format!("mongodb://{}/?directConnection=true", peer.address);
    let options = with_limit(Duration::ZERO, options);
    Driver::of(ClientOptions::from_uri(&uri, &options, "test").unwrap())
}

#[test]
fn a_close_ends_a_monitor() {
    let _turn = my_turn();
    // It does not authenticate.
    let stalls = stalls().into_iter().filter(|(.., phase)| *phase != "auth");
    for (stall, options, _) in stalls {
        until_nothing_runs();
        let before = Held::now();
        let peer = Peer::start(stall);
        let mut driver = client(&peer, options);
        driver
            .engine
            .check_out(driver.client, 0, OperationOptions::default());
        peer.until(|counts| counts.stalled == 1);
        let begun = Instant::now();
        driver.engine.close(driver.client, 1, None);
        let failures = driver.failures();
        assert_eq!(failures.len(), 1);
        assert_eq!(failures[0]["name"], "MongoPoolClosedError");
        drop(driver);

        peer.until(|counts| counts.open == 0);
        drop(peer);
        before.again();
        assert!(
            begun.elapsed() < Duration::from_secs(1),
            "{:?}",
            begun.elapsed()
        );
    }
}

/// What a callback brings late serves the next connection, so its request outlives the connection that made it: one
/// for all, and not the client.
#[test]
fn a_callback_for_credentials_that_never_answers_ends_with_its_client() {
    let _turn = my_turn();
    for closes in [true, false] {
        until_nothing_runs();
        let before = Held::now();
        let peer = Peer::start(Stall::SaslStart);
        let options = vec![
            ("authMechanism", OptionValue::Text("MONGODB-OIDC".into())),
            (
                "authMechanismProperties",
                OptionValue::Record(vec![("OIDC_CALLBACK".to_owned(), OptionValue::Function)]),
            ),
        ];
        let mut driver = Driver::pool(&peer, LIMIT, options);
        let waiting = Held::now();
        driver.check_out_many();
        for failure in driver.failures() {
            let text = failure.to_string();
            assert!(text.contains("timed out after 500 ms (auth)"), "{text}");
        }
        peer.until(|counts| counts.open == 0);
        let Held { tasks, descriptors } = waiting;
        let tasks = tasks + 1;
        Held { tasks, descriptors }.again();

        if closes {
            driver.engine.close(driver.client, MANY as u32, None);
            driver.failures();
        }
        drop(driver);
        drop(peer);
        before.again();
    }
}
