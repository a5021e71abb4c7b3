use std::time::Duration;

/// Why a name gave no hosts, or one of its hosts was left out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SrvError {
    /// The name does not exist, or has no SRV records.
    #[error("no SRV records were found for {name}")]
    NoRecords {
        /// The records' name.
        name: String,
    },
    /// The name servers could not be asked, or did not answer the question.
    #[error("the DNS records of {name} could not be looked up: {reason}")]
    Lookup {
        /// The records' name.
        name: String,
        /// What the resolver says.
        reason: String,
    },
    /// No answer came in time.
    #[error("the DNS records of {name} were not found within {} ms", limit.as_millis())]
    Timeout {
        /// The records' name.
        name: String,
        /// The time there was.
        limit: Duration,
    },
    /// It cannot be asked for: a label or the whole is too long, or empty.
    #[error("\"{name}\" is no DNS name: {reason}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A host's name has no more labels than a name of one or two labels that led to it.
    #[error(
        "the SRV records of {parent} name the host {host}, which must have at least one more domain level"
    )]
    TooFewLevels {
        /// The host.
        host: String,
        /// The name.
        parent: String,
    },
    /// A host is outside the domain of the name that led to it.
    #[error(
        "the SRV records of {parent} name the host {host}, which is not in the domain {domain}"
    )]
    ForeignHost {
        /// The host.
        host: String,
        /// The name.
        parent: String,
        /// The domain that both would have to share.
        domain: String,
    },
    /// No connection can be made to it.
    #[error(
        "the SRV records of {parent} name the host \"{host}\" with port {port}, which is no address"
    )]
    NoAddress {
        /// The host.
        host: String,
        /// Its port.
        port: u16,
        /// The name.
        parent: String,
    },
    /// One TXT record is allowed.
    #[error("{name} has {count} TXT records, of which at most one is allowed")]
    SeveralTexts {
        /// The name.
        name: String,
        /// How many it has.
        count: usize,
    },
    /// Its TXT record is no text.
    #[error("the TXT record of {name} is not valid UTF-8")]
    Text {
        /// The name.
        name: String,
    },
}

impl SrvError {
    /// Whether the records were found and say what they may not, so that asking again helps only after
    /// somebody has changed them.
    pub fn is_violation(&self) -> bool {
        match self {
            Self::NoRecords { .. } | Self::Lookup { .. } | Self::Timeout { .. } => false,
            Self::Name { .. }
            | Self::TooFewLevels { .. }
            | Self::ForeignHost { .. }
            | Self::NoAddress { .. }
            | Self::SeveralTexts { .. }
            | Self::Text { .. } => true,
        }
    }
}
