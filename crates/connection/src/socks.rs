//! SOCKS5 ("SOCKS5 Proxy Support", RFC 1928 and RFC 1929).

use crate::secret::Secret;

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
}
