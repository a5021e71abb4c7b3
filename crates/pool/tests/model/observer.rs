//! An observer that believes nothing: it follows the pool by its events and by what was done to it,
//! keeps counts and lists of its own, and compares.

mod events;
mod invariants;

use crate::input::Kind;
use crate::pairs::Situation;
use crate::world::{Fault, Micros};
use ferropool_pool::{
    Background, CheckOutError, Counters, Ended, Link, PoolOptions, Purpose, ServiceId, Status,
};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Fails the step with what did not hold.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!($($message)+));
        }
    };
}
pub(crate) use ensure;

/// How long population rests after a failure that did not clear the pool.
const POPULATION_REST: Micros = 500_000;

/// For how long the end of a handshake can put off the next one, in milliseconds.
const LONGEST_LULL: Micros = 20;

pub(crate) struct Observer {
    options: PoolOptions,
    base: Instant,
    pub(crate) status: Status,
    cause: Option<Fault>,
    last_clear: Option<(Micros, Option<Fault>)>,
    generation: u32,
    services: Vec<(ServiceId, u32, u32)>,
    /// By number, from 1.
    connections: Vec<Connection>,
    pub(crate) pending: Vec<u64>,
    /// Most recently used last.
    pub(crate) available: Vec<u64>,
    pub(crate) in_use: Vec<u64>,
    /// Established or checked in, and not yet with a waiter, available or closed.
    arrived: Option<u64>,
    pub(crate) queue: VecDeque<Waiting>,
    next_run: Option<Micros>,
    rest: Option<Micros>,
    /// Until when nothing is established for waiters, and whether there may be another such time.
    lull: Option<Micros>,
    may_lull: bool,
    /// What those who warm the pool ask for.
    pub(crate) floors: Vec<u32>,
    counters: Counters,
    has_begun: bool,
    step: StepFacts,
    pub(crate) expected: Expected,
}

/// One of the pool's connections as its events tell.
pub(crate) struct Connection {
    life: Life,
    pub(crate) generation: u32,
    service: Option<ServiceId>,
    created: Micros,
    /// When it entered the state it is in.
    since: Micros,
    pub(crate) purpose: Purpose,
    pub(crate) use_until: Option<Micros>,
    /// Why its use was ended before it came back.
    pub(crate) ended: Option<Ended>,
    /// Which mock connection it is, once established.
    pub(crate) number: Option<u32>,
    pub(crate) link: Option<Arc<Link>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Pending,
    Available,
    InUse,
    Returned,
    Closed,
}

/// A check-out that has started and not ended.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) origin: u32,
    pub(crate) since: Micros,
    pub(crate) deadline: Option<Micros>,
    pub(crate) use_until: Option<Micros>,
    pub(crate) purpose: Purpose,
}

/// What is done in this step.
pub(crate) struct StepFacts {
    pub(crate) kind: Kind,
    pub(crate) now: Micros,
    /// The connection that the input names.
    pub(crate) connection: Option<u64>,
    /// The error that the input brings.
    pub(crate) fault: Option<Fault>,
    /// The service that the input names.
    pub(crate) service: Option<ServiceId>,
    /// The check-out that the input is.
    pub(crate) asks: Option<Waiting>,
    /// The waiter that the input takes out.
    pub(crate) cancelled: Option<u32>,
    /// Background work is part of it.
    runs: bool,
    has_started: bool,
    /// The waiter that an establishment fails.
    victim: Option<Waiting>,
    is_victim_due: bool,
    /// The event without which the step is not complete.
    awaited: Option<&'static str>,
}

/// What has to be in the effects and the answer, in this order.
#[derive(Default)]
pub(crate) struct Expected {
    /// How the check-out that the input is ended, if it did at once.
    pub(crate) answer: Option<Outcome>,
    pub(crate) settled: Vec<(u32, Outcome)>,
    pub(crate) establish: Vec<u64>,
    pub(crate) sever: Vec<u64>,
    pub(crate) close: Vec<u32>,
}

/// How a check-out ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Taken(u64),
    PoolClosed,
    PoolCleared(Option<Fault>),
    Timeout,
    Connection(Fault),
    Cancelled,
}

