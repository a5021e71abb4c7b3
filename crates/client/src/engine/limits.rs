//! What servers accept at most, for whoever splits writes before they are sent.

use super::{ClientId, Engine};
use ferropool_connection::Limits;

impl Engine {
    /// The least that any server with data has announced; `None` while none is known, and behind a load balancer. By the time
    /// that a write is sent another server may be selected than is known to be writable now.
    pub fn limits(&mut self, id: ClientId) -> Option<Limits> {
        let attached = self.clients.get_mut(id as usize)?;
        let view = attached.latest.as_mut()?.get();
        let servers = view.snapshot.description().servers.iter();
        servers
            .filter(|server| server.server_type.is_data_bearing())
            .filter_map(|server| server.limits)
            .reduce(Limits::least)
    }
}
