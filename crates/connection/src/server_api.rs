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
