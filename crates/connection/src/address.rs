use std::fmt;
use std::path::PathBuf;

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// A host name or IP address (IPv6 without brackets) and a port.
    Tcp {
        /// Lower-cased.
        host: String,
        /// 1 to 65535.
        port: u16,
    },
    /// A Unix domain socket.
    Unix(PathBuf),
}

/// What is wrong with an address; the text names the value and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No host.
    #[error("The host in address \"{0}\" must not be empty")]
    EmptyHost(String),
    /// Not a port.
    #[error(
        "The port in address \"{address}\" must be an integer from 1 to 65535, received \"{port}\""
    )]
    Port {
        /// The whole address.
        address: String,
        /// What stands where the port belongs.
        port: String,
    },
    /// A path that is not a socket's.
    #[error("The path of a Unix domain socket must end in .sock, received \"{0}\"")]
    SocketPath(String),
    /// An opening bracket and no closing one, or something behind it that is no port.
    #[error("The IPv6 literal in address \"{0}\" must have the form [address] or [address]:port")]
    Brackets(String),
    /// What may have a password in it, and so is not shown.
    #[error(
        "An address must be host:port, or the path of a Unix domain socket; received what looks like a connection string"
    )]
    ConnectionString,
}

impl AddressError {
    /// The rule, without the address: whoever forgot the host of a connection string has a password where
    /// a port belongs.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::EmptyHost(_) => "must not be empty",
            Self::Port { .. } => "must have an integer from 1 to 65535 as its port",
            Self::SocketPath(_) => "must end in .sock, as it is the path of a Unix domain socket",
            Self::Brackets(_) => {
                "must have the form [address] or [address]:port, as it is an IPv6 literal"
            }
            Self::ConnectionString => "must be a host, and a port if need be",
        }
    }
}

impl Address {
    /// The port of a server that names none.
    pub const DEFAULT_PORT: u16 = 27017;

    /// Parses `host`, `host:port`, `[ipv6]`, `[ipv6]:port` or the path of a Unix domain socket, which
    /// has a slash and ends in `.sock`.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.contains("://") || text.contains('@') && !text.ends_with(".sock") {
            return Err(AddressError::ConnectionString);
        }
        if text.contains('/') {
            return match text.ends_with(".sock") && !text.contains('\0') {
                true => Ok(Self::Unix(PathBuf::from(text))),
                false => Err(AddressError::SocketPath(text.to_owned())),
            };
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest
                    .split_once(']')
                    .ok_or_else(|| AddressError::Brackets(text.to_owned()))?;
                match after.strip_prefix(':') {
                    Some(port) => (host, Some(port)),
                    None if after.is_empty() => (host, None),
                    None => return Err(AddressError::Brackets(text.to_owned())),
                }
            }
            None => match text.rsplit_once(':') {
                Some((host, _)) if host.contains(':') => {
                    return Err(AddressError::Brackets(text.to_owned()));
                }
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        if host.is_empty() {
            return Err(AddressError::EmptyHost(text.to_owned()));
        }
        let port = port.map_or(Ok(Self::DEFAULT_PORT), |port| Self::parse_port(text, port))?;
        Ok(Self::Tcp {
            host: host.to_lowercase(),
            port,
        })
    }

    fn parse_port(address: &str, port: &str) -> Result<u16, AddressError> {
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let parsed = port.parse().ok().filter(|parsed| digits && *parsed != 0);
        parsed.ok_or_else(|| AddressError::Port {
            address: address.to_owned(),
            port: port.to_owned(),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, AddressError};

    #[test]
    fn what_is_parsed_is_displayed() {
        for (text, displayed) in [
            ("localhost", "localhost:27017"),
            ("Example.COM:1", "example.com:1"),
            ("127.0.0.1:65535", "127.0.0.1:65535"),
            ("[::1]", "[::1]:27017"),
            ("[fe80::1]:27018", "[fe80::1]:27018"),
            ("/tmp/mongodb-27017.sock", "/tmp/mongodb-27017.sock"),
            ("mongodb-27017.sock", "mongodb-27017.sock:27017"),
        ] {
            assert_eq!(
                Address::parse(text).map(|address| address.to_string()),
                Ok(displayed.to_owned())
            );
        }
    }

    #[test]
    fn what_cannot_be_dialled_is_refused_with_its_reason() {
        for port in ["0", "65536", "-1", "+1", "1.5", "", "abc"] {
            let refused = Address::parse(&format!("a:{port}"));
            assert!(
                matches!(refused, Err(AddressError::Port { .. })),
                "{port}: {refused:?}"
            );
        }
        assert_eq!(
            Address::parse("/tmp/mongodb"),
            Err(AddressError::SocketPath("/tmp/mongodb".to_owned()))
        );
        for text in ["", ":27017"] {
            assert_eq!(
                Address::parse(text),
                Err(AddressError::EmptyHost(text.to_owned()))
            );
        }
        for text in [
            "mongodb://user:hunter2@localhost",
            "mongodb+srv://user:hunter2@localhost/a.sock",
            "user:hunter2@localhost:27017",
            "user/hunter2@localhost",
        ] {
            assert_eq!(Address::parse(text), Err(AddressError::ConnectionString));
        }
        for text in ["::1", "[::1", "[::1]27017"] {
            assert_eq!(
                Address::parse(text),
                Err(AddressError::Brackets(text.to_owned()))
            );
        }
    }
}
