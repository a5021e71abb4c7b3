use super::Exchange;
use super::sasl::Start;
use crate::credential::{Credential, Mechanism};
use crate::error::{Error, Phase};
use crate::secret::Secret;

/// PLAIN: user name and password in one message (Authentication, "PLAIN"; RFC 4616).
pub(super) async fn authenticate(
    credential: &Credential,
    exchange: &mut impl Exchange,
) -> Result<(), Error> {
    let start = Start {
        mechanism: Mechanism::Plain,
        payload: payload(credential)?,
    };
    let reply = start.send(&credential.source, exchange).await?;
    reply.expect_done()
}

fn payload(credential: &Credential) -> Result<Vec<u8>, Error> {
    let username = credential.username.as_deref().unwrap_or("");
    let password = credential.password.as_ref().map_or("", Secret::reveal);
    if username.contains('\0') || password.contains('\0') {
        return Err(Error::configuration(
            Phase::Auth,
            "PLAIN cannot send a user name or password that contains U+0000",
        ));
    }
    Ok(format!("\0{username}\0{password}").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::{authenticate, payload};
    use crate::auth::scripted::{Scripted, credential, sasl};
    use crate::credential::{Credential, Mechanism};
    use crate::error::ErrorKind;
    use crate::secret::Secret;
    use bson::doc;

    fn user() -> Credential {
        Credential {
            source: "$external".to_owned(),
            ..credential(Mechanism::Plain)
        }
    }

    /// Authentication, "PLAIN", "Conversation".
    #[tokio::test]
    async fn the_specifications_conversation() {
        let mut server = Scripted::new().sasl(1, b"", true);
        authenticate(&user(), &mut server).await.unwrap();
        let (database, command) = server.only_command();
        assert_eq!(database, "$external");
        let payload = bson::Binary::from_base64("AHVzZXIAcGVuY2ls", None).unwrap();
        let expected = doc! { "saslStart": 1, "mechanism": "PLAIN", "payload": payload };
        assert_eq!(command, expected);
    }

    #[tokio::test]
    async fn a_server_that_wants_more_gets_nothing_more() {
        let mut server = Scripted::new().sasl(1, b"", false);
        let error = authenticate(&user(), &mut server).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Authentication));
        server.only_command();
    }

    #[tokio::test]
    async fn a_code_is_a_failure_whatever_ok_says() {
        let mut reply = sasl(1, b"", true);
        reply.insert("code", 18);
        let mut server = Scripted::new().reply(reply);
        let error = authenticate(&user(), &mut server).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Server(_)));
    }

    #[test]
    fn a_nul_cannot_shift_the_fields() {
        let password = Some(Secret::new("pen\0cil"));
        let shifted = Credential { password, ..user() };
        let error = payload(&shifted).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Configuration));
        assert!(!error.to_string().contains("cil"), "{error}");
    }
}
