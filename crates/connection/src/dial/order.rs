use std::net::SocketAddr;

/// The order in which addresses are tried (RFC 8305, section 4): that of the resolver, except that
/// the families alternate, beginning with that of its first address. An address that is there twice
/// is tried once.
pub(super) fn interleave(resolved: &[SocketAddr]) -> Vec<SocketAddr> {
    let mut distinct: Vec<SocketAddr> = Vec::with_capacity(resolved.len());
    for address in resolved {
        if !distinct.contains(address) {
            distinct.push(*address);
        }
    }
    let leads = |address: &SocketAddr| {
        let first = distinct.first();
        first.is_some_and(|first| first.is_ipv6() == address.is_ipv6())
    };
    let (leading, others): (Vec<SocketAddr>, Vec<SocketAddr>) =
        distinct.iter().partition(|a| leads(a));
    let mut ordered = Vec::with_capacity(distinct.len());
    for turn in 0..leading.len().max(others.len()) {
        ordered.extend(leading.get(turn));
        ordered.extend(others.get(turn));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::interleave;
    use std::net::SocketAddr;

    fn ordered(resolved: &[&str]) -> Vec<String> {
        let resolved: Vec<SocketAddr> = resolved
            .iter()
            .map(|text| text.parse().expect("an address"))
            .collect();
        let ordered = interleave(&resolved);
        ordered.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn families_alternate_and_the_resolver_says_which_is_first() {
        let [a, b, c] = ["[::1]:1", "[::2]:1", "[::3]:1"];
        let [x, y, z] = ["127.0.0.1:1", "127.0.0.2:1", "127.0.0.3:1"];
        assert_eq!(ordered(&[a, b, c, x, y, z]), [a, x, b, y, c, z]);
        assert_eq!(ordered(&[x, y, a]), [x, a, y]);
        assert_eq!(ordered(&[a, x, y, z]), [a, x, y, z]);
        assert_eq!(ordered(&[b, x, a, c]), [b, x, a, c]);
        assert_eq!(ordered(&[a, b, c, x]), [a, x, b, c]);
    }

    #[test]
    fn one_family_keeps_the_resolvers_order() {
        let all = ["127.0.0.3:1", "127.0.0.1:1", "127.0.0.2:1"];
        assert_eq!(ordered(&all), all);
        assert_eq!(ordered(&[]), [""; 0]);
    }

    #[test]
    fn what_is_there_twice_is_tried_once() {
        let [a, x] = ["[::1]:1", "127.0.0.1:1"];
        assert_eq!(ordered(&[a, a, x, a, x]), [a, x]);
    }
}
