//! Authentication: who the client is, proved on each connection that carries operations.
//!
//! An [`Authenticator`] belongs to a client and keeps what its connections share: derived keys, tokens.
//! Each establishment makes one [`Attempt`]. It adds to `hello` what can be asked with it, and when
//! `hello` is answered it finishes the conversation over an [`Exchange`], one command at a time. There is
//! no socket and no deadline in here: who drives an attempt drops it when its time is up.
//!
//! - `attempt`: one connection's authentication.
//! - `sasl`: the commands of SASL mechanisms and their replies.
//! - `scram`, `plain`, `x509`, `aws`, `oidc`: the mechanisms.
//! - `supplier`: who can be asked for credentials.

mod attempt;
mod sasl;

mod aws;
mod oidc;
mod plain;
mod scram;
mod x509;

mod hex;
mod random;
mod saslprep;
mod supplier;

#[cfg(test)]
mod scripted;

use crate::address::Address;
use crate::credential::{Credential, Mechanism};
use crate::error::{Error, Phase};
use oidc::Oidc;
use scram::{Hash, KeyCache};
use std::fmt;
use std::sync::Arc;

pub(crate) use attempt::Attempt;
pub use supplier::{
    AwsCredentials, BoxFuture, CredentialSupplier, IdpInfo, OidcRequest, OidcToken,
};

/// Commands on a connection that is being established.
pub(crate) trait Exchange: Send {
    /// Sends a command, whose `body` has no `$db` yet, and returns the reply's document, also if the
    /// reply is an error.
    fn command(
        &mut self,
        database: &str,
        body: Vec<u8>,
    ) -> impl Future<Output = Result<Vec<u8>, Error>> + Send;
}

/// Authenticates the connections of one client.
pub struct Authenticator {
    credential: Credential,
    method: Method,
}

/// A mechanism, and what the connections of the client share for it.
enum Method {
    /// `None`: the hash function that the server offers.
    Scram(Option<Hash>, KeyCache),
    X509,
    Plain,
    Aws(Option<Arc<dyn CredentialSupplier>>),
    Oidc(Oidc),
    /// None: the credential cannot be used.
    Refused(Error),
}

impl Authenticator {
    /// With a `supplier` if the credential's properties name a callback.
    pub fn new(credential: Credential, supplier: Option<Arc<dyn CredentialSupplier>>) -> Self {
        let method = Method::new(&credential, supplier).unwrap_or_else(Method::Refused);
        Self { credential, method }
    }

    /// Why the credential can never be used, known without any I/O. Attempts fail with it.
    pub fn refusal(&self) -> Option<&Error> {
        match &self.method {
            Method::Refused(error) => Some(error),
            _ => None,
        }
    }

    /// Begins to authenticate a connection to `address`, before its `hello`.
    ///
    /// # Errors
    /// [`Self::refusal`], and an address that must not have the client's tokens.
    pub(crate) fn begin(&self, address: &Address) -> Result<Attempt<'_>, Error> {
        Attempt::begin(self, address)
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator")
            .field("mechanism", &self.credential.mechanism)
            .finish_non_exhaustive()
    }
}

impl Method {
    /// The credential's mechanism, if it has what the mechanism cannot do without ("MongoCredential
    /// Properties").
    fn new(
        credential: &Credential,
        supplier: Option<Arc<dyn CredentialSupplier>>,
    ) -> Result<Self, Error> {
        let username = credential.username.as_deref().unwrap_or("");
        let (has_username, has_password) = (!username.is_empty(), credential.password.is_some());
        let refuse = |message: &str| Err(Error::configuration(Phase::Auth, message));
        let both = |method| match has_username && has_password {
            true => Ok(method),
            false => {
                let mechanism = credential
                    .mechanism
                    .map_or("authentication", Mechanism::name);
                refuse(&format!("{mechanism} needs a user name and a password"))
            }
        };
        let keys = KeyCache::default();
        match credential.mechanism {
            None => both(Self::Scram(None, keys)),
            Some(Mechanism::ScramSha1) => both(Self::Scram(Some(Hash::Sha1), keys)),
            Some(Mechanism::ScramSha256) => both(Self::Scram(Some(Hash::Sha256), keys)),
            Some(Mechanism::Plain) => both(Self::Plain),
            Some(Mechanism::X509) => Ok(Self::X509),
            Some(Mechanism::Oidc) => Ok(Self::Oidc(Oidc::new(credential, supplier)?)),
            Some(Mechanism::Gssapi) => refuse("GSSAPI is not supported: it needs Kerberos"),
            Some(Mechanism::Aws) if has_username != has_password => {
                refuse("MONGODB-AWS needs an access key id and a secret access key, or neither")
            }
            Some(Mechanism::Aws) => Ok(Self::Aws(supplier)),
        }
    }
}

#[cfg(test)]
mod tests;
