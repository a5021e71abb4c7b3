use super::concerns::Acknowledgement;
use super::{ClientOptions, ReadPreference, WriteConcern};
use ferropool_connection::{Address, CallbackKind, Credential, Mechanism, Secret};
use serde_json::{Map, Value, json};
use std::time::Duration;

impl ClientOptions {
    /// The options as JSON, by the names of the official Node.js driver's `MongoOptions`. **It has the
    /// secrets**: whoever shows it has to hide `credentials.password`, `proxyPassword`, `passphrase`, `key`
    /// and `cert`. What was not given and has no default is left out.
    pub fn view(&self) -> String {
        Value::Object(self.fields()).to_string()
    }

    fn fields(&self) -> Map<String, Value> {
        let tls = &self.stated.tls;
        let proxy = &self.stated.proxy;
        let fields = [
            ("appName", json!(self.application.name)),
            ("authSource", json!(self.auth_source())),
            ("ca", texts(&tls.ca)),
            ("cert", json!(reveal(&tls.certificate))),
            ("compressors", json!(self.compressor_names())),
            ("connectTimeoutMS", limit(self.connect_timeout)),
            (
                "credentials",
                json!(self.credential.as_ref().map(credential)),
            ),
            ("crl", texts(&tls.crl)),
            ("dbName", json!(self.default_database)),
            (
                "directConnection",
                json!(self.direct_connection.unwrap_or(false)),
            ),
            ("driverInfo", self.driver()),
            (
                "enableOverloadRetargeting",
                json!(self.enable_overload_retargeting),
            ),
            (
                "heartbeatFrequencyMS",
                json!(
                    self.monitor
                        .map(|monitor| milliseconds(monitor.heartbeat_frequency))
                ),
            ),
            ("hosts", self.hosts.iter().map(host).collect()),
            ("key", json!(reveal(&tls.key))),
            ("loadBalanced", json!(self.load_balanced)),
            ("localThresholdMS", milliseconds(self.local_threshold)),
            ("maxAdaptiveRetries", json!(self.max_adaptive_retries)),
            ("maxConnecting", json!(self.pool.max_connecting)),
            ("maxIdleTimeMS", limit(self.pool.max_idle_time)),
            ("maxPoolSize", json!(self.pool.max_pool_size.unwrap_or(0))),
            (
                "minHeartbeatFrequencyMS",
                json!(
                    self.monitor
                        .map(|monitor| milliseconds(monitor.min_heartbeat_frequency))
                ),
            ),
            ("minPoolSize", json!(self.pool.min_pool_size)),
            ("passphrase", json!(reveal(&tls.key_password))),
            ("proxyHost", json!(proxy.host)),
            ("proxyPassword", json!(reveal(&proxy.password))),
            (
                "proxyPort",
                json!(self.proxy.as_ref().map(|proxy| proxy.port)),
            ),
            ("proxyUsername", json!(proxy.username)),
            (
                "readConcern",
                json!(
                    self.read_concern_level
                        .as_ref()
                        .map(|level| json!({ "level": level }))
                ),
            ),
            ("readPreference", read_preference(&self.read_preference)),
            (
                "rejectUnauthorized",
                json!(!tls.allows_invalid_certificates()),
            ),
            ("replicaSet", json!(self.replica_set)),
            ("retryReads", json!(self.retry_reads)),
            ("retryWrites", json!(self.retry_writes)),
            ("serverApi", self.api()),
            (
                "serverMonitoringMode",
                json!(self.server_monitoring_mode.name()),
            ),
            (
                "serverSelectionTimeoutMS",
                milliseconds(self.server_selection_timeout),
            ),
            ("servername", json!(tls.server_name)),
            ("socketTimeoutMS", limit(self.socket_timeout)),
            (
                "srvHost",
                json!(self.srv.as_ref().map(|srv| &srv.host_name)),
            ),
            (
                "srvMaxHosts",
                json!(self.srv.as_ref().map(|srv| srv.max_hosts)),
            ),
            (
                "srvServiceName",
                json!(self.srv.as_ref().map(|srv| &srv.service_name)),
            ),
            ("timeoutMS", self.timeout.map(milliseconds).into()),
            ("tls", json!(self.tls.is_some())),
            (
                "tlsAllowInvalidCertificates",
                json!(tls.allow_invalid_certificates),
            ),
            (
                "tlsAllowInvalidHostnames",
                json!(tls.allow_invalid_hostnames),
            ),
            ("tlsCAFile", json!(tls.ca_file)),
            ("tlsCRLFile", json!(tls.crl_file)),
            ("tlsCertificateKeyFile", json!(tls.certificate_key_file)),
            (
                "tlsDisableCertificateRevocationCheck",
                json!(tls.disable_revocation_check),
            ),
            (
                "tlsDisableOCSPEndpointCheck",
                json!(tls.disable_ocsp_endpoint_check),
            ),
            ("tlsInsecure", json!(tls.insecure)),
            ("waitQueueTimeoutMS", limit(self.pool.wait_queue_timeout)),
            ("writeConcern", write_concern(&self.write_concern)),
            (
                "zlibCompressionLevel",
                json!(self.stated.zlib_level.unwrap_or(-1)),
            ),
        ];
        present(fields)
    }

