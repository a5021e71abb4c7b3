//! From an input to what it is done to, to the call itself.

use super::{Answer, Conn, Fault, Micros, Target, World};
use crate::input::{Input, Kind};
use crate::observer::{Life, Outcome, StepFacts, Waiting, ensure};
use ferropool_pool::{CheckOut, Clears, Condition, Origin, Request, ServiceId, Status};
use std::time::Duration;

impl World {
    /// What `input` is done to, if there is such a thing.
    pub(super) fn target(&self, input: &Input) -> Option<(Kind, Target)> {
        let hand = |pick: u32, is_ended: bool| {
            let chosen = self.hands.iter().enumerate().filter(|(_, held)| {
                (self.observer.life(held.key.id.0) == Life::Closed) == is_ended
            });
            nth(chosen.map(|(index, _)| index), pick).map(Target::Hand)
        };
        let permit = |pick: u32, is_late: bool| {
            let chosen = self
                .permits
                .iter()
                .enumerate()
                .filter(|(_, key)| (self.observer.life(key.id.0) == Life::Closed) == is_late);
            nth(chosen.map(|(index, _)| index), pick).map(Target::Permit)
        };
        let key = |pick: u32, is_meant: &dyn Fn(Life) -> bool| {
            let start = pick as usize % self.keys.len().max(1);
            let mut keys = self.keys.iter().cycle().skip(start).take(self.keys.len());
            keys.find(|key| is_meant(self.observer.life(key.id.0)))
                .map(|key| Target::Key(*key))
        };
        let (kind, target) = match *input {
            Input::CheckOut { usage: Some(_), .. } => (Kind::CheckOutFor, Some(Target::Nothing)),
            Input::CheckOut { wait: Some(_), .. } => (Kind::CheckOutWithin, Some(Target::Nothing)),
            Input::CheckOut { .. } => (Kind::CheckOut, Some(Target::Nothing)),
            Input::TryCheckOut { .. } => (Kind::TryCheckOut, Some(Target::Nothing)),
            Input::Cancel { pick } => (
                Kind::Cancel,
                nth(0..self.waiting.len(), pick).map(Target::Waiting),
            ),
            Input::CancelLate { pick } => (
                Kind::CancelLate,
                nth(self.late_tickets.iter().copied(), pick).map(Target::Ticket),
            ),
            Input::CheckIn { pick, errored } => {
                let kind = match errored {
                    true => Kind::CheckInErrored,
                    false => Kind::CheckInHealthy,
                };
                (kind, hand(pick, false))
            }
            Input::CheckInEnded { pick, .. } => (Kind::CheckInEnded, hand(pick, true)),
            Input::CheckInForeign => (Kind::CheckInForeign, Some(Target::Nothing)),
            Input::Established { pick, .. } => (Kind::Established, permit(pick, false)),
            Input::EstablishedLate { pick, .. } => (Kind::EstablishedLate, permit(pick, true)),
            Input::Failed { pick, clears: true } => (Kind::FailedClearing, permit(pick, false)),
            Input::Failed { pick, .. } => (Kind::Failed, permit(pick, false)),
            Input::FailedLate { pick, .. } => (Kind::FailedLate, permit(pick, true)),
            Input::Clear {
                interrupt: true, ..
            } => (Kind::ClearInterrupting, Some(Target::Nothing)),
            Input::Clear { .. } => (Kind::Clear, Some(Target::Nothing)),
            Input::ClearService {
                interrupt: true, ..
            } => (Kind::ClearServiceInterrupting, Some(Target::Nothing)),
            Input::ClearService { .. } => (Kind::ClearService, Some(Target::Nothing)),
            Input::Ready => (Kind::Ready, Some(Target::Nothing)),
            Input::Close => (Kind::Close, Some(Target::Nothing)),
            Input::Interrupt => (Kind::Interrupt, Some(Target::Nothing)),
            Input::HungUp { pick } => (Kind::HungUp, key(pick, &|life| life == Life::Available)),
            Input::HungUpLate { pick } => {
                (Kind::HungUpLate, key(pick, &|life| life != Life::Available))
            }
            Input::SetPurpose { pick, .. } => (Kind::SetPurpose, hand(pick, false)),
            Input::SetPurposeLate { pick, .. } => {
                (Kind::SetPurposeLate, key(pick, &|life| life != Life::InUse))
            }
            Input::SetUse { pick, .. } => (Kind::SetUse, hand(pick, false)),
            Input::SetUseLate { pick, .. } => {
                (Kind::SetUseLate, key(pick, &|life| life != Life::InUse))
            }
            Input::Warm { .. } => (Kind::Warm, Some(Target::Nothing)),
            Input::StopWarming { pick } => (
                Kind::StopWarming,
                nth(0..self.observer.floors.len(), pick).map(Target::Floor),
            ),
            Input::Tick => match self.until_tick().is_some_and(|until| until <= 0) {
                true => (Kind::TickDue, Some(Target::Nothing)),
                false => (Kind::TickEarly, Some(Target::Nothing)),
            },
        };
        target.map(|target| (kind, target))
    }

