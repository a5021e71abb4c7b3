use super::certificates::Authorities;
use super::connector::unusable;
use crate::error::Error;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};
use std::sync::Arc;

/// Decides whether a server's certificate will do.
#[derive(Debug)]
pub(super) struct Verifier {
    /// `None` takes any certificate.
    chain: Option<Arc<WebPkiServerVerifier>>,
    /// Certificates that the user named.
    named: Vec<CertificateDer<'static>>,
    any_host: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub(super) fn new(
        authorities: Authorities,
        lists: Vec<CertificateRevocationListDer<'static>>,
        any_host: bool,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, Error> {
        let chain =
            WebPkiServerVerifier::builder_with_provider(authorities.roots, Arc::clone(provider))
                .with_crls(lists)
                // A list speaks for its own authority, and for no other in the chain.
                .only_check_end_entity_revocation()
                .build()
                .map_err(|error| unusable(format!("certificates cannot be verified: {error}")))?;
        Ok(Self {
            chain: Some(chain),
            named: authorities.named,
            any_host,
            algorithms: provider.signature_verification_algorithms,
        })
    }

    /// Takes any certificate; still, its owner has to have signed the handshake.
    pub(super) fn of_nothing(provider: &Arc<CryptoProvider>) -> Self {
        Self {
            chain: None,
            named: Vec::new(),
            any_host: true,
            algorithms: provider.signature_verification_algorithms,
        }
    }

    /// A certificate that the user named is trusted as it is: self-signed ones often call themselves an
    /// authority, which a server's certificate must not be by the usual rules.
    fn is_named(&self, certificate: &CertificateDer<'_>) -> bool {
        self.named.iter().any(|named| named == certificate)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else {
            return Ok(ServerCertVerified::assertion());
        };
        let verdict =
            chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verdict {
            // The name is what is looked at last: all else is in order.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.any_host => Ok(ServerCertVerified::assertion()),
            Err(rustls::Error::InvalidCertificate(CertificateError::Other(_)))
                if self.is_named(end_entity) =>
            {
                validity::check(end_entity, now)?;
                if !self.any_host {
                    verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                }
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// When a certificate may be used. The usual verification looks at this by itself, and does not get that
/// far for an authority's certificate.
mod validity {
    use rustls::CertificateError;
    use rustls::pki_types::{CertificateDer, UnixTime};

    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xa0;
    const UTC_TIME: u8 = 0x17;
    const GENERALIZED_TIME: u8 = 0x18;

    pub(super) fn check(
        certificate: &CertificateDer<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let (from, until) = read(certificate).ok_or(CertificateError::BadEncoding)?;
        match now.as_secs() {
            now if now < from => Err(CertificateError::NotValidYet.into()),
            now if now > until => Err(CertificateError::Expired.into()),
            _ => Ok(()),
        }
    }

    /// `notBefore` and `notAfter` in seconds since 1970 (RFC 5280, section 4.1).
    fn read(certificate: &[u8]) -> Option<(u64, u64)> {
        let (_, certificate, _) = value(certificate)?;
        let (_, mut fields, _) = value(certificate)?;
        if fields.first() == Some(&VERSION) {
            fields = value(fields)?.2;
        }
        // The serial number, the signature's algorithm and the issuer come before it.
        for _ in 0..3 {
            fields = value(fields)?.2;
        }
        let (SEQUENCE, validity, _) = value(fields)? else {
            return None;
        };
        let (from_kind, from, rest) = value(validity)?;
        let (until_kind, until, _) = value(rest)?;
        Some((seconds(from_kind, from)?, seconds(until_kind, until)?))
    }

    /// The first DER value: its tag, its content, and what follows it.
    fn value(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
        let (&tag, rest) = bytes.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // 0x80 is a length to be found out, which DER does not have.
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let length = digits
                    .iter()
                    .fold(0, |length, digit| length << 8 | usize::from(*digit));
                (length, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        Some((tag, content, rest))
    }

    /// `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ`.
    fn seconds(kind: u8, text: &[u8]) -> Option<u64> {
        let digits = std::str::from_utf8(text.strip_suffix(b"Z")?).ok()?;
        let (year, rest) = match kind {
            UTC_TIME => {
                let (year, rest) = digits.split_at_checked(2)?;
                let year: u64 = year.parse().ok()?;
                (if year < 50 { 2000 + year } else { 1900 + year }, rest)
            }
            GENERALIZED_TIME => {
                let (year, rest) = digits.split_at_checked(4)?;
                (year.parse().ok()?, rest)
            }
            _ => return None,
        };
        let part = |at: usize| rest.get(at..at + 2)?.parse::<u64>().ok();
        let (month, day) = (part(0)?, part(2)?);
        let (hour, minute, second) = (part(4)?, part(6)?, part(8)?);
        let days = days_since_1970(year, month, day)?;
        Some(((days * 24 + hour) * 60 + minute) * 60 + second)
    }

    fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
        // Years that begin in March put the leap day last.
        let (year, month) = match month {
            1 | 2 => (year.checked_sub(1)?, month + 9),
            3..=12 => (year, month - 3),
            _ => return None,
        };
        let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
        // 1970-01-01 by the same count, with day numbers that begin at 1.
        days.checked_sub(719_469)
    }

    #[cfg(test)]
    mod tests {
        use super::{GENERALIZED_TIME, UTC_TIME, seconds};

        #[test]
        fn both_forms_of_time_are_read() {
            for (kind, text, expected) in [
                (UTC_TIME, "700101000000Z", 0),
                (UTC_TIME, "000229123456Z", 951_827_696),
                (GENERALIZED_TIME, "20261121000000Z", 1_795_219_200),
                (GENERALIZED_TIME, "20500301000001Z", 2_529_705_601),
            ] {
                assert_eq!(seconds(kind, text.as_bytes()), Some(expected), "{text}");
            }
            for text in [
                "",
                "Z",
                "2026Z",
                "20261321000000Z",
                "2026112100000xZ",
                "20261121000000",
            ] {
                assert_eq!(seconds(GENERALIZED_TIME, text.as_bytes()), None, "{text}");
            }
        }
    }
}
