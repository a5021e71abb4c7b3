use std::hash::{BuildHasher, Hasher, RandomState};

/// A generator (splitmix64) that spreads operations over servers; nothing is kept secret by it.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// Seeded from the operating system's randomness.
    pub(super) fn unpredicted() -> Self {
        Self(RandomState::new().build_hasher().finish())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below 1.
    pub(super) fn fraction(&mut self) -> f64 {
        // As many bits as a double's fraction has.
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Below `end`, or 0 if that is 0.
    fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }
}

/// One of `window`: of two that are drawn, the one with the fewer operations, and the first drawn if both
/// have as many ("Server Selection Algorithm", steps 6 and 7).
pub(super) fn choose(
    window: &[u32],
    random: &mut Random,
    operation_count: impl Fn(usize) -> u32,
) -> Option<usize> {
    if let [only] = window {
        return Some(*only as usize);
    }
    let first = random.below(window.len());
    let mut second = random.below(window.len().saturating_sub(1));
    if second >= first {
        second += 1;
    }
    let (first, second) = (*window.get(first)? as usize, *window.get(second)? as usize);
    match operation_count(second) < operation_count(first) {
        true => Some(second),
        false => Some(first),
    }
}

#[cfg(test)]
mod tests {
    use super::{Random, choose};

    #[test]
    fn of_none_there_is_none_and_of_one_there_is_that_one() {
        let mut random = Random::seeded(1);
        let count = |_| unreachable!("nothing is compared");
        assert_eq!(choose(&[], &mut random, count), None);
        assert_eq!(choose(&[7], &mut random, count), Some(7));
    }

    #[test]
    fn of_two_it_is_the_less_busy() {
        let mut random = Random::seeded(1);
        for _ in 0..100 {
            let chosen = choose(&[3, 5], &mut random, |server| u32::from(server == 3));
            assert_eq!(chosen, Some(5));
        }
    }

    #[test]
    fn the_busiest_of_three_is_never_chosen_and_the_others_are_compared_two_by_two() {
        let mut random = Random::seeded(1);
        let mut chosen = [0; 3];
        for _ in 0..3000 {
            let server = choose(&[0, 1, 2], &mut random, |server| server as u32);
            chosen[server.expect("three can be chosen")] += 1;
        }
        assert_eq!(chosen[2], 0);
        assert!((1850..2150).contains(&chosen[0]), "{chosen:?}");
    }

    #[test]
    fn the_generator_is_seeded_anew_each_time() {
        let mut numbers: Vec<u64> = (0..4).map(|_| Random::unpredicted().next()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 4);
    }
}
