//! What the answer to an SRV question changes ("Initial DNS Seedlist Discovery").

use super::ClientOptions;
use super::error::OptionError;
use super::uri;
use ferropool_connection::Address;

impl ClientOptions {
    /// The options once the hosts are known: with `hosts`, and with what the TXT record says where neither
    /// the connection string nor the options object said anything. Options are checked again.
    ///
    /// # Errors
    /// `txt` has another option than `authSource`, `replicaSet` and `loadBalanced`, or has them wrong, or
    /// the options contradict each other now.
    pub fn with_seeds(&self, hosts: Vec<Address>, txt: Option<&str>) -> Result<Self, OptionError> {
        let mut seeded = self.clone();
        seeded.hosts = hosts;
        if let Some(txt) = txt {
            seeded.apply_txt(txt)?;
        }
        seeded.decide()?;
        Ok(seeded)
    }

    fn apply_txt(&mut self, txt: &str) -> Result<(), OptionError> {
        let malformed = |_: OptionError| {
            OptionError::uri("The TXT record's options must have the form name=value")
        };
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in uri::parse_options(txt).map_err(malformed)? {
            let name = ["authSource", "replicaSet", "loadBalanced"]
                .into_iter()
                .find(|allowed| allowed.eq_ignore_ascii_case(&name))
                .ok_or_else(|| {
                    OptionError::uri(format!(
                        "The TXT record must not have options other than authSource, replicaSet and loadBalanced, received \"{name}\""
                    ))
                })?;
            if value.is_empty() || seen.contains(&name) {
                return Err(OptionError::uri(format!(
                    "Option \"{name}\" of the TXT record must have one value"
                )));
            }
            seen.push(name);
            if self.has(name) {
                continue;
            }
            match (name, value.as_str()) {
                ("authSource", _) => self.stated.auth.source = Some(value),
                ("replicaSet", _) => self.replica_set = Some(value),
                (_, "true") => self.load_balanced = true,
                (_, "false") => self.load_balanced = false,
                (name, value) => {
                    return Err(OptionError::uri(format!(
                        "Option \"{name}\" of the TXT record must be true or false, received \"{value}\""
                    )));
                }
            }
        }
        Ok(())
    }
}