impl Outcome {
    pub(crate) fn of_error(error: &CheckOutError<Fault>) -> Self {
        match error {
            CheckOutError::PoolClosed => Self::PoolClosed,
            CheckOutError::PoolCleared { cause } => Self::PoolCleared(*cause),
            CheckOutError::Timeout(_) => Self::Timeout,
            CheckOutError::Connection(fault) => Self::Connection(*fault),
            CheckOutError::Cancelled => Self::Cancelled,
        }
    }
}

impl StepFacts {
    pub(crate) fn new(kind: Kind, now: Micros) -> Self {
        Self {
            kind,
            now,
            connection: None,
            fault: None,
            service: None,
            asks: None,
            cancelled: None,
            runs: false,
            has_started: false,
            victim: None,
            is_victim_due: false,
            awaited: None,
        }
    }
}

impl Observer {
    pub(crate) fn new(options: PoolOptions, base: Instant) -> Self {
        Self {
            options,
            base,
            status: Status::Paused,
            cause: None,
            last_clear: None,
            generation: 0,
            services: Vec::new(),
            connections: Vec::new(),
            pending: Vec::new(),
            available: Vec::new(),
            in_use: Vec::new(),
            arrived: None,
            queue: VecDeque::new(),
            next_run: None,
            rest: None,
            lull: None,
            may_lull: true,
            floors: Vec::new(),
            counters: Counters::default(),
            has_begun: false,
            step: StepFacts::new(Kind::TickEarly, 0),
            expected: Expected::default(),
        }
    }

    pub(crate) fn situation(&self) -> Situation {
        Situation {
            status: self.status,
            waiters: !self.queue.is_empty(),
            available: !self.available.is_empty(),
            pending: !self.pending.is_empty(),
            in_use: !self.in_use.is_empty(),
        }
    }

    pub(crate) fn connection(&mut self, id: u64) -> Option<&mut Connection> {
        self.connections.get_mut(id.checked_sub(1)? as usize)
    }

    pub(crate) fn step(&self) -> &StepFacts {
        &self.step
    }

    pub(crate) fn life(&self, id: u64) -> Life {
        self.at(id).life
    }

    /// What the input changes whether or not an event tells of it.
    pub(crate) fn begin(&mut self, step: StepFacts) {
        self.step = step;
        self.expected.answer = None;
        self.expected.settled.clear();
        self.expected.establish.clear();
        self.expected.sever.clear();
        self.expected.close.clear();
        let (now, connection) = (self.step.now, self.step.connection);
        let is_open = self.status != Status::Closed;
        match self.step.kind {
            Kind::CheckInHealthy | Kind::CheckInErrored => self.step.awaited = Some("CheckedIn"),
            Kind::CheckInEnded | Kind::EstablishedLate => {
                let number = connection.and_then(|id| self.at(id).number);
                self.expected.close.extend(number);
            }
            Kind::Established => {
                self.rest = None;
                self.step.awaited = Some("ConnectionReady");
            }
            Kind::Failed | Kind::FailedClearing => {
                if self.queue.len() > self.pending.len() - 1 {
                    self.step.victim = self.queue.pop_front();
                }
                match self.step.kind {
                    Kind::FailedClearing => self.clear_all(),
                    _ => self.rest = Some(now + POPULATION_REST),
                }
            }
            Kind::Clear | Kind::ClearInterrupting if is_open => self.clear_all(),
            Kind::ClearService | Kind::ClearServiceInterrupting if is_open => {
                let service = self.step.service;
                for (id, generation, _) in &mut self.services {
                    *generation += u32::from(Some(*id) == service);
                }
                self.last_clear = Some((now, self.step.fault));
                self.step.awaited = Some("PoolCleared");
                self.run();
            }
            Kind::Ready if self.status == Status::Paused => {
                self.rest = None;
                self.step.awaited = Some("PoolReady");
                self.run();
            }
            Kind::Close if is_open => {
                (self.rest, self.next_run, self.lull) = (None, None, None);
                self.step.awaited = Some("PoolClosed");
            }
            Kind::HungUp => self.step.awaited = Some("ConnectionClosed"),
            Kind::TickDue | Kind::TickEarly => {
                if self.rest.is_some_and(|at| at <= now) {
                    self.rest = None;
                }
                if self.lull.is_some_and(|at| at <= now) {
                    self.lull = None;
                }
                if self.next_run.is_some_and(|at| at <= now) {
                    self.run();
                }
            }
            _ => {}
        }
    }

