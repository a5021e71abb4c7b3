use ferropool_wire::Appender;

/// The versioned API that every command declares ("Versioned API").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerApi {
    /// `version`; "1" is the only one there is.
    pub version: String,
    /// `strict`.
    pub strict: Option<bool>,
    /// `deprecationErrors`.
    pub deprecation_errors: Option<bool>,
}

impl ServerApi {
    /// Adds the fields to a command.
    pub fn append(&self, command: &mut Appender<'_>) {
        command.string("apiVersion", &self.version);
        if let Some(strict) = self.strict {
            command.boolean("apiStrict", strict);
        }
        if let Some(deprecation_errors) = self.deprecation_errors {
            command.boolean("apiDeprecationErrors", deprecation_errors);
        }
    }
}
