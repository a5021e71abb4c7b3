//! Dialling, the handshake, and the established channel.
//!
//! [`establish`] is ordinary async code on tokio and ends in a [`Channel`], which is not: a
//! non-blocking socket and its buffers, that whoever owns it drives by readiness.
//!
//! **Invariants**
//! - A channel is owned by value. Others may only end its socket, through an `Arc` of it, so that a
//!   reused descriptor is never hit.
//! - This crate knows no pool and no operation; it says what went wrong and in which phase.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod address;
mod auth;
mod channel;
mod compression;
mod credential;
mod dial;
mod error;
mod establish;
mod hello;
mod metadata;
mod probe;
mod secret;
mod server_api;
mod socket;
mod socks;
mod stream;
mod tls;
mod transport;

pub use address::{Address, AddressError};
pub use auth::{
    Authenticator, AwsCredentials, BoxFuture, CredentialSupplier, IdpInfo, OidcRequest, OidcToken,
};
pub use channel::{Channel, Home, Received, Sent, Watcher};
pub use compression::Compressor;
pub use credential::{CallbackKind, Credential, Mechanism, MechanismProperties};
pub use error::{Error, ErrorKind, Label, Phase, ServerFailure};
pub use establish::{ConnectOptions, Established, Timings, establish};
pub use hello::{Abilities, Hello, Limits, TopologyVersion};
pub use metadata::{Application, ClientMetadata, DriverInfo, MetadataError, runs_as_function};
pub use probe::{Checked, Probe};
pub use secret::Secret;
pub use server_api::ServerApi;
pub use socket::Socket;
pub use socks::ProxyOptions;
pub use tls::{Pem, TlsConnector, TlsOptions};
pub use transport::Duplex;
