//! What can be done to a pool, as data: a sequence of inputs can be cut and run again.

use crate::random::Random;
use crate::world::World;
use ferropool_pool::{Background, PoolOptions, Purpose};
use std::time::Duration;

/// An input, and how long after the one before it. Time may run backwards a little: callers read
/// the clock before they take the lock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) after: i32,
    pub(crate) input: Input,
}

/// `pick` chooses among whatever there is at that moment, so that an input still means something
/// when those before it are cut away. Times are microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Input {
    CheckOut {
        wait: Option<u32>,
        usage: Option<u32>,
        purpose: Purpose,
    },
    TryCheckOut {
        usage: Option<u32>,
        purpose: Purpose,
    },
    Cancel {
        pick: u32,
    },
    CancelLate {
        pick: u32,
    },
    CheckIn {
        pick: u32,
        errored: bool,
    },
    CheckInEnded {
        pick: u32,
        errored: bool,
    },
    CheckInForeign,
    Established {
        pick: u32,
        service: u32,
    },
    EstablishedLate {
        pick: u32,
        service: u32,
    },
    Failed {
        pick: u32,
        clears: bool,
    },
    FailedLate {
        pick: u32,
        clears: bool,
    },
    Clear {
        interrupt: bool,
        caused: bool,
    },
    ClearService {
        service: u32,
        interrupt: bool,
    },
    Ready,
    Close,
    Interrupt,
    HungUp {
        pick: u32,
    },
    HungUpLate {
        pick: u32,
    },
    SetPurpose {
        pick: u32,
        purpose: Purpose,
    },
    SetPurposeLate {
        pick: u32,
        purpose: Purpose,
    },
    SetUse {
        pick: u32,
        usage: Option<u32>,
    },
    SetUseLate {
        pick: u32,
        usage: Option<u32>,
    },
    Warm {
        connections: u32,
    },
    StopWarming {
        pick: u32,
    },
    Tick,
}

/// What inputs are counted as. "Late" ones name something that is no longer there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    CheckOut,
    CheckOutWithin,
    CheckOutFor,
    TryCheckOut,
    Cancel,
    CancelLate,
    CheckInHealthy,
    CheckInErrored,
    CheckInEnded,
    CheckInForeign,
    Established,
    EstablishedLate,
    FailedClearing,
    Failed,
    FailedLate,
    Clear,
    ClearInterrupting,
    ClearService,
    ClearServiceInterrupting,
    Ready,
    Close,
    Interrupt,
    HungUp,
    HungUpLate,
    SetPurpose,
    SetPurposeLate,
    SetUse,
    SetUseLate,
    Warm,
    StopWarming,
    TickDue,
    TickEarly,
}

impl Kind {
    /// Every kind, with how often it is chosen where it is applicable.
    pub(crate) const ALL: [(Self, u32); 32] = [
        (Self::CheckOut, 56),
        (Self::CheckOutWithin, 24),
        (Self::CheckOutFor, 24),
        (Self::TryCheckOut, 20),
        (Self::Cancel, 12),
        (Self::CancelLate, 3),
        (Self::CheckInHealthy, 64),
        (Self::CheckInErrored, 10),
        (Self::CheckInEnded, 8),
        (Self::CheckInForeign, 3),
        (Self::Established, 64),
        (Self::EstablishedLate, 2),
        (Self::FailedClearing, 4),
        (Self::Failed, 10),
        (Self::FailedLate, 2),
        (Self::Clear, 4),
        (Self::ClearInterrupting, 4),
        (Self::ClearService, 8),
        (Self::ClearServiceInterrupting, 8),
        (Self::Ready, 16),
        (Self::Close, 1),
        (Self::Interrupt, 3),
        (Self::HungUp, 8),
        (Self::HungUpLate, 3),
        (Self::SetPurpose, 6),
        (Self::SetPurposeLate, 3),
        (Self::SetUse, 6),
        (Self::SetUseLate, 3),
        (Self::Warm, 3),
        (Self::StopWarming, 6),
        (Self::TickDue, 32),
        (Self::TickEarly, 8),
    ];
}

