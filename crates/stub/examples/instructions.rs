//! What `scripts/instructions.mjs` counts the instructions of: the hot paths, each so many times, under callgrind.
//!
//! It prints the name of each part and how often the part was done, in the order in which
//! [`the_counted_part`] was called. The peer is the stub, in a thread of this process, with prepared replies.

#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use ferropool_client::{
    Client, ClientId, ClientOptions, Engine, Invocation, OptionValue, Timeout, kind, runtime,
};
use ferropool_lane::{Outbox, Record};
use ferropool_pool::{
    CheckOutResult, Condition, Connector, Effects, Permit, Pool, PoolOptions, Purpose, Request,
    Types, fork,
};
use ferropool_stub::{Options, Stub, StubHandle};
use ferropool_topology::ReadPreferenceMode;
use ferropool_wire::tape::{Flattened, Flattener};
use ferropool_wire::{Appender, Document};
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    // As in the addon, which is told of forks.
    fork::notifications_installed();
    let pool = ready_pool();
    let mut effects = Effects::new();
    count("a check-out and a check-in of a pool", 10_000, || {
        let taken = pool.try_check_out(&Request::new(Purpose::Operation), &mut effects)?;
        let taken = taken.ok_or("nothing available")?;
        let returned = pool.check_in(taken, Condition::Healthy, &mut effects);
        returned.or(Err("not taken back"))?;
        Ok(())
    })?;

    let mut driver = Driver::connect()?;
    count("a check-out and a check-in of a lane", 10_000, || {
        driver.pair()
    })?;
    count("a find of one document", 2_000, || {
        driver.find("one").map(|_| ())
    })?;

    let one = driver.find("one")?;
    let mut tape = Tape::knowing(&one);
    count("one document of 200 bytes on the tape", 10_000, || {
        tape.flatten(&one)
    })?;
    let hundred = driver.find("many")?;
    let mut tape = Tape::knowing(&hundred);
    count("100 documents of 1 KB on the tape", 100, || {
        tape.flatten(&hundred)
    })
}

/// Counts a part that has been done a few times before.
fn count(name: &str, times: u32, mut part: impl FnMut() -> Outcome<()>) -> Outcome<()> {
    for _ in 0..20 {
        part()?;
    }
    the_counted_part(black_box(&mut part), times)?;
    println!("{name}\t{times}");
    Ok(())
}

/// Callgrind counts while this runs on a thread, and nothing else of it: `scripts/instructions.mjs` names it.
#[inline(never)]
fn the_counted_part(part: &mut dyn FnMut() -> Outcome<()>, times: u32) -> Outcome<()> {
    (0..times).try_for_each(|_| part())
}

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

fn ready_pool() -> Arc<Pool<Mock>> {
    let options = PoolOptions {
        max_pool_size: Some(100),
        min_pool_size: 100,
        ..PoolOptions::default()
    };
    let pool = Pool::new(options, Box::new(AtOnce));
    pool.ready();
    pool
}

/// An engine that this thread drives, with a client whose pool is full.
struct Driver {
    engine: Engine,
    client: ClientId,
    slab: Vec<u8>,
    records: Vec<i32>,
    body: Vec<u8>,
    _stub: StubHandle,
}

impl Driver {
    fn connect() -> Outcome<Self> {
        let canned = Options {
            canned: true,
            ..Options::default()
        };
        let stub = runtime().block_on(Stub::start(canned))?;
        let options = [
            ("minPoolSize", OptionValue::Number(2.0)),
            ("maxPoolSize", OptionValue::Number(2.0)),
            // No heartbeat comes between.
            ("heartbeatFrequencyMS", OptionValue::Number(600_000.0)),
            ("serverMonitoringMode", OptionValue::Text("poll".to_owned())),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        let uri = format!("mongodb://{}/?directConnection=true", stub.address());
        let options = ClientOptions::from_uri(&uri, &options, "instructions")?;
        let mut engine = Engine::new()?;
        let client = engine.attach(Client::new(options, Arc::clone(engine.inbox())));
        let mut driver = Self {
            engine,
            client,
            slab: vec![0; 512 << 10],
            records: vec![0; 64 * Record::WIDTH],
            body: Vec::new(),
            _stub: stub,
        };
        driver.engine.connect(client, 0, Timeout::Unlimited);
        driver.completion(kind::TEXT)?;
        driver.engine.warm(client, 0, Some(2));
        driver.completion(kind::TEXT)?;
        Ok(driver)
    }

    fn pair(&mut self) -> Outcome<()> {
        let taken = self
            .engine
            .try_check_out(self.client, 0, ReadPreferenceMode::Primary);
        let taken = taken
            .map_err(|failure| failure.to_json())?
            .ok_or("nothing available")?;
        let returned = self.engine.check_in(self.client, taken.token);
        Ok(returned.map_err(|failure| failure.to_json())?)
    }

    /// From the command's composition to its reply, which is in the slab.
    fn find(&mut self, collection: &str) -> Outcome<Vec<u8>> {
        self.body.clear();
        let mut command = Appender::begin(&mut self.body);
        command
            .string("find", collection)
            .document("filter", |filter| {
                filter.int32("_id", 7);
            })
            .int32("limit", 1);
        command.finish();
        let invocation = Invocation::new("bench", &self.body);
        self.engine.command(self.client, 0, &invocation);
        let [_, _, offset, length, ..] = self.completion(kind::REPLY)?;
        let reply = &self.slab[offset as usize..][..length as usize];
        let is_ok = Document::new(reply)?.get("ok")?;
        is_ok.filter(|ok| ok.as_bool_like()).ok_or("not ok")?;
        Ok(reply.to_vec())
    }

    /// Waits for the one operation that is under way.
    fn completion(&mut self, expected: i32) -> Outcome<[i32; Record::WIDTH]> {
        loop {
            self.engine.readiness().wait()?;
            let mut outbox = Outbox::new(&mut self.slab, &mut self.records);
            let turn = self.engine.turn(&mut outbox);
            if turn.more {
                self.engine.readiness().wake();
            }
            if turn.completions > 0 {
                let record: [i32; Record::WIDTH] = self.records[..Record::WIDTH].try_into()?;
                return match record[1] & 0xff {
                    kind if kind == expected => Ok(record),
                    kind => Err(format!("a completion of kind {kind}").into()),
                };
            }
        }
    }
}

/// A flattener and its room.
struct Tape {
    flattener: Flattener,
    numbers: Vec<f64>,
    text: Vec<u8>,
}

impl Tape {
    /// The shapes of a reply are learned from the first ones.
    fn knowing(reply: &[u8]) -> Self {
        let mut tape = Self {
            flattener: Flattener::default(),
            numbers: vec![0.0; 1 << 15],
            text: vec![0; 1 << 20],
        };
        (0..10).find(|_| tape.flatten(reply).is_ok());
        tape
    }

    fn flatten(&mut self, reply: &[u8]) -> Outcome<()> {
        let (numbers, text) = (&mut self.numbers, &mut self.text);
        match self.flattener.flatten(black_box(reply), numbers, text) {
            Flattened::Whole => Ok(()),
            other => Err(format!("the reply is {other:?}").into()),
        }
    }
}
