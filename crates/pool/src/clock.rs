//! The time for what is only told, never waited for: since when somebody holds a connection.

use std::time::Instant;

/// A clock that is a few milliseconds wrong in either direction, and read in a fifth of the time where the kernel keeps one.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) struct CoarseClock {
    /// Both clocks at one time.
    origin: (Instant, Duration),
}

#[cfg(any(target_os = "linux", target_os = "android"))]
use {
    rustix::time::{ClockId, clock_gettime},
    std::time::Duration,
};

#[cfg(any(target_os = "linux", target_os = "android"))]
impl CoarseClock {
    pub(crate) fn new() -> Self {
        Self {
            origin: (Instant::now(), Self::read()),
        }
    }

    pub(crate) fn now(&self) -> Instant {
        let (instant, at) = self.origin;
        instant + Self::read().saturating_sub(at)
    }

    fn read() -> Duration {
        let time = clock_gettime(ClockId::MonotonicCoarse);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    }
}

/// The only one there is.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) struct CoarseClock;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl CoarseClock {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::now()
    }
}

#[cfg(test)]
mod tests {
    use super::CoarseClock;
    use std::time::{Duration, Instant};

    /// Kernels have a hundred ticks a second and more.
    const TICKS: Duration = Duration::from_millis(100);

    #[test]
    fn it_goes_with_the_other_clock() {
        let clock = CoarseClock::new();
        let started = clock.now();
        while clock.now() < started + TICKS {
            let earlier = Instant::now();
            let coarse = clock.now();
            let later = Instant::now();
            assert!(
                earlier < coarse + TICKS,
                "it is behind: {:?}",
                earlier - coarse
            );
            assert!(coarse < later + TICKS, "it is ahead: {:?}", coarse - later);
        }
    }
}
