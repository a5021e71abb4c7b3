use crate::description::{ServerDescription, ServerError};
use ferropool_connection::Address;
use std::slice::Iter;
use std::sync::Arc;

/// The servers of a topology, in the order of their addresses. A copy shares the descriptions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Servers(Vec<Arc<ServerDescription>>);

impl Servers {
    /// What is known of the server at `address`.
    pub fn get(&self, address: &Address) -> Option<&Arc<ServerDescription>> {
        let index = self.position(address).ok()?;
        self.0.get(index)
    }

    /// Whether there is a server at `address`.
    pub fn contains(&self, address: &Address) -> bool {
        self.position(address).is_ok()
    }

    /// Every server, in the order of addresses.
    pub fn iter(&self) -> Iter<'_, Arc<ServerDescription>> {
        self.0.iter()
    }

    /// Every server, in the order of addresses.
    pub fn as_slice(&self) -> &[Arc<ServerDescription>] {
        &self.0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Replaces what is known of a server, or adds the server.
    pub(super) fn put(&mut self, server: Arc<ServerDescription>) {
        match self.position(&server.address) {
            Ok(index) => self.0[index] = server,
            Err(index) => self.0.insert(index, server),
        }
    }

    /// Adds a server of which nothing is known, unless there is one at its address.
    pub(super) fn add_unknown(&mut self, address: Address) {
        if let Err(index) = self.position(&address) {
            let server = Arc::new(ServerDescription::unknown(address));
            self.0.insert(index, server);
        }
    }

    /// Forgets what `server` said, but for when.
    pub(super) fn make_unknown(&mut self, server: &ServerDescription, error: ServerError) {
        self.put(Arc::new(ServerDescription {
            error: Some(error),
            last_update_time: server.last_update_time,
            ..ServerDescription::unknown(server.address.clone())
        }));
    }

    /// Removes the server at `address`, if there is one.
    pub(super) fn remove(&mut self, address: &Address) {
        if let Ok(index) = self.position(address) {
            self.0.remove(index);
        }
    }

    pub(super) fn retain(&mut self, mut is_kept: impl FnMut(&ServerDescription) -> bool) {
        self.0.retain(|server| is_kept(server));
    }

    fn position(&self, address: &Address) -> Result<usize, usize> {
        self.0
            .binary_search_by(|server| server.address.cmp(address))
    }
}

impl<'a> IntoIterator for &'a Servers {
    type Item = &'a Arc<ServerDescription>;
    type IntoIter = Iter<'a, Arc<ServerDescription>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