impl Kind {
    /// Leaves the pool's state as it is, as far as pairs are counted.
    fn is_harmless(self) -> bool {
        matches!(
            self,
            Self::CancelLate
                | Self::CheckInEnded
                | Self::CheckInForeign
                | Self::EstablishedLate
                | Self::FailedLate
                | Self::HungUpLate
                | Self::Interrupt
                | Self::SetPurpose
                | Self::SetPurposeLate
                | Self::SetUseLate
                | Self::TickEarly
        )
    }
}

/// A sequence of inputs in the making: what is frequent differs from one to the next.
pub(crate) struct Temper {
    weights: [u32; Kind::ALL.len()],
    /// Without background work, what a clear makes stale stays and meets whatever comes then.
    is_left_alone: bool,
    /// Whether clocks are read out of order.
    jitter: bool,
    close_at: Option<u32>,
    made: u32,
}

impl Temper {
    pub(crate) fn new(random: &mut Random, length: u32, options: &PoolOptions) -> Self {
        let is_left_alone = options.background == Background::Never;
        Self {
            weights: Kind::ALL.map(|(_, weight)| weight * [1, 4, 4, 16][random.below(4) as usize]),
            is_left_alone,
            jitter: random.chance(1, 4),
            close_at: random
                .chance(3, 4)
                .then(|| length.saturating_sub(1 + random.below(24))),
            made: 0,
        }
    }

    /// The next input for `world`.
    pub(crate) fn step(&mut self, random: &mut Random, world: &World) -> Step {
        let kind = match self.close_at {
            Some(at) if at == self.made => Kind::Close,
            _ => self.kind(random, world),
        };
        self.made += 1;
        let after = match (kind, world.until_tick()) {
            (Kind::TickDue, Some(until)) => until + [0, 0, 1, 700][random.below(4) as usize],
            (Kind::TickEarly, Some(until)) if until <= 0 => 0,
            (Kind::TickEarly, Some(until)) => random.below(until as u32) as i32,
            _ => match random.below(32) {
                0..20 => 0,
                20..31 => random.below(3_000) as i32,
                _ => random.below(100_000) as i32,
            },
        };
        let early = self.jitter && kind != Kind::TickDue && random.chance(1, 8);
        Step {
            after: if early { -20 } else { after },
            input: input(kind, random),
        }
    }

    fn kind(&self, random: &mut Random, world: &World) -> Kind {
        // Some are chosen without regard to the weights, for the rare pairs of state and input.
        let situation = world.situation();
        let flat = situation.is_rare() || random.chance(1, 8);
        let weight = |index: usize| match Kind::ALL[index].0 {
            kind if !world.is_applicable(kind) => 0,
            Kind::Clear if self.is_left_alone && situation.leads_to_rare() => 300,
            // Few permits from before a clear last until something is available again.
            Kind::EstablishedLate | Kind::FailedLate if situation.available => 100,
            Kind::EstablishedLate | Kind::FailedLate if flat => 8,
            Kind::TickDue if flat => 8,
            kind if flat && kind.is_harmless() => 4,
            Kind::Close if flat && !situation.is_rare() => 0,
            _ if flat => 1,
            _ => self.weights[index],
        };
        let weights: [u32; Kind::ALL.len()] = std::array::from_fn(weight);
        let mut chosen = random.below(weights.iter().sum());
        for ((kind, _), weight) in Kind::ALL.iter().zip(weights) {
            match chosen.checked_sub(weight) {
                None => return *kind,
                Some(left) => chosen = left,
            }
        }
        unreachable!("BUG: the choice is below the sum of the weights")
    }
}

