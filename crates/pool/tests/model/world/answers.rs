//! What comes back is what the events said.

use super::{Answer, Model, World};
use crate::input::Kind;
use crate::observer::{Expected, Outcome, ensure};
use ferropool_pool::{CheckIn, CheckOut, CheckedOut, Effects, Ended};
use std::sync::Arc;

impl World {
    pub(super) fn match_answer(
        &mut self,
        answer: Answer,
        origin: Option<u32>,
    ) -> Result<(), String> {
        let expected = self.observer.expected.answer;
        let is_answered = expected.is_some();
        match (answer, origin) {
            (Answer::CheckOut(CheckOut::Queued(ticket)), Some(origin)) => {
                ensure!(expected.is_none(), "queued in spite of {expected:?}");
                self.waiting.push((ticket, origin));
            }
            (Answer::CheckOut(CheckOut::Refused(error)), _) => {
                let outcome = Outcome::of_error(&error);
                ensure!(
                    expected == Some(outcome),
                    "{outcome:?} instead of {expected:?}"
                );
            }
            (Answer::CheckOut(CheckOut::Taken(taken)), _) => {
                let outcome = Outcome::Taken(taken.key.id.0);
                ensure!(
                    expected == Some(outcome),
                    "{outcome:?} instead of {expected:?}"
                );
                self.take(taken)?;
            }
            (answer, _) => {
                ensure!(expected.is_none(), "no answer, but {expected:?}");
                self.match_other(answer)?;
            }
        }
        self.observer.check_complete(is_answered)
    }

    fn match_other(&mut self, answer: Answer) -> Result<(), String> {
        let step = self.observer.step();
        let (kind, named, cancelled) = (step.kind, step.connection, step.cancelled);
        match answer {
            Answer::CheckIn(Err(foreign)) => {
                ensure!(kind == Kind::CheckInForeign, "a connection is refused");
                self.foreign = Some(foreign);
            }
            Answer::CheckIn(Ok(checked_in)) => {
                let id = named.ok_or("a foreign connection is taken")?;
                let ended: Option<Ended> = self.observer.connection(id).and_then(|c| c.ended);
                let expected = ended.map_or(CheckIn::CheckedIn, CheckIn::Ended);
                ensure!(
                    checked_in == expected,
                    "{checked_in:?} instead of {expected:?}"
                );
            }
            Answer::Waiter(waiter) => {
                ensure!(
                    waiter == cancelled,
                    "cancelled {waiter:?} instead of {cancelled:?}"
                );
                if let Some(origin) = cancelled {
                    self.forget_waiting(origin)?;
                }
            }
            Answer::HungUp(was_available) => ensure!(
                was_available == (kind == Kind::HungUp),
                "hung up: {was_available}"
            ),
            Answer::Interrupted(count) => ensure!(
                count as usize == self.observer.expected.sever.len(),
                "{count} interrupted"
            ),
            Answer::CheckOut(_) | Answer::Nothing => {}
        }
        Ok(())
    }

    /// The effects are what the events said, in the same order.
    pub(super) fn match_effects(&mut self) -> Result<(), String> {
        let expected = std::mem::take(&mut self.observer.expected);
        let mut effects = std::mem::take(&mut self.effects);
        let result = self.match_each(&mut effects, &expected);
        // Given back for their buffers.
        (self.observer.expected, self.effects) = (expected, effects);
        result
    }

    fn match_each(
        &mut self,
        effects: &mut Effects<Model>,
        expected: &Expected,
    ) -> Result<(), String> {
        ensure!(
            effects.settled.len() == expected.settled.len(),
            "{} waiters are told instead of {}",
            effects.settled.len(),
            expected.settled.len()
        );
        for ((waiter, result), expected) in effects.settled.drain(..).zip(&expected.settled) {
            let outcome = match &result {
                Ok(taken) => Outcome::Taken(taken.key.id.0),
                Err(error) => Outcome::of_error(error),
            };
            ensure!(
                *expected == (waiter, outcome),
                "waiter {waiter} is told {outcome:?} instead of {expected:?}"
            );
            self.forget_waiting(waiter)?;
            if let Ok(taken) = result {
                self.take(taken)?;
            }
        }

        ensure!(
            effects.establish.len() == expected.establish.len(),
            "handshakes to start differ from the connections created"
        );
        for (started, id) in effects.establish.drain(..).zip(&expected.establish) {
            ensure!(started.key.id.0 == *id, "another handshake is to start");
            let connection = self.observer.connection(*id).ok_or("unknown")?;
            connection.link = Some(started.link);
            self.keys.push(started.key);
            self.permits.push(started.key);
        }

        ensure!(
            effects.sever.len() == expected.sever.len(),
            "links to sever differ from the connections ended"
        );
        for (link, id) in effects.sever.drain(..).zip(&expected.sever) {
            let connection = self.observer.connection(*id).ok_or("unknown")?;
            let own = connection.link.take();
            ensure!(
                own.is_some_and(|own| Arc::ptr_eq(&own, &link)),
                "the link of connection {id} is not severed, or twice"
            );
        }

        ensure!(
            effects.close.len() == expected.close.len(),
            "connections to drop differ from those closed"
        );
        for (connection, number) in effects.close.drain(..).zip(&expected.close) {
            ensure!(connection.0 == *number, "another connection is dropped");
            self.places.close(*number)?;
        }
        Ok(())
    }

    /// A connection comes into the user's hands.
    fn take(&mut self, taken: CheckedOut<Model>) -> Result<(), String> {
        let id = taken.key.id.0;
        let connection = self.observer.connection(id).ok_or("unknown")?;
        ensure!(
            connection.number == Some(taken.connection.0)
                && connection.generation == taken.generation,
            "connection {id} is another one now"
        );
        self.places.hand_out(taken.connection.0)?;
        self.hands.push(taken);
        Ok(())
    }

    fn forget_waiting(&mut self, origin: u32) -> Result<(), String> {
        let position = self.waiting.iter().position(|(_, other)| *other == origin);
        let position = position.ok_or("somebody is told who does not wait")?;
        self.late_tickets.push(self.waiting.remove(position).0);
        Ok(())
    }
}
