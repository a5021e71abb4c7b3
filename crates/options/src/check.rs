//! What options say of each other.

use super::ClientOptions;
use super::error::{OptionError, OptionErrorKind};
use super::{concerns, credential, tls};
use ferropool_connection::{Compressor, ProxyOptions};

impl ClientOptions {
    /// Whether the connection string or the object has the option.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.stated.string.contains(&name) || self.stated.object.contains(&name)
    }

    /// A contradiction between these options: the object's, if it has any of them.
    pub(crate) fn refuse(&self, names: &[&str], message: String) -> OptionError {
        let is_argument = names.iter().any(|name| self.stated.object.contains(name));
        let kind = match is_argument {
            true => OptionErrorKind::Argument,
            false => OptionErrorKind::ConnectionString,
        };
        OptionError { kind, message }
    }

    /// Decides what takes several options to decide, and refuses contradictions.
    pub(crate) fn decide(&mut self) -> Result<(), OptionError> {
        self.check_pool()?;
        self.check_deployment()?;
        concerns::check(self)?;
        self.credential = credential::decide(self)?;
        self.tls = tls::decide(self)?;
        self.proxy = self.decide_proxy()?;
        let level = self.stated.zlib_level.unwrap_or(-1);
        let compressors = self.stated.compressors.iter();
        self.compressors = compressors
            .map(|compressor| match compressor {
                Compressor::Zlib(_) => Compressor::Zlib(level),
                other => *other,
            })
            .collect();
        self.pool.load_balanced = self.load_balanced;
        Ok(())
    }

    fn check_pool(&self) -> Result<(), OptionError> {
        let (min, max) = (
            self.pool.min_pool_size,
            self.pool.max_pool_size.unwrap_or(u32::MAX),
        );
        match min > max {
            true => Err(self.refuse(
                &["minPoolSize", "maxPoolSize"],
                format!("Option \"minPoolSize\" must not exceed \"maxPoolSize\": {min} > {max}"),
            )),
            false => Ok(()),
        }
    }

    /// "URI Options", "Load Balancers" and "Initial DNS Seedlist Discovery", each "URI Validation".
    fn check_deployment(&self) -> Result<(), OptionError> {
        let direct = self.direct_connection == Some(true);
        // An SRV record may have several hosts, whatever it has now.
        let several = self.hosts.len() > 1;
        let (name, other) = ("directConnection", "loadBalanced");
        if direct && (several || self.srv.is_some()) {
            let message = format!(
                "Option \"{name}\" must not be true with more than one host, or with \"mongodb+srv://\""
            );
            return Err(self.refuse(&[name], message));
        }
        if self.load_balanced {
            if several {
                let hosts = self.hosts.len();
                let message = format!(
                    "Option \"{other}\" must not be true with more than one host, received {hosts}"
                );
                return Err(self.refuse(&[other], message));
            }
            for (name, given) in [("replicaSet", self.replica_set.is_some()), (name, direct)] {
                if given {
                    let message =
                        format!("Options \"{other}\" and \"{name}\" must not be used together");
                    return Err(self.refuse(&[other, name], message));
                }
            }
        }
        match &self.srv {
            Some(srv) if srv.max_hosts > 0 => {
                let conflicts = [
                    ("replicaSet", self.replica_set.is_some()),
                    (other, self.load_balanced),
                ];
                match conflicts.into_iter().find(|(_, given)| *given) {
                    None => Ok(()),
                    Some((name, _)) => {
                        let message = format!(
                            "Options \"srvMaxHosts\" and \"{name}\" must not be used together"
                        );
                        Err(self.refuse(&["srvMaxHosts", name], message))
                    }
                }
            }
            Some(_) => Ok(()),
            None => {
                let names = ["srvMaxHosts", "srvServiceName", "srvNameservers"];
                match names.into_iter().find(|name| self.has(name)) {
                    None => Ok(()),
                    Some(name) => Err(self.refuse(
                        &[name],
                        format!(
                            "Option \"{name}\" needs a connection string with \"mongodb+srv://\""
                        ),
                    )),
                }
            }
        }
    }

    /// "SOCKS5 Support", "MongoClient Configuration".
    fn decide_proxy(&self) -> Result<Option<ProxyOptions>, OptionError> {
        let stated = &self.stated.proxy;
        let Some(host) = &stated.host else {
            let names = ["proxyPort", "proxyUsername", "proxyPassword"];
            return match names.into_iter().find(|name| self.has(name)) {
                None => Ok(None),
                Some(name) => {
                    Err(self.refuse(&[name], format!("Option \"{name}\" needs \"proxyHost\"")))
                }
            };
        };
        let credentials = match (&stated.username, &stated.password) {
            (Some(username), Some(password)) => Some((username.clone(), password.clone())),
            (None, None) => None,
            _ => {
                let names = ["proxyUsername", "proxyPassword"];
                let message =
                    "Options \"proxyUsername\" and \"proxyPassword\" must be used together";
                return Err(self.refuse(&names, message.to_owned()));
            }
        };
        Ok(Some(ProxyOptions {
            host: host.clone(),
            port: stated.port.unwrap_or(ProxyOptions::DEFAULT_PORT),
            credentials,
        }))
    }
}
