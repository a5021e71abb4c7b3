//! Every option: its name, what it may be, and where it goes.

use super::spec::{
    Kind, MAX, MAX_EXACT, Spec, boolean, choice, integer, limit, refused, renamed, special, text,
    without_effect,
};
use super::{ServerMonitoringMode, concerns, credential, logging, single, tls};
use ferropool_connection::Secret;
use ferropool_pool::Background;
use std::time::Duration;

pub(crate) fn find(name: &str) -> Option<&'static Spec> {
    TABLE.iter().find(|spec| spec.name == name)
}

pub(crate) fn find_ignoring_case(name: &str) -> Option<&'static Spec> {
    TABLE
        .iter()
        .find(|spec| spec.name.eq_ignore_ascii_case(name))
}

const PEM: &str = "PEM text, a Buffer of it, or an array of these";

pub(crate) static TABLE: &[Spec] = &[
    Spec::new(
        "appName",
        Kind::Text(128, |options, name| {
            options.application.name = Some(name.to_owned());
        }),
    ),
    special(
        "auth",
        "an object with username and password",
        |options, value, _| credential::set_auth(options, value),
    )
    .in_object()
    .secret(),
    special(
        "authMechanism",
        "\"SCRAM-SHA-1\", \"SCRAM-SHA-256\", \"MONGODB-X509\", \"PLAIN\", \"GSSAPI\", \"MONGODB-AWS\" or \"MONGODB-OIDC\"",
        |options, value, _| credential::set_mechanism(options, value),
    )
    .strict(),
    special(
        "authMechanismProperties",
        "an object of properties, or \"NAME:value\" pairs with commas between them",
        credential::set_properties,
    )
    .secret(),
    text("authSource", |options, name| {
        options.stated.auth.source = Some(name.to_owned());
    })
    .strict(),
    integer("backgroundThreadIntervalMS", -MAX, MAX, |options, value| {
        options.pool.background = match u64::try_from(value) {
            Ok(0) => Background::Driven,
            Ok(interval) => Background::Every(Duration::from_millis(interval)),
            Err(_) => Background::Never,
        };
    }),
    special("ca", PEM, |options, value, _| {
        options.stated.tls.ca = tls::texts(value)?;
        Ok(())
    })
    .in_object()
    .secret(),
    special("cert", PEM, |options, value, _| {
        options.stated.tls.certificate = Some(tls::joined(value)?);
        Ok(())
    })
    .in_object()
    .secret(),
    special(
        "compressors",
        "\"snappy\", \"zlib\", \"zstd\" or \"none\", an array of these, or these with commas between them",
        single::set_compressors,
    ),
    integer("connectTimeoutMS", 0, MAX, |options, value| {
        options.connect_timeout = limit(value);
    }),
    special("crl", PEM, |options, value, _| {
        options.stated.tls.crl = tls::texts(value)?;
        Ok(())
    })
    .in_object()
    .secret(),
    text("dbName", |options, name| {
        options.default_database = Some(name.to_owned());
    })
    .in_object(),
    boolean("directConnection", |options, value| {
        options.direct_connection = Some(value);
    }),
    special(
        "driverInfo",
        "an object with a name, a version and a platform",
        |options, value, _| single::set_driver_info(options, value),
    )
    .in_object(),
    boolean("enableOverloadRetargeting", |options, value| {
        options.enable_overload_retargeting = value;
    }),
    integer("heartbeatFrequencyMS", 1, MAX, |options, value| {
        if let Some(monitor) = &mut options.monitor {
            monitor.heartbeat_frequency = Duration::from_millis(value as u64);
        }
    }),
    boolean("journal", |options, value| {
        options.write_concern.journal = Some(value);
    }),
    boolean("keepAlive", |options, value| single::always(options, "keepAlive", value)),
    special("key", PEM, |options, value, _| {
        options.stated.tls.key = Some(tls::joined(value)?);
        Ok(())
    })
    .in_object()
    .secret(),
    // Which lane carries the client is decided before the core is asked.
    choice("lane", &["auto", "event-loop", "tokio"], |_, _| {}).in_object(),
    boolean("loadBalanced", |options, value| {
        options.load_balanced = value;
    }),
    integer("localThresholdMS", 0, MAX, |options, value| {
        options.local_threshold = Duration::from_millis(value as u64);
    }),
    integer("maxAdaptiveRetries", 0, MAX, |options, value| {
        options.max_adaptive_retries = value as u32;
    }),
    integer("maxConnecting", 1, MAX, |options, value| {
        options.pool.max_connecting = value as u32;
    }),
    integer("maxIdleTimeMS", 0, MAX, |options, value| {
        options.pool.max_idle_time = limit(value);
    }),
    integer("maxPoolSize", 0, MAX, |options, value| {
        options.pool.max_pool_size = (value > 0).then_some(value as u32);
    }),
    special(
        "maxStalenessSeconds",
        concerns::STALENESS,
        |options, value, _| concerns::set_staleness(options, value),
    ),
    integer("minHeartbeatFrequencyMS", 1, MAX, |options, value| {
        if let Some(monitor) = &mut options.monitor {
            monitor.min_heartbeat_frequency = Duration::from_millis(value as u64);
        }
    }),
    integer("minPoolSize", 0, MAX, |options, value| {
        options.pool.min_pool_size = value as u32;
    }),
    // What is logged is decided where events are told of.
    special("mongodbLogComponentSeverities", logging::SEVERITIES, |_, value, _| {
        logging::check_severities(value)
    })
    .in_object(),
    integer("mongodbLogMaxDocumentLength", 0, MAX, |_, _| {}).in_object(),
    special("mongodbLogPath", logging::PATH, |_, value, _| logging::check_path(value)).in_object(),
    // Who hears of commands is decided where listeners are.
    boolean("monitorCommands", |_, _| {}).in_object(),
    boolean("noDelay", |options, value| single::always(options, "noDelay", value)),
    Spec::new("passphrase", Kind::Text(usize::MAX, single::set_key_password))
        .in_object()
        .secret(),
    text("proxyHost", |options, host| {
        options.stated.proxy.host = Some(host.to_owned());
    })
    .strict(),
    Spec::new(
        "proxyPassword",
        Kind::Text(usize::MAX, |options, password| {
            options.stated.proxy.password = Some(Secret::new(password));
        }),
    )
    .strict()
    .secret(),
    integer("proxyPort", 1, 65535, |options, port| {
        options.stated.proxy.port = Some(port as u16);
    })
    .strict(),
    text("proxyUsername", |options, name| {
        options.stated.proxy.username = Some(name.to_owned());
    })
    .strict()
    .secret(),
    special(
        "readConcern",
        concerns::READ_CONCERN,
        |options, value, _| concerns::set_read_concern(options, value),
    )
    .in_object(),
    text("readConcernLevel", |options, level| {
        options.read_concern_level = Some(level.to_owned());
    }),
    special("readPreference", concerns::MODES, |options, value, _| {
        concerns::set_read_preference(options, value)
    }),
    special("readPreferenceTags", concerns::TAGS, concerns::set_tags)
    .repeatable(),
    boolean("rejectUnauthorized", |options, value| {
        options.stated.tls.reject_unauthorized = Some(value);
    })
    .in_object(),
    text("replicaSet", |options, name| {
        options.replica_set = Some(name.to_owned());
    }),
    boolean("retryReads", |options, value| options.retry_reads = value),
    boolean("retryWrites", |options, value| options.retry_writes = value),
    special(
        "serverApi",
        "\"1\", or an object with version, strict and deprecationErrors",
        |options, value, _| single::set_server_api(options, value),
    )
    .in_object(),
    choice("serverMonitoringMode", &["auto", "poll", "stream"], |options, mode| {
        options.server_monitoring_mode = match mode {
            "poll" => ServerMonitoringMode::Poll,
            "stream" => ServerMonitoringMode::Stream,
            _ => ServerMonitoringMode::Auto,
        };
    }),
    integer("serverSelectionTimeoutMS", 1, MAX, |options, value| {
        options.server_selection_timeout = Duration::from_millis(value as u64);
    }),
    text("servername", |options, name| {
        options.stated.tls.server_name = Some(name.to_owned());
    })
    .in_object(),
    integer("socketTimeoutMS", 0, MAX, |options, value| {
        options.socket_timeout = limit(value);
    }),
    integer("srvMaxHosts", 0, MAX, |options, value| {
        if let Some(srv) = &mut options.srv {
            srv.max_hosts = value as u32;
        }
    }),
    special(
        "srvNameservers",
        "an array of IP addresses with ports",
        |options, value, _| single::set_nameservers(options, value),
    )
    .in_object(),
    special(
        "srvServiceName",
        "a service's name: at most 62 letters, digits and hyphens",
        |options, value, _| single::set_service_name(options, value),
    ),
    special("ssl", "true or false", tls::enable)
        .strict()
        .repeatable(),
    integer("timeoutMS", 0, MAX, |options, value| {
        options.timeout = Some(Duration::from_millis(value as u64));
    }),
    special("tls", "true or false", tls::enable)
        .strict()
        .repeatable(),
    boolean("tlsAllowInvalidCertificates", |options, value| {
        options.stated.tls.allow_invalid_certificates = Some(value);
    }),
    boolean("tlsAllowInvalidHostnames", |options, value| {
        options.stated.tls.allow_invalid_hostnames = Some(value);
    }),
    text("tlsCAFile", |options, path| {
        options.stated.tls.ca_file = Some(path.to_owned());
    }),
    special(
        "tlsCertificateKeyFile",
        "a string that is not empty",
        |options, value, _| tls::set_certificate_key_file(options, value),
    ),
    Spec::new("tlsCertificateKeyFilePassword", Kind::Text(usize::MAX, single::set_key_password)).secret(),
    text("tlsCRLFile", |options, path| {
        options.stated.tls.crl_file = Some(path.to_owned());
    }),
    boolean("tlsDisableCertificateRevocationCheck", |options, value| {
        options.stated.tls.disable_revocation_check = Some(value);
    }),
    boolean("tlsDisableOCSPEndpointCheck", |options, value| {
        options.stated.tls.disable_ocsp_endpoint_check = Some(value);
    }),
    boolean("tlsInsecure", |options, value| {
        options.stated.tls.insecure = Some(value);
    }),
    special("w", concerns::W, |options, value, _| {
        concerns::set_w(options, value)
    }),
    integer("waitQueueTimeoutMS", 0, MAX, |options, value| {
        options.pool.wait_queue_timeout = limit(value);
    }),
    special(
        "writeConcern",
        concerns::WRITE_CONCERN,
        |options, value, _| concerns::set_write_concern(options, value),
    )
    .in_object(),
    integer("wtimeoutMS", 0, MAX_EXACT, |options, value| {
        options.write_concern.w_timeout = limit(value);
    }),
    integer("zlibCompressionLevel", -1, 9, |options, level| {
        options.stated.zlib_level = Some(level as i8);
    }),
    renamed("j", "journal"),
    renamed("wtimeout", "wtimeoutMS"),
    refused("autoEncryption", "documents would be sent unencrypted"),
    refused("checkServerIdentity", "use \"servername\" or \"tlsAllowInvalidHostnames\""),
    refused("pfx", "use \"cert\" and \"key\""),
    refused("pskCallback", "use \"cert\" and \"key\""),
    refused("secureContext", "use \"ca\", \"cert\" and \"key\""),
    without_effect("ALPNProtocols"),
    without_effect("SNICallback"),
    without_effect("__skipPingOnConnect"),
    without_effect("allowPartialTrustChain"),
    without_effect("autoSelectFamily"),
    without_effect("autoSelectFamilyAttemptTimeout"),
    without_effect("bsonRegExp"),
    without_effect("checkKeys"),
    without_effect("ciphers"),
    without_effect("connectionType"),
    without_effect("ecdhCurve"),
    without_effect("enableTrace"),
    without_effect("enableUtf8Validation"),
    without_effect("family"),
    without_effect("fieldsAsRaw"),
    without_effect("forceServerObjectId"),
    without_effect("fsync"),
    without_effect("hints"),
    without_effect("ignoreUndefined"),
    without_effect("keepAliveInitialDelay"),
    without_effect("localAddress"),
    without_effect("localPort"),
    without_effect("lookup"),
    without_effect("minDHSize"),
    without_effect("minInternalBufferSize"),
    without_effect("pkFactory"),
    without_effect("promoteBuffers"),
    without_effect("promoteLongs"),
    without_effect("promoteValues"),
    without_effect("raw"),
    without_effect("requestCert"),
    without_effect("requestOCSP"),
    without_effect("runtimeAdapters"),
    without_effect("secureProtocol"),
    without_effect("serializeFunctions"),
    without_effect("session"),
    without_effect("srvPoller"),
    without_effect("useBigInt64"),
    without_effect("useNewUrlParser"),
    without_effect("useUnifiedTopology"),
];
