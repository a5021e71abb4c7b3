//! No secret is in what `Debug` says of anything that has it, nor in an option's error or warning.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use ferropool_connection::{
    Application, Authenticator, AwsCredentials, ClientMetadata, ConnectOptions, OidcToken, Secret,
    TlsConnector,
};
use ferropool_options::{ClientOptions, OptionValue};
use std::fmt::Debug;
use std::sync::Arc;

const SECRET: &str = "hunter2";

fn text(text: &str) -> OptionValue {
    OptionValue::Text(text.to_owned())
}

fn record(fields: &[(&str, OptionValue)]) -> OptionValue {
    let fields = fields.iter();
    OptionValue::Record(
        fields
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    )
}

fn options(fields: &[(&str, OptionValue)]) -> Vec<(String, OptionValue)> {
    let fields = fields.iter();
    fields
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

fn parse(uri: &str, given: &[(&str, OptionValue)]) -> ClientOptions {
    ClientOptions::from_uri(uri, &options(given), "test").unwrap()
}

/// A secret wherever there can be one.
fn everything() -> ClientOptions {
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n");
    let uri = format!(
        "mongodb://user:{SECRET}@a/?proxyHost=p&proxyUsername=u&proxyPassword={SECRET}\
         &tls=true&tlsCertificateKeyFilePassword={SECRET}"
    );
    parse(
        &uri,
        &[
            (
                "auth",
                record(&[("username", text("user")), ("password", text(SECRET))]),
            ),
            ("key", text(&pem)),
            ("cert", text(&pem)),
            ("ca", OptionValue::List(vec![text(&pem)])),
            ("passphrase", text(SECRET)),
        ],
    )
}

#[track_caller]
fn is_silent(value: &impl Debug) {
    for shown in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!shown.contains(SECRET), "{shown}");
    }
}

#[test]
fn what_is_printed_is_there() {
    let options = everything();
    let password = options.credential.unwrap().password.unwrap();
    assert_eq!(password.reveal(), SECRET);
    let tls = options.tls.unwrap();
    assert!(tls.key.is_some() && tls.certificate.is_some() && tls.ca.len() == 1);
    assert_eq!(tls.key_password.unwrap().reveal(), SECRET);
    let (_, password) = options.proxy.unwrap().credentials.unwrap();
    assert_eq!(password.reveal(), SECRET);
}

#[test]
fn options_do_not_show_it() {
    let options = everything();
    is_silent(&options);
    is_silent(&options.credential);
    is_silent(&options.tls);
    is_silent(&options.proxy);
    is_silent(&options.warnings);
}

#[test]
fn nor_does_what_is_made_of_them() {
    let options = everything();
    let authenticator = Authenticator::new(options.credential.clone().unwrap(), None);
    is_silent(&authenticator);
    is_silent(&ConnectOptions {
        connect_timeout: None,
        metadata: ClientMetadata::new(&Application::default()),
        load_balanced: false,
        tls: options.tls.clone().map(TlsConnector::new).map(Arc::new),
        authenticator: Some(Arc::new(authenticator)),
        proxy: options.proxy.clone(),
        compressors: options.compressors.clone(),
        server_api: None,
        auth_timeout: None,
    });
}

#[test]
fn nor_do_credentials_from_elsewhere() {
    let secret = || Secret::new(SECRET);
    is_silent(&AwsCredentials {
        access_key_id: "id".to_owned(),
        secret_access_key: secret(),
        session_token: Some(secret()),
    });
    is_silent(&OidcToken {
        access_token: secret(),
        refresh_token: Some(secret()),
    });
}

/// What is refused comes back as an error; what it says is all that leaves.
#[test]
fn values_on_their_way_do_not_show_it() {
    let values = [
        text(SECRET),
        OptionValue::Other(SECRET.to_owned()),
        OptionValue::List(vec![text(SECRET)]),
        record(&[(SECRET, text(SECRET))]),
    ];
    for value in &values {
        is_silent(value);
    }
    for name in [
        "auth",
        "authMechanismProperties",
        "ca",
        "cert",
        "crl",
        "key",
        "passphrase",
        "proxyPassword",
        "proxyUsername",
        "tlsCertificateKeyFilePassword",
    ] {
        for value in [
            OptionValue::Other(SECRET.to_owned()),
            OptionValue::List(vec![OptionValue::Other(SECRET.to_owned())]),
            record(&[("password", OptionValue::Other(SECRET.to_owned()))]),
            record(&[("AWS_SESSION_TOKEN", record(&[(SECRET, text(SECRET))]))]),
        ] {
            let given = options(&[(name, value)]);
            let refused = ClientOptions::from_uri("mongodb://a", &given, "test");
            let error = refused.expect_err(name);
            is_silent(&error);
            assert!(!error.to_string().contains(SECRET), "{error}");
        }
    }
}

#[test]
fn what_is_not_a_path_is_not_shown_as_one() {
    let pem = text(&format!("-----BEGIN PRIVATE KEY-----\n{SECRET}"));
    let given = options(&[("tlsCertificateKeyFile", pem)]);
    let refused = ClientOptions::from_uri("mongodb://a/?tls=true", &given, "test");
    assert_eq!(
        refused.unwrap_err().message,
        "Option \"tlsCertificateKeyFile\" must be a file's path, received PEM text, which \"cert\" and \"key\" take"
    );
}

#[test]
fn an_address_that_is_a_connection_string_is_not_shown() {
    let uri = format!("mongodb://user:{SECRET}@localhost");
    let error = ClientOptions::from_address(&uri, &[], "test").unwrap_err();
    assert!(error.message.contains("connection string"), "{error}");
    is_silent(&error);
}
