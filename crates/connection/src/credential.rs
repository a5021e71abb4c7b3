use crate::secret::Secret;

/// Who a connection authenticates as, and how (Authentication, "MongoCredential").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The user; some mechanisms have none.
    pub username: Option<String>,
    /// The password, or an AWS secret access key.
    pub password: Option<Secret>,
    /// The database that knows the user, `$external` for users that the server does not keep.
    pub source: String,
    /// `None`: what the server offers for the user, SCRAM-SHA-256 before SCRAM-SHA-1.
    pub mechanism: Option<Mechanism>,
    /// `authMechanismProperties`.
    pub properties: MechanismProperties,
}

/// `authMechanism`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// SCRAM-SHA-1.
    ScramSha1,
    /// SCRAM-SHA-256.
    ScramSha256,
    /// MONGODB-X509: the client's certificate.
    X509,
    /// PLAIN: user name and password, for LDAP.
    Plain,
    /// GSSAPI. Can be asked for, and is refused: it needs a Kerberos library.
    Gssapi,
    /// MONGODB-AWS.
    Aws,
    /// MONGODB-OIDC.
    Oidc,
}

impl Mechanism {
    /// Every mechanism, in the order in which errors list them.
    pub const ALL: [Self; 7] = [
        Self::ScramSha1,
        Self::ScramSha256,
        Self::X509,
        Self::Plain,
        Self::Gssapi,
        Self::Aws,
        Self::Oidc,
    ];

    /// The name on the wire and in options.
    pub fn name(self) -> &'static str {
        match self {
            Self::ScramSha1 => "SCRAM-SHA-1",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::X509 => "MONGODB-X509",
            Self::Plain => "PLAIN",
            Self::Gssapi => "GSSAPI",
            Self::Aws => "MONGODB-AWS",
            Self::Oidc => "MONGODB-OIDC",
        }
    }
}

/// What `authMechanismProperties` can say, by mechanism.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MechanismProperties {
    /// GSSAPI: `SERVICE_NAME`.
    pub service_name: Option<String>,
    /// GSSAPI: `SERVICE_REALM`.
    pub service_realm: Option<String>,
    /// GSSAPI: `SERVICE_HOST`.
    pub service_host: Option<String>,
    /// GSSAPI: `CANONICALIZE_HOST_NAME`, as it was written (`none`, `forward`, `forwardAndReverse`, `true`, `false`).
    pub canonicalize_host_name: Option<String>,
    /// MONGODB-AWS: `AWS_SESSION_TOKEN`.
    pub aws_session_token: Option<Secret>,
    /// MONGODB-OIDC: `ENVIRONMENT` (`test`, `azure`, `gcp`, `k8s`).
    pub environment: Option<String>,
    /// MONGODB-OIDC: `TOKEN_RESOURCE`.
    pub token_resource: Option<String>,
    /// MONGODB-OIDC: `ALLOWED_HOSTS`, patterns such as `*.mongodb.net`.
    pub allowed_hosts: Option<Vec<String>>,
    /// Whether whoever opened the client supplies credentials on request (MONGODB-AWS:
    /// `AWS_CREDENTIAL_PROVIDER`; MONGODB-OIDC: `OIDC_CALLBACK`, `OIDC_HUMAN_CALLBACK`).
    pub callback: Option<CallbackKind>,
}

/// What a user's callback supplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackKind {
    /// `AWS_CREDENTIAL_PROVIDER`.
    Aws,
    /// `OIDC_CALLBACK`: a token, without a person.
    Oidc,
    /// `OIDC_HUMAN_CALLBACK`: a token for which a person may be asked.
    OidcHuman,
}
