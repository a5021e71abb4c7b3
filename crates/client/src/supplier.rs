use crate::note::Note;
use ferropool_connection::{
    AwsCredentials, BoxFuture, CredentialSupplier, Error, OidcRequest, OidcToken, Secret,
};
use ferropool_lane::{Inbox, Message};
use parking_lot::Mutex;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use slab::Slab;
use std::fmt;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Asks whoever opened the client for credentials: its callback runs on the thread of the lane.
pub(crate) struct Supplier {
    inbox: Arc<Inbox<Note>>,
    asked: Arc<Mutex<Asked>>,
}

/// Requests that have not been answered, by their numbers.
#[derive(Default)]
pub struct Asked {
    waiting: Slab<oneshot::Sender<Answer>>,
    /// Nobody is asked any more.
    is_stopped: bool,
}

/// JSON, or the text of the error that the callback ended with.
type Answer = Result<String, String>;

impl Supplier {
    pub(crate) fn new(inbox: Arc<Inbox<Note>>) -> Self {
        Self {
            inbox,
            asked: Arc::default(),
        }
    }

    /// Answers a request; one that has been given up meanwhile hears nothing.
    pub(crate) fn answer(&self, request: u32, answer: Answer) {
        let asked = self.asked.lock().waiting.try_remove(request as usize);
        if let Some(asked) = asked {
            // Given up in this moment.
            let _ = asked.send(answer);
        }
    }

    /// Ends every request, and those to come: they would otherwise outlive the client, by a minute or five.
    pub(crate) fn stop(&self) {
        let mut asked = self.asked.lock();
        asked.is_stopped = true;
        asked.waiting.clear();
    }

    /// Calls the callback with `what`, and reads what it returns.
    fn ask<A, T>(&self, what: Value) -> BoxFuture<Result<T, Error>>
    where
        A: DeserializeOwned + Into<T>,
        T: 'static,
    {
        let (inbox, asked) = (Arc::clone(&self.inbox), Arc::clone(&self.asked));
        Box::pin(async move {
            let (sender, answer) = oneshot::channel();
            let request = {
                let mut asked = asked.lock();
                if asked.is_stopped {
                    return Err(unanswered("cannot be called: its client is closed"));
                }
                asked.waiting.insert(sender) as u32
            };
            let _given_up = Forget {
                asked: Arc::clone(&asked),
                request,
            };
            inbox.push(Message::Other(Note::CredentialWanted {
                from: Arc::downgrade(&asked),
                request,
                what: what.to_string(),
            }));
            let reason = match answer.await {
                Ok(Ok(json)) => match serde_json::from_str::<A>(&json) {
                    Ok(answer) => return Ok(answer.into()),
                    // Without the value, which may be a secret.
                    Err(_) => "returned something else than credentials".to_owned(),
                },
                Ok(Err(text)) => format!("failed: {text}"),
                Err(_) => {
                    "cannot be called: its client is closed, or its thread has ended".to_owned()
                }
            };
            Err(unanswered(&reason))
        })
    }

    /// Whether a request was made here.
    pub(crate) fn is(&self, from: &Requests) -> bool {
        std::ptr::eq(from.as_ptr(), Arc::as_ptr(&self.asked))
    }
}

fn unanswered(reason: &str) -> Error {
    Error::authentication(format!("the callback for credentials {reason}"))
}

/// Tells one client's requests from another's.
pub(crate) type Requests = std::sync::Weak<Mutex<Asked>>;

/// Takes a request back that nobody waits for any more.
struct Forget {
    asked: Arc<Mutex<Asked>>,
    request: u32,
}

impl Drop for Forget {
    fn drop(&mut self) {
        let waiting = &mut self.asked.lock().waiting;
        // After an answer the number may be another request's.
        if waiting
            .get(self.request as usize)
            .is_some_and(oneshot::Sender::is_closed)
        {
            waiting.remove(self.request as usize);
        }
    }
}

impl fmt::Debug for Supplier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Supplier")
    }
}

impl CredentialSupplier for Supplier {
    fn aws(&self) -> BoxFuture<Result<AwsCredentials, Error>> {
        self.ask::<AwsAnswer, _>(json!({}))
    }

    fn oidc(&self, request: OidcRequest) -> BoxFuture<Result<OidcToken, Error>> {
        let idp_info = request.idp_info.map(|info| {
            json!({
                "issuer": info.issuer,
                "clientId": info.client_id,
                "requestScopes": info.request_scopes,
            })
        });
        self.ask::<OidcAnswer, _>(json!({
            "username": request.username,
            "timeoutMS": request.timeout.as_millis() as u64,
            "version": request.version,
            "idpInfo": idp_info,
            "refreshToken": request.refresh_token.as_ref().map(Secret::reveal),
        }))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AwsAnswer {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

impl From<AwsAnswer> for AwsCredentials {
    fn from(answer: AwsAnswer) -> Self {
        Self {
            access_key_id: answer.access_key_id,
            secret_access_key: Secret::new(&answer.secret_access_key),
            session_token: answer.session_token.as_deref().map(Secret::new),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OidcAnswer {
    access_token: String,
    refresh_token: Option<String>,
}

impl From<OidcAnswer> for OidcToken {
    fn from(answer: OidcAnswer) -> Self {
        Self {
            access_token: Secret::new(&answer.access_token),
            refresh_token: answer.refresh_token.as_deref().map(Secret::new),
        }
    }
}
