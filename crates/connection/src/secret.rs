use std::fmt;
use std::sync::Arc;

/// A password, key or token: nothing that prints values prints it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Takes a text that must not be shown.
    pub fn new(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// The text, for whoever computes with it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "<redacted>");
    }
}
