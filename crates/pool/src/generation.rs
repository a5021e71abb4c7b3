//! The pool's generation and, behind a load balancer, one for each service ("Load Balancer Mode").

use crate::ids::ServiceId;
use std::collections::HashMap;

/// Counts clears. A connection whose generation is no longer current is stale.
#[derive(Debug, Default)]
pub(crate) struct Generations {
    pool: u32,
    services: HashMap<ServiceId, Service>,
}

/// The specification's tuple of generation and connection count.
#[derive(Debug, Default)]
struct Service {
    generation: u32,
    connections: u32,
}

impl Generations {
    /// The generation that a connection of `service` has if it is established now.
    pub(crate) fn current(&self, service: Option<ServiceId>) -> u32 {
        match service {
            None => self.pool,
            Some(service) => self
                .services
                .get(&service)
                .map_or(0, |entry| entry.generation),
        }
    }

    pub(crate) fn increment(&mut self, service: Option<ServiceId>) {
        match service {
            None => self.pool += 1,
            // A service without connections has no entry to mark stale, and must not get one: the
            // map holds services with connections only.
            Some(service) => {
                if let Some(entry) = self.services.get_mut(&service) {
                    entry.generation += 1;
                }
            }
        }
    }

    /// Counts a connection that turned out to belong to `service`.
    pub(crate) fn enter(&mut self, service: ServiceId) {
        self.services.entry(service).or_default().connections += 1;
    }

    /// Forgets a connection of `service`, and the service with its last one.
    pub(crate) fn leave(&mut self, service: ServiceId) {
        if let Some(entry) = self.services.get_mut(&service) {
            entry.connections -= 1;
            if entry.connections == 0 {
                self.services.remove(&service);
            }
        }
    }

    /// Forgets every service: all their connections are gone.
    pub(crate) fn forget_services(&mut self) {
        self.services.clear();
    }

    pub(crate) fn services(&self) -> impl Iterator<Item = (ServiceId, u32, u32)> {
        self.services
            .iter()
            .map(|(id, entry)| (*id, entry.generation, entry.connections))
    }
}

#[cfg(test)]
mod tests {
    use super::Generations;
    use crate::ids::ServiceId;

    #[test]
    fn a_service_is_forgotten_with_its_last_connection() {
        let service = ServiceId([7; 12]);
        let mut generations = Generations::default();
        generations.enter(service);
        generations.enter(service);
        generations.increment(Some(service));
        assert_eq!(
            (
                generations.current(Some(service)),
                generations.current(None)
            ),
            (1, 0)
        );
        generations.leave(service);
        assert_eq!(
            generations.services().collect::<Vec<_>>(),
            [(service, 1, 1)]
        );
        generations.leave(service);
        assert_eq!(generations.services().count(), 0);
        assert_eq!(generations.current(Some(service)), 0);
    }
}
