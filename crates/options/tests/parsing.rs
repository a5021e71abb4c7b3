//! Connection strings and TXT records under random input: no panic, no more memory than is due to their length, and
//! what is accepted keeps its promises.
//!
//! `PROPTEST_CASES` says how many cases: by default 100,000 where `CI` is `true`, 2,000 elsewhere.

#![forbid(unsafe_code)]

use ferropool_connection::Address;
use ferropool_options::{ClientOptions, OptionError, OptionErrorKind};
use proptest::prelude::*;
use std::env;

/// What reading a text may take of memory at any moment, in bytes: warnings are longer than what they are
/// about, and options themselves have a size.
fn allowance(text: &str) -> u64 {
    32_000 + 200 * text.len() as u64
}

/// Reads a text within its allowance.
fn within_allowance<T>(text: &str, read: impl FnOnce() -> T) -> T {
    let mut result = None;
    let measured = allocation_counter::measure(|| result = Some(read()));
    assert!(
        measured.bytes_max <= allowance(text),
        "{text}: {measured:?}"
    );
    result.expect("it was read")
}

fn config() -> ProptestConfig {
    let in_ci = env::var("CI").is_ok_and(|value| value == "true");
    let default = if in_ci { 100_000 } else { 2_000 };
    let cases = env::var("PROPTEST_CASES").map_or(Ok(default), |cases| cases.parse());
    ProptestConfig {
        cases: cases.expect("PROPTEST_CASES is a number"),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Text of which a parser has to take care, in any order.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "mongodb://",
            "mongodb+srv://",
            "@",
            ":",
            "/",
            "?",
            "&",
            "=",
            ",",
            "%",
            "%2F",
            "%zz",
            "[::1]",
            "[",
            "]",
            "a.example.com",
            "27017",
            "0",
            "-1",
            "true",
            "false",
            "x",
            ".sock",
            "é",
            "\0",
            "$external",
        ])
        .prop_map(str::to_owned),
        prop::collection::vec(any::<char>(), 0..4).prop_map(String::from_iter),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// What stands between the parts of a connection string, in any order.
fn separators() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec!["?", "&", "=", "/", ":", "@", "%", "#", ",", "1", "x"]);
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// An option that exists, with a value that it may have or not.
fn option() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "appName",
        "authMechanism",
        "authMechanismProperties",
        "authSource",
        "compressors",
        "connectTimeoutMS",
        "directConnection",
        "fsync",
        "journal",
        "loadBalanced",
        "localThresholdMS",
        "maxPoolSize",
        "maxStalenessSeconds",
        "minPoolSize",
        "proxyHost",
        "proxyPassword",
        "proxyPort",
        "proxyUsername",
        "readPreference",
        "readPreferenceTags",
        "replicaSet",
        "serverMonitoringMode",
        "srvMaxHosts",
        "srvServiceName",
        "ssl",
        "tls",
        "tlsAllowInvalidCertificates",
        "tlsCertificateKeyFilePassword",
        "tlsInsecure",
        "w",
        "wtimeout",
        "wtimeoutMS",
        "zlibCompressionLevel",
        "unknown",
    ]);
    let value = prop_oneof![
        prop::sample::select(vec![
            "true",
            "false",
            "0",
            "1",
            "-1",
            "90",
            "9223372036854775808",
            "1e9",
            "",
            "zlib,snappy,lz4",
            "dc:ny,rack:1",
            "nearest",
            "primary",
            "MONGODB-OIDC",
            "MONGODB-AWS",
            "PLAIN",
            "ENVIRONMENT:azure,TOKEN_RESOURCE:a:b",
            "stream",
        ])
        .prop_map(str::to_owned),
        text(),
    ];
    (name, value).prop_map(|(name, value)| format!("{name}={value}"))
}

fn connection_string() -> impl Strategy<Value = String> {
    let scheme = prop::sample::select(vec!["mongodb://", "mongodb+srv://"]);
    let user = prop::sample::select(vec!["", "user@", "user:pass@", ":@"]);
    let hosts = prop::sample::select(vec![
        "a",
        "a.example.com:1",
        "a,b",
        "[::1]:2,%2Ftmp%2Fx.sock",
        "",
    ]);
    let path = prop::sample::select(vec!["", "/", "/db"]);
    let options = prop::collection::vec(option(), 0..6);
    (scheme, user, hosts, path, options).prop_map(|(scheme, user, hosts, path, options)| {
        format!("{scheme}{user}{hosts}{path}?{}", options.join("&"))
    })
}

