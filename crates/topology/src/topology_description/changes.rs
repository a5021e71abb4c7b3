use super::TopologyDescription;
use crate::description::{ServerDescription, ServerError};
use std::sync::Arc;

/// What an update has done to one server.
#[derive(Clone, Copy, Debug)]
pub enum ServerChange<'a> {
    /// It is described otherwise.
    Changed {
        /// As it was.
        previous: &'a Arc<ServerDescription>,
        /// As it is.
        new: &'a Arc<ServerDescription>,
    },
    /// It is new, and to be monitored.
    Opened(&'a Arc<ServerDescription>),
    /// It is gone.
    Closed(&'a Arc<ServerDescription>),
}

impl TopologyDescription {
    /// What has become of the servers since `previous`, in the order in which events tell of it: those
    /// that are described otherwise, new ones, and those that are gone.
    pub fn changes_since<'a>(
        &'a self,
        previous: &'a Self,
    ) -> impl Iterator<Item = ServerChange<'a>> {
        let changed = self.servers.iter().filter_map(|new| {
            let previous = previous.servers.get(&new.address)?;
            (previous != new).then_some(ServerChange::Changed { previous, new })
        });
        let absent_in = |other: &'a Self| {
            move |server: &&Arc<ServerDescription>| !other.servers.contains(&server.address)
        };
        let opened = self.servers.iter().filter(absent_in(previous));
        let closed = previous.servers.iter().filter(absent_in(self));
        changed
            .chain(opened.map(ServerChange::Opened))
            .chain(closed.map(ServerChange::Closed))
    }
}

impl ServerChange<'_> {
    /// Whether the server has to be checked at once: it was primary until another one was found. Its
    /// pool is not cleared.
    pub fn requests_check(&self) -> bool {
        match self {
            Self::Changed { new, .. } => new.error == Some(ServerError::NewerPrimary),
            Self::Opened(_) | Self::Closed(_) => false,
        }
    }
}
