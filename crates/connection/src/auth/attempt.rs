use super::oidc::Oidc;
use super::scram::{Hash, Scram};
use super::{Authenticator, Exchange, Method};
use super::{aws, plain, sasl, x509};
use crate::address::Address;
use crate::credential::Mechanism;
use crate::error::Error;
use ferropool_wire::{Appender, Document, WireError};

/// The authentication of one connection.
pub(crate) struct Attempt<'a> {
    authenticator: &'a Authenticator,
    speculation: Speculation,
}

/// The conversation that `hello` opens.
enum Speculation {
    None,
    Scram(Scram),
    X509,
    Oidc(sasl::Start),
}

impl<'a> Attempt<'a> {
    pub(super) fn begin(
        authenticator: &'a Authenticator,
        address: &Address,
    ) -> Result<Self, Error> {
        let speculation = match &authenticator.method {
            Method::Refused(error) => return Err(error.clone()),
            Method::Scram(hash, _) => {
                let hash = hash.unwrap_or(Hash::Sha256);
                Speculation::Scram(Scram::new(hash, &authenticator.credential)?)
            }
            Method::X509 => Speculation::X509,
            Method::Oidc(oidc) => {
                oidc.check(address)?;
                oidc.speculate()
                    .map_or(Speculation::None, Speculation::Oidc)
            }
            Method::Plain | Method::Aws(_) => Speculation::None,
        };
        Ok(Self {
            authenticator,
            speculation,
        })
    }

    /// Appends `saslSupportedMechs` and `speculativeAuthenticate` to `hello`, as far as they apply
    /// (Handshake, "Speculative Authentication").
    pub(crate) fn append_hello(&self, hello: &mut Appender<'_>) {
        let credential = &self.authenticator.credential;
        if let (None, Some(username)) = (credential.mechanism, &credential.username) {
            let user = format!("{}.{username}", credential.source);
            hello.string("saslSupportedMechs", &user);
        }
        let start = match &self.speculation {
            Speculation::None => return,
            Speculation::X509 => {
                hello.document("speculativeAuthenticate", |command| {
                    x509::append(credential, command);
                });
                return;
            }
            Speculation::Scram(scram) => &scram.start(),
            Speculation::Oidc(start) => start,
        };
        hello.document("speculativeAuthenticate", |command| {
            start.append(command);
            command.string("db", &credential.source);
        });
    }

    /// Authenticates, after the reply to `hello`.
    ///
    /// # Errors
    /// The server's refusal, a server that does not prove who it is, or a failed connection.
    pub(crate) async fn finish(
        self,
        hello_reply: Document<'_>,
        exchange: &mut impl Exchange,
    ) -> Result<(), Error> {
        let offer = Offer::read(hello_reply).map_err(sasl::unreadable)?;
        if offer.is_arbiter {
            return Ok(());
        }
        let Authenticator { credential, method } = self.authenticator;
        match method {
            Method::Refused(error) => Err(error.clone()),
            Method::Scram(hash, keys) => {
                let (scram, reply) = match (self.speculation, offer.speculative) {
                    (Speculation::Scram(scram), Some(reply)) => (scram, sasl::Reply::read(reply)?),
                    _ => {
                        let scram = Scram::new(hash.unwrap_or(offer.hash), credential)?;
                        let reply = scram.start().send(&credential.source, exchange).await?;
                        (scram, reply)
                    }
                };
                scram.finish(reply, credential, keys, exchange).await
            }
            Method::X509 if offer.speculative.is_some() => Ok(()),
            Method::X509 => x509::authenticate(credential, exchange).await,
            Method::Plain => plain::authenticate(credential, exchange).await,
            Method::Aws(supplier) => {
                aws::authenticate(credential, supplier.as_deref(), exchange).await
            }
            Method::Oidc(oidc) => match (self.speculation, offer.speculative) {
                (Speculation::Oidc(_), Some(reply)) if Oidc::is_accepted(reply) => Ok(()),
                _ => oidc.authenticate(exchange).await,
            },
        }
    }
}

/// What `hello`'s reply says about authentication.
struct Offer<'a> {
    /// The first reply of the conversation that `hello` opened.
    speculative: Option<Document<'a>>,
    /// The default of SCRAM for the user ("Default Authentication Methods").
    hash: Hash,
    is_arbiter: bool,
}

impl<'a> Offer<'a> {
    fn read(reply: Document<'a>) -> Result<Self, WireError> {
        let mechanisms = reply.get("saslSupportedMechs")?;
        let mechanisms = mechanisms.and_then(|mechanisms| mechanisms.as_array());
        let sha256 = Mechanism::ScramSha256.name();
        // Names are not validated, unknown ones of no interest.
        let has_sha256 = mechanisms
            .into_iter()
            .flat_map(|mechanisms| mechanisms.elements())
            .any(|name| name.is_ok_and(|name| name.value.as_str() == Some(sha256)));
        let speculative = reply.get("speculativeAuthenticate")?;
        let is_arbiter = reply.get("arbiterOnly")?;
        Ok(Self {
            speculative: speculative.and_then(|speculative| speculative.as_document()),
            hash: if has_sha256 { Hash::Sha256 } else { Hash::Sha1 },
            is_arbiter: is_arbiter.is_some_and(|is_arbiter| is_arbiter.as_bool_like()),
        })
    }
}
