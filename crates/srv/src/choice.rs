//! Which hosts are taken where `srvMaxHosts` allows fewer than there are.

use ferropool_connection::Address;
use std::hash::{BuildHasher, Hasher, RandomState};

/// Draws a number below its argument, which is at least 1.
pub(super) type Draw<'a> = dyn FnMut(usize) -> usize + Send + 'a;

/// Draws at random, well enough to spread clients over hosts; nothing is kept secret by it.
pub(super) fn draw() -> impl FnMut(usize) -> usize + Send {
    // Every one of them is keyed anew, from the operating system's randomness.
    |below| {
        let number = RandomState::new().build_hasher().finish();
        (number % below.max(1) as u64) as usize
    }
}

/// At most `most` of the hosts, 0 being no limit. Those that are left over are a random choice.
pub(super) fn choose(mut hosts: Vec<Address>, most: u32, draw: &mut Draw<'_>) -> Vec<Address> {
    let most = most as usize;
    if most == 0 || most >= hosts.len() {
        return hosts;
    }
    // Fisher-Yates, as far as it is needed.
    for at in 0..most {
        let other = at + draw(hosts.len() - at);
        hosts.swap(at, other);
    }
    hosts.truncate(most);
    hosts
}

/// The hosts after a rescan that found `valid`: those of `known` that are still valid, and of the new ones
/// as many as `most` allows, 0 being no limit.
pub(super) fn rescan(
    known: &[Address],
    valid: &[Address],
    most: u32,
    draw: &mut Draw<'_>,
) -> Vec<Address> {
    let mut hosts: Vec<Address> = known
        .iter()
        .filter(|host| valid.contains(host))
        .cloned()
        .collect();
    let new: Vec<Address> = valid
        .iter()
        .filter(|host| !known.contains(host))
        .cloned()
        .collect();
    let is_limited = most != 0 && (most as usize) < valid.len();
    match (most as usize).saturating_sub(hosts.len()) {
        0 if is_limited => {}
        room if is_limited => hosts.extend(choose(new, room as u32, draw)),
        _ => hosts.extend(new),
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::{choose, draw, rescan};
    use ferropool_connection::Address;

    fn hosts(ports: &[u16]) -> Vec<Address> {
        ports
            .iter()
            .map(|port| Address::Tcp {
                host: "a".to_owned(),
                port: *port,
            })
            .collect()
    }

    #[test]
    fn without_a_limit_or_with_enough_of_it_every_host_is_taken_in_its_order() {
        for most in [0, 3, 4] {
            let mut never = |_| unreachable!("nothing is drawn");
            assert_eq!(
                choose(hosts(&[1, 2, 3]), most, &mut never),
                hosts(&[1, 2, 3])
            );
        }
    }

    #[test]
    fn a_limit_takes_what_is_drawn() {
        let mut last = |below: usize| below - 1;
        assert_eq!(choose(hosts(&[1, 2, 3, 4]), 2, &mut last), hosts(&[4, 1]));
    }

    #[test]
    fn every_host_is_drawn_sooner_or_later() {
        let mut seen = Vec::new();
        for _ in 0..10_000 {
            seen.extend(choose(hosts(&[1, 2, 3, 4]), 1, &mut draw()));
            seen.dedup();
            if (1..=4).all(|port| seen.contains(&hosts(&[port])[0])) {
                return;
            }
        }
        panic!("drawn: {seen:?}");
    }

    #[test]
    fn a_rescan_keeps_what_remains_and_fills_up() {
        let mut first = |_| 0;
        for (known, valid, most, expected) in [
            (&[1, 2][..], &[2, 1, 3][..], 0, &[1, 2, 3][..]),
            (&[1, 2], &[1], 0, &[1]),
            (&[1, 2], &[3, 4], 0, &[3, 4]),
            (&[1, 2], &[3, 4], 2, &[3, 4]),
            (&[1, 2], &[3, 1, 4], 2, &[1, 3]),
            (&[1, 2], &[1, 2, 3], 2, &[1, 2]),
            // More than the limit can be known if all there were fitted it: nobody is sent away.
            (&[1, 2, 3], &[1, 2, 3, 4], 2, &[1, 2, 3]),
        ] {
            assert_eq!(
                rescan(&hosts(known), &hosts(valid), most, &mut first),
                hosts(expected),
                "{known:?} {valid:?} {most}"
            );
        }
    }
}
