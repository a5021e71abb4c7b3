use super::certificates::{self, Authorities};
use super::session::Session;
use super::verifier::Verifier;
use super::{TlsOptions, key};
use crate::address::Address;
use crate::error::{Error, Phase};
use rustls::ClientConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use std::sync::Arc;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

/// The TLS of a client: one configuration for all of its connections, so that they resume each other's
/// sessions.
#[derive(Debug)]
pub struct TlsConnector {
    options: TlsOptions,
    /// Made by the first connection; what fails is tried again by the next.
    config: OnceCell<Arc<ClientConfig>>,
}

impl TlsConnector {
    /// Reads nothing yet.
    pub fn new(options: TlsOptions) -> Self {
        Self {
            options,
            config: OnceCell::new(),
        }
    }

    /// A session with the server at `address`, before its handshake. Boxed: it is large, and is moved often.
    pub(crate) async fn session(&self, address: &Address) -> Result<Box<Session>, Error> {
        let config = self.config.get_or_try_init(|| async {
            let options = self.options.clone();
            // Files and the system's store are read, and a key may have to be decrypted.
            let made = spawn_blocking(move || configure(&options).map(Arc::new)).await;
            made.unwrap_or_else(|_| Err(unusable("the TLS configuration could not be made")))
        });
        let config = Arc::clone(config.await?);
        let name = self.server_name(address)?;
        let session = Session::new(config, name);
        { session.map(Box::new) }.map_err(|error| unusable(error.to_string()))
    }

    fn server_name(&self, address: &Address) -> Result<ServerName<'static>, Error> {
        let host = match (&self.options.server_name, address) {
            (Some(name), _) => name.as_str(),
            (None, Address::Tcp { host, .. }) => host.as_str(),
            // Whoever can bind the path is on this machine.
            (None, Address::Unix(_)) => "localhost",
        };
        ServerName::try_from(host.trim_end_matches('.'))
            .map(|name| name.to_owned())
            .map_err(|_| unusable(format!("\"{host}\" is not a name that TLS can verify")))
    }
}

fn configure(options: &TlsOptions) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier(options, &provider)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let Some(certificate) = &options.certificate else {
        return Ok(config.with_no_client_auth());
    };
    let chain = certificates::chain(certificate)?;
    let key = key::read(
        options.key.as_ref().unwrap_or(certificate),
        options.key_password.as_ref(),
    )?;
    config
        .with_client_auth_cert(chain, key)
        .map_err(|error| unusable(format!("the client's certificate cannot be used: {error}")))
}

fn verifier(options: &TlsOptions, provider: &Arc<CryptoProvider>) -> Result<Verifier, Error> {
    if options.allow_invalid_certificates {
        return Ok(Verifier::of_nothing(provider));
    }
    let authorities = match options.ca.as_slice() {
        [] => Authorities::of_the_system()?,
        given => Authorities::read(given)?,
    };
    let lists = certificates::revocation_lists(&options.crl)?;
    Verifier::new(
        authorities,
        lists,
        options.allow_invalid_hostnames,
        provider,
    )
}

/// What was configured cannot be used.
pub(super) fn unusable(message: impl Into<String>) -> Error {
    Error::configuration(Phase::Tls, message)
}
