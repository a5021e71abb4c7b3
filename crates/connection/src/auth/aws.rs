//! MONGODB-AWS: an AWS identity, proved by a request that the server forwards to STS.

mod sigv4;

use super::Exchange;
use super::random::random;
use super::sasl::{Start, unreadable};
use super::supplier::{AwsCredentials, CredentialSupplier};
use crate::credential::{Credential, Mechanism};
use crate::error::{Error, Phase};
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ferropool_wire::{Appender, Document, Value};
use sigv4::Request;
use std::env;
use std::time::SystemTime;

const NONCE_LENGTH: usize = 32;

pub(super) async fn authenticate(
    credential: &Credential,
    supplier: Option<&dyn CredentialSupplier>,
    exchange: &mut impl Exchange,
) -> Result<(), Error> {
    let credentials = match (configured(credential), supplier) {
        (Some(credentials), _) => credentials,
        (None, Some(supplier)) => supplier.aws().await?,
        (None, None) => from_environment(|name| env::var(name).ok())?,
    };
    converse(&credentials, &credential.source, exchange).await
}

fn configured(credential: &Credential) -> Option<AwsCredentials> {
    Some(AwsCredentials {
        access_key_id: credential.username.clone()?,
        secret_access_key: credential.password.clone()?,
        session_token: credential.properties.aws_session_token.clone(),
    })
}

/// Credentials of the process ("Environment variables"), read each time: somebody may renew them.
fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<AwsCredentials, Error> {
    let variable = |name| variable(name).filter(|value| !value.is_empty());
    let (Some(access_key_id), Some(secret)) = (
        variable("AWS_ACCESS_KEY_ID"),
        variable("AWS_SECRET_ACCESS_KEY"),
    ) else {
        return Err(Error::configuration(
            Phase::Auth,
            "MONGODB-AWS has no credentials: they are taken from AWS_CREDENTIAL_PROVIDER or from the environment \
             variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; the services of ECS, EC2 and web identities \
             are not asked",
        ));
    };
    Ok(AwsCredentials {
        access_key_id,
        secret_access_key: Secret::new(&secret),
        session_token: variable("AWS_SESSION_TOKEN").map(|token| Secret::new(&token)),
    })
}

async fn converse(
    credentials: &AwsCredentials,
    source: &str,
    exchange: &mut impl Exchange,
) -> Result<(), Error> {
    let nonce = random::<NONCE_LENGTH>()?;
    let mut payload = Vec::new();
    let mut first = Appender::begin(&mut payload);
    first.binary("r", 0, &nonce).int32("p", i32::from(b'n'));
    first.finish();
    let start = Start {
        mechanism: Mechanism::Aws,
        payload,
    };
    let reply = start.send(source, exchange).await?;
    reply.expect_more()?;

    let (server_nonce, host) = read_server_first(&reply.payload, &nonce)?;
    let date = sigv4::date(SystemTime::now());
    let request = Request {
        host,
        region: region(host)?,
        server_nonce: &STANDARD.encode(server_nonce),
        date: &date,
    };
    let authorization = sigv4::authorization(credentials, &request);
    let mut payload = Vec::new();
    let mut second = Appender::begin(&mut payload);
    second.string("a", &authorization).string("d", &date);
    if let Some(token) = &credentials.session_token {
        second.string("t", token.reveal());
    }
    second.finish();
    let last = reply.answer(&payload, source, exchange).await?;
    last.expect_done()
}

/// The server's nonce and the STS host.
fn read_server_first<'a>(
    payload: &'a [u8],
    nonce: &[u8; NONCE_LENGTH],
) -> Result<(&'a [u8], &'a str), Error> {
    let document = Document::new(payload).map_err(unreadable)?;
    let server_nonce = document.get("s").map_err(unreadable)?;
    let host = document.get("h").map_err(unreadable)?;
    let (Some(Value::Binary { bytes, .. }), Some(host)) =
        (server_nonce, host.and_then(|host| host.as_str()))
    else {
        return Err(Error::authentication(
            "the server's MONGODB-AWS message must have a nonce and a host",
        ));
    };
    if bytes.len() != 2 * NONCE_LENGTH || !bytes.starts_with(nonce) {
        return Err(Error::authentication(
            "the server's MONGODB-AWS nonce must be 64 bytes that begin with the client's 32",
        ));
    }
    Ok((bytes, host))
}

/// The region of an STS host ("Region Calculation").
fn region(host: &str) -> Result<&str, Error> {
    const LONGEST_NAME: usize = 255;
    // Only names: a line break would let the server put headers of its own into what is signed.
    let is_name = |label: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.bytes().all(allowed)
    };
    if host.len() > LONGEST_NAME || !host.split('.').all(is_name) {
        return Err(Error::authentication(
            "the server's MONGODB-AWS message names an STS host that is no host name",
        ));
    }
    Ok(match host.split('.').nth(1) {
        None | Some("amazonaws") => "us-east-1",
        Some(label) => label,
    })
}

#[cfg(test)]
mod tests;
