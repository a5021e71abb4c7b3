use super::{
    Acknowledgement, ClientOptions, OptionError, OptionErrorKind, OptionValue, ReadPreferenceMode,
};
use ferropool_connection::{Address, CallbackKind, Compressor, Pem, Secret};
use std::time::Duration;

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

fn open(uri: &str, object: &[(&str, OptionValue)]) -> Result<ClientOptions, OptionError> {
    let object: Vec<_> = object
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    ClientOptions::from_uri(uri, &object, "")
}

fn parse(name: &str, value: OptionValue) -> Result<ClientOptions, String> {
    open("mongodb://a", &[(name, value)]).map_err(|error| error.message)
}

#[test]
fn servers_stream_unless_they_are_to_be_polled() {
    // These tests run in no cloud's function, so that "auto" is streaming.
    for (mode, streaming) in [("auto", true), ("stream", true), ("poll", false)] {
        let options = open("mongodb://a", &[("serverMonitoringMode", text(mode))]).expect("valid");
        let monitor = options.topology().monitor.expect("a topology");
        assert_eq!(monitor.streaming, streaming, "{mode}");
    }
}

#[test]
fn numbers_that_are_no_counts_are_refused_by_name_and_value() {
    for (number, shown) in [
        (-1.0, "-1"),
        (0.5, "0.5"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "Infinity"),
        (1e300, "1e+300"),
    ] {
        let message = parse("maxPoolSize", OptionValue::Number(number)).expect_err("refused");
        let expected = format!(
            "Option \"maxPoolSize\" must be an integer from 0 to 2147483647, received {shown}"
        );
        assert_eq!(message, expected);
    }
}

#[test]
fn an_unknown_option_is_refused_in_the_object_and_a_warning_in_the_string() {
    let message = parse("maxPoolSise", OptionValue::Number(1.0)).expect_err("refused");
    assert!(
        message.starts_with("Unknown option \"maxPoolSise\"; allowed are appName, "),
        "{message}"
    );
    let options = open("mongodb://a/?maxPoolSise=1&maxPoolSize=x&lane=tokio", &[]).expect("valid");
    assert_eq!(
        options.warnings,
        [
            "Unknown option \"maxPoolSise\" in the connection string is ignored",
            "Option \"maxPoolSize\" must be an integer from 0 to 2147483647, received \"x\"; it is ignored",
            "Option \"lane\" belongs into the options object and is ignored in the connection string",
        ]
    );
    assert_eq!(options.pool.max_pool_size, Some(100));
}

#[test]
fn the_object_wins_over_the_connection_string() {
    let options = open(
        "mongodb://a/?maxPoolSize=7&MAXCONNECTING=4&tls=false",
        &[
            ("maxPoolSize", OptionValue::Number(3.0)),
            ("ssl", OptionValue::Boolean(true)),
        ],
    )
    .expect("valid");
    assert_eq!(
        (options.pool.max_pool_size, options.pool.max_connecting),
        (Some(3), 4)
    );
    assert_eq!(
        options.given,
        [("maxConnecting", 4.0), ("maxPoolSize", 3.0)]
    );
    assert!(options.tls.is_some());
}

#[test]
fn a_contradiction_is_the_objects_error_if_the_object_has_a_part_in_it() {
    let min = ("minPoolSize", OptionValue::Number(101.0));
    let error = open("mongodb://a", &[min]).expect_err("refused");
    assert_eq!(
        error.message,
        "Option \"minPoolSize\" must not exceed \"maxPoolSize\": 101 > 100"
    );
    assert_eq!(error.kind, OptionErrorKind::Argument);
    let error = open("mongodb://a/?minPoolSize=101", &[]).expect_err("refused");
    assert_eq!(error.kind, OptionErrorKind::ConnectionString);
}

#[test]
fn contradictions_are_refused() {
    for uri in [
        "mongodb://a,b/?directConnection=true",
        "mongodb+srv://a.b.c/?directConnection=true",
        "mongodb://a,b/?loadBalanced=true",
        "mongodb://a/?loadBalanced=true&replicaSet=rs",
        "mongodb://a/?srvMaxHosts=0",
        "mongodb+srv://a.b.c/?srvMaxHosts=1&replicaSet=rs",
        "mongodb://a/?proxyPort=1080",
        "mongodb://a/?proxyHost=b&proxyUsername=c",
        "mongodb://a/?proxyHost=b&proxyHost=c",
        "mongodb://a/?tls=true&tls=false",
        "mongodb://a/?tls=ture",
        "mongodb://a/?authMechanism=SCRAM",
        "mongodb://a/?w=0&journal=true",
        "mongodb://a/?maxStalenessSeconds=90",
        "mongodb://a/?readPreferenceTags=dc:ny",
        "mongodb://u:p@a/?authMechanism=SCRAM-SHA-256&authMechanismProperties=SERVICE_NAME:x",
        "mongodb://a/?authMechanismProperties=SERVICE_NAME:x",
        "mongodb://u@a/?authMechanism=PLAIN",
        "mongodb://a/?autoEncryption=true",
    ] {
        let error = open(uri, &[]).expect_err(uri);
        assert_eq!(error.kind, OptionErrorKind::ConnectionString, "{uri}");
    }
}

