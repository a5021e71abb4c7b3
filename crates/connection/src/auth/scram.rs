//! SCRAM-SHA-1 and SCRAM-SHA-256 (Authentication; RFC 5802, RFC 7677).

mod cache;
mod keys;
mod messages;

use super::Exchange;
use super::sasl::{Reply, Start};
use crate::credential::Credential;
use crate::error::Error;
use messages::{ClientFirst, server_signature};

pub(super) use cache::KeyCache;
pub(super) use keys::Hash;

/// A conversation of which the first message is known.
#[derive(Debug)]
pub(super) struct Scram {
    hash: Hash,
    first: ClientFirst,
}

impl Scram {
    pub(super) fn new(hash: Hash, credential: &Credential) -> Result<Self, Error> {
        let first = ClientFirst::new(credential.username.as_deref().unwrap_or(""))?;
        Ok(Self { hash, first })
    }

    /// The conversation's first command.
    pub(super) fn start(&self) -> Start {
        Start {
            mechanism: self.hash.mechanism(),
            payload: self.first.payload(),
        }
    }

    /// Proves the password, and demands that the server does, after the `reply` to the first command.
    pub(super) async fn finish(
        self,
        reply: Reply,
        credential: &Credential,
        cache: &KeyCache,
        exchange: &mut impl Exchange,
    ) -> Result<(), Error> {
        reply.expect_more()?;
        let challenge = self.first.answered(&reply.payload)?;
        let password = self.hash.prepare(credential)?;
        let salt = challenge.salt.clone();
        let keys = cache.get(self.hash, password, salt, challenge.iterations);
        let keys = keys.wait().await;

        let message = &challenge.auth_message;
        let response = challenge.response(&keys.proof(message));
        let source = &credential.source;
        let reply = reply.answer(&response, source, exchange).await?;
        let signature = server_signature(&reply.payload)?;
        if !keys.is_signature(message, &signature) {
            return Err(Error::authentication(
                "the server does not know the user's password: its SCRAM signature is wrong",
            ));
        }
        if reply.done {
            return Ok(());
        }
        // Servers before 4.4 end with an exchange of nothing ("Backwards Compatibility").
        let last = reply.answer(&[], source, exchange).await?;
        last.expect_done()
    }
}

#[cfg(test)]
mod tests;
