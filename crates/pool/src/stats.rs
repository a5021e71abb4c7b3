use hdrhistogram::Histogram;
use std::time::Duration;

/// What a connection in use is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// One command and its reply, or an explicit check-out.
    Operation,
    /// A cursor, pinned behind a load balancer.
    Cursor,
    /// A transaction, pinned behind a load balancer.
    Transaction,
}

impl Purpose {
    /// Every purpose, in the order of the arrays that count them.
    pub const ALL: [Self; 3] = [Self::Operation, Self::Cursor, Self::Transaction];
}

/// The state of a pool, as the specification names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// No check-outs, no population.
    Paused,
    /// In service.
    Ready,
    /// Destroyed.
    Closed,
}

/// A pool at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolStats {
    /// Its state.
    pub status: Status,
    /// How often it was cleared.
    pub generation: u32,
    /// Connections being established.
    pub pending: u32,
    /// Connections ready to be checked out.
    pub available: u32,
    /// Connections checked out, by [`Purpose::ALL`].
    pub in_use: [u32; 3],
    /// Check-outs that wait.
    pub wait_queue: u32,
    /// What happened so far.
    pub counters: Counters,
    /// Events that a stalled listener lost.
    pub events_lost: u64,
    /// The median wait of a check-out that got a connection.
    pub wait_p50: Duration,
    /// The 99th percentile of the same.
    pub wait_p99: Duration,
}

impl PoolStats {
    /// Connections that exist: pending, available and in use.
    pub fn total(&self) -> u32 {
        self.pending + self.available + self.in_use.iter().sum::<u32>()
    }
}

/// Sums over a pool's life. At rest, `started` = `checked_out` + `failed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Check-outs that started.
    pub started: u64,
    /// Check-outs that got a connection.
    pub checked_out: u64,
    /// Check-outs that failed, by `FailedReason`.
    pub failed: [u64; 3],
    /// Connections created.
    pub created: u64,
    /// Connections established.
    pub ready: u64,
    /// Connections closed, by `ClosedReason`.
    pub closed: [u64; 4],
    /// Clears that were observable.
    pub cleared: u64,
}

/// How long check-outs waited. One that finds an available connection only counts, so that the
/// histogram costs the uncontended path nothing.
#[derive(Debug)]
pub(crate) struct Waits {
    immediate: u64,
    queued: Option<Box<Histogram<u32>>>,
}

impl Waits {
    pub(crate) fn new() -> Self {
        Self {
            immediate: 0,
            queued: None,
        }
    }

    pub(crate) fn immediate(&mut self) {
        self.immediate += 1;
    }

    pub(crate) fn queued(&mut self, waited: Duration) {
        let histogram = self.queued.get_or_insert_with(|| {
            // From a microsecond to an hour with two significant digits: about 14 KB.
            Box::new(
                Histogram::new_with_bounds(1, 3_600_000_000, 2)
                    .expect("BUG: constant bounds are valid"),
            )
        });
        histogram.saturating_record(waited.as_micros() as u64);
    }

    /// The wait at `quantile` (0 to 1) over both kinds.
    pub(crate) fn quantile(&self, quantile: f64) -> Duration {
        let Some(histogram) = &self.queued else {
            return Duration::ZERO;
        };
        let total = (self.immediate + histogram.len()) as f64;
        let within_queued = quantile * total - self.immediate as f64;
        match within_queued > 0.0 {
            true => Duration::from_micros(
                histogram.value_at_quantile(within_queued / histogram.len() as f64),
            ),
            false => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Waits;
    use std::time::Duration;

    #[test]
    fn quantiles_count_the_check_outs_that_did_not_wait() {
        let mut waits = Waits::new();
        assert_eq!(waits.quantile(0.99), Duration::ZERO);
        (0..90).for_each(|_| waits.immediate());
        (0..10).for_each(|_| waits.queued(Duration::from_millis(5)));
        assert_eq!(waits.quantile(0.5), Duration::ZERO);
        let p99 = waits.quantile(0.99);
        assert!(
            (Duration::from_micros(4950)..Duration::from_micros(5050)).contains(&p99),
            "{p99:?}"
        );
    }
}
