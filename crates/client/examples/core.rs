//! The bench's contender without JavaScript: an [`Engine`] on a thread of its own that keeps so many
//! operations in flight and waits for readiness in a plain loop.
//!
//! `core URI MAX_POOL_SIZE` reads jobs from standard input, one JSON document on each line, and answers
//! each with a line of its own: `bench/contender.mjs` has the protocol.

#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use ferropool_client::{
    Client, ClientId, ClientOptions, Engine, Invocation, OptionValue, Timeout, Turn, kind,
};
use ferropool_lane::{Outbox, Record};
use ferropool_topology::ReadPreferenceMode;
use ferropool_wire::{Appender, Document};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::error::Error;
use std::io::{BufRead, stdin};
use std::sync::Arc;
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let (uri, size) = arguments
        .next()
        .zip(arguments.next())
        .ok_or("usage: core URI MAX_POOL_SIZE")?;
    let mut driver = Driver::connect(&uri, size.parse()?)?;
    println!("{}", json!({ "ready": true }));
    for line in stdin().lock().lines() {
        let job: Value = serde_json::from_str(&line?)?;
        println!("{}", driver.run(&job)?);
    }
    Ok(())
}

/// A client on an engine that this thread drives.
struct Driver {
    engine: Engine,
    client: ClientId,
    slab: Vec<u8>,
    records: Vec<i32>,
    body: Vec<u8>,
    next_id: u32,
}

/// What is asked for, and what the reply must hold.
#[derive(Clone, Copy)]
enum Workload {
    Ping,
    FindOne { fixed: Option<i32> },
    Find100,
}

impl Driver {
    fn connect(uri: &str, size: u32) -> Outcome<Self> {
        let options: Vec<(String, OptionValue)> = ["minPoolSize", "maxPoolSize", "maxConnecting"]
            .map(|name| (name.to_owned(), OptionValue::Number(size.into())))
            .into();
        let options = ClientOptions::from_uri(uri, &options, "bench")?;
        // This program never forks: nothing needs to ask the kernel for its process id.
        ferropool_pool::fork::notifications_installed();
        let mut engine = Engine::new()?;
        let client = Client::new(options, Arc::clone(engine.inbox()));
        let id = engine.attach(client);
        let mut driver = Self {
            engine,
            client: id,
            slab: vec![0; 512 << 10],
            records: vec![0; 1024 * Record::WIDTH],
            body: Vec::new(),
            next_id: 0,
        };
        driver.engine.connect(id, 0, Timeout::Unlimited);
        driver.until_idle()?;
        driver.engine.warm(id, 0, Some(size));
        driver.until_idle()?;
        Ok(driver)
    }

    fn until_idle(&mut self) -> Outcome<()> {
        while self.engine.in_flight() > 0 {
            let turn = self.turn()?;
            for record in
                self.records[..turn.completions as usize * Record::WIDTH].chunks(Record::WIDTH)
            {
                if record[1] == kind::FAILURE {
                    let text = &self.slab[record[2] as usize..][..record[3] as usize];
                    return Err(String::from_utf8_lossy(text).into());
                }
            }
        }
        Ok(())
    }

    /// Waits until there is something to do, and does it.
    fn turn(&mut self) -> Outcome<Turn> {
        self.engine.readiness().wait()?;
        let mut outbox = Outbox::new(&mut self.slab, &mut self.records);
        let turn = self.engine.turn(&mut outbox);
        if turn.more {
            // What found no room is there already: no socket would end the next wait.
            self.engine.readiness().wake();
        }
        Ok(turn)
    }

    fn run(&mut self, job: &Value) -> Outcome<Value> {
        let number = |name: &str| job[name].as_u64().ok_or("a job lacks a number");
        let duration = Duration::from_millis(number("milliseconds")?);
        let workload = match job["workload"].as_str() {
            Some("ping") => Workload::Ping,
            Some("find-one") => Workload::FindOne {
                fixed: job["fixedId"].as_i64().map(|id| id as i32),
            },
            Some("find-100") => Workload::Find100,
            Some("try-check-out") => return self.check_outs(duration),
            _ => return Ok(json!({ "unsupported": true })),
        };
        self.closed_loop(workload, number("concurrency")? as usize, duration)
    }

