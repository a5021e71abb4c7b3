use ferropool_connection::Timings;
use parking_lot::Mutex;
use std::time::Duration;

/// How long the phases of a server's establishments took, those that succeeded.
#[derive(Debug, Default)]
pub(crate) struct Establishments(Mutex<EstablishmentStats>);

/// The same at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EstablishmentStats {
    /// How many there were.
    pub count: u64,
    /// Their sum, phase by phase.
    pub sum: Timings,
    /// The longest of each phase.
    pub longest: Timings,
}

impl Establishments {
    pub(crate) fn record(&self, timings: Timings) {
        let mut stats = self.0.lock();
        stats.count += 1;
        stats.sum = merge(stats.sum, timings, |sum, time| sum + time);
        stats.longest = merge(stats.longest, timings, Duration::max);
    }

    pub(crate) fn stats(&self) -> EstablishmentStats {
        *self.0.lock()
    }
}

fn merge(one: Timings, other: Timings, with: fn(Duration, Duration) -> Duration) -> Timings {
    Timings {
        dns: with(one.dns, other.dns),
        tcp: with(one.tcp, other.tcp),
        tls: with(one.tls, other.tls),
        hello: with(one.hello, other.hello),
        auth: with(one.auth, other.auth),
    }
}

#[cfg(test)]
mod tests {
    use super::Establishments;
    use ferropool_connection::Timings;
    use std::time::Duration;

    #[test]
    fn each_phase_is_counted_for_itself() {
        let establishments = Establishments::default();
        let ms = Duration::from_millis;
        for (dns, auth) in [(1, 20), (3, 10)] {
            establishments.record(Timings {
                dns: ms(dns),
                auth: ms(auth),
                ..Timings::default()
            });
        }
        let stats = establishments.stats();
        assert_eq!(
            (stats.count, stats.sum.dns, stats.sum.auth),
            (2, ms(4), ms(30))
        );
        assert_eq!((stats.longest.dns, stats.longest.auth), (ms(3), ms(20)));
        assert_eq!(stats.longest.tls, Duration::ZERO);
    }
}
