//! The state machine under random sequences of inputs, in virtual time.
//!
//! A seed is at least 600 inputs to one small pool after another. After every input an observer,
//! which keeps its own lists, checks everything that the machine lets out: events, effects,
//! answers, counts, the next tick. Every pool is brought to rest and closed in the end.
//!
//! `FERROPOOL_SEEDS` says how many seeds: by default 100,000 where `CI` is `true`, 10,000 elsewhere.
//! Every pair of a state and an input that can occur has to occur 1,000 times in 100,000 seeds, and
//! in proportion in fewer. `FERROPOOL_SEED` runs one seed alone. A failing seed is cut down to the
//! inputs it needs and told step by step.

mod input;
mod observer;
mod pairs;
mod places;
mod random;
mod shrink;
mod world;

use input::{Temper, options};
use pairs::Pairs;
use random::Random;
use shrink::{Failure, panicked};
use std::env;
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;
use world::World;

const INPUTS_PER_SEED: u64 = 600;
const THREADS: u64 = 2;

#[test]
fn every_invariant_holds_after_every_input() {
    if let Some(seed) = number("FERROPOOL_SEED") {
        let mut pairs = Pairs::new();
        if let Err(failure) = run(seed, &mut pairs) {
            panic!("{}", failure.explain());
        }
        return;
    }
    let in_ci = env::var("CI").is_ok_and(|value| value == "true");
    let seeds = number("FERROPOOL_SEEDS").unwrap_or(if in_ci { 100_000 } else { 10_000 });
    let started = Instant::now();
    let (pairs, inputs) = run_all(seeds);
    let taken = started.elapsed();

    let illegal = pairs.illegal();
    assert!(illegal.is_empty(), "these cannot occur: {illegal:?}");
    let legal = pairs.legal();
    let (rarest, (situation, kind)) = legal[0];
    // Written past the harness, which keeps what a test that passes prints to itself.
    let _ = writeln!(
        io::stderr(),
        "{seeds} seeds, {inputs} inputs in {taken:.1?}; {} pairs of state and input, the rarest \
         {rarest} times: {kind:?} at {situation:?}",
        legal.len(),
    );
    let least = seeds / 100;
    let rare = legal.iter().take_while(|(count, _)| *count < least);
    let rare: Vec<_> = rare.collect();
    assert!(rare.is_empty(), "fewer than {least} times: {rare:#?}");
}

/// Runs the seeds on two threads, up to the first failure.
fn run_all(seeds: u64) -> (Pairs, u64) {
    let next = AtomicU64::new(0);
    let has_failed = AtomicBool::new(false);
    let work = || {
        let mut pairs = Pairs::new();
        let mut inputs = 0;
        while !has_failed.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                break;
            }
            match run(seed, &mut pairs) {
                Ok(count) => inputs += count,
                Err(failure) => {
                    has_failed.store(true, Ordering::Relaxed);
                    return Err(failure);
                }
            }
        }
        Ok((pairs, inputs))
    };
    let results: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join()).collect()
    });
    let mut all = (Pairs::new(), 0);
    for result in results {
        match result.expect("a panic of the machine is caught where it happens") {
            Ok((pairs, inputs)) => {
                all.0.add(&pairs);
                all.1 += inputs;
            }
            Err(failure) => panic!("{}", failure.explain()),
        }
    }
    all
}

/// One pool's life after another, until there were inputs enough. Returns how many.
fn run(seed: u64, pairs: &mut Pairs) -> Result<u64, Box<Failure>> {
    let mut random = Random::new(seed);
    let mut inputs = 0;
    while inputs < INPUTS_PER_SEED {
        let options = options(&mut random);
        // Half of the lives are short, because a pool is closed but once.
        let length = match random.chance(1, 2) {
            true => 20 + random.below(60),
            false => 60 + random.below(400),
        };
        let mut steps = Vec::with_capacity(length as usize);
        let mut life = || {
            let mut temper = Temper::new(&mut random, length, &options);
            let mut world = World::new(options.clone(), false)?;
            for _ in 0..length {
                let step = temper.step(&mut random, &world);
                steps.push(step);
                if let Some(pair) = world.apply(&step)? {
                    pairs.count(pair);
                    inputs += 1;
                }
            }
            world.wind_down()
        };
        let result = panic::catch_unwind(AssertUnwindSafe(&mut life)).unwrap_or_else(panicked);
        if let Err(message) = result {
            return Err(Box::new(Failure {
                seed,
                options,
                steps,
                message,
            }));
        }
    }
    Ok(inputs)
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}
