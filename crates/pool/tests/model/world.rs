//! Whoever uses the pool: it holds connections, permits and tickets, and hands every output of the
//! machine to the observer.

mod answers;
mod calls;

use crate::input::{Input, Kind, Step};
use crate::observer::{Observer, ensure};
use crate::pairs::Situation;
use crate::places::Places;
use ferropool_pool::{
    Background, CheckIn, CheckOut, CheckedOut, Effects, Event, Key, PoolOptions, Purpose, Request,
    State, Status, Ticket, Types,
};
use std::fmt::Write;
use std::time::Instant;

/// Microseconds since the beginning.
pub(crate) type Micros = u64;

pub(crate) struct Model;

/// A mock connection. Its number says which.
#[derive(Debug)]
pub(crate) struct Conn(pub(crate) u32);

/// An error, of which there is one of each number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault(pub(crate) u32);

impl Types for Model {
    type Connection = Conn;
    /// The check-out's number, which is its origin's too.
    type Waiter = u32;
    type Error = Fault;

    fn abandoned() -> Fault {
        unreachable!("BUG: the model drops no permit")
    }
}

pub(crate) struct World {
    state: State<Model>,
    options: PoolOptions,
    base: Instant,
    now: Micros,
    effects: Effects<Model>,
    events: Vec<Event<Fault>>,
    observer: Observer,
    places: Places,
    /// Check-outs that were told to wait.
    waiting: Vec<(Ticket, u32)>,
    hands: Vec<CheckedOut<Model>>,
    /// Connections to be established, whether or not the pool still wants them.
    permits: Vec<Key>,
    /// Tickets of those who no longer wait.
    late_tickets: Vec<Ticket>,
    /// The keys of all connections there ever were.
    keys: Vec<Key>,
    foreign: Option<CheckedOut<Model>>,
    next_origin: u32,
    next_fault: u32,
    /// What was done, where somebody wants to read it.
    trace: Option<String>,
}

/// What an input was, and what it was done to.
pub(crate) type Pair = (Situation, Kind);

/// What an input is applied to.
#[derive(Clone, Copy)]
enum Target {
    Nothing,
    Waiting(usize),
    Hand(usize),
    Permit(usize),
    Floor(usize),
    Key(Key),
    Ticket(Ticket),
}

/// What the machine answered, as far as it is not in the effects.
enum Answer {
    Nothing,
    CheckOut(CheckOut<Model>),
    CheckIn(Result<CheckIn, CheckedOut<Model>>),
    Waiter(Option<u32>),
    HungUp(bool),
    Interrupted(u32),
}

impl World {
    pub(crate) const SERVICES: u32 = 3;

    /// How many check-outs there are at most at a time, which is more than a pool has room for.
    const CROWD: usize = 10;

    pub(crate) fn new(options: PoolOptions, traced: bool) -> Result<Self, String> {
        let base = Instant::now();
        let mut state = State::new(options.clone(), base);
        state.subscribe(true);
        let mut world = Self {
            observer: Observer::new(options.clone(), base),
            trace: traced.then(|| format!("{options:?}\n")),
            state,
            options,
            base,
            now: 0,
            effects: Effects::new(),
            events: Vec::new(),
            places: Places::default(),
            waiting: Vec::new(),
            hands: Vec::new(),
            permits: Vec::new(),
            late_tickets: Vec::new(),
            keys: Vec::new(),
            foreign: foreign(base),
            next_origin: 0,
            next_fault: 0,
        };
        world.observe()?;
        Ok(world)
    }

    /// Until the next tick is due; negative if it is overdue.
    pub(crate) fn until_tick(&self) -> Option<i32> {
        let at = self.observer.next_tick()?;
        Some((at as i64 - self.now as i64) as i32)
    }

    pub(crate) fn situation(&self) -> Situation {
        self.observer.situation()
    }

    pub(crate) fn trace(&mut self) -> String {
        self.trace.take().unwrap_or_default()
    }

    /// Whether there is anything that an input of `kind` could name.
    pub(crate) fn is_applicable(&self, kind: Kind) -> bool {
        match kind {
            Kind::CheckOut | Kind::CheckOutWithin | Kind::CheckOutFor => {
                self.observer.queue.len() + self.hands.len() < Self::CROWD
            }
            Kind::TryCheckOut => self.hands.len() < Self::CROWD,
            Kind::Cancel => !self.waiting.is_empty(),
            Kind::CancelLate => !self.late_tickets.is_empty(),
            Kind::CheckInHealthy | Kind::CheckInErrored => !self.observer.in_use.is_empty(),
            Kind::SetPurpose | Kind::SetUse => !self.observer.in_use.is_empty(),
            Kind::Warm => self.observer.floors.len() < 3,
            Kind::StopWarming => !self.observer.floors.is_empty(),
            Kind::CheckInEnded => self.hands.len() > self.observer.in_use.len(),
            Kind::Established => !self.observer.pending.is_empty(),
            Kind::Failed => !self.observer.pending.is_empty(),
            // SDAM: behind a load balancer a failed establishment marks nothing.
            Kind::FailedClearing => {
                !self.observer.pending.is_empty() && !self.options.load_balanced
            }
            Kind::EstablishedLate | Kind::FailedLate => {
                self.permits.len() > self.observer.pending.len()
            }
            Kind::Clear | Kind::ClearInterrupting => !self.options.load_balanced,
            Kind::ClearService | Kind::ClearServiceInterrupting => self.options.load_balanced,
            Kind::HungUp => !self.observer.available.is_empty(),
            Kind::HungUpLate => self.keys.len() > self.observer.available.len(),
            Kind::SetPurposeLate | Kind::SetUseLate => self.keys.len() > self.observer.in_use.len(),
            Kind::TickDue => self.observer.next_tick().is_some(),
            Kind::TickEarly => self.until_tick().is_none_or(|until| until > 0),
            Kind::CheckInForeign | Kind::Ready | Kind::Close | Kind::Interrupt => true,
        }
    }

