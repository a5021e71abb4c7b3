use crate::error::Error;
use crate::secret::Secret;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A future of which only the result is known. It may outlive whoever asked for it.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Supplies credentials on request: what users give as `AWS_CREDENTIAL_PROVIDER`, `OIDC_CALLBACK` or
/// `OIDC_HUMAN_CALLBACK`. Dropping a future that is not ready cancels the request. Its errors reach the
/// user as they are.
pub trait CredentialSupplier: Send + Sync + Debug {
    /// Credentials of AWS ("Custom Credential Providers"). Asked for each connection.
    fn aws(&self) -> BoxFuture<Result<AwsCredentials, Error>>;

    /// A new access token ("OIDC Callback"). Asked for when the client has none that the server accepts,
    /// never twice at a time, and 100 ms apart.
    fn oidc(&self, request: OidcRequest) -> BoxFuture<Result<OidcToken, Error>>;
}

/// What signs for an AWS identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsCredentials {
    /// The access key's id, which is no secret.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret,
    /// The session token of temporary credentials.
    pub session_token: Option<Secret>,
}

/// What an OIDC callback is told ("OIDC Callback", "OIDC Human Callback").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcRequest {
    /// The credential's user name.
    pub username: Option<String>,
    /// When the request will be cancelled: 1 minute, for a human 5 minutes.
    pub timeout: Duration,
    /// The version of this interface, 1.
    pub version: u32,
    /// Who issues tokens; for a human callback only.
    pub idp_info: Option<IdpInfo>,
    /// What renews the last token; for a human callback only.
    pub refresh_token: Option<Secret>,
}

/// The identity provider that the server names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdpInfo {
    /// `issuer`: a URL.
    pub issuer: String,
    /// `clientId`, which providers for machines do not have.
    pub client_id: Option<String>,
    /// `requestScopes`.
    pub request_scopes: Vec<String>,
}

/// What an OIDC callback returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcToken {
    /// The access token.
    pub access_token: Secret,
    /// What renews it.
    pub refresh_token: Option<Secret>,
}
