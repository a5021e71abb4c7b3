use super::{Exchange, sasl};
use crate::credential::{Credential, Mechanism};
use crate::error::Error;
use ferropool_wire::Appender;

/// MONGODB-X509: the certificate of the TLS session is the proof (Authentication, "MONGODB-X509").
pub(super) async fn authenticate(
    credential: &Credential,
    exchange: &mut impl Exchange,
) -> Result<(), Error> {
    let reply = sasl::run(&credential.source, exchange, |command| {
        append(credential, command);
    });
    reply.await?;
    Ok(())
}

/// Appends the command's fields: a command of its own, or what `hello` carries for it.
pub(super) fn append(credential: &Credential, command: &mut Appender<'_>) {
    command
        .int32("authenticate", 1)
        .string("mechanism", Mechanism::X509.name());
    if let Some(username) = &credential.username {
        command.string("user", username);
    }
}

#[cfg(test)]
mod tests {
    use super::authenticate;
    use crate::auth::scripted::{Scripted, credential};
    use crate::credential::{Credential, Mechanism};
    use crate::error::{ErrorKind, Phase};
    use bson::doc;

    fn certificate(username: Option<&str>) -> Credential {
        Credential {
            username: username.map(str::to_owned),
            password: None,
            source: "$external".to_owned(),
            ..credential(Mechanism::X509)
        }
    }

    #[tokio::test]
    async fn a_user_is_sent_only_if_there_is_one() {
        let mut server = Scripted::new().reply(doc! { "ok": 1 });
        authenticate(&certificate(None), &mut server).await.unwrap();
        let expected = doc! { "authenticate": 1, "mechanism": "MONGODB-X509" };
        assert_eq!(server.only_command(), ("$external".to_owned(), expected));

        let mut server = Scripted::new().reply(doc! { "ok": 1 });
        let named = certificate(Some("CN=client"));
        authenticate(&named, &mut server).await.unwrap();
        let expected = doc! { "authenticate": 1, "mechanism": "MONGODB-X509", "user": "CN=client" };
        assert_eq!(server.only_command().1, expected);
    }

    #[tokio::test]
    async fn a_refusal_is_the_servers_error() {
        let refusal = doc! { "ok": 0, "code": 18, "codeName": "AuthenticationFailed", "errmsg": "no such user" };
        let mut server = Scripted::new().reply(refusal);
        let failed = authenticate(&certificate(None), &mut server).await;
        let error = failed.unwrap_err();
        assert_eq!(error.phase(), Phase::Auth);
        assert_eq!(error.message(), "no such user");
        let ErrorKind::Server(failure) = error.kind() else {
            panic!("{error:?}")
        };
        assert_eq!(failure.code, Some(18));
        assert_eq!(failure.code_name.as_deref(), Some("AuthenticationFailed"));
    }
}
