//! Servers, their monitors and what an error means for them.
//!
//! A [`Topology`] holds a [`Server`], which is a pool, for each address of a deployment.
//! [`TopologyDescription`] is what is known of them, as a pure function of what they say; [`Snapshot`]
//! selects among them, likewise. [`srv`] finds the hosts behind a `mongodb+srv` connection string.
//!
//! **Invariants**
//! - This crate runs no operation; it is told of errors and replies.
//! - It never touches a lane: whoever waits is told through [`Deliver`].

#![forbid(unsafe_code)]

mod application_error;
mod description;
mod establishments;
mod events;
mod latest;
mod monitor;
mod pinger;
mod read_preference;
mod round_trip_time;
pub mod sdam;
mod selection;
mod server;
mod topology;
mod topology_description;
mod unclaimed;
mod wired;

pub use application_error::{ApplicationError, Consequences};
pub use description::{
    Election, ElectionId, RoundTripTime, ServerDescription, ServerError, ServerType,
};
pub use establishments::EstablishmentStats;
pub use events::{MonitorConnection, Recorded, TopologyEvent};
pub use ferropool_srv::{self as srv, Seeds, SrvError, SrvOptions, SrvPoller};
pub use latest::{Latest, Published};
pub use monitor::MonitorOptions;
pub use read_preference::{ReadPreference, ReadPreferenceMode, TagSet};
pub use round_trip_time::RoundTripTimes;
pub use selection::{
    Criteria, Operation, Overview, Scratch, SelectionError, SelectionOptions, Snapshot,
    passed_read_preference,
};
pub use server::{Server, ServerOptions};
pub use topology::{Observer, Topology, TopologyOptions, View};
pub use topology_description::{
    CLIENT_MAX_WIRE_VERSION, CLIENT_MIN_WIRE_VERSION, ServerChange, Servers, TopologyDescription,
    TopologySettings, TopologyType,
};
pub use wired::{Deliver, Waiter, Wired};
