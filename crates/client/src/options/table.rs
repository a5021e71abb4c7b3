//! Every option: its name, what it may be, and where it goes.

use super::error::OptionErrorKind;
use super::value::OptionValue;
use super::{ClientOptions, ServerMonitoringMode, concerns, credential, tls};
use ferropool_connection::{Compressor, DriverInfo, Secret, ServerApi};
use ferropool_pool::Background;
use std::fmt;
use std::time::Duration;

/// An option.
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Whether a connection string cannot have it.
    pub(super) object_only: bool,
    /// Whether errors must not show it.
    pub(super) secret: bool,
    /// Whether a connection string that has it wrong, or twice, is refused: ignoring it would be unsafe.
    pub(super) strict: bool,
    /// Whether a connection string may have it more than once.
    pub(super) repeatable: bool,
    /// The option that it was renamed to.
    pub(super) replaced_by: Option<&'static str>,
}

type Put<T> = fn(&mut ClientOptions, T);

pub(super) enum Kind {
    /// An integer from the first to the second, inclusive.
    Integer(i64, i64, Put<i64>),
    Boolean(Put<bool>),
    Choice(&'static [&'static str], fn(&mut ClientOptions, &str)),
    /// A string of 1 to so many bytes.
    Text(usize, fn(&mut ClientOptions, &str)),
    /// What the text says.
    Special(&'static str, PutSpecial),
    /// The official driver has it, and here there is nothing for it to do.
    NoEffect,
    /// The official driver has it, and going on without it would be unsafe.
    Refused(&'static str),
}

type PutSpecial = fn(&mut ClientOptions, &OptionValue, OptionErrorKind) -> Result<(), Invalid>;

/// Why a value is refused.
pub(super) enum Invalid {
    /// It is not what the table says.
    Value,
    /// The whole text, which shows no secret. Never a mere warning.
    Because(String),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(min, max, _) => write!(f, "an integer from {min} to {max}"),
            Self::Boolean(_) => f.write_str("true or false"),
            Self::Choice(allowed, _) => write!(f, "one of \"{}\"", allowed.join("\", \"")),
            Self::Text(usize::MAX, _) => f.write_str("a string that is not empty"),
            Self::Text(limit, _) => write!(f, "a string of at most {limit} bytes"),
            Self::Special(allowed, _) => f.write_str(allowed),
            Self::NoEffect | Self::Refused(_) => Ok(()),
        }
    }
}

impl Spec {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            object_only: false,
            secret: false,
            strict: false,
            repeatable: false,
            replaced_by: None,
        }
    }

    const fn in_object(mut self) -> Self {
        self.object_only = true;
        self
    }

    const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    const fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    const fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Whether it does anything, under a name that is to be used.
    pub(super) fn is_useful(&self) -> bool {
        self.replaced_by.is_none() && !matches!(self.kind, Kind::NoEffect | Kind::Refused(_))
    }
}

const fn integer(name: &'static str, min: i64, max: i64, put: Put<i64>) -> Spec {
    Spec::new(name, Kind::Integer(min, max, put))
}

const fn boolean(name: &'static str, put: Put<bool>) -> Spec {
    Spec::new(name, Kind::Boolean(put))
}

const fn choice(
    name: &'static str,
    allowed: &'static [&'static str],
    put: fn(&mut ClientOptions, &str),
) -> Spec {
    Spec::new(name, Kind::Choice(allowed, put))
}

const fn text(name: &'static str, put: fn(&mut ClientOptions, &str)) -> Spec {
    Spec::new(name, Kind::Text(usize::MAX, put))
}

const fn special(name: &'static str, allowed: &'static str, put: PutSpecial) -> Spec {
    Spec::new(name, Kind::Special(allowed, put))
}

const fn renamed(name: &'static str, replacement: &'static str) -> Spec {
    let mut spec = Spec::new(name, Kind::NoEffect);
    spec.replaced_by = Some(replacement);
    spec
}

const fn without_effect(name: &'static str) -> Spec {
    Spec::new(name, Kind::NoEffect)
}

const fn refused(name: &'static str, why: &'static str) -> Spec {
    Spec::new(name, Kind::Refused(why)).strict()
}

/// The largest number of connections or milliseconds: what fits a signed 32-bit integer.
pub(super) const MAX: i64 = i32::MAX as i64;

/// The largest integer that a number of JavaScript has exactly.
const MAX_EXACT: i64 = (1 << 53) - 1;

const PEM: &str = "PEM text, a Buffer of it, or an array of these";

pub(super) fn find(name: &str) -> Option<&'static Spec> {
    TABLE.iter().find(|spec| spec.name == name)
}

pub(super) fn find_ignoring_case(name: &str) -> Option<&'static Spec> {
    TABLE
        .iter()
        .find(|spec| spec.name.eq_ignore_ascii_case(name))
}

