//! MONGODB-OIDC: access tokens of an identity provider, with the machine's and the human's flow.

mod hosts;
mod provider;
mod tokens;

use super::Exchange;
use super::sasl::{Reply, Start, is_refusal, unreadable};
use super::supplier::{CredentialSupplier, IdpInfo};
use crate::address::Address;
use crate::credential::{Credential, Mechanism};
use crate::error::Error;
use crate::secret::Secret;
use ferropool_wire::{Appender, Document};
use provider::Provider;
use std::sync::Arc;
use tokens::{Human, Tokens};

/// Tokens that the server refuses are replaced this many times, then a human is asked. More would be
/// needed only if tokens expired while connections are being established.
const MAX_ROUNDS: usize = 3;

/// What the connections of a client share.
#[derive(Debug)]
pub(super) struct Oidc {
    username: Option<String>,
    source: String,
    allowed_hosts: Option<Vec<String>>,
    tokens: Arc<Tokens>,
}

impl Oidc {
    /// # Errors
    /// A credential for which there is nothing that supplies tokens.
    pub(super) fn new(
        credential: &Credential,
        supplier: Option<Arc<dyn CredentialSupplier>>,
    ) -> Result<Self, Error> {
        let provider = Provider::new(&credential.properties, supplier)?;
        Ok(Self {
            username: credential.username.clone(),
            source: credential.source.clone(),
            allowed_hosts: credential.properties.allowed_hosts.clone(),
            tokens: Arc::new(Tokens::new(provider, credential.username.clone())),
        })
    }

    /// Whether tokens may be sent to `address`.
    pub(super) fn check(&self, address: &Address) -> Result<(), Error> {
        match self.tokens.is_human() {
            true => hosts::check(address, self.allowed_hosts.as_deref()),
            false => Ok(()),
        }
    }

    /// What `hello` can carry: a token that is there. Nothing is asked for, and a token that does not
    /// work this way stays ("Speculative Authentication").
    pub(super) fn speculate(&self) -> Option<Start> {
        let token = self.tokens.cached()?;
        Some(start(jwt_step(&token)))
    }

    /// Whether the token that `hello` carried was accepted.
    pub(super) fn is_accepted(speculative: Document<'_>) -> bool {
        Reply::read(speculative).is_ok_and(|reply| reply.done)
    }

    /// The standard authentication.
    pub(super) async fn authenticate(&self, exchange: &mut impl Exchange) -> Result<(), Error> {
        match self.tokens.is_human() {
            true => self.authenticate_human(exchange).await,
            false => self.authenticate_machine(exchange).await,
        }
    }

    async fn authenticate_machine(&self, exchange: &mut impl Exchange) -> Result<(), Error> {
        let access = self.tokens.get(None).await?;
        match self.one_step(&access.token, exchange).await {
            Err(error) if access.cached && is_refusal(&error) => {
                self.tokens.invalidate(&access.token);
                let access = self.tokens.get(None).await?;
                self.one_step(&access.token, exchange).await
            }
            result => result,
        }
    }

    async fn authenticate_human(&self, exchange: &mut impl Exchange) -> Result<(), Error> {
        for _ in 0..MAX_ROUNDS {
            let renewal = match self.tokens.cached() {
                Some(_) => None,
                None => match self.tokens.renewal() {
                    Some(renewal) => Some(renewal),
                    None => break,
                },
            };
            let access = self.tokens.get(renewal.clone()).await?;
            match self.one_step(&access.token, exchange).await {
                Err(error) if is_refusal(&error) => {
                    self.tokens.invalidate(&access.token);
                    if let Some(renewal) = renewal.filter(|_| !access.cached) {
                        self.tokens.forget_renewal(&renewal);
                    }
                }
                result => return result,
            }
        }
        self.two_step(exchange).await
    }

    async fn one_step(&self, token: &Secret, exchange: &mut impl Exchange) -> Result<(), Error> {
        let reply = start(jwt_step(token)).send(&self.source, exchange).await?;
        reply.expect_done()
    }

    async fn two_step(&self, exchange: &mut impl Exchange) -> Result<(), Error> {
        let principal = start(principal_step(self.username.as_deref()));
        let reply = principal.send(&self.source, exchange).await?;
        reply.expect_more()?;
        let human = Human {
            idp_info: read_idp_info(&reply)?,
            refresh_token: None,
        };
        let access = self.tokens.get(Some(human)).await?;
        let payload = jwt_step(&access.token);
        let last = reply.answer(&payload, &self.source, exchange).await?;
        last.expect_done()
    }
}

fn start(payload: Vec<u8>) -> Start {
    Start {
        mechanism: Mechanism::Oidc,
        payload,
    }
}

/// `JwtStepRequest`.
fn jwt_step(token: &Secret) -> Vec<u8> {
    let mut payload = Vec::new();
    let mut step = Appender::begin(&mut payload);
    step.string("jwt", token.reveal());
    step.finish();
    payload
}

/// `PrincipalStepRequest`.
fn principal_step(username: Option<&str>) -> Vec<u8> {
    let mut payload = Vec::new();
    let mut step = Appender::begin(&mut payload);
    if let Some(username) = username {
        step.string("n", username);
    }
    step.finish();
    payload
}

fn read_idp_info(reply: &Reply) -> Result<IdpInfo, Error> {
    let document = Document::new(&reply.payload).map_err(unreadable)?;
    let text = |name| -> Result<Option<String>, Error> {
        let value = document.get(name).map_err(unreadable)?;
        Ok(value.and_then(|value| value.as_str()).map(str::to_owned))
    };
    let scopes = document.get("requestScopes").map_err(unreadable)?;
    let scopes = scopes.and_then(|scopes| scopes.as_array()).into_iter();
    let scopes = scopes
        .flat_map(|scopes| scopes.elements())
        .filter_map(|scope| scope.ok()?.value.as_str().map(str::to_owned));
    Ok(IdpInfo {
        issuer: text("issuer")?.ok_or_else(|| {
            Error::authentication("the server's MONGODB-OIDC message must have an issuer")
        })?,
        client_id: text("clientId")?,
        request_scopes: scopes.collect(),
    })
}

#[cfg(test)]
mod tests;