fn parse(uri: &str) -> Result<ClientOptions, OptionError> {
    within_allowance(uri, || ClientOptions::from_uri(uri, &[], ""))
}

fn check(uri: &str) {
    match parse(uri) {
        Err(error) => assert_eq!(error.kind, OptionErrorKind::ConnectionString, "{uri}"),
        Ok(options) => {
            assert_eq!(options.hosts.is_empty(), options.srv.is_some(), "{uri}");
            let limit = options.pool.max_pool_size.unwrap_or(u32::MAX);
            assert!(options.pool.min_pool_size <= limit, "{uri}");
            if options.load_balanced {
                assert!(
                    options.hosts.len() <= 1 && options.replica_set.is_none(),
                    "{uri}"
                );
            }
            assert!(options.view().starts_with('{'), "{uri}");
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_text_is_a_connection_string_or_an_error(
        scheme in prop::sample::select(vec!["mongodb://", "mongodb+srv://", ""]),
        rest in text(),
    ) {
        check(&format!("{scheme}{rest}"));
    }

    #[test]
    fn options_in_any_combination_are_decided_or_refused(uri in connection_string()) {
        check(&uri);
    }

    #[test]
    fn a_password_never_comes_back(
        uri in connection_string(),
        garbage in text(),
    ) {
        let uri = uri.replacen("//", "//someone:s3cr3t%21@", 1).replace("user:pass@", "") + &garbage;
        match parse(&uri) {
            Err(error) => prop_assert!(!error.message.contains("s3cr3t"), "{}", error),
            Ok(options) => {
                let shown = format!("{options:?}");
                prop_assert!(!shown.contains("s3cr3t"), "{}", shown);
            }
        }
    }

    /// What is accepted then is another thing than was meant, of which the secret may be a part.
    #[test]
    fn nor_does_one_that_is_not_encoded(
        before in separators(),
        after in separators(),
        scheme in prop::sample::select(vec!["mongodb", "mongodb+srv"]),
        rest in prop::sample::select(vec!["host", "host/?tls=maybe", "a.b.c/?x=%zz", "", "a:b"]),
    ) {
        let uri = format!("{scheme}://user:{before}s3cr3t{after}@{rest}");
        match parse(&uri) {
            Err(error) => prop_assert!(!error.message.contains("s3cr3t"), "{}: {}", uri, error),
            Ok(options) => {
                let shown = options.warnings.join("\n");
                prop_assert!(!shown.contains("s3cr3t"), "{}: {}", uri, shown);
            }
        }
    }

    #[test]
    fn a_txt_record_changes_what_it_may_or_is_refused(txt in prop_oneof![
        text(),
        prop::collection::vec(prop_oneof![
            text().prop_map(|value| format!("authSource={value}")),
            text().prop_map(|value| format!("replicaSet={value}")),
            Just("loadBalanced=true".to_owned()),
            Just("loadBalanced=false".to_owned()),
            option(),
        ], 0..4).prop_map(|options| options.join("&")),
    ]) {
        let options = ClientOptions::from_uri("mongodb+srv://u:p@a.example.com/?tls=false", &[], "").expect("valid");
        let host = Address::parse("b.example.com").expect("an address");
        match within_allowance(&txt, || options.with_seeds(vec![host.clone()], Some(&txt))) {
            Err(error) => prop_assert_eq!(error.kind, OptionErrorKind::ConnectionString),
            Ok(seeded) => {
                prop_assert_eq!(seeded.hosts, [host]);
                prop_assert!(seeded.tls.is_none());
                prop_assert!(!(seeded.load_balanced && seeded.replica_set.is_some()));
                let allowed = ["authsource=", "replicaset=", "loadbalanced="];
                for pair in txt.split('&').filter(|pair| !pair.is_empty()) {
                    let pair = pair.to_lowercase();
                    prop_assert!(allowed.iter().any(|name| pair.starts_with(name)) || pair.contains('%'));
                }
            }
        }
    }
}
