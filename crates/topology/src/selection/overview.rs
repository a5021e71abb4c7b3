use crate::description::{ServerDescription, ServerType};
use crate::read_preference::write_tags;
use crate::topology_description::TopologyDescription;
use std::fmt;
use std::time::Instant;

/// A whole topology as text, for whoever waited for a server in vain, and for logs: its type and name, and
/// of each server the address, type, round-trip time, age of what is known, tags and error.
#[derive(Clone, Copy, Debug)]
pub struct Overview<'a> {
    description: &'a TopologyDescription,
    now: Instant,
}

impl TopologyDescription {
    /// The topology as text, as it looks at `now`.
    pub fn overview(&self, now: Instant) -> Overview<'_> {
        Overview {
            description: self,
            now,
        }
    }
}

impl fmt::Display for Overview<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let description = self.description;
        write!(f, "{}", description.topology_type)?;
        if let Some(name) = &description.set_name {
            write!(f, " \"{name}\"")?;
        }
        write!(f, " [")?;
        for (index, server) in description.servers.iter().enumerate() {
            write!(f, "{}", if index == 0 { "" } else { "; " })?;
            self.write_server(server, f)?;
        }
        write!(f, "]")?;
        match &description.compatibility_error {
            Some(error) => write!(f, ", incompatible: {error}"),
            None => Ok(()),
        }
    }
}

impl Overview<'_> {
    fn write_server(&self, server: &ServerDescription, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", server.address, server.server_type)?;
        if let Some(times) = server.round_trip_time {
            let milliseconds = times.average.as_secs_f64() * 1e3;
            write!(f, ", round-trip time {milliseconds:.1} ms")?;
        }
        match server.last_update_time {
            Some(checked) => {
                let age = self.now.saturating_duration_since(checked);
                write!(f, ", checked {} ms ago", age.as_millis())?;
            }
            None if server.server_type == ServerType::LoadBalancer => {}
            None => write!(f, ", not checked yet")?,
        }
        if !server.tags.is_empty() {
            write!(f, ", tags ")?;
            write_tags(f, &server.tags)?;
        }
        match &server.error {
            Some(error) => write!(f, ", error: {error}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::description::{RoundTripTime, ServerDescription, ServerType};
    use crate::topology_description::{TopologyDescription, TopologySettings};
    use ferropool_connection::{Address, Error, ErrorKind, Phase};
    use std::time::{Duration, Instant};

    fn address(text: &str) -> Address {
        Address::parse(text).expect("the tests' addresses are valid")
    }

    fn seeded(addresses: &[&str]) -> TopologyDescription {
        TopologyDescription::initial(TopologySettings {
            seeds: addresses.iter().map(|text| address(text)).collect(),
            replica_set: Some("rs0".to_owned()),
            ..TopologySettings::default()
        })
    }

    #[test]
    fn every_server_is_there_with_what_is_known_of_it() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let members = ["a", "b", "c"];
        let secondary = ServerDescription {
            server_type: ServerType::RSSecondary,
            round_trip_time: Some(RoundTripTime {
                average: Duration::from_micros(1250),
                minimum: Duration::ZERO,
            }),
            last_update_time: Some(at(0)),
            max_wire_version: 21,
            hosts: members.map(address).to_vec(),
            set_name: Some("rs0".to_owned()),
            tags: [("dc", "ny"), ("rack", "1")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..ServerDescription::unknown(address("a"))
        };
        let error = Error::new(ErrorKind::Network, Phase::Tcp, "connection refused");
        let failed = ServerDescription::check_failed(address("b"), error, at(2600));
        let description = seeded(&members)
            .updated(secondary)
            .and_then(|description| description.updated(failed))
            .expect("both servers are in the topology");
        assert_eq!(
            description.overview(at(3000)).to_string(),
            "ReplicaSetNoPrimary \"rs0\" [\
             a:27017: RSSecondary, round-trip time 1.2 ms, checked 3000 ms ago, tags { dc: ny, rack: 1 }; \
             b:27017: Unknown, checked 400 ms ago, error: connection refused; \
             c:27017: Unknown, not checked yet]"
        );
    }

    #[test]
    fn servers_that_cannot_be_talked_to_are_said_so() {
        let mut description = seeded(&[]);
        description.set_name = None;
        description.compatibility_error = Some("too old".to_owned());
        let text = description.overview(Instant::now()).to_string();
        assert_eq!(text, "ReplicaSetNoPrimary [], incompatible: too old");
    }
}
