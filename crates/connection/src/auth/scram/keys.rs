use crate::auth::hex::hex;
use crate::auth::saslprep::saslprep;
use crate::credential::{Credential, Mechanism};
use crate::error::Error;
use crate::secret::Secret;
use md5::{Digest, Md5};
use ring::{digest, hmac, pbkdf2};
use std::fmt;
use std::num::NonZeroU32;

/// The hash function of a SCRAM mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::auth) enum Hash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl Hash {
    pub(super) fn mechanism(self) -> Mechanism {
        match self {
            Self::Sha1 => Mechanism::ScramSha1,
            Self::Sha256 => Mechanism::ScramSha256,
        }
    }

    /// What keys are derived from: SCRAM-SHA-1 takes a digest of user and password as they are,
    /// SCRAM-SHA-256 the normalized password.
    pub(super) fn prepare(self, credential: &Credential) -> Result<Secret, Error> {
        let password = credential.password.as_ref().map_or("", Secret::reveal);
        match self {
            Self::Sha256 => saslprep(password),
            Self::Sha1 => {
                let user = credential.username.as_deref().unwrap_or("");
                let digest = Md5::digest(format!("{user}:mongo:{password}"));
                Ok(Secret::new(&hex(&digest)))
            }
        }
    }

    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
        }
    }

    fn pbkdf2(self) -> pbkdf2::Algorithm {
        match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        }
    }
}

/// What proves a password to a server and a server to the client (RFC 5802, section 3).
pub(super) struct Keys {
    client_key: hmac::Tag,
    stored_key: hmac::Key,
    server_key: hmac::Key,
}

impl Keys {
    /// Derives the keys. Takes as long as `iterations` say: milliseconds to seconds of one core.
    pub(super) fn derive(hash: Hash, password: &str, salt: &[u8], iterations: NonZeroU32) -> Self {
        let algorithm = hash.hmac();
        let mut salted = vec![0; algorithm.digest_algorithm().output_len()];
        let password = password.as_bytes();
        pbkdf2::derive(hash.pbkdf2(), iterations, salt, password, &mut salted);
        let salted = hmac::Key::new(algorithm, &salted);
        let client_key = hmac::sign(&salted, b"Client Key");
        let stored_key = digest::digest(algorithm.digest_algorithm(), client_key.as_ref());
        let server_key = hmac::sign(&salted, b"Server Key");
        Self {
            client_key,
            stored_key: hmac::Key::new(algorithm, stored_key.as_ref()),
            server_key: hmac::Key::new(algorithm, server_key.as_ref()),
        }
    }

    /// `ClientProof`.
    pub(super) fn proof(&self, auth_message: &str) -> Vec<u8> {
        let signature = hmac::sign(&self.stored_key, auth_message.as_bytes());
        let pairs = self.client_key.as_ref().iter().zip(signature.as_ref());
        pairs.map(|(key, signature)| key ^ signature).collect()
    }

    /// Whether `signature` is `ServerSignature`, in a time that does not depend on where it differs.
    pub(super) fn is_signature(&self, auth_message: &str, signature: &[u8]) -> bool {
        hmac::verify(&self.server_key, auth_message.as_bytes(), signature).is_ok()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}
