//! The syntax of a connection string ("Connection String Spec"): what stands where, decoded. What the
//! options mean is `table.rs`'s business.
//!
//! No error repeats user information, a host, nor the value of an option: who forgot to encode a character
//! finds parts of the password anywhere.

use super::error::OptionError;
use ferropool_connection::{Address, Secret};

pub(crate) struct Uri {
    pub(crate) user: Option<User>,
    pub(crate) location: Location,
    pub(crate) database: Option<String>,
    /// Names and values, percent-decoded, in their order.
    pub(crate) options: Vec<(String, String)>,
    /// Whether the options may be the rest of a password that has not been encoded.
    pub(crate) is_ambiguous: bool,
}

/// What stands before the `@`. It asks for authentication, also where it is empty.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) password: Option<Secret>,
}

pub(crate) enum Location {
    Hosts(Vec<Address>),
    /// The name whose SRV record has the hosts.
    Srv(String),
}

const SCHEME: &str = "mongodb://";
const SRV_SCHEME: &str = "mongodb+srv://";

pub(crate) fn parse(uri: &str) -> Result<Uri, OptionError> {
    let (is_srv, rest) = match (uri.strip_prefix(SCHEME), uri.strip_prefix(SRV_SCHEME)) {
        (Some(rest), _) => (false, rest),
        (None, Some(rest)) => (true, rest),
        (None, None) => {
            let message = format!(
                "Invalid scheme, expected connection string to start with \"{SCHEME}\" or \"{SRV_SCHEME}\""
            );
            return Err(OptionError::uri(message));
        }
    };
    // The slash before the options may be left out.
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let database = path.strip_prefix('/').unwrap_or(path);
    if database.contains('@') {
        return Err(user_not_encoded());
    }
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (Some(parse_user(user)?), hosts),
        None => (None, authority),
    };
    // What looks like a host may be a user's name, and what looks like its port a password.
    let is_ambiguous = query.contains('@');
    let explain = |error| match is_ambiguous {
        true => user_not_encoded(),
        false => error,
    };
    let location = parse_location(is_srv, hosts).map_err(|error| match user {
        Some(_) => error,
        None => explain(error),
    })?;
    Ok(Uri {
        user,
        location,
        database: parse_database(database)?,
        options: parse_options(query).map_err(explain)?,
        is_ambiguous,
    })
}

pub(crate) fn user_not_encoded() -> OptionError {
    OptionError::uri(
        "The user name and password in the connection string must be percent-encoded: : / ? # [ ] @ % are not allowed in them",
    )
}

fn parse_user(text: &str) -> Result<User, OptionError> {
    let (name, password) = match text.split_once(':') {
        Some((name, password)) => (name, Some(password)),
        None => (text, None),
    };
    let reserved = |text: &str| text.contains(['@', ':', '/']);
    if reserved(name) || password.is_some_and(reserved) {
        return Err(user_not_encoded());
    }
    let decode = |text| decode(text).ok_or_else(user_not_encoded);
    Ok(User {
        name: decode(name)?,
        password: password
            .map(|password| decode(password).map(|password| Secret::new(&password)))
            .transpose()?,
    })
}

