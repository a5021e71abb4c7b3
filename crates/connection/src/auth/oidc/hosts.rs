use crate::address::Address;
use crate::error::{Error, Phase};

/// `ALLOWED_HOSTS` if nobody has set it.
const DEFAULT: [&str; 8] = [
    "*.mongodb.net",
    "*.mongodb-qa.net",
    "*.mongodb-dev.net",
    "*.mongodbgov.net",
    "localhost",
    "127.0.0.1",
    "::1",
    "*.mongo.com",
];

/// Whether a human's token may be sent to `address`, by `ALLOWED_HOSTS`: whoever receives it can use it.
///
/// # Errors
/// An address that no pattern of `ALLOWED_HOSTS` allows.
pub(super) fn check(address: &Address, allowed: Option<&[String]>) -> Result<(), Error> {
    let host = match address {
        Address::Tcp { host, .. } => host.clone(),
        Address::Unix(path) => path.display().to_string(),
    };
    let is_allowed = match allowed {
        Some(patterns) => patterns.iter().any(|pattern| matches(pattern, &host)),
        None => DEFAULT.iter().any(|pattern| matches(pattern, &host)),
    };
    match is_allowed {
        true => Ok(()),
        false => Err(Error::configuration(
            Phase::Auth,
            format!("host \"{host}\" is not among the ALLOWED_HOSTS of MONGODB-OIDC"),
        )),
    }
}

fn matches(pattern: &str, host: &str) -> bool {
    let (pattern, host) = (pattern.to_lowercase(), host.to_lowercase());
    match pattern.strip_prefix('*') {
        Some(suffix) if suffix.starts_with('.') => {
            host.len() > suffix.len() && host.ends_with(suffix)
        }
        _ => pattern == host,
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::address::Address;
    use crate::error::ErrorKind;

    fn is_allowed(address: &str, patterns: Option<&[&str]>) -> bool {
        let patterns: Option<Vec<_>> =
            patterns.map(|patterns| patterns.iter().map(ToString::to_string).collect());
        let checked = check(&Address::parse(address).unwrap(), patterns.as_deref());
        if let Err(error) = &checked {
            assert!(matches!(error.kind(), ErrorKind::Configuration));
        }
        checked.is_ok()
    }

    #[test]
    fn by_default_only_known_hosts_are_allowed() {
        for address in [
            "a.mongodb.net",
            "a.b.MongoDB.net:1",
            "localhost",
            "127.0.0.1",
            "[::1]",
            "a.mongo.com",
            "a.mongodbgov.net",
        ] {
            assert!(is_allowed(address, None), "{address}");
        }
        for address in [
            "mongodb.net",
            "evilmongodb.net",
            "a.mongodb.net.evil.com",
            "127.0.0.2",
            "/tmp/mongodb-27017.sock",
        ] {
            assert!(!is_allowed(address, None), "{address}");
        }
    }

    #[test]
    fn a_list_replaces_the_default() {
        assert!(!is_allowed("localhost", Some(&[])));
        assert!(!is_allowed("localhost", Some(&["example.com"])));
        assert!(is_allowed("example.com", Some(&["example.com"])));
        assert!(!is_allowed("a.example.com", Some(&["example.com"])));
        assert!(is_allowed("a.example.com", Some(&["*.Example.com"])));
        assert!(!is_allowed("example.com", Some(&["*"])));
    }
}
