use super::Pem;
use super::connector::unusable;
use crate::error::Error;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use std::borrow::Cow;
use std::sync::Arc;

/// Whom a client trusts.
pub(super) struct Authorities {
    pub(super) roots: Arc<RootCertStore>,
    /// The certificates that the user named, as they are: a server may present one of them itself.
    pub(super) named: Vec<CertificateDer<'static>>,
}

impl Authorities {
    /// The system's, and those in the file that `NODE_EXTRA_CA_CERTS` names.
    pub(super) fn of_the_system() -> Result<Self, Error> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        let mut named = Vec::new();
        if let Some(path) = std::env::var_os("NODE_EXTRA_CA_CERTS") {
            named = all(&Pem::File(path.into()), "certificate")?;
            roots.add_parsable_certificates(named.iter().cloned());
        }
        if roots.is_empty() {
            return Err(unusable(
                "the system has no certificate authorities; set tlsCAFile, or SSL_CERT_FILE in the environment",
            ));
        }
        Ok(Self {
            roots: Arc::new(roots),
            named,
        })
    }

    pub(super) fn read(given: &[Pem]) -> Result<Self, Error> {
        let (mut roots, mut named) = (RootCertStore::empty(), Vec::new());
        for pem in given {
            let certificates: Vec<CertificateDer<'static>> = all(pem, "certificate")?;
            if certificates.is_empty() {
                return Err(unusable(format!("{} holds no certificate", pem.shown())));
            }
            for certificate in certificates {
                roots.add(certificate.clone()).map_err(|error| {
                    unusable(format!(
                        "a certificate in {} is malformed: {error}",
                        pem.shown()
                    ))
                })?;
                named.push(certificate);
            }
        }
        Ok(Self {
            roots: Arc::new(roots),
            named,
        })
    }
}

/// The client's certificate and those between it and an authority.
pub(super) fn chain(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, Error> {
    let chain: Vec<CertificateDer<'static>> = all(pem, "certificate")?;
    match chain.is_empty() {
        true => Err(unusable(format!("{} holds no certificate", pem.shown()))),
        false => Ok(chain),
    }
}

pub(super) fn revocation_lists(
    given: &[Pem],
) -> Result<Vec<CertificateRevocationListDer<'static>>, Error> {
    let mut lists = Vec::new();
    for pem in given {
        let found: Vec<CertificateRevocationListDer<'static>> = all(pem, "revocation list")?;
        if found.is_empty() {
            return Err(unusable(format!(
                "{} holds no revocation list",
                pem.shown()
            )));
        }
        lists.extend(found);
    }
    Ok(lists)
}

fn all<T: PemObject>(pem: &Pem, what: &str) -> Result<Vec<T>, Error> {
    let bytes = pem.bytes()?;
    T::pem_slice_iter(&without_keys(&bytes))
        .collect::<Result<_, _>>()
        .map_err(|_| unusable(format!("a {what} in {} is not valid PEM", pem.shown())))
}

/// A key beside certificates may have headers (RFC 1421), which their reader takes for damage.
fn without_keys(text: &[u8]) -> Vec<u8> {
    let mut in_key = false;
    let mut rest = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let boundary = line.trim_ascii();
        let of_key = boundary.ends_with(b"PRIVATE KEY-----");
        in_key |= of_key && boundary.starts_with(b"-----BEGIN ");
        if !in_key {
            rest.extend_from_slice(line);
        }
        in_key &= !(of_key && boundary.starts_with(b"-----END "));
    }
    rest
}

impl Pem {
    pub(super) fn bytes(&self) -> Result<Cow<'_, [u8]>, Error> {
        match self {
            Self::Text(text) => Ok(Cow::Borrowed(text.reveal().as_bytes())),
            Self::File(path) => std::fs::read(path)
                .map(Cow::Owned)
                .map_err(|error| unusable(format!("{} cannot be read: {error}", self.shown()))),
        }
    }

    /// The file's name, for errors; a text is not shown.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(_) => "the PEM text".to_owned(),
            Self::File(path) => format!("\"{}\"", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::without_keys;

    #[test]
    fn keys_are_left_out_whatever_they_begin_with() {
        let text = b"comment \xfc\r\n-----BEGIN CERTIFICATE-----\r\nAAAA\r\n-----END CERTIFICATE-----\r\n\
            -----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\n\r\nBBBB\r\n-----END RSA PRIVATE KEY-----\r\n\
            -----BEGIN CERTIFICATE-----\r\nCCCC\r\n-----END CERTIFICATE-----";
        let expected =
            b"comment \xfc\r\n-----BEGIN CERTIFICATE-----\r\nAAAA\r\n-----END CERTIFICATE-----\r\n\
            -----BEGIN CERTIFICATE-----\r\nCCCC\r\n-----END CERTIFICATE-----";
        assert_eq!(without_keys(text), expected);
        assert!(without_keys(b"-----BEGIN PRIVATE KEY-----\nBBBB").is_empty());
    }
}