fn parse_location(is_srv: bool, text: &str) -> Result<Location, OptionError> {
    // By their numbers: without an @ behind them, a user name and a password stand here.
    let refuse = |index: usize, rule: &str| {
        OptionError::uri(format!(
            "Host {} in the connection string {rule}",
            index + 1
        ))
    };
    let hosts = text
        .split(',')
        .enumerate()
        .map(|(index, host)| {
            decode(host).ok_or_else(|| refuse(index, "is not valid percent-encoding"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    if !is_srv {
        let hosts = hosts
            .iter()
            .enumerate()
            .map(|(index, host)| Address::parse(host).map_err(|error| refuse(index, error.rule())));
        return Ok(Location::Hosts(hosts.collect::<Result<_, _>>()?));
    }
    match hosts.as_slice() {
        [host] if host.contains(':') => Err(OptionError::uri(format!(
            "A connection string with \"{SRV_SCHEME}\" must not have a port"
        ))),
        [host] if host.contains('/') || host.split('.').any(str::is_empty) => {
            Err(OptionError::uri(format!(
                "A connection string with \"{SRV_SCHEME}\" must have a host name"
            )))
        }
        [host] => Ok(Location::Srv(host.to_lowercase())),
        hosts => Err(OptionError::uri(format!(
            "A connection string with \"{SRV_SCHEME}\" must have one host, received {}",
            hosts.len()
        ))),
    }
}

fn parse_database(text: &str) -> Result<Option<String>, OptionError> {
    let name = decode(text).ok_or_else(|| {
        OptionError::uri("The database in the connection string is not valid percent-encoding")
    })?;
    if name.contains(['/', '\\', ' ', '"', '$', '\0']) {
        return Err(OptionError::uri(
            "The database in the connection string must not contain any of / \\ \" $ or a space",
        ));
    }
    Ok(Some(name).filter(|name| !name.is_empty()))
}

/// Names and values of options, as a connection string and a TXT record have them.
pub(crate) fn parse_options(query: &str) -> Result<Vec<(String, String)>, OptionError> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .enumerate()
        .map(|(index, pair)| {
            let (name, value) = pair
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .ok_or_else(|| {
                    OptionError::uri(format!(
                        "Options in the connection string must have the form name=value; number {} has not",
                        index + 1
                    ))
                })?;
            let malformed = || {
                OptionError::uri(format!(
                    "Option \"{name}\" in the connection string is not valid percent-encoding"
                ))
            };
            let decoded = decode(value).ok_or_else(malformed)?;
            Ok((decode(name).ok_or_else(malformed)?, decoded))
        })
        .collect()
}

/// Percent-decodes; `None` for what is no percent-encoding of UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let [high, low] =
                    [rest.next()?, rest.next()?].map(|digit| char::from(digit).to_digit(16));
                (high? * 16 + low?) as u8
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{Location, parse};

    fn hosts(uri: &str) -> Vec<String> {
        match parse(uri).expect("valid").location {
            Location::Hosts(hosts) => hosts.iter().map(ToString::to_string).collect(),
            Location::Srv(name) => vec![name],
        }
    }

    #[test]
    fn every_part_is_decoded() {
        let uri = parse("mongodb://us%40er:p%3As@%2Ftmp%2Fa-1.sock,[::1]:2,B/d%3Fb?appName=a%20b")
            .expect("valid");
        let user = uri.user.expect("a user");
        assert_eq!(user.name, "us@er");
        assert_eq!(user.password.expect("a password").reveal(), "p:s");
        assert_eq!(uri.database.as_deref(), Some("d?b"));
        assert_eq!(uri.options, [("appName".to_owned(), "a b".to_owned())]);
        assert_eq!(
            hosts("mongodb://%2Ftmp%2Fa-1.sock,[::1]:2,B?a=b"),
            ["/tmp/a-1.sock", "[::1]:2", "b:27017"]
        );
    }

    #[test]
    fn a_name_for_srv_is_one_host_without_a_port() {
        assert_eq!(
            hosts("mongodb+srv://Cluster.Example.com/"),
            ["cluster.example.com"]
        );
        assert_eq!(hosts("mongodb+srv://localhost"), ["localhost"]);
        for host in ["a.b.c,d.e.f", "a.b.c:27017", "", "a..b", "[::1]"] {
            assert!(parse(&format!("mongodb+srv://{host}/")).is_err(), "{host}");
        }
    }

    #[test]
    fn a_secret_is_not_repeated() {
        for uri in [
            "mongodb://user:hunter2:x@host/",
            "mongodb://user:hunter2/x@host/",
            "mongodb://user:hunter2?x@host/",
            "mongodb://user:hunter2%@host/",
            "mongodb://user:x@hunter2:y@host/",
            "mongodb://user:hunter2",
            "mongodb://user:hunter2/db",
            "mongodb://user:hunter2%zz",
            "mongodb://hunter2:x:y",
            "mongodb://a,user:hunter2,b",
            "mongodb://%2Fhunter2",
            "mongodb://user:12?hunter2=%zz@host/",
            "mongodb://user:x@12?hunter2=%zz@host/",
            "mongodb+srv://user:hunter2",
            "mongodb+srv://user:hunter2/@",
            "mongodb+srv://.hunter2",
            "mongodb:/user:hunter2@host/",
            "mongodb://host/?a=b&hunter2",
            "mongodb://host/?tlsCertificateKeyFilePassword=hunter2%zz",
            "mongodb+srv://user:hunter2?@host/",
        ] {
            let error = parse(uri).err().expect("refused");
            assert!(!error.message.contains("hunter2"), "{error}");
        }
    }
}