fn input(kind: Kind, random: &mut Random) -> Input {
    let pick = random.below(1 << 16);
    let service = random.below(World::SERVICES);
    let purpose = Purpose::ALL[random.below(3) as usize];
    let errored = random.chance(1, 2);
    let within = |random: &mut Random| match random.below(8) {
        0 => 0,
        _ => random.below(20_000),
    };
    match kind {
        Kind::CheckOut => Input::CheckOut {
            wait: None,
            usage: None,
            purpose,
        },
        Kind::CheckOutWithin => Input::CheckOut {
            wait: Some(within(random)),
            usage: None,
            purpose,
        },
        Kind::CheckOutFor => Input::CheckOut {
            wait: random.chance(1, 2).then(|| within(random)),
            usage: Some(within(random)),
            purpose,
        },
        Kind::TryCheckOut => Input::TryCheckOut {
            usage: random.chance(1, 4).then(|| within(random)),
            purpose,
        },
        Kind::Cancel => Input::Cancel { pick },
        Kind::CancelLate => Input::CancelLate { pick },
        Kind::CheckInHealthy => Input::CheckIn {
            pick,
            errored: false,
        },
        Kind::CheckInErrored => Input::CheckIn {
            pick,
            errored: true,
        },
        Kind::CheckInEnded => Input::CheckInEnded { pick, errored },
        Kind::CheckInForeign => Input::CheckInForeign,
        Kind::Established => Input::Established { pick, service },
        Kind::EstablishedLate => Input::EstablishedLate { pick, service },
        Kind::FailedClearing => Input::Failed { pick, clears: true },
        Kind::Failed => Input::Failed {
            pick,
            clears: false,
        },
        Kind::FailedLate => Input::FailedLate {
            pick,
            clears: errored,
        },
        Kind::Clear => Input::Clear {
            interrupt: false,
            caused: errored,
        },
        Kind::ClearInterrupting => Input::Clear {
            interrupt: true,
            caused: errored,
        },
        Kind::ClearService => Input::ClearService {
            service,
            interrupt: false,
        },
        Kind::ClearServiceInterrupting => Input::ClearService {
            service,
            interrupt: true,
        },
        Kind::Ready => Input::Ready,
        Kind::Close => Input::Close,
        Kind::Interrupt => Input::Interrupt,
        Kind::HungUp => Input::HungUp { pick },
        Kind::HungUpLate => Input::HungUpLate { pick },
        Kind::SetPurpose => Input::SetPurpose { pick, purpose },
        Kind::SetPurposeLate => Input::SetPurposeLate { pick, purpose },
        Kind::SetUse => Input::SetUse {
            pick,
            usage: errored.then(|| within(random)),
        },
        Kind::SetUseLate => Input::SetUseLate {
            pick,
            usage: errored.then(|| within(random)),
        },
        Kind::Warm => Input::Warm {
            connections: random.below(8),
        },
        Kind::StopWarming => Input::StopWarming { pick },
        Kind::TickDue | Kind::TickEarly => Input::Tick,
    }
}

/// Small pools, where everything collides.
pub(crate) fn options(random: &mut Random) -> PoolOptions {
    let ms = |random: &mut Random, end| Duration::from_millis(1 + u64::from(random.below(end)));
    let max_pool_size = (!random.chance(1, 8)).then(|| 1 + random.below(6));
    PoolOptions {
        max_pool_size,
        min_pool_size: match random.chance(1, 2) {
            true => random.below(max_pool_size.unwrap_or(4) + 1),
            false => 0,
        },
        max_connecting: 1 + random.below(3),
        max_idle_time: random.chance(1, 2).then(|| ms(random, 40)),
        wait_queue_timeout: random.chance(1, 3).then(|| ms(random, 40)),
        background: match random.below(3) {
            0 => Background::Driven,
            1 => Background::Every(ms(random, 30)),
            _ => Background::Never,
        },
        load_balanced: random.chance(1, 3),
    }
}
