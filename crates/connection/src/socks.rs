//! SOCKS5 ("SOCKS5 Support", RFC 1928 and RFC 1929).

mod tunnel;

use crate::address::Address;
use crate::error::{Error, ErrorKind, Phase};
use crate::secret::Secret;
use std::fmt;
pub(crate) use tunnel::Tunnel;

/// A SOCKS5 proxy through which every connection is dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyOptions {
    /// `proxyHost`: a name or an IP address.
    pub host: String,
    /// `proxyPort`. Default 1080.
    pub port: u16,
    /// `proxyUsername` and `proxyPassword`.
    pub credentials: Option<(String, Secret)>,
}

impl ProxyOptions {
    /// The port of a proxy for which none is given.
    pub const DEFAULT_PORT: u16 = 1080;

    /// A failure on the way through this proxy. A network error, whatever the proxy said, which no
    /// load of the server's explains ("SOCKS5 Support", "Connection Establishment").
    pub(crate) fn error(&self, phase: Phase, reason: impl fmt::Display) -> Error {
        let proxy = Address::Tcp {
            host: self.host.clone(),
            port: self.port,
        };
        let message = format!("SOCKS5 proxy {proxy}: {reason}");
        Error::new(ErrorKind::Network, phase, message).not_by_load()
    }
}