    /// What the observer has to know about the step before it happens.
    pub(super) fn facts(
        &mut self,
        kind: Kind,
        target: Target,
        input: &Input,
    ) -> Result<StepFacts, String> {
        let mut facts = StepFacts::new(kind, self.now);
        let wait_queue_timeout = self.options.wait_queue_timeout;
        let asks = |wait: Option<u32>, usage: Option<u32>, purpose| {
            let wait = wait.map(Micros::from);
            let timeout = wait_queue_timeout.map(|timeout| timeout.as_micros() as Micros);
            Waiting {
                origin: 0,
                since: self.now,
                deadline: wait.or(timeout).map(|wait| self.now + wait),
                use_until: usage.map(|usage| self.now + Micros::from(usage)),
                purpose,
            }
        };
        match *input {
            Input::CheckOut {
                wait,
                usage,
                purpose,
            } => facts.asks = Some(asks(wait, usage, purpose)),
            Input::TryCheckOut { usage, purpose } => facts.asks = Some(asks(None, usage, purpose)),
            Input::SetPurpose { purpose, .. } => {
                let Target::Hand(index) = target else {
                    return Err("no hand".to_owned());
                };
                let id = self.hands[index].key.id.0;
                if let Some(connection) = self.observer.connection(id) {
                    connection.purpose = purpose;
                }
            }
            Input::SetUse { usage, .. } => {
                let Target::Hand(index) = target else {
                    return Err("no hand".to_owned());
                };
                let id = self.hands[index].key.id.0;
                if let Some(connection) = self.observer.connection(id) {
                    connection.use_until = usage.map(|usage| self.now + Micros::from(usage));
                }
            }
            Input::Warm { connections } => self.observer.floors.push(connections),
            Input::CheckIn { errored: true, .. }
            | Input::CheckInEnded { errored: true, .. }
            | Input::Failed { .. }
            | Input::FailedLate { .. }
            | Input::HungUp { .. }
            | Input::HungUpLate { .. }
            | Input::Clear { caused: true, .. } => {
                self.next_fault += 1;
                facts.fault = Some(Fault(self.next_fault));
            }
            Input::ClearService { service, .. } => facts.service = Some(service_id(service)),
            Input::Established { service, .. } | Input::EstablishedLate { service, .. } => {
                facts.service = self.options.load_balanced.then(|| service_id(service));
            }
            _ => {}
        }
        if let Some(asks) = &mut facts.asks {
            self.next_origin += 1;
            asks.origin = self.next_origin;
        }
        facts.connection = match target {
            Target::Hand(index) => Some(self.hands[index].key.id.0),
            Target::Permit(index) => Some(self.permits[index].id.0),
            Target::Key(key) => Some(key.id.0),
            Target::Nothing | Target::Waiting(_) | Target::Ticket(_) | Target::Floor(_) => None,
        };
        if let Target::Waiting(index) = target {
            facts.cancelled = Some(self.waiting[index].1);
        }
        if let (Kind::Established | Kind::EstablishedLate, Some(id)) = (kind, facts.connection) {
            let Conn(number) = self.places.make();
            if let Some(connection) = self.observer.connection(id) {
                connection.number = Some(number);
            }
        }
        Ok(facts)
    }