pub(super) static TABLE: &[Spec] = &[
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
        set_compressors,
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
        |options, value, _| set_driver_info(options, value),
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
    boolean("keepAlive", |options, value| always(options, "keepAlive", value)),
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
    // Who hears of commands is decided where listeners are.
    boolean("monitorCommands", |_, _| {}).in_object(),
    boolean("noDelay", |options, value| always(options, "noDelay", value)),
    Spec::new("passphrase", Kind::Text(usize::MAX, set_key_password))
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
        |options, value, _| set_server_api(options, value),
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
        |options, value, _| set_nameservers(options, value),
    )
    .in_object(),
    special(
        "srvServiceName",
        "a service's name: at most 62 letters, digits and hyphens",
        |options, value, _| set_service_name(options, value),
    ),
    special("ssl", "true or false", tls::enable)
        .strict()
        .repeatable(),
    integer("timeoutMS", 0, MAX, |options, value| {
        options.timeout = limit(value);
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
    text("tlsCertificateKeyFile", |options, path| {
        options.stated.tls.certificate_key_file = Some(path.to_owned());
    }),
    Spec::new("tlsCertificateKeyFilePassword", Kind::Text(usize::MAX, set_key_password)).secret(),
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
    without_effect("mongodbLogComponentSeverities"),
    without_effect("mongodbLogMaxDocumentLength"),
    without_effect("mongodbLogPath"),
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

/// What every socket has.
fn always(options: &mut ClientOptions, name: &str, value: bool) {
    if !value {
        options
            .warnings
            .push(format!("Option \"{name}\" is always true"));
    }
}

fn set_key_password(options: &mut ClientOptions, password: &str) {
    options.stated.tls.key_password = Some(Secret::new(password));
}

/// Unknown names in a connection string are left out: they may be another driver's ("Compression").
fn set_compressors(
    options: &mut ClientOptions,
    value: &OptionValue,
    from: OptionErrorKind,
) -> Result<(), Invalid> {
    let names: Option<Vec<&str>> = match value {
        OptionValue::Text(text) => Some(text.split(',').collect()),
        OptionValue::List(names) => names.iter().map(OptionValue::text).collect(),
        _ => None,
    };
    options.stated.compressors.clear();
    for name in names.ok_or(Invalid::Value)? {
        let compressor = match name {
            "snappy" => Compressor::Snappy,
            "zlib" => Compressor::Zlib(-1),
            "zstd" => Compressor::Zstd,
            "none" => continue,
            name if from == OptionErrorKind::ConnectionString => {
                let message =
                    format!("Unknown compressor \"{name}\" in the connection string is ignored");
                options.warnings.push(message);
                continue;
            }
            _ => return Err(Invalid::Value),
        };
        if !options.stated.compressors.contains(&compressor) {
            options.stated.compressors.push(compressor);
        }
    }
    Ok(())
}

fn set_driver_info(options: &mut ClientOptions, value: &OptionValue) -> Result<(), Invalid> {
    let (mut name, mut version, mut platform) = (None, None, None);
    value.fields(Invalid::Value, |field, value| {
        let text = Some(value.text().ok_or(Invalid::Value)?.to_owned());
        match field {
            "name" => name = text,
            "version" => version = text,
            "platform" => platform = text,
            _ => return Err(Invalid::Value),
        }
        Ok(())
    })?;
    let (name, version, platform) = (name.as_deref(), version.as_deref(), platform.as_deref());
    let info = DriverInfo::new(name, version, platform).map_err(|_| Invalid::Value)?;
    options.application.driver_info = vec![info];
    options.application.check().map_err(|_| Invalid::Value)
}

fn set_server_api(options: &mut ClientOptions, value: &OptionValue) -> Result<(), Invalid> {
    let mut api = ServerApi {
        version: value.text().unwrap_or_default().to_owned(),
        strict: None,
        deprecation_errors: None,
    };
    if value.text().is_none() {
        value.fields(Invalid::Value, |name, value| {
            match name {
                "version" => api.version = value.text().unwrap_or_default().to_owned(),
                "strict" => api.strict = Some(value.boolean().ok_or(Invalid::Value)?),
                "deprecationErrors" => {
                    api.deprecation_errors = Some(value.boolean().ok_or(Invalid::Value)?);
                }
                _ => return Err(Invalid::Value),
            }
            Ok(())
        })?;
    }
    if api.version != "1" {
        return Err(Invalid::Value);
    }
    options.server_api = Some(api);
    Ok(())
}

fn set_nameservers(options: &mut ClientOptions, value: &OptionValue) -> Result<(), Invalid> {
    let OptionValue::List(addresses) = value else {
        return Err(Invalid::Value);
    };
    let addresses = addresses
        .iter()
        .map(|address| address.text().and_then(|text| text.parse().ok()));
    let addresses = addresses.collect::<Option<_>>().ok_or(Invalid::Value)?;
    if let Some(srv) = &mut options.srv {
        srv.nameservers = addresses;
    }
    Ok(())
}

/// RFC 6335, section 5.1, but longer: 62 bytes and the underscore are a DNS label.
fn set_service_name(options: &mut ClientOptions, value: &OptionValue) -> Result<(), Invalid> {
    let name = value.text().ok_or(Invalid::Value)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !(1..=62).contains(&name.len()) || !name.bytes().all(allowed) {
        return Err(Invalid::Value);
    }
    if let Some(srv) = &mut options.srv {
        srv.service_name = name.to_owned();
    }
    Ok(())
}

/// Milliseconds, where 0 is no limit.
pub(super) fn limit(milliseconds: i64) -> Option<Duration> {
    (milliseconds > 0).then(|| Duration::from_millis(milliseconds as u64))
}
