//! The bench's contender without JavaScript: an [`Engine`] on a thread of its own that keeps so many
//! operations in flight and waits for readiness in a plain loop.
//!
//! `core URI MAX_POOL_SIZE` reads jobs from standard input, one JSON document on each line, and answers
//! each with a line of its own: `bench/contender.mjs` has the protocol.

#![allow(clippy::print_stdout, reason = "its output is its purpose")]

mod workload;

use ferropool_client::{
    Client, ClientId, ClientOptions, Engine, Invocation, OptionValue, Timeout, Turn, kind,
};
use ferropool_lane::{Outbox, Record};
use ferropool_topology::ReadPreferenceMode;
use ferropool_wire::Document;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::error::Error;
use std::io::{BufRead, stdin};
use std::sync::Arc;
use std::time::{Duration, Instant};
use workload::{Expected, Message, Numbers, Workload};

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
    message: Message,
    numbers: Numbers,
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
            message: Message::default(),
            numbers: Numbers::default(),
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
            for record in self.records_of(turn) {
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
        Ok(self.look())
    }

    /// Does what there is to do.
    fn look(&mut self) -> Turn {
        let mut outbox = Outbox::new(&mut self.slab, &mut self.records);
        let turn = self.engine.turn(&mut outbox);
        if turn.more {
            // What found no room is there already: no socket would end the next wait.
            self.engine.readiness().wake();
        }
        turn
    }

    fn run(&mut self, job: &Value) -> Outcome<Value> {
        let number = |name: &str| job[name].as_u64().ok_or("a job lacks a number");
        let duration = Duration::from_millis(number("milliseconds")?);
        if job["workload"] == "try-check-out" {
            return self.check_outs(duration);
        }
        let Some(workload) = Workload::of(job) else {
            return Ok(json!({ "unsupported": true }));
        };
        let settle = Duration::from_millis(job["settleMS"].as_u64().unwrap_or_default());
        match job["rate"].as_u64() {
            Some(rate) => self.open_loop(workload, rate, duration, settle),
            None => {
                let concurrency = number("concurrency")? as usize;
                self.closed_loop(workload, concurrency, duration, settle)
            }
        }
    }

    /// Keeps `concurrency` operations in flight until `duration` has passed, from when `settle` has and as many have ended.
    fn closed_loop(
        &mut self,
        workload: Workload,
        concurrency: usize,
        duration: Duration,
        settle: Duration,
    ) -> Outcome<Value> {
        let mut started = Vec::with_capacity(concurrency);
        let mut nanoseconds: Vec<u32> = Vec::with_capacity(1 << 20);
        let settled = Instant::now() + settle;
        for slot in 0..concurrency {
            started.push((Instant::now(), self.begin(slot as u32, workload)));
        }
        let mut ended = 0;
        let mut counting: Option<(Instant, Duration)> = None;
        let mut counted = None;
        while self.engine.in_flight() > 0 {
            let turn = self.turn()?;
            for record in self.records_of(turn) {
                let (since, expected) = started[record[0] as usize];
                self.check(expected, &record)?;
                if counted.is_some() {
                    continue;
                }
                let now = Instant::now();
                ended += 1;
                if let Some((begin, cpu)) = counting {
                    nanoseconds.push((now - since).as_nanos() as u32);
                    if now - begin >= duration {
                        counted = Some((now - begin, cpu_time() - cpu));
                        continue;
                    }
                } else if now >= settled && ended >= concurrency {
                    counting = Some((now, cpu_time()));
                }
                started[record[0] as usize] = (now, self.begin(record[0] as u32, workload));
            }
        }
        let (elapsed, cpu) = counted.ok_or("nothing was counted")?;
        Ok(measured(&mut nanoseconds, elapsed, Some(cpu)))
    }

    /// Starts `rate` operations a second, whether others have ended or not. A latency begins when its operation should have.
    fn open_loop(
        &mut self,
        workload: Workload,
        rate: u64,
        duration: Duration,
        settle: Duration,
    ) -> Outcome<Value> {
        let uncounted = (rate as f64 * settle.as_secs_f64()) as usize;
        let count = uncounted + (rate as f64 * duration.as_secs_f64()) as usize;
        let interval = Duration::from_secs(1) / rate as u32;
        let mut expected = Vec::with_capacity(count);
        let mut nanoseconds = vec![0; count];
        let mut ended = 0;
        let begin = Instant::now();
        let due = |number: usize| begin + interval * number as u32;
        while ended < count {
            while expected.len() < count && Instant::now() >= due(expected.len()) {
                let slot = expected.len() as u32;
                expected.push(self.begin(slot, workload));
            }
            // Nothing wakes this thread for what is due next, so it looks without waiting.
            let turn = self.look();
            for record in self.records_of(turn) {
                let number = record[0] as usize;
                self.check(expected[number], &record)?;
                nanoseconds[number] = (Instant::now() - due(number)).as_nanos() as u32;
                ended += 1;
            }
        }
        let elapsed = due(uncounted).elapsed();
        Ok(measured(&mut nanoseconds[uncounted..], elapsed, None))
    }

    /// A copy: what they ask for is begun while they are read.
    fn records_of(&self, turn: Turn) -> Vec<[i32; Record::WIDTH]> {
        let (records, _) = self.records.as_chunks();
        records[..turn.completions as usize].to_vec()
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

    /// Starts an operation; gives what its reply has to be.
    fn begin(&mut self, slot: u32, workload: Workload) -> Expected {
        let expected = workload.write(&mut self.message, &mut self.numbers);
        let mut invocation = Invocation::new("bench", &self.message.body);
        invocation.sequences = &self.message.documents;
        self.engine.command(self.client, slot, &invocation);
        expected
    }

    /// Checks that a completion is the reply that was asked for.
    fn check(&mut self, expected: Expected, record: &[i32; Record::WIDTH]) -> Outcome<()> {
        let [_, kind, offset, length, ..] = *record;
        let large;
        let bytes = match kind {
            kind::REPLY => &self.slab[offset as usize..][..length as usize],
            kind::LARGE_REPLY => {
                large = self.engine.take_large(offset as u32).unwrap_or_default();
                let start = large.len().saturating_sub(length as usize);
                &large[start..]
            }
            kind => return Err(format!("a completion of kind {kind}").into()),
        };
        match expected.is_met(&Document::new(bytes)?) {
            Some(true) => Ok(()),
            _ => Err("the reply is not what was asked for".into()),
        }
    }
}

/// What the parent is told of a run.
fn measured(nanoseconds: &mut [u32], elapsed: Duration, cpu: Option<Duration>) -> Value {
    nanoseconds.sort_unstable();
    let at = |quantile: f64| {
        let index = (nanoseconds.len() as f64 * quantile) as usize;
        f64::from(nanoseconds[index.min(nanoseconds.len() - 1)]) / 1e6
    };
    json!({
        "operations": nanoseconds.len(),
        "elapsedMS": elapsed.as_secs_f64() * 1e3,
        "cpuMS": cpu.map(|cpu| cpu.as_secs_f64() * 1e3),
        "p50MS": at(0.5),
        "p99MS": at(0.99),
    })
}

/// The processor time of the whole process, every thread.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