#[test]
fn concerns_are_read_from_strings_and_objects() {
    let uri = "mongodb://a/?readPreference=nearest&readPreferenceTags=dc:ny,rack:1&readPreferenceTags=&readPreferenceTags=dc:sf&maxStalenessSeconds=90&w=majority&wtimeoutMS=5&readConcernLevel=local";
    let options = open(uri, &[]).expect("valid");
    let preference = &options.read_preference;
    assert_eq!(preference.mode, ReadPreferenceMode::Nearest);
    assert_eq!(preference.max_staleness, Some(Duration::from_secs(90)));
    let tag = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let [both, one] = [
        vec![tag("dc", "ny"), tag("rack", "1")],
        vec![tag("dc", "sf")],
    ];
    assert_eq!(preference.tag_sets, [both, Vec::new(), one.clone()]);
    assert_eq!(
        options.write_concern.w,
        Some(Acknowledgement::Named("majority".to_owned()))
    );
    assert_eq!(
        options.write_concern.w_timeout,
        Some(Duration::from_millis(5))
    );
    assert_eq!(options.warnings, Vec::<String>::new());

    let object = [
        (
            "readPreference",
            record(&[
                ("mode", text("secondary")),
                (
                    "tags",
                    OptionValue::List(vec![record(&[("dc", text("sf"))])]),
                ),
                ("hedge", record(&[("enabled", OptionValue::Boolean(true))])),
            ]),
        ),
        (
            "writeConcern",
            record(&[
                ("w", OptionValue::Number(2.0)),
                ("journal", OptionValue::Boolean(true)),
            ]),
        ),
    ];
    let options = open(uri, &object).expect("valid");
    assert_eq!(options.read_preference.mode, ReadPreferenceMode::Secondary);
    assert_eq!(options.read_preference.tag_sets, [one]);
    assert_eq!(options.read_preference.hedge, Some(true));
    assert_eq!(options.write_concern.w, Some(Acknowledgement::Nodes(2)));
    assert_eq!(options.write_concern.journal, Some(true));
}

#[test]
fn tls_is_what_all_its_options_say() {
    let file = |path: &str| Pem::File(path.into());
    let uri = "mongodb://a/?tls=true&tlsCAFile=ca.pem&tlsCertificateKeyFile=both.pem";
    let tls = open(uri, &[]).expect("valid").tls.expect("on");
    assert_eq!(
        (tls.ca, tls.certificate, tls.key),
        (vec![file("ca.pem")], Some(file("both.pem")), None)
    );
    let object = [
        (
            "cert",
            OptionValue::List(vec![text("leaf"), text("between")]),
        ),
        ("ca", text("root")),
        ("rejectUnauthorized", OptionValue::Boolean(false)),
    ];
    let tls = open(uri, &object).expect("valid").tls.expect("on");
    let pem = |text: &str| Pem::Text(Secret::new(text));
    assert_eq!(tls.ca, [file("ca.pem"), pem("root")]);
    assert_eq!(tls.certificate, Some(pem("leaf\nbetween")));
    assert_eq!(tls.key, Some(file("both.pem")));
    assert!(tls.allow_invalid_certificates && !tls.allow_invalid_hostnames);

    let is_on = |uri: &str| open(uri, &[]).expect("valid").tls.is_some();
    assert!(!is_on("mongodb://a/?tlsCAFile=ca.pem"));
    assert!(is_on("mongodb+srv://a.b.c"));
    assert!(!is_on("mongodb+srv://a.b.c/?tls=false"));
}

#[test]
fn compressors_have_their_level_wherever_it_stands() {
    for uri in [
        "mongodb://a/?compressors=zstd,zlib,lz4,zlib&zlibCompressionLevel=3",
        "mongodb://a/?zlibCompressionLevel=3&compressors=zstd,zlib,lz4",
    ] {
        let options = open(uri, &[]).expect("valid");
        assert_eq!(options.compressors, [Compressor::Zstd, Compressor::Zlib(3)]);
        assert_eq!(
            options.warnings,
            ["Unknown compressor \"lz4\" in the connection string is ignored"]
        );
    }
    let list = OptionValue::List(vec![text("lz4")]);
    assert!(parse("compressors", list).is_err());
}

