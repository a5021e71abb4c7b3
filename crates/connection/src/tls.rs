//! TLS by rustls: what a client was configured with ([`TlsOptions`]), what is made of it once for all its
//! connections ([`TlsConnector`]), and one connection's [`Session`].

mod certificates;
mod connector;
mod key;
mod session;
mod verifier;

pub use connector::TlsConnector;
pub(crate) use session::Session;

use crate::secret::Secret;
use std::path::PathBuf;

/// How a client's connections are encrypted ("TLS Options"). Files are read when the first connection
/// needs them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// Certificates of authorities, PEM; none for the system's (`tlsCAFile`, `ca`).
    pub ca: Vec<Pem>,
    /// The client's certificate and those between it and an authority, PEM (`tlsCertificateKeyFile`, `cert`).
    pub certificate: Option<Pem>,
    /// The client's key, PEM, if it is not beside the certificate (`tlsCertificateKeyFile`, `key`).
    pub key: Option<Pem>,
    /// Opens an encrypted key (`tlsCertificateKeyFilePassword`, `passphrase`).
    pub key_password: Option<Secret>,
    /// Revocation lists, PEM (`tlsCRLFile`, `crl`).
    pub crl: Vec<Pem>,
    /// Takes any certificate (`tlsAllowInvalidCertificates`, `tlsInsecure`).
    pub allow_invalid_certificates: bool,
    /// Takes a valid certificate of any host (`tlsAllowInvalidHostnames`, `tlsInsecure`).
    pub allow_invalid_hostnames: bool,
    /// The name to ask for and to verify, instead of the host's (`servername`).
    pub server_name: Option<String>,
}

/// PEM text, or where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pem {
    /// A file.
    File(PathBuf),
    /// Its content. Secret, for it may hold a key.
    Text(Secret),
}
