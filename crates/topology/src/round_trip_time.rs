use crate::description::RoundTripTime;
use std::time::Duration;

/// The weight of a new sample in the average.
const ALPHA: f64 = 0.2;

/// Of how many samples the minimum is taken.
const RECENT: usize = 10;

/// The round-trip times of a server's checks: their exponentially weighted moving average ("Server
/// Selection", "Calculation of Average Round Trip Times") and the least of the last ten ("Server
/// Monitoring", "Measuring RTT").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoundTripTimes {
    average: Option<Duration>,
    /// A ring: the oldest is overwritten.
    recent: [Duration; RECENT],
    samples: usize,
}

impl RoundTripTimes {
    /// Takes a sample in.
    pub fn add(&mut self, sample: Duration) {
        self.average = Some(self.average.map_or(sample, |average| {
            sample.mul_f64(ALPHA) + average.mul_f64(1.0 - ALPHA)
        }));
        if let Some(oldest) = self.recent.get_mut(self.samples % RECENT) {
            *oldest = sample;
        }
        self.samples += 1;
    }

    /// Forgets everything: the server has become unavailable.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// What a description has of it; `None` before there is a sample.
    pub fn current(&self) -> Option<RoundTripTime> {
        self.average.map(|average| RoundTripTime {
            average,
            minimum: self.minimum(),
        })
    }

    fn minimum(&self) -> Duration {
        // "MUST report the minimum RTT as 0 until at least 2 samples have been gathered".
        if self.samples < 2 {
            return Duration::ZERO;
        }
        let recent = self.recent.iter().take(self.samples).min();
        recent.copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::RoundTripTimes;
    use std::time::Duration;

    fn after(samples: impl IntoIterator<Item = u64>) -> RoundTripTimes {
        let mut times = RoundTripTimes::default();
        for sample in samples {
            times.add(Duration::from_millis(sample));
        }
        times
    }

    fn average(times: RoundTripTimes) -> Option<Duration> {
        times.current().map(|current| current.average)
    }

    fn minimum(times: RoundTripTimes) -> Option<Duration> {
        times.current().map(|current| current.minimum)
    }

    #[test]
    fn the_average_begins_with_the_first_sample_and_moves_by_a_fifth() {
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(average(after([])), None);
        assert_eq!(average(after([10])), ms(10));
        assert_eq!(average(after([10, 20])), ms(12));
        assert_eq!(average(after([10, 20, 2])), ms(10));
    }

    #[test]
    fn the_minimum_is_of_the_last_ten() {
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(minimum(after([])), None);
        assert_eq!(minimum(after([7])), ms(0));
        assert_eq!(minimum(after([7, 9])), ms(7));
        assert_eq!(minimum(after(1..=10)), ms(1));
        assert_eq!(minimum(after(1..=11)), ms(2));
        assert_eq!(minimum(after((5..30).rev())), ms(5));
    }

    #[test]
    fn a_reset_forgets() {
        let mut times = after([5, 6, 7]);
        times.reset();
        assert_eq!(times.current(), None);
        times.add(Duration::from_millis(40));
        assert_eq!(average(times), Some(Duration::from_millis(40)));
        assert_eq!(minimum(times), Some(Duration::ZERO));
    }
}
