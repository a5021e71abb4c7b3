use super::Pem;
use super::connector::unusable;
use crate::error::Error;
use crate::secret::Secret;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::Decode;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};

/// The first private key of a PEM text: PKCS#8, PKCS#1 or SEC1, each also in its encrypted form.
pub(super) fn read(pem: &Pem, password: Option<&Secret>) -> Result<PrivateKeyDer<'static>, Error> {
    let bytes = pem.bytes()?;
    let refuse = |reason: &str| unusable(format!("the private key in {} {reason}", pem.shown()));
    // Comments around keys may be in any encoding.
    let text = String::from_utf8_lossy(&bytes);
    match Section::find(&text) {
        None => Err(unusable(format!("{} holds no private key", pem.shown()))),
        Some(section) => match section.encryption() {
            None => PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| refuse("is not valid PEM")),
            Some(encryption) => {
                let password = password.ok_or_else(|| {
                    refuse("is encrypted; tlsCertificateKeyFilePassword (passphrase) opens it")
                })?;
                let der = section.decode().ok_or_else(|| refuse("is not valid PEM"))?;
                encryption
                    .open(&der, password.reveal().as_bytes())
                    .map_err(refuse)
            }
        },
    }
}

/// A private key's lines in a PEM text.
struct Section<'a> {
    /// What is between BEGIN and the dashes.
    label: &'a str,
    /// Headers, if any, and base64.
    lines: &'a str,
}

impl<'a> Section<'a> {
    fn find(text: &'a str) -> Option<Self> {
        text.match_indices("-----BEGIN ").find_map(|(at, begin)| {
            let (label, rest) = text[at + begin.len()..].split_once("-----")?;
            let (lines, _) = rest.split_once("-----END ")?;
            label
                .ends_with("PRIVATE KEY")
                .then_some(Self { label, lines })
        })
    }

    fn encryption(&self) -> Option<Encryption<'a>> {
        if self.label == "ENCRYPTED PRIVATE KEY" {
            return Some(Encryption::Pkcs8);
        }
        let header = |name: &str| {
            self.lines
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
        };
        header("Proc-Type").filter(|kind| kind.ends_with("ENCRYPTED"))?;
        let (cipher, iv) = header("DEK-Info").unwrap_or_default().split_once(',')?;
        Some(Encryption::Legacy {
            label: self.label,
            cipher,
            iv,
        })
    }

    fn decode(&self) -> Option<Vec<u8>> {
        let base64: String = self
            .lines
            .lines()
            .map(str::trim)
            .filter(|line| !line.contains(':'))
            .collect();
        BASE64_STANDARD.decode(base64).ok()
    }
}

/// How a key is encrypted.
enum Encryption<'a> {
    /// RFC 5958: the key says itself how.
    Pkcs8,
    /// RFC 1421: OpenSSL's older way, in headers.
    Legacy {
        label: &'a str,
        cipher: &'a str,
        /// Hexadecimal.
        iv: &'a str,
    },
}

const WRONG: &str = "cannot be opened: the password is wrong, or the key is damaged";

impl Encryption<'_> {
    fn open(&self, der: &[u8], password: &[u8]) -> Result<PrivateKeyDer<'static>, &'static str> {
        match self {
            Self::Pkcs8 => {
                let encrypted = EncryptedPrivateKeyInfoRef::from_der(der)
                    .map_err(|_| "is encrypted in a way that is not supported")?;
                let opened = encrypted.decrypt(password).map_err(|_| WRONG)?;
                Ok(PrivatePkcs8KeyDer::from(opened.as_bytes().to_vec()).into())
            }
            Self::Legacy { label, cipher, iv } => {
                let opened = open_legacy(cipher, iv, der, password)?;
                match *label {
                    "RSA PRIVATE KEY" => Ok(PrivatePkcs1KeyDer::from(opened).into()),
                    "EC PRIVATE KEY" => Ok(PrivateSec1KeyDer::from(opened).into()),
                    _ => Err("is of a kind that is not supported"),
                }
            }
        }
    }
}

fn open_legacy(
    cipher: &str,
    iv: &str,
    der: &[u8],
    password: &[u8],
) -> Result<Vec<u8>, &'static str> {
    let iv = hex(iv).ok_or("has a malformed DEK-Info header")?;
    let salt = iv.get(..8).ok_or("has a malformed DEK-Info header")?;
    match cipher {
        "AES-128-CBC" => {
            decrypt::<cbc::Decryptor<aes::Aes128>>(&legacy_key(16, salt, password), &iv, der)
        }
        "AES-192-CBC" => {
            decrypt::<cbc::Decryptor<aes::Aes192>>(&legacy_key(24, salt, password), &iv, der)
        }
        "AES-256-CBC" => {
            decrypt::<cbc::Decryptor<aes::Aes256>>(&legacy_key(32, salt, password), &iv, der)
        }
        "DES-EDE3-CBC" => {
            decrypt::<cbc::Decryptor<des::TdesEde3>>(&legacy_key(24, salt, password), &iv, der)
        }
        _ => Err(
            "is encrypted with a cipher that is not supported: AES-128, -192 and -256 and DES-EDE3 in CBC mode are",
        ),
    }
}

fn decrypt<D: KeyIvInit + BlockModeDecrypt>(
    key: &[u8],
    iv: &[u8],
    der: &[u8],
) -> Result<Vec<u8>, &'static str> {
    let cipher = D::new_from_slices(key, iv).map_err(|_| "has a malformed DEK-Info header")?;
    let mut buffer = der.to_vec();
    let opened = cipher
        .decrypt_padded::<Pkcs7>(&mut buffer)
        .map_err(|_| WRONG)?;
    // One wrong password in 256 leaves valid padding; a key is a DER sequence.
    match opened.first() {
        Some(0x30) => Ok(opened.to_vec()),
        _ => Err(WRONG),
    }
}

/// OpenSSL's EVP_BytesToKey with MD5 and one iteration.
fn legacy_key(length: usize, salt: &[u8], password: &[u8]) -> Vec<u8> {
    let mut key: Vec<u8> = Vec::with_capacity(length + 16);
    let mut last = Vec::new();
    while key.len() < length {
        let digest = Md5::new()
            .chain_update(&last)
            .chain_update(password)
            .chain_update(salt)
            .finalize();
        last = digest.to_vec();
        key.extend_from_slice(&last);
    }
    key.truncate(length);
    key
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim().as_bytes();
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