    /// Does what `step` says and checks everything. `None` if there is nothing to do it to.
    pub(crate) fn apply(&mut self, step: &Step) -> Result<Option<Pair>, String> {
        self.now = self.now.saturating_add_signed(i64::from(step.after));
        let Some((kind, target)) = self.target(&step.input) else {
            return Ok(None);
        };
        let situation = self.observer.situation();
        if let Some(trace) = &mut self.trace {
            let _ = writeln!(trace, "{:>9} {kind:?} {:?}", self.now, step.input);
        }
        let facts = self.facts(kind, target, &step.input)?;
        let origin = facts.asks.as_ref().map(|asks| asks.origin);
        self.observer.begin(facts);
        let answer = self.act(target, &step.input)?;
        self.observe()?;
        self.observer.settle()?;
        self.match_answer(answer, origin)?;
        self.match_effects()?;
        let in_pool = self.places.in_pool();
        ensure!(
            in_pool == self.observer.available.len(),
            "{in_pool} connections are where only the available ones should be"
        );
        self.observer.check(&self.state)?;
        for held in &self.hands {
            let id = held.key.id.0;
            let ended = self.observer.connection(id).and_then(|c| c.ended);
            ensure!(
                self.state.ended(held.key) == ended,
                "connection {id} is not ended as {ended:?}"
            );
        }
        Ok(Some((situation, kind)))
    }

    /// Lets everybody finish: at rest nobody waits, minPoolSize is reached, and after a close
    /// nothing is left.
    pub(crate) fn wind_down(&mut self) -> Result<(), String> {
        let mut rounds = 0;
        while self.observer.status != Status::Closed {
            let next = [
                Input::Ready,
                Input::Established {
                    pick: 0,
                    service: 0,
                },
                Input::CheckIn {
                    pick: 0,
                    errored: false,
                },
                Input::CheckInEnded {
                    pick: 0,
                    errored: false,
                },
            ]
            .into_iter()
            .find(|input| match input {
                Input::Ready => self.observer.status == Status::Paused,
                Input::Established { .. } => !self.observer.pending.is_empty(),
                Input::CheckIn { .. } => !self.observer.in_use.is_empty(),
                _ => self.hands.len() > self.observer.in_use.len(),
            });
            let step = match (next, self.until_tick()) {
                (Some(input), _) => Step { after: 7, input },
                (None, _) if self.observer.is_populated() => break,
                (None, Some(until)) => Step {
                    after: until.max(0),
                    input: Input::Tick,
                },
                (None, None) => return Err("minPoolSize will never be reached".to_owned()),
            };
            self.apply(&step)?;
            rounds += 1;
            ensure!(rounds < 1_000, "the pool does not come to rest");
        }
        ensure!(self.observer.queue.is_empty(), "somebody waits at rest");
        self.apply(&Step {
            after: 0,
            input: Input::Close,
        })?;
        let returned = |errored| Input::CheckIn { pick: 0, errored };
        let ended = |errored| Input::CheckInEnded { pick: 0, errored };
        while !self.hands.is_empty() {
            for input in [returned(false), returned(true), ended(true)] {
                self.apply(&Step { after: 1, input })?;
            }
        }
        while !self.permits.is_empty() {
            let (pick, service, clears) = (0, 0, true);
            let late = [
                Input::EstablishedLate { pick, service },
                Input::FailedLate { pick, clears },
            ];
            for input in late {
                self.apply(&Step { after: 1, input })?;
            }
        }
        ensure!(self.places.in_pool() == 0, "a connection is lost");
        ensure!(
            self.state.next_tick().is_none(),
            "a drained pool has something to do"
        );
        self.observer.check_end()
    }

    fn observe(&mut self) -> Result<(), String> {
        self.events.clear();
        self.state.drain_events(|event| self.events.push(event));
        for event in &self.events {
            if let Some(trace) = &mut self.trace {
                let _ = writeln!(trace, "              {:?}", event.kind);
            }
            self.observer.see(event)?;
        }
        Ok(())
    }
}

/// A connection of some other pool.
fn foreign(now: Instant) -> Option<CheckedOut<Model>> {
    let options = PoolOptions {
        min_pool_size: 1,
        background: Background::Driven,
        ..PoolOptions::default()
    };
    let mut effects = Effects::new();
    let mut state = State::<Model>::new(options, now);
    state.ready(now, &mut effects);
    let key = effects.establish.pop()?.key;
    state.established(key, Conn(u32::MAX), None, now, &mut effects);
    let request = Request::new(Purpose::Operation);
    state.try_check_out(&request, now, &mut effects).ok()?
}