    fn clear_all(&mut self) {
        if self.status == Status::Ready {
            self.step.awaited = Some("PoolCleared");
        }
        self.generation += 1;
        self.rest = None;
        self.cause = self.step.fault;
        self.last_clear = Some((self.step.now, self.step.fault));
        self.run();
    }

    fn run(&mut self) {
        if let Background::Every(interval) = self.options.background {
            self.next_run = Some(self.step.now + interval.as_micros() as Micros);
            self.step.runs = true;
        }
    }

    /// When a tick is due, from the lists kept here.
    pub(crate) fn next_tick(&self) -> Option<Micros> {
        let waits = self.queue.iter().filter_map(|waiting| waiting.deadline);
        let uses = self.in_use.iter().filter_map(|id| self.at(*id).use_until);
        let reap = match (self.options.background, self.options.max_idle_time) {
            (Background::Driven, Some(limit)) => self
                .available
                .first()
                .map(|id| self.at(*id).since + limit.as_micros() as Micros + 1_000),
            _ => None,
        };
        waits
            .chain(uses)
            .chain(reap)
            .chain(self.next_run)
            .chain(self.rest)
            .chain(self.lull)
            .min()
    }

    /// Whether there are as many connections as there should be at rest.
    pub(crate) fn is_populated(&self) -> bool {
        let most = self.options.max_pool_size.unwrap_or(u32::MAX);
        match self.options.background {
            Background::Driven => self.total() >= self.floor().min(most),
            // What one run populates may be idle before the next run adds to it.
            Background::Every(_) if self.options.max_idle_time.is_some() => true,
            Background::Every(_) => self.total() >= self.options.min_pool_size,
            Background::Never => true,
        }
    }

    /// How many connections the pool is populated with in this step.
    fn floor(&self) -> u32 {
        let warming = self.floors.iter().copied().max().unwrap_or(0);
        match self.populates() {
            true => warming.max(self.options.min_pool_size),
            false => warming,
        }
    }

    fn populates(&self) -> bool {
        match self.options.background {
            Background::Driven => true,
            Background::Every(_) => self.step.runs,
            Background::Never => false,
        }
    }

    /// Whether what is in use is waited for, in place of another connection.
    fn lulls(&self) -> bool {
        self.lull.is_some_and(|at| at > self.step.now) && !self.in_use.is_empty()
    }

    /// A connection was established or has come back, and goes to a waiter or becomes available.
    fn connection_came(&mut self, id: u64) {
        if self.at(id).life == Life::Returned {
            self.may_lull = true;
            return;
        }
        let handshake = self.step.now.saturating_sub(self.at(id).created);
        let lull = (handshake / 8_000).min(LONGEST_LULL);
        if self.may_lull
            && lull > 0
            && !self.queue.is_empty()
            && self.options.background == Background::Driven
        {
            self.may_lull = false;
            self.lull = Some(self.step.now + lull * 1_000);
        }
    }

    fn fault(&self) -> Result<Fault, String> {
        self.step
            .fault
            .ok_or("the input brings no error".to_owned())
    }

    fn total(&self) -> u32 {
        let held = self.pending.len() + self.available.len() + self.in_use.len();
        held as u32 + u32::from(self.arrived.is_some())
    }

    fn is_stale(&self, id: u64) -> bool {
        let connection = self.at(id);
        let current = match connection.service {
            None => self.generation,
            Some(service) => {
                let entry = self.services.iter().find(|(id, ..)| *id == service);
                entry.map_or(0, |(_, generation, _)| *generation)
            }
        };
        connection.generation != current
    }

    fn is_idle(&self, id: u64) -> bool {
        let idle = self.since(self.at(id).since);
        self.options.max_idle_time.is_some_and(|limit| idle > limit)
    }

    fn since(&self, then: Micros) -> Duration {
        Duration::from_micros(self.step.now.saturating_sub(then))
    }

    fn instant(&self, at: Micros) -> Instant {
        self.base + Duration::from_micros(at)
    }

    fn at(&self, id: u64) -> &Connection {
        &self.connections[id as usize - 1]
    }

    fn at_mut(&mut self, id: u64) -> &mut Connection {
        &mut self.connections[id as usize - 1]
    }
}
