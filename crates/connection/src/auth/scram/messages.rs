//! SCRAM's messages (RFC 5802, section 5; RFC 7677).

use crate::auth::random::random;
use crate::error::Error;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::num::NonZeroU32;

/// A server that asks for fewer iterations is refused: somebody in between could make passwords cheap to
/// guess (Authentication, "SCRAM-SHA-1").
const MIN_ITERATIONS: u32 = 4096;

/// A server that asks for more is refused, for it makes the client compute for many seconds before it
/// has proved anything. The server's default is 15,000.
const MAX_ITERATIONS: u32 = 10_000_000;

/// `gs2-header`: no channel binding, no other identity to act as.
const GS2_HEADER: &str = "n,,";

/// `client-first-message`.
#[derive(Debug)]
pub(super) struct ClientFirst {
    nonce: String,
    bare: String,
}

impl ClientFirst {
    pub(super) fn new(username: &str) -> Result<Self, Error> {
        Ok(Self::with_nonce(username, STANDARD.encode(random::<24>()?)))
    }

    pub(super) fn with_nonce(username: &str, nonce: String) -> Self {
        let username = username.replace('=', "=3D").replace(',', "=2C");
        let bare = format!("n={username},r={nonce}");
        Self { nonce, bare }
    }

    pub(super) fn payload(&self) -> Vec<u8> {
        format!("{GS2_HEADER}{}", self.bare).into_bytes()
    }

    /// The answer to what the server says to this message, but for the proof.
    ///
    /// # Errors
    /// A server that does not know our nonce or asks for a bad iteration count, and text that is no
    /// `server-first-message`.
    pub(super) fn answered(&self, payload: &[u8]) -> Result<Challenge, Error> {
        let text = std::str::from_utf8(payload).map_err(|_not_utf8| malformed("first"))?;
        let mut attributes = text.split(',');
        let mut attribute = |name| {
            let attribute = attributes.next()?;
            attribute.strip_prefix(name)?.strip_prefix('=')
        };
        let (Some(nonce), Some(salt), Some(iterations)) =
            (attribute("r"), attribute("s"), attribute("i"))
        else {
            return Err(malformed("first"));
        };
        if !(nonce.starts_with(&self.nonce) && nonce.len() > self.nonce.len()) {
            return Err(Error::authentication(
                "the server's SCRAM nonce does not begin with the client's",
            ));
        }
        let salt = STANDARD
            .decode(salt)
            .map_err(|_not_base64| malformed("first"))?;
        let iterations = parse_iterations(iterations)?;
        let binding = STANDARD.encode(GS2_HEADER);
        let without_proof = format!("c={binding},r={nonce}");
        let auth_message = format!("{},{text},{without_proof}", self.bare);
        Ok(Challenge {
            salt,
            iterations,
            without_proof,
            auth_message,
        })
    }
}

fn parse_iterations(text: &str) -> Result<NonZeroU32, Error> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed("first"));
    }
    // A number that has no room is too large.
    let count = text.parse().unwrap_or(u32::MAX);
    let allowed = MIN_ITERATIONS..=MAX_ITERATIONS;
    let accepted = NonZeroU32::new(count).filter(|_| allowed.contains(&count));
    accepted.ok_or_else(|| {
        let asked = match count {
            u32::MAX => "too many".to_owned(),
            count => count.to_string(),
        };
        Error::authentication(format!(
            "the server asks for {asked} SCRAM iterations where {MIN_ITERATIONS} to {MAX_ITERATIONS} are \
             accepted: fewer make the password cheap to guess, more keep the client busy"
        ))
    })
}

/// What `server-first-message` asks for.
#[derive(Debug)]
pub(super) struct Challenge {
    pub(super) salt: Vec<u8>,
    pub(super) iterations: NonZeroU32,
    pub(super) auth_message: String,
    without_proof: String,
}

impl Challenge {
    /// `client-final-message`.
    pub(super) fn response(&self, proof: &[u8]) -> Vec<u8> {
        format!("{},p={}", self.without_proof, STANDARD.encode(proof)).into_bytes()
    }
}

/// The signature of `server-final-message`.
///
/// # Errors
/// The server's reason why there is none, and text that is no such message.
pub(super) fn server_signature(payload: &[u8]) -> Result<Vec<u8>, Error> {
    let text = std::str::from_utf8(payload).map_err(|_not_utf8| malformed("final"))?;
    let first = text.split_once(',').map_or(text, |(first, _)| first);
    if let Some(reason) = first.strip_prefix("e=") {
        let reason: String = reason.chars().take(100).collect();
        let message = format!("the server ended SCRAM with \"{}\"", reason.escape_debug());
        return Err(Error::authentication(message));
    }
    let signature = first.strip_prefix("v=").ok_or_else(|| malformed("final"))?;
    STANDARD
        .decode(signature)
        .map_err(|_not_base64| malformed("final"))
}

fn malformed(which: &str) -> Error {
    Error::authentication(format!("the server's {which} SCRAM message is malformed"))
}

#[cfg(test)]
mod tests;