    fn compressor_names(&self) -> Vec<&'static str> {
        self.compressors
            .iter()
            .map(|compressor| compressor.name())
            .collect()
    }

    fn driver(&self) -> Value {
        let mut info = self.application.driver_info.iter().map(|info| {
            Value::Object(present([
                ("name", json!(info.name())),
                ("version", json!(info.version())),
                ("platform", json!(info.platform())),
            ]))
        });
        info.next_back().unwrap_or_else(|| json!({}))
    }

    fn api(&self) -> Value {
        self.server_api.as_ref().map_or(Value::Null, |api| {
            Value::Object(present([
                ("version", json!(api.version)),
                ("strict", json!(api.strict)),
                ("deprecationErrors", json!(api.deprecation_errors)),
            ]))
        })
    }
}

fn present<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
    fields
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn host(address: &Address) -> Value {
    match address {
        Address::Tcp { host, port } => json!({ "host": host, "port": port }),
        Address::Unix(path) => json!({ "socketPath": path.to_string_lossy() }),
    }
}

fn credential(credential: &Credential) -> Value {
    let properties = &credential.properties;
    let callback = |kind| (properties.callback == Some(kind)).then_some(true);
    Value::Object(present([
        ("username", json!(credential.username)),
        ("password", json!(reveal(&credential.password))),
        ("source", json!(credential.source)),
        (
            "mechanism",
            json!(credential.mechanism.map_or("DEFAULT", Mechanism::name)),
        ),
        (
            "mechanismProperties",
            Value::Object(present([
                ("SERVICE_NAME", json!(properties.service_name)),
                ("SERVICE_REALM", json!(properties.service_realm)),
                ("SERVICE_HOST", json!(properties.service_host)),
                (
                    "CANONICALIZE_HOST_NAME",
                    json!(properties.canonicalize_host_name),
                ),
                ("ENVIRONMENT", json!(properties.environment)),
                ("TOKEN_RESOURCE", json!(properties.token_resource)),
                ("ALLOWED_HOSTS", json!(properties.allowed_hosts)),
                (
                    "AWS_CREDENTIAL_PROVIDER",
                    json!(callback(CallbackKind::Aws)),
                ),
                ("OIDC_CALLBACK", json!(callback(CallbackKind::Oidc))),
                (
                    "OIDC_HUMAN_CALLBACK",
                    json!(callback(CallbackKind::OidcHuman)),
                ),
            ])),
        ),
    ]))
}

fn read_preference(preference: &ReadPreference) -> Value {
    let sets = preference.tag_sets.iter().map(|set| {
        let tags = set.iter().map(|(name, value)| (name.clone(), json!(value)));
        Value::Object(tags.collect())
    });
    let sets: Vec<Value> = sets.collect();
    Value::Object(present([
        ("mode", json!(preference.mode.name())),
        ("tags", json!((!sets.is_empty()).then_some(sets))),
        (
            "maxStalenessSeconds",
            json!(preference.max_staleness.map(|limit| limit.as_secs())),
        ),
        (
            "hedge",
            json!(
                preference
                    .hedge
                    .map(|enabled| json!({ "enabled": enabled }))
            ),
        ),
    ]))
}

fn write_concern(concern: &WriteConcern) -> Value {
    let w = concern.w.as_ref().map(|w| match w {
        Acknowledgement::Nodes(nodes) => json!(nodes),
        Acknowledgement::Named(name) => json!(name),
    });
    let fields = present([
        ("w", json!(w)),
        ("wtimeoutMS", json!(concern.w_timeout.map(milliseconds))),
        ("journal", json!(concern.journal)),
    ]);
    match fields.is_empty() {
        true => Value::Null,
        false => Value::Object(fields),
    }
}

fn reveal(secret: &Option<Secret>) -> Option<&str> {
    secret.as_ref().map(Secret::reveal)
}

fn texts(texts: &[Secret]) -> Value {
    match texts {
        [] => Value::Null,
        texts => texts.iter().map(Secret::reveal).collect(),
    }
}

/// Milliseconds; no limit is 0.
fn limit(duration: Option<Duration>) -> Value {
    milliseconds(duration.unwrap_or_default())
}

fn milliseconds(duration: Duration) -> Value {
    json!(duration.as_millis() as u64)
}
