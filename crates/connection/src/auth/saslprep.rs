use crate::error::{Error, Phase};
use crate::secret::Secret;

/// Normalizes a password by SASLprep (RFC 4013), for stored strings: code points without an assignment
/// in Unicode 3.2 are refused, as the server refuses them.
///
/// # Errors
/// A password that SASLprep forbids. Which character it is stays unsaid.
pub(super) fn saslprep(password: &str) -> Result<Secret, Error> {
    match stringprep::saslprep(password) {
        Ok(prepared) => Ok(Secret::new(&prepared)),
        Err(_names_a_character) => Err(Error::configuration(
            Phase::Auth,
            "the password has characters that SCRAM-SHA-256 cannot use (RFC 4013, SASLprep)",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::saslprep;

    /// RFC 4013, "Examples", and the pairs of the Authentication specification's test plan.
    #[test]
    fn passwords_are_normalized() {
        for (password, prepared) in [
            ("I\u{ad}X", "IX"),
            ("user", "user"),
            ("USER", "USER"),
            ("\u{aa}", "a"),
            ("\u{2168}", "IX"),
            ("\u{2163}", "IV"),
            ("I\u{ad}V", "IV"),
            ("a\u{a0}b", "a b"),
            ("\u{ad}", ""),
            ("", ""),
        ] {
            let found = saslprep(password).map(|prepared| prepared.reveal().to_owned());
            assert_eq!(found.as_deref().ok(), Some(prepared), "{password:?}");
        }
    }

    #[test]
    fn what_is_forbidden_is_not_repeated_in_the_error() {
        for password in [
            "secret\u{7}",
            "secret\u{627}1",
            "\u{627}secret",
            "secret\u{e000}",
            "secret\u{1f600}",
        ] {
            let message = saslprep(password).unwrap_err().to_string();
            assert!(message.contains("SASLprep"), "{message}");
            for character in password.chars().filter(|character| !character.is_ascii()) {
                assert!(!message.contains(character), "{message}");
            }
            assert!(!message.contains("secret"), "{message}");
        }
    }
}