#[test]
fn a_callback_belongs_to_its_mechanism() {
    let properties = |name: &str| {
        (
            "authMechanismProperties",
            record(&[(name, OptionValue::Function)]),
        )
    };
    let uri = "mongodb://a/?authMechanism=MONGODB-OIDC";
    let options = open(uri, &[properties("OIDC_CALLBACK")]).expect("valid");
    let credential = options.credential.expect("a credential");
    assert_eq!(credential.properties.callback, Some(CallbackKind::Oidc));
    assert_eq!(credential.source, "$external");
    let error = open(uri, &[properties("AWS_CREDENTIAL_PROVIDER")]).expect_err("refused");
    assert_eq!(
        error.message,
        "Property \"AWS_CREDENTIAL_PROVIDER\" of \"authMechanismProperties\" is none of MONGODB-OIDC"
    );
    let both = format!("{uri}&authMechanismProperties=ENVIRONMENT:k8s");
    assert!(open(&both, &[properties("OIDC_CALLBACK")]).is_err());
}

#[test]
fn the_objects_user_does_not_get_the_strings_password() {
    let auth = ("auth", record(&[("username", text("other"))]));
    let options = open("mongodb://user:hunter2@a/db", &[auth]).expect("valid");
    let credential = options.credential.expect("a credential");
    assert_eq!(credential.username.as_deref(), Some("other"));
    assert_eq!(credential.password, None);
    assert_eq!(credential.source, "db");
}

#[test]
fn seeds_and_their_txt_record_are_applied_under_everything_else() {
    let hosts = || vec![Address::parse("h.b.c").expect("an address")];
    let options = open("mongodb+srv://u:p@a.b.c/?authSource=mine", &[]).expect("valid");
    assert_eq!((options.hosts.len(), options.single_host()), (0, None));
    let seeded = options
        .with_seeds(hosts(), Some("authSource=theirs&replicaSet=rs"))
        .expect("valid");
    assert_eq!(seeded.hosts, hosts());
    assert_eq!(seeded.replica_set.as_deref(), Some("rs"));
    assert_eq!(seeded.credential.expect("a credential").source, "mine");

    let options = open("mongodb+srv://u:p@a.b.c/", &[]).expect("valid");
    let seeded = options
        .with_seeds(hosts(), Some("AUTHSOURCE=theirs&loadBalanced=true"))
        .expect("valid");
    assert_eq!(seeded.credential.expect("a credential").source, "theirs");
    assert!(seeded.load_balanced && seeded.pool.load_balanced);
    assert!(options.with_seeds(hosts(), None).is_ok());
    for txt in [
        "tls=false",
        "ssl=false",
        "authSource",
        "authSource=",
        "=x",
        "loadBalanced=1",
        "replicaSet=a&replicaSet=b",
        "replicaSet=rs&loadBalanced=true",
        "replicaSet=%zz",
    ] {
        let error = options.with_seeds(hosts(), Some(txt)).expect_err(txt);
        assert_eq!(error.kind, OptionErrorKind::ConnectionString, "{txt}");
    }
}

#[test]
fn seeds_are_checked_with_the_options() {
    let two = || ["h.b.c", "i.b.c"].map(|host| Address::parse(host).expect("an address"));
    let balanced = open("mongodb+srv://a.b.c/?loadBalanced=true", &[]).expect("valid");
    assert!(balanced.with_seeds(two().to_vec(), None).is_err());
    let limited = open("mongodb+srv://a.b.c/?srvMaxHosts=1", &[]).expect("valid");
    assert!(limited.with_seeds(two().to_vec(), None).is_ok());
    for txt in ["replicaSet=rs", "loadBalanced=true"] {
        let error = limited
            .with_seeds(two()[..1].to_vec(), Some(txt))
            .expect_err(txt);
        assert!(error.message.contains("\"srvMaxHosts\""), "{error}");
    }
}

#[test]
fn no_secret_is_in_errors_warnings_or_debug() {
    let secret = "hunter2";
    let object = [
        (
            "auth",
            record(&[("username", text("u")), ("password", text(secret))]),
        ),
        ("key", text(secret)),
        ("cert", text(secret)),
        ("passphrase", text(secret)),
        ("proxyHost", text("p")),
        ("proxyUsername", text("u")),
        ("proxyPassword", text(secret)),
    ];
    let uri = format!(
        "mongodb://user:{secret}@a/?tls=true&tlsCertificateKeyFilePassword={secret}&tlsCertificateKeyFilePassword={secret}"
    );
    let options = open(&uri, &object).expect("valid");
    let shown = format!("{options:?} {:?}", object[0].1);
    assert!(!shown.contains(secret), "{shown}");
    assert_eq!(options.view().matches(secret).count(), 5);

    let nested = OptionValue::List(vec![text(secret), OptionValue::Function]);
    for name in [
        "auth",
        "authMechanismProperties",
        "key",
        "passphrase",
        "proxyPassword",
    ] {
        for value in [nested.clone(), record(&[(name, text(secret))])] {
            let message = parse(name, value).expect_err("refused");
            assert!(!message.contains(secret), "{message}");
        }
    }
    let token = format!("mongodb://a/?authMechanismProperties=AWS_SESSION_TOKEN:{secret}");
    let error = open(&token, &[]).expect_err("refused");
    assert!(!error.message.contains(secret), "{error}");
}
