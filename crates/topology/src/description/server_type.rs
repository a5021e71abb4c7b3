use std::fmt;

/// What kind of server is at an address (SDAM, "ServerType"). PossiblePrimary is for clients with a
/// single thread; here it would mean Unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the specification's")]
pub enum ServerType {
    Standalone,
    Mongos,
    RSPrimary,
    RSSecondary,
    RSArbiter,
    RSOther,
    RSGhost,
    LoadBalancer,
    #[default]
    Unknown,
}

impl ServerType {
    /// The specification's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standalone => "Standalone",
            Self::Mongos => "Mongos",
            Self::RSPrimary => "RSPrimary",
            Self::RSSecondary => "RSSecondary",
            Self::RSArbiter => "RSArbiter",
            Self::RSOther => "RSOther",
            Self::RSGhost => "RSGhost",
            Self::LoadBalancer => "LoadBalancer",
            Self::Unknown => "Unknown",
        }
    }

    /// Whether such a server has the application's data ("Data-Bearing Server Type").
    pub fn is_data_bearing(self) -> bool {
        self.is_writable() || self == Self::RSSecondary
    }

    /// Whether such a server takes writes.
    pub fn is_writable(self) -> bool {
        matches!(
            self,
            Self::Standalone | Self::Mongos | Self::RSPrimary | Self::LoadBalancer
        )
    }
}

impl fmt::Display for ServerType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