    /// The call itself.
    pub(super) fn act(&mut self, target: Target, input: &Input) -> Result<Answer, String> {
        let now = self.base + Duration::from_micros(self.now);
        let effects = &mut self.effects;
        let fault = Fault(self.next_fault);
        let state = &mut self.state;
        let origin = self.next_origin;
        let instant = |after: Option<u32>| Some(now + Duration::from_micros(after?.into()));
        let request = |wait: Option<u32>, usage: Option<u32>, purpose| Request {
            purpose,
            origin: Origin(origin),
            wait_until: instant(wait),
            use_until: instant(usage),
        };
        let answer = match (*input, target) {
            (
                Input::CheckOut {
                    wait,
                    usage,
                    purpose,
                },
                _,
            ) => Answer::CheckOut(state.check_out(
                &request(wait, usage, purpose),
                || origin,
                now,
                effects,
            )),
            (Input::TryCheckOut { usage, purpose }, _) => {
                match state.try_check_out(&request(None, usage, purpose), now, effects) {
                    Ok(Some(taken)) => Answer::CheckOut(CheckOut::Taken(taken)),
                    Ok(None) => Answer::Nothing,
                    Err(error) => {
                        let outcome = Outcome::of_error(&error);
                        ensure!(
                            outcome == Outcome::PoolClosed
                                && self.observer.status == Status::Closed,
                            "refused with {outcome:?}"
                        );
                        Answer::Nothing
                    }
                }
            }
            (Input::Cancel { .. }, Target::Waiting(index)) => {
                Answer::Waiter(state.cancel(self.waiting[index].0, now))
            }
            (Input::CancelLate { .. }, Target::Ticket(ticket)) => {
                Answer::Waiter(state.cancel(ticket, now))
            }
            (
                Input::CheckIn { errored, .. } | Input::CheckInEnded { errored, .. },
                Target::Hand(index),
            ) => {
                let held = self.hands.swap_remove(index);
                self.places.hand_in(held.connection.0)?;
                let condition = match errored {
                    true => Condition::Errored(fault),
                    false => Condition::Healthy,
                };
                Answer::CheckIn(state.check_in(held, condition, || now, effects))
            }
            (Input::CheckInForeign, _) => {
                let held = self.foreign.take().ok_or("no foreign connection")?;
                Answer::CheckIn(state.check_in(held, Condition::Healthy, || now, effects))
            }
            (
                Input::Established { service, .. } | Input::EstablishedLate { service, .. },
                Target::Permit(index),
            ) => {
                let key = self.permits.swap_remove(index);
                let number = self.observer.connection(key.id.0).and_then(|c| c.number);
                let connection = Conn(number.ok_or("no number")?);
                let service = self.options.load_balanced.then(|| service_id(service));
                state.established(key, connection, service, now, effects);
                Answer::Nothing
            }
            (
                Input::Failed { clears, .. } | Input::FailedLate { clears, .. },
                Target::Permit(index),
            ) => {
                let key = self.permits.swap_remove(index);
                let clears = if clears {
                    Clears::Pool
                } else {
                    Clears::Nothing
                };
                state.establishment_failed(key, fault, clears, now, effects);
                Answer::Nothing
            }
            (Input::Clear { interrupt, caused }, _) => {
                state.clear(caused.then_some(fault), interrupt, None, now, effects);
                Answer::Nothing
            }
            (Input::ClearService { service, interrupt }, _) => {
                state.clear(None, interrupt, Some(service_id(service)), now, effects);
                Answer::Nothing
            }
            (Input::Ready, _) => {
                state.ready(now, effects);
                Answer::Nothing
            }
            (Input::Close, _) => {
                state.close(now, effects);
                Answer::Nothing
            }
            (Input::Interrupt, _) => Answer::Interrupted(state.interrupt(now, effects)),
            (Input::HungUp { .. } | Input::HungUpLate { .. }, Target::Key(key)) => {
                Answer::HungUp(state.hung_up(key, fault, now, effects))
            }
            (Input::SetPurpose { purpose, .. }, Target::Hand(index)) => {
                state.set_purpose(self.hands[index].key, purpose);
                Answer::Nothing
            }
            (Input::SetPurposeLate { purpose, .. }, Target::Key(key)) => {
                state.set_purpose(key, purpose);
                Answer::Nothing
            }
            (Input::SetUse { usage, .. }, Target::Hand(index)) => {
                state.set_use_until(self.hands[index].key, instant(usage));
                Answer::Nothing
            }
            (Input::SetUseLate { usage, .. }, Target::Key(key)) => {
                state.set_use_until(key, instant(usage));
                Answer::Nothing
            }
            (Input::Warm { connections }, _) => {
                state.warm(connections, now, effects);
                Answer::Nothing
            }
            (Input::StopWarming { .. }, Target::Floor(index)) => {
                state.stop_warming(self.observer.floors.swap_remove(index));
                Answer::Nothing
            }
            (Input::Tick, _) => {
                state.tick(now, effects);
                Answer::Nothing
            }
            _ => return Err("BUG: an input without its target".to_owned()),
        };
        Ok(answer)
    }
}

fn nth<T>(items: impl Iterator<Item = T> + Clone, pick: u32) -> Option<T> {
    let mut items = items;
    match items.clone().count() {
        0 => None,
        count => items.nth(pick as usize % count),
    }
}

fn service_id(service: u32) -> ServiceId {
    ServiceId([service as u8 + 1; 12])
}
