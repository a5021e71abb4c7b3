//! A failing sequence of inputs, made as short as it goes.

use crate::input::Step;
use crate::world::World;
use ferropool_pool::PoolOptions;
use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

/// A pool's life that broke a rule.
pub(crate) struct Failure {
    pub(crate) seed: u64,
    pub(crate) options: PoolOptions,
    pub(crate) steps: Vec<Step>,
    pub(crate) message: String,
}

impl Failure {
    /// Cuts whatever can be cut, then tells the rest step by step.
    pub(crate) fn explain(mut self) -> String {
        // A machine that panics does so at every replay; once is enough to read.
        let hook = panic::take_hook();
        panic::set_hook(Box::new(|_| {}));
        let length = self.steps.len();
        while self.cut() | self.hurry() {}
        let (result, trace) = replay(&self.options, &self.steps, true);
        panic::set_hook(hook);

        format!(
            "seed {}: {}\n{length} inputs, of which {} are needed:\n{trace}{}",
            self.seed,
            self.message,
            self.steps.len(),
            result.err().unwrap_or_default(),
        )
    }

    /// Leaves out steps, many at a time at first. Whether that got anywhere.
    fn cut(&mut self) -> bool {
        let before = self.steps.len();
        let mut size = before.next_power_of_two();
        while size > 0 {
            let mut at = 0;
            while at < self.steps.len() {
                match self.without(at, size) {
                    Some(fewer) => self.steps = fewer,
                    None => at += size,
                }
            }
            size /= 2;
        }
        self.steps.len() < before
    }

    /// The steps without `size` of them, if that fails too; with the time they took if it must be.
    fn without(&self, at: usize, size: usize) -> Option<Vec<Step>> {
        let mut fewer = self.steps.clone();
        let cut = fewer.drain(at..(at + size).min(self.steps.len()));
        let time: i32 = cut.map(|step| step.after).sum();
        let fails = |steps: &[Step]| replay(&self.options, steps, false).0.is_err();
        if fails(&fewer) {
            return Some(fewer);
        }
        fewer.get_mut(at)?.after += time;
        fails(&fewer).then_some(fewer)
    }

    /// Leaves out the time between steps. Whether that got anywhere.
    fn hurry(&mut self) -> bool {
        let mut got_anywhere = false;
        for at in 0..self.steps.len() {
            let after = std::mem::take(&mut self.steps[at].after);
            if after == 0 {
                continue;
            }
            match replay(&self.options, &self.steps, false).0 {
                Err(_) => got_anywhere = true,
                Ok(()) => self.steps[at].after = after,
            }
        }
        got_anywhere
    }
}

/// Runs `steps` and the end that follows every life.
fn replay(options: &PoolOptions, steps: &[Step], traced: bool) -> (Result<(), String>, String) {
    let mut trace = String::new();
    let run = AssertUnwindSafe(|| {
        let mut world = World::new(options.clone(), traced)?;
        let mut run = || {
            for step in steps {
                world.apply(step)?;
            }
            world.wind_down()
        };
        // The trace is wanted even if the machine panics.
        let result = panic::catch_unwind(AssertUnwindSafe(&mut run)).unwrap_or_else(panicked);
        trace = world.trace();
        result
    });
    let result = panic::catch_unwind(run).unwrap_or_else(panicked);
    (result, trace)
}

/// A panic of the machine as the message that it is.
pub(crate) fn panicked(payload: Box<dyn Any + Send>) -> Result<(), String> {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    Err(format!("panicked: {}", text.unwrap_or_default()))
}
