use super::provider::Provider;
use crate::auth::supplier::{IdpInfo, OidcRequest};
use crate::error::{Error, ErrorKind, Phase};
use crate::secret::Secret;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The version of the callback's interface.
const CALLBACK_VERSION: u32 = 1;

/// What lies at least between the beginnings of two requests.
const BETWEEN_REQUESTS: Duration = Duration::from_millis(100);

/// The tokens of one client: the specification's Client Cache, and the one who may fill it.
///
/// A request runs as a task of its own that holds `requests`, so that a second one cannot begin while a
/// callback is still at work for a connection that has been given up. What it brings is kept then, too:
/// a human who takes longer than `connectTimeoutMS` has authenticated the next connection. The request's
/// own time-out ends a callback that never answers.
#[derive(Debug)]
pub(super) struct Tokens {
    provider: Provider,
    username: Option<String>,
    cache: Mutex<Cache>,
    /// When the last request began.
    requests: Arc<tokio::sync::Mutex<Option<Instant>>>,
}

#[derive(Debug, Default)]
struct Cache {
    access: Option<Secret>,
    refresh: Option<Secret>,
    idp_info: Option<IdpInfo>,
}

/// What a human callback gets beside the user's name.
#[derive(Clone, Debug)]
pub(super) struct Human {
    pub(super) idp_info: IdpInfo,
    pub(super) refresh_token: Option<Secret>,
}

/// An access token, and whether somebody has used it before.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) token: Secret,
    pub(super) cached: bool,
}

impl Tokens {
    pub(super) fn new(provider: Provider, username: Option<String>) -> Self {
        Self {
            provider,
            username,
            cache: Mutex::default(),
            requests: Arc::default(),
        }
    }

    pub(super) fn is_human(&self) -> bool {
        matches!(self.provider, Provider::Human(_))
    }

    /// The access token, if there is one.
    pub(super) fn cached(&self) -> Option<Secret> {
        self.cache.lock().access.clone()
    }

    /// Forgets `token`, unless another has replaced it.
    pub(super) fn invalidate(&self, token: &Secret) {
        let mut cache = self.cache.lock();
        if cache.access.as_ref() == Some(token) {
            cache.access = None;
        }
    }

    /// What asks for a new access token without a human, if the last request brought it.
    pub(super) fn renewal(&self) -> Option<Human> {
        let cache = self.cache.lock();
        Some(Human {
            refresh_token: Some(cache.refresh.clone()?),
            idp_info: cache.idp_info.clone()?,
        })
    }

    /// Forgets a refresh token that brought nothing of use, unless another has replaced it.
    pub(super) fn forget_renewal(&self, used: &Human) {
        let mut cache = self.cache.lock();
        if cache.refresh == used.refresh_token {
            cache.refresh = None;
        }
    }

    /// The access token that there is, or else a new one.
    pub(super) async fn get(self: &Arc<Self>, human: Option<Human>) -> Result<Access, Error> {
        if let Some(access) = self.access() {
            return Ok(access);
        }
        let mut last_request = Arc::clone(&self.requests).lock_owned().await;
        // Somebody else may have asked meanwhile.
        if let Some(access) = self.access() {
            return Ok(access);
        }
        let tokens = Arc::clone(self);
        let request = tokio::spawn(async move {
            if let Some(last) = *last_request {
                tokio::time::sleep_until(last + BETWEEN_REQUESTS).await;
            }
            *last_request = Some(Instant::now());
            tokens.request(human).await
        });
        let token = request
            .await
            .unwrap_or_else(|_panicked| Err(Error::authentication("the OIDC callback failed")))?;
        Ok(Access {
            token,
            cached: false,
        })
    }

    fn access(&self) -> Option<Access> {
        let token = self.cached()?;
        let cached = true;
        Some(Access { token, cached })
    }

    async fn request(&self, human: Option<Human>) -> Result<Secret, Error> {
        let timeout = self.provider.timeout();
        let (idp_info, refresh_token) = match human {
            Some(human) => (Some(human.idp_info), human.refresh_token),
            None => (None, None),
        };
        let answer = self.provider.ask(OidcRequest {
            username: self.username.clone(),
            timeout,
            version: CALLBACK_VERSION,
            idp_info: idp_info.clone(),
            refresh_token: refresh_token.clone(),
        });
        let answer = tokio::time::timeout(timeout, answer).await;
        let answer = answer.unwrap_or_else(|_elapsed| {
            let message = format!("no OIDC token after {} s", timeout.as_secs());
            Err(Error::new(ErrorKind::Authentication, Phase::Auth, message))
        })?;
        let mut cache = self.cache.lock();
        cache.access = Some(answer.access_token.clone());
        // A provider that renews an access token need not renew what renews it (RFC 6749, section 6).
        cache.refresh = answer.refresh_token.or(refresh_token);
        cache.idp_info = idp_info;
        Ok(answer.access_token)
    }
}
