//! Once warm, the path of an operation allocates nothing on the thread that drives it.
//!
//! The counts are those of this thread alone: the stub and the core's own threads are not part of them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use allocation_counter::measure;
use ferropool_client::{
    Client, ClientId, ClientOptions, Engine, Invocation, OperationOptions, OptionValue, Timeout,
    kind,
};
use ferropool_lane::{Outbox, Record};
use ferropool_stub::{Options, Stub, StubHandle};
use ferropool_topology::ReadPreferenceMode;
use ferropool_wire::Appender;
use std::sync::Arc;

const SLOTS: usize = 64;

/// An engine on this thread, with a client whose pool is full and warm.
struct Driver {
    engine: Engine,
    client: ClientId,
    slab: Vec<u8>,
    records: Vec<i32>,
    body: Vec<u8>,
    _stub: StubHandle,
}

impl Driver {
    fn new(pool_size: u32, collection: &str) -> Self {
        let options = Options {
            canned: true,
            ..Options::default()
        };
        let stub = ferropool_client::runtime()
            .block_on(Stub::start(options))
            .unwrap();
        let options = ["minPoolSize", "maxPoolSize", "maxConnecting"]
            .map(|name| (name.to_owned(), OptionValue::Number(pool_size.into())));
        let uri = format!("mongodb://{}/?directConnection=true", stub.address());
        let options = ClientOptions::from_uri(&uri, &options, "test").unwrap();
        let mut engine = Engine::new().unwrap();
        let client = Client::new(options, Arc::clone(engine.inbox()));
        let client = engine.attach(client);
        let mut body = Vec::new();
        let mut command = Appender::begin(&mut body);
        command.string("find", collection).int32("limit", 1);
        command.finish();
        let mut driver = Self {
            engine,
            client,
            slab: vec![0; 512 << 10],
            records: vec![0; SLOTS * Record::WIDTH],
            body,
            _stub: stub,
        };
        driver.engine.connect(client, 0, Timeout::Unlimited);
        driver.until_idle(kind::TEXT);
        driver.engine.warm(client, 0, Some(pool_size));
        driver.until_idle(kind::TEXT);
        driver
    }

    fn until_idle(&mut self, expected: i32) {
        while self.engine.in_flight() > 0 {
            self.engine.readiness().wait().unwrap();
            let mut outbox = Outbox::new(&mut self.slab, &mut self.records);
            let turn = self.engine.turn(&mut outbox);
            if turn.more {
                self.engine.readiness().wake();
            }
            let completions = turn.completions as usize * Record::WIDTH;
            for record in self.records[..completions].chunks(Record::WIDTH) {
                // Above the kind are what it had, a deadline or labels.
                assert_eq!(record[1] & 0xff, expected);
            }
        }
    }

    /// So many commands at once, to their replies.
    fn commands(&mut self, count: usize) {
        for slot in 0..count {
            let invocation = Invocation::new("test", &self.body);
            self.engine.command(self.client, slot as u32, &invocation);
        }
        self.until_idle(kind::REPLY);
    }

    fn check_out_and_in(&mut self) {
        let taken = self
            .engine
            .try_check_out(self.client, 0, ReadPreferenceMode::Primary)
            .unwrap()
            .unwrap();
        self.engine.check_in(self.client, taken.token).unwrap();
    }
}

/// What `work` allocates once it has been done a few times.
fn allocations_when_warm(driver: &mut Driver, work: impl Fn(&mut Driver)) -> u64 {
    for _ in 0..20 {
        work(driver);
    }
    measure(|| {
        for _ in 0..100 {
            work(driver);
        }
    })
    .count_total
}

#[test]
fn the_counter_counts() {
    let counted = measure(|| drop(std::hint::black_box(vec![0u8; 100])));
    assert_eq!(counted.count_total, 1);
}

#[test]
fn an_uncontended_command() {
    let mut driver = Driver::new(2, "one");
    assert_eq!(
        allocations_when_warm(&mut driver, |driver| driver.commands(1)),
        0
    );
}

#[test]
fn commands_that_wait_for_a_connection() {
    let mut driver = Driver::new(2, "one");
    let count = allocations_when_warm(&mut driver, |driver| driver.commands(SLOTS));
    assert_eq!(count, 0);
}

#[test]
fn a_command_with_a_deadline() {
    let mut driver = Driver::new(2, "one");
    let timeout = Timeout::After(std::time::Duration::from_secs(60));
    let count = allocations_when_warm(&mut driver, |driver| {
        let Driver {
            engine,
            client,
            body,
            ..
        } = driver;
        let invocation = Invocation {
            timeout,
            ..Invocation::new("test", body)
        };
        engine.command(*client, 0, &invocation);
        driver.until_idle(kind::REPLY);
    });
    assert_eq!(count, 0);
}

#[test]
fn a_check_out_that_does_not_wait_and_a_check_in() {
    let mut driver = Driver::new(2, "one");
    let count = allocations_when_warm(&mut driver, Driver::check_out_and_in);
    assert_eq!(count, 0);
}

#[test]
fn a_check_out_and_a_check_in() {
    let mut driver = Driver::new(2, "one");
    let count = allocations_when_warm(&mut driver, |driver| {
        driver
            .engine
            .check_out(driver.client, 0, OperationOptions::default());
        driver.until_idle_with_connection();
    });
    assert_eq!(count, 0);
}

#[test]
fn a_command_on_a_connection_that_is_held() {
    let mut driver = Driver::new(2, "one");
    let taken = driver
        .engine
        .try_check_out(driver.client, 0, ReadPreferenceMode::Primary)
        .unwrap()
        .unwrap();
    let count = allocations_when_warm(&mut driver, |driver| {
        let Driver {
            engine,
            client,
            body,
            ..
        } = driver;
        engine
            .command_on(*client, taken.token, 0, &Invocation::new("test", body))
            .unwrap();
        driver.until_idle(kind::REPLY);
    });
    assert_eq!(count, 0);
}

impl Driver {
    /// Waits for the connection that was asked for, and returns it.
    fn until_idle_with_connection(&mut self) {
        self.until_idle(kind::CONNECTION);
        let token = u64::from(self.records[2] as u32) | u64::from(self.records[3] as u32) << 32;
        self.engine
            .check_in(self.client, ferropool_lane::Token(token))
            .unwrap();
    }
}
