use super::credential::AuthStated;
use super::tls::TlsStated;
use super::uri::User;
use ferropool_connection::{Compressor, Secret};

/// What the sources said, as far as it takes several options, or a TXT record, to decide what it means.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stated {
    /// The options that the connection string has and that count.
    pub(crate) string: Vec<&'static str>,
    /// The options that the object has.
    pub(crate) object: Vec<&'static str>,
    /// The connection string's user information.
    pub(crate) user: Option<User>,
    pub(crate) auth: AuthStated,
    pub(crate) tls: TlsStated,
    pub(crate) proxy: ProxyStated,
    /// The level is decided by another option.
    pub(crate) compressors: Vec<Compressor>,
    pub(crate) zlib_level: Option<i8>,
}

/// What was said of a proxy.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProxyStated {
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Secret>,
}
