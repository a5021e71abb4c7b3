use super::credential::AuthStated;
use super::tls::TlsStated;
use super::uri::User;
use ferropool_connection::{Compressor, Secret};

/// What the sources said, as far as it takes several options, or a TXT record, to decide what it means.
#[derive(Clone, Debug, Default)]
pub(super) struct Stated {
    /// The options that the connection string has and that count.
    pub(super) string: Vec<&'static str>,
    /// The options that the object has.
    pub(super) object: Vec<&'static str>,
    /// The connection string's user information.
    pub(super) user: Option<User>,
    pub(super) auth: AuthStated,
    pub(super) tls: TlsStated,
    pub(super) proxy: ProxyStated,
    /// The level is decided by another option.
    pub(super) compressors: Vec<Compressor>,
    pub(super) zlib_level: Option<i8>,
}

/// What was said of a proxy.
#[derive(Clone, Debug, Default)]
pub(super) struct ProxyStated {
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) username: Option<String>,
    pub(super) password: Option<Secret>,
}
