//! From the many ways to say it to [`TlsOptions`].

use super::ClientOptions;
use super::error::{OptionError, OptionErrorKind};
use super::spec::Invalid;
use super::value::OptionValue;
use ferropool_connection::{Pem, Secret, TlsOptions};
use std::path::PathBuf;

/// What was said of TLS.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsStated {
    /// `tls` or `ssl`, and where it was said.
    pub(crate) enabled: Option<(bool, OptionErrorKind)>,
    pub(crate) ca_file: Option<String>,
    pub(crate) crl_file: Option<String>,
    pub(crate) certificate_key_file: Option<String>,
    pub(crate) key_password: Option<Secret>,
    pub(crate) ca: Vec<Secret>,
    pub(crate) crl: Vec<Secret>,
    pub(crate) certificate: Option<Secret>,
    pub(crate) key: Option<Secret>,
    pub(crate) insecure: Option<bool>,
    pub(crate) allow_invalid_certificates: Option<bool>,
    pub(crate) allow_invalid_hostnames: Option<bool>,
    pub(crate) reject_unauthorized: Option<bool>,
    pub(crate) disable_revocation_check: Option<bool>,
    pub(crate) disable_ocsp_endpoint_check: Option<bool>,
    pub(crate) server_name: Option<String>,
}

impl TlsStated {
    pub(crate) fn allows_invalid_certificates(&self) -> bool {
        self.insecure == Some(true)
            || self.allow_invalid_certificates == Some(true)
            || self.reject_unauthorized == Some(false)
    }

    pub(crate) fn allows_invalid_hostnames(&self) -> bool {
        self.insecure == Some(true) || self.allow_invalid_hostnames == Some(true)
    }
}

/// `tls` and `ssl`: every instance in one source has to say the same ("Conflicting TLS options").
pub(crate) fn enable(
    options: &mut ClientOptions,
    value: &OptionValue,
    from: OptionErrorKind,
) -> Result<(), Invalid> {
    let value = match value.text() {
        Some("true") if from == OptionErrorKind::ConnectionString => true,
        Some("false") if from == OptionErrorKind::ConnectionString => false,
        _ => value.boolean().ok_or(Invalid::Value)?,
    };
    let enabled = &mut options.stated.tls.enabled;
    if *enabled == Some((!value, from)) {
        return Err(Invalid::Because(
            "Options \"tls\" and \"ssl\" must not contradict each other".to_owned(),
        ));
    }
    *enabled = Some((value, from));
    Ok(())
}

/// `tlsCertificateKeyFile`: a path, which errors about the file show.
pub(crate) fn set_certificate_key_file(
    options: &mut ClientOptions,
    value: &OptionValue,
) -> Result<(), Invalid> {
    let path = value.text().ok_or(Invalid::Value)?;
    if path.contains("-----BEGIN") {
        return Err(Invalid::Because(
            "Option \"tlsCertificateKeyFile\" must be a file's path, received PEM text, which \"cert\" and \"key\" take"
                .to_owned(),
        ));
    }
    if path.is_empty() || path.contains('\0') {
        return Err(Invalid::Value);
    }
    options.stated.tls.certificate_key_file = Some(path.to_owned());
    Ok(())
}

/// `ca`, `crl`, `cert` and `key`: PEM text, or several.
pub(crate) fn texts(value: &OptionValue) -> Result<Vec<Secret>, Invalid> {
    let texts = match value {
        OptionValue::List(texts) if !texts.is_empty() => texts.as_slice(),
        text => std::slice::from_ref(text),
    };
    let texts = texts
        .iter()
        .map(|text| text.text().map(Secret::new).ok_or(Invalid::Value));
    texts.collect()
}

/// Several texts are one PEM text.
pub(crate) fn joined(value: &OptionValue) -> Result<Secret, Invalid> {
    let texts = texts(value)?;
    let texts: Vec<&str> = texts.iter().map(Secret::reveal).collect();
    Ok(Secret::new(&texts.join("\n")))
}

/// TLS is on where `tls` says so, and with an SRV record where it says nothing. Other options do not turn it on.
pub(crate) fn decide(options: &ClientOptions) -> Result<Option<TlsOptions>, OptionError> {
    check(options)?;
    let stated = &options.stated.tls;
    let enabled = stated
        .enabled
        .map_or(options.srv.is_some(), |(enabled, _)| enabled);
    if !enabled {
        return Ok(None);
    }
    let file = |path: &Option<String>| path.as_ref().map(|path| Pem::File(PathBuf::from(path)));
    let all = |path, texts: &[Secret]| {
        let texts = texts.iter().cloned().map(Pem::Text);
        file(path).into_iter().chain(texts).collect()
    };
    // A file has the certificate and its key; a text replaces the one that it is.
    let both = file(&stated.certificate_key_file);
    let certificate = stated.certificate.clone().map(Pem::Text);
    let key = stated.key.clone().map(Pem::Text);
    Ok(Some(TlsOptions {
        ca: all(&stated.ca_file, &stated.ca),
        key: match (&certificate, key) {
            (Some(_), None) => both.clone(),
            (_, key) => key,
        },
        certificate: certificate.or(both),
        key_password: stated.key_password.clone(),
        crl: all(&stated.crl_file, &stated.crl),
        allow_invalid_certificates: stated.allows_invalid_certificates(),
        allow_invalid_hostnames: stated.allows_invalid_hostnames(),
        server_name: stated.server_name.clone(),
    }))
}

/// Which options must not appear together, whatever they say ("Conflicting TLS options").
const EXCLUSIVE: [(&str, &str); 7] = [
    ("tlsInsecure", "tlsAllowInvalidCertificates"),
    ("tlsInsecure", "tlsAllowInvalidHostnames"),
    ("tlsInsecure", "tlsDisableOCSPEndpointCheck"),
    ("tlsInsecure", "tlsDisableCertificateRevocationCheck"),
    ("tlsAllowInvalidCertificates", "tlsDisableOCSPEndpointCheck"),
    (
        "tlsAllowInvalidCertificates",
        "tlsDisableCertificateRevocationCheck",
    ),
    (
        "tlsDisableOCSPEndpointCheck",
        "tlsDisableCertificateRevocationCheck",
    ),
];

fn check(options: &ClientOptions) -> Result<(), OptionError> {
    for (a, b) in EXCLUSIVE {
        if options.has(a) && options.has(b) {
            let message = format!("Options \"{a}\" and \"{b}\" must not be used together");
            return Err(options.refuse(&[a, b], message));
        }
    }
    let stated = &options.stated.tls;
    let allowed = stated.allow_invalid_certificates.or(stated.insecure);
    if allowed.is_some() && allowed == stated.reject_unauthorized {
        let message = "Option \"rejectUnauthorized\" must not contradict \"tlsAllowInvalidCertificates\" or \"tlsInsecure\"";
        return Err(options.refuse(&["rejectUnauthorized"], message.to_owned()));
    }
    Ok(())
}