    /// Keeps `concurrency` operations in flight until `duration` has passed.
    fn closed_loop(
        &mut self,
        workload: Workload,
        concurrency: usize,
        duration: Duration,
    ) -> Outcome<Value> {
        let mut started: Vec<(Instant, i32)> = Vec::with_capacity(concurrency);
        let mut nanoseconds: Vec<u32> = Vec::with_capacity(1 << 20);
        let (cpu, begin) = (cpu_time(), Instant::now());
        for slot in 0..concurrency {
            started.push((Instant::now(), 0));
            started[slot].1 = self.begin(slot as u32, workload);
        }
        let (mut used, mut elapsed) = (None, Duration::ZERO);
        while self.engine.in_flight() > 0 {
            let completions = self.turn()?.completions as usize;
            for at in (0..completions).map(|index| index * Record::WIDTH) {
                let record: [i32; Record::WIDTH] =
                    self.records[at..at + Record::WIDTH].try_into()?;
                let slot = record[0] as usize;
                self.check(workload, &record, started[slot].1)?;
                if used.is_some() {
                    continue;
                }
                let now = Instant::now();
                nanoseconds.push((now - started[slot].0).as_nanos() as u32);
                elapsed = now - begin;
                if elapsed >= duration {
                    used = Some(cpu_time() - cpu);
                    continue;
                }
                started[slot].0 = now;
                started[slot].1 = self.begin(slot as u32, workload);
            }
        }
        nanoseconds.sort_unstable();
        let at = |quantile: f64| {
            let index = (nanoseconds.len() as f64 * quantile) as usize;
            f64::from(nanoseconds[index.min(nanoseconds.len() - 1)]) / 1e6
        };
        Ok(json!({
            "operations": nanoseconds.len(),
            "elapsedMS": elapsed.as_secs_f64() * 1e3,
            "cpuMS": used.unwrap_or_default().as_secs_f64() * 1e3,
            "p50MS": at(0.5),
            "p99MS": at(0.99),
        }))
    }

    /// Pairs of a check-out that does not wait and a check-in.
    fn check_outs(&mut self, duration: Duration) -> Outcome<Value> {
        const BATCH: u32 = 1000;
        let (cpu, begin) = (cpu_time(), Instant::now());
        let mut batches: Vec<f64> = Vec::new();
        while begin.elapsed() < duration {
            let since = Instant::now();
            for _ in 0..BATCH {
                let taken = self
                    .engine
                    .try_check_out(self.client, 0, ReadPreferenceMode::Primary);
                let taken = taken
                    .map_err(|failure| failure.to_json())?
                    .ok_or("nothing available")?;
                let returned = self.engine.check_in(self.client, taken.token);
                returned.map_err(|failure| failure.to_json())?;
            }
            batches.push(since.elapsed().as_secs_f64() * 1e3 / f64::from(BATCH));
        }
        let (elapsed, used) = (begin.elapsed(), cpu_time() - cpu);
        batches.sort_unstable_by(f64::total_cmp);
        Ok(json!({
            "operations": batches.len() * BATCH as usize,
            "elapsedMS": elapsed.as_secs_f64() * 1e3,
            "cpuMS": used.as_secs_f64() * 1e3,
            "p50MS": batches[batches.len() / 2],
            "p99MS": batches[batches.len() * 99 / 100],
        }))
    }

    /// Starts an operation; gives the `_id` that it asks for.
    fn begin(&mut self, slot: u32, workload: Workload) -> i32 {
        let mut id = 0;
        self.body.clear();
        let mut command = Appender::begin(&mut self.body);
        match workload {
            Workload::Ping => {
                command.int32("ping", 1);
            }
            Workload::FindOne { fixed } => {
                self.next_id = self
                    .next_id
                    .wrapping_mul(1_103_515_245)
                    .wrapping_add(12_345);
                id = fixed.unwrap_or(((self.next_id >> 8) % 10_000) as i32);
                command
                    .string("find", "one")
                    .document("filter", |filter| {
                        filter.int32("_id", id);
                    })
                    .int32("limit", 1)
                    .boolean("singleBatch", true);
            }
            Workload::Find100 => {
                command
                    .string("find", "many")
                    .document("filter", |_| {})
                    .int32("limit", 100);
            }
        }
        command.finish();
        let invocation = Invocation::new("bench", &self.body);
        self.engine.command(self.client, slot, &invocation);
        id
    }

    /// Checks that a completion is the reply that was asked for.
    fn check(&mut self, workload: Workload, record: &[i32; Record::WIDTH], id: i32) -> Outcome<()> {
        let [_, kind, offset, length, ..] = *record;
        let large;
        let bytes = match kind {
            kind::REPLY => &self.slab[offset as usize..][..length as usize],
            kind::LARGE_REPLY => {
                large = self.engine.take_large(offset as u32).unwrap_or_default();
                &large
            }
            kind => return Err(format!("a completion of kind {kind}").into()),
        };
        let reply = Document::new(bytes)?;
        let batch = || {
            let cursor = reply.get("cursor").ok()??.as_document()?;
            cursor.get("firstBatch").ok()??.as_array()
        };
        let right = match workload {
            Workload::Ping => reply.get("ok")?.is_some_and(|ok| ok.as_bool_like()),
            Workload::FindOne { .. } => batch()
                .and_then(|batch| batch.elements().next()?.ok()?.value.as_document())
                .and_then(|document| document.get("_id").ok()??.as_integer())
                .is_some_and(|found| found == i64::from(id)),
            Workload::Find100 => batch().is_some_and(|batch| batch.elements().count() == 100),
        };
        right
            .then_some(())
            .ok_or_else(|| "the reply is not what was asked for".into())
    }
}

/// The processor time of the whole process, every thread.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
