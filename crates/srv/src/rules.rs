//! What an answer has to be ("Querying DNS", "Default Connection String Options").

use super::SrvError;
use super::lookup::{SrvHost, Text};
use ferropool_connection::Address;

/// Checks that a host that the records of `parent` name may be connected to.
pub(super) fn check_host(parent: &str, found: SrvHost) -> Result<Address, SrvError> {
    let SrvHost { name, port } = found;
    let (host, parent) = (normalize(&name), normalize(parent));
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if port == 0 || host.is_empty() || !host.bytes().all(allowed) {
        return Err(SrvError::NoAddress { host, port, parent });
    }
    let is_short = levels(&parent) < 3;
    if is_short && levels(&host) <= levels(&parent) {
        return Err(SrvError::TooFewLevels { host, parent });
    }
    let domain = match parent.split_once('.') {
        Some((_subdomain, domain)) if !is_short => domain,
        _ => &parent,
    };
    // The label boundary matters: "testmongodb.com" is not in "mongodb.com".
    let is_inside = host
        .strip_suffix(domain)
        .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'));
    if !is_inside {
        let domain = domain.to_owned();
        return Err(SrvError::ForeignHost {
            host,
            parent,
            domain,
        });
    }
    Ok(Address::Tcp { host, port })
}

/// The hosts without repetitions, in their order.
pub(super) fn distinct(hosts: Vec<Address>) -> Vec<Address> {
    let mut distinct: Vec<Address> = Vec::with_capacity(hosts.len());
    for host in hosts {
        if !distinct.contains(&host) {
            distinct.push(host);
        }
    }
    distinct
}

/// The text of the only TXT record, whose strings belong together.
pub(super) fn only_text(name: &str, texts: Vec<Text>) -> Result<Option<String>, SrvError> {
    let count = texts.len();
    let mut texts = texts.into_iter();
    match (texts.next(), count) {
        (None, _) => Ok(None),
        (Some(Text(strings)), 1) => match String::from_utf8(strings.concat()) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(SrvError::Text {
                name: name.to_owned(),
            }),
        },
        (Some(_), count) => Err(SrvError::SeveralTexts {
            name: name.to_owned(),
            count,
        }),
    }
}

/// Names have no case, and a dot at the end changes nothing.
fn normalize(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

fn levels(name: &str) -> usize {
    name.split('.').count()
}

#[cfg(test)]
mod tests {
    use super::super::lookup::{SrvHost, Text};
    use super::{SrvError, check_host, only_text};

    fn check(parent: &str, host: &str) -> Result<String, SrvError> {
        let found = SrvHost {
            name: host.to_owned(),
            port: 27017,
        };
        check_host(parent, found).map(|address| address.to_string())
    }

    fn text(strings: &[&str]) -> Text {
        Text(
            strings
                .iter()
                .map(|text| text.as_bytes().to_vec())
                .collect(),
        )
    }

    // Prose test 1.
    #[test]
    fn names_of_fewer_than_three_parts_are_allowed() {
        for (parent, host) in [
            ("localhost", "cluster.localhost"),
            ("mongo.local", "test_1.mongo.local"),
        ] {
            assert_eq!(check(parent, host), Ok(format!("{host}:27017")));
        }
    }

    // Prose test 2.
    #[test]
    fn a_host_outside_the_domain_is_refused() {
        for (parent, host) in [
            ("localhost", "localhost.mongodb"),
            ("mongo.local", "test_1.evil.local"),
            ("blogs.mongodb.com", "blogs.evil.com"),
        ] {
            let refused = check(parent, host);
            assert!(
                matches!(refused, Err(SrvError::ForeignHost { .. })),
                "{host}: {refused:?}"
            );
        }
    }

    // Prose test 3.
    #[test]
    fn a_short_name_itself_is_no_host_of_its_domain() {
        for name in ["localhost", "mongo.local"] {
            let refused = check(name, name);
            assert!(
                matches!(refused, Err(SrvError::TooFewLevels { .. })),
                "{name}: {refused:?}"
            );
        }
    }

    // Prose test 4.
    #[test]
    fn the_shared_domain_begins_at_a_dot() {
        for (parent, host) in [
            ("localhost", "test_1.cluster_1localhost"),
            ("mongo.local", "test_1.my_hostmongo.local"),
            ("blogs.mongodb.com", "cluster.testmongodb.com"),
        ] {
            let refused = check(parent, host);
            assert!(
                matches!(refused, Err(SrvError::ForeignHost { .. })),
                "{host}: {refused:?}"
            );
        }
    }

    #[test]
    fn a_host_is_below_the_domain_of_a_long_name() {
        for (host, allowed) in [
            ("localhost.test.build.10gen.cc", true),
            ("localhost.sub.test.build.10gen.cc", true),
            ("test1.test.build.10gen.cc", true),
            ("test.build.10gen.cc", false),
            (".test.build.10gen.cc", false),
            ("localhost.build.10gen.cc", false),
            ("localhost.test.build.10gen.not-cc", false),
        ] {
            assert_eq!(
                check("test1.test.build.10gen.cc", host).is_ok(),
                allowed,
                "{host}"
            );
        }
    }

    #[test]
    fn case_and_a_last_dot_mean_nothing() {
        let host = check("Test1.Build.10gen.CC.", "LOCALHOST.build.10Gen.cc.");
        assert_eq!(host, Ok("localhost.build.10gen.cc:27017".to_owned()));
    }

    #[test]
    fn what_cannot_be_dialled_is_refused() {
        for (name, port) in [
            ("", 27017),
            (".", 27017),
            ("a.b.c", 0),
            ("a\\.x.b.c", 1),
            ("a b.b.c", 1),
        ] {
            let name = name.to_owned();
            let refused = check_host("s.b.c", SrvHost { name, port });
            assert!(
                matches!(refused, Err(SrvError::NoAddress { .. })),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn the_strings_of_a_text_record_are_one_text() {
        let texts = vec![text(&["replicaS", "et=rep", "l0"])];
        assert_eq!(
            only_text("a", texts),
            Ok(Some("replicaSet=repl0".to_owned()))
        );
        assert_eq!(only_text("a", Vec::new()), Ok(None));
    }

    #[test]
    fn a_second_text_record_is_refused() {
        let texts = vec![text(&["replicaSet=repl0"]), text(&["authSource=otherDB"])];
        let name = "a".to_owned();
        assert_eq!(
            only_text("a", texts),
            Err(SrvError::SeveralTexts { name, count: 2 })
        );
    }

    #[test]
    fn a_text_record_that_is_no_text_is_refused() {
        let name = "a".to_owned();
        let texts = vec![Text(vec![vec![0xff]])];
        assert_eq!(only_text("a", texts), Err(SrvError::Text { name }));
    }
}
