use crate::auth::supplier::{CredentialSupplier, OidcRequest, OidcToken};
use crate::credential::{CallbackKind, MechanismProperties};
use crate::error::{Error, Phase};
use crate::secret::Secret;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Where access tokens come from.
#[derive(Debug)]
pub(super) enum Provider {
    /// `OIDC_CALLBACK`.
    Callback(Arc<dyn CredentialSupplier>),
    /// `OIDC_HUMAN_CALLBACK`.
    Human(Arc<dyn CredentialSupplier>),
    /// `ENVIRONMENT`: a file that somebody else keeps up to date.
    File(Environment),
}

/// The environments whose tokens are files ("Built-in OIDC Environment Integrations").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Environment {
    Test,
    Kubernetes,
}

impl Provider {
    /// What the properties ask for.
    ///
    /// # Errors
    /// Neither a callback nor an environment, or an environment that this version does not support.
    pub(super) fn new(
        properties: &MechanismProperties,
        supplier: Option<Arc<dyn CredentialSupplier>>,
    ) -> Result<Self, Error> {
        match (
            properties.callback,
            supplier,
            properties.environment.as_deref(),
        ) {
            (Some(CallbackKind::OidcHuman), Some(supplier), _) => Ok(Self::Human(supplier)),
            (Some(CallbackKind::Oidc), Some(supplier), _) => Ok(Self::Callback(supplier)),
            (_, _, Some("test")) => Ok(Self::File(Environment::Test)),
            (_, _, Some("k8s")) => Ok(Self::File(Environment::Kubernetes)),
            (_, _, environment) => Err(Error::configuration(Phase::Auth, refusal(environment))),
        }
    }

    /// How long one request may take ("OIDC Callback", "OIDC Human Callback").
    pub(super) fn timeout(&self) -> Duration {
        match self {
            Self::Human(_) => Duration::from_secs(5 * 60),
            Self::Callback(_) | Self::File(_) => Duration::from_secs(60),
        }
    }

    /// Asks for a token.
    pub(super) async fn ask(&self, request: OidcRequest) -> Result<OidcToken, Error> {
        match self {
            Self::Callback(supplier) | Self::Human(supplier) => supplier.oidc(request).await,
            Self::File(environment) => {
                let path = environment.token_file(|name| env::var(name).ok())?;
                let read = tokio::task::spawn_blocking(move || read(&path));
                let access_token = read.await.unwrap_or_else(|_cancelled| {
                    Err(Error::authentication("the token file was not read"))
                })?;
                Ok(OidcToken {
                    access_token,
                    refresh_token: None,
                })
            }
        }
    }
}

fn refusal(environment: Option<&str>) -> String {
    const SUPPORTED: &str = "OIDC_CALLBACK, OIDC_HUMAN_CALLBACK, ENVIRONMENT:k8s";
    match environment {
        Some(environment @ ("azure" | "gcp")) => format!(
            "MONGODB-OIDC with ENVIRONMENT:{environment} is not supported: its tokens come from a metadata service \
             that is not asked; tokens can come from {SUPPORTED}"
        ),
        Some(environment) => format!(
            "MONGODB-OIDC with ENVIRONMENT \"{environment}\" is not supported; tokens can come from {SUPPORTED}"
        ),
        None => format!("MONGODB-OIDC needs to know where tokens come from: {SUPPORTED}"),
    }
}

impl Environment {
    fn token_file(self, variable: impl Fn(&str) -> Option<String>) -> Result<PathBuf, Error> {
        let path = match self {
            Self::Test => variable("OIDC_TOKEN_FILE"),
            Self::Kubernetes => variable("AZURE_FEDERATED_TOKEN_FILE")
                .or_else(|| variable("AWS_WEB_IDENTITY_TOKEN_FILE"))
                .or_else(|| Some("/var/run/secrets/kubernetes.io/serviceaccount/token".to_owned())),
        };
        path.map(PathBuf::from).ok_or_else(|| {
            Error::configuration(
                Phase::Auth,
                "MONGODB-OIDC with ENVIRONMENT:test needs the environment variable OIDC_TOKEN_FILE",
            )
        })
    }
}

fn read(path: &Path) -> Result<Secret, Error> {
    match std::fs::read_to_string(path) {
        Ok(token) => Ok(Secret::new(token.trim())),
        Err(error) => Err(Error::configuration(
            Phase::Auth,
            format!("the OIDC token file {}: {error}", path.display()),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn in_environment(name: &str) -> MechanismProperties {
        MechanismProperties {
            environment: Some(name.to_owned()),
            ..MechanismProperties::default()
        }
    }

    #[test]
    fn what_cannot_supply_tokens_is_refused_with_what_can() {
        for properties in [
            in_environment("azure"),
            in_environment("gcp"),
            in_environment("elsewhere"),
            MechanismProperties::default(),
        ] {
            let error = Provider::new(&properties, None).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Configuration));
            assert!(error.message().contains("OIDC_CALLBACK"), "{error}");
            if let Some(environment) = &properties.environment {
                assert!(error.message().contains(environment), "{error}");
            }
        }
    }

    #[test]
    fn token_files_are_found_as_the_specification_says() {
        let both = |name: &str| match name {
            "AZURE_FEDERATED_TOKEN_FILE" => Some("/azure".to_owned()),
            "AWS_WEB_IDENTITY_TOKEN_FILE" => Some("/aws".to_owned()),
            _ => None,
        };
        let aws = |name: &str| both(name).filter(|path| path == "/aws");
        let file = |path: Result<PathBuf, Error>| path.unwrap().display().to_string();
        let kubernetes = Environment::Kubernetes;
        assert_eq!(file(kubernetes.token_file(both)), "/azure");
        assert_eq!(file(kubernetes.token_file(aws)), "/aws");
        assert_eq!(
            file(kubernetes.token_file(|_| None)),
            "/var/run/secrets/kubernetes.io/serviceaccount/token"
        );
        let test = |name: &str| (name == "OIDC_TOKEN_FILE").then(|| "/test".to_owned());
        assert_eq!(file(Environment::Test.token_file(test)), "/test");
        let missing = Environment::Test.token_file(|_| None).unwrap_err();
        assert!(missing.message().contains("OIDC_TOKEN_FILE"), "{missing}");
    }

    #[test]
    fn a_token_file_is_read_without_its_line_break() {
        let path = env::temp_dir().join(format!("ferropool-token-{}", std::process::id()));
        std::fs::write(&path, "a.b.c\n").unwrap();
        let token = read(&path);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(token.unwrap().reveal(), "a.b.c");
        let gone = read(&path).unwrap_err();
        assert!(
            gone.message().contains(&path.display().to_string()),
            "{gone}"
        );
    }
}
