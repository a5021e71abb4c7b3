//! A topology of one server, which is a stub, and what a test sees of it.

#![allow(dead_code, reason = "every test file uses a part of it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use bson::{Document, doc};
use ferropool_connection::{Address, Application, ClientMetadata, ConnectOptions, Error};
use ferropool_pool::PoolOptions;
use ferropool_stub::{Options, Stub, StubHandle};
use ferropool_topology::{
    MonitorOptions, Observer, SelectionOptions, Server, ServerDescription, ServerOptions, Topology,
    TopologyOptions, TopologySettings,
};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::client::PATIENCE;

/// Longer than a test: what a monitor does meanwhile, it does for another reason.
pub(crate) const NEVER: Duration = Duration::from_secs(600);

pub(crate) struct Watched {
    pub(crate) topology: Arc<Topology>,
    pub(crate) stub: StubHandle,
    pub(crate) seen: Arc<Seen>,
}

/// What the topology has told.
#[derive(Default)]
pub(crate) struct Seen {
    changes: AtomicU32,
    news: Notify,
    pub(crate) is_awaited: AtomicBool,
}

impl Observer for Seen {
    fn events_recorded(&self) {
        self.news.notify_one();
    }

    fn changed(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.news.notify_one();
    }

    fn unusable(&self, _error: &Error) {}

    fn is_awaited(&self) -> bool {
        self.is_awaited.load(Ordering::SeqCst)
    }
}

impl Seen {
    /// How often the topology may have changed: once for each check that ended.
    pub(crate) fn changes(&self) -> u32 {
        self.changes.load(Ordering::SeqCst)
    }
}

/// A stub that says how recent its hello is, and so can stream.
pub(crate) async fn streaming_stub() -> StubHandle {
    stub(doc! { "topologyVersion": { "counter": 1 } }).await
}

pub(crate) async fn stub(hello: Document) -> StubHandle {
    let options = Options {
        hello,
        ..Options::default()
    };
    Stub::start(options).await.unwrap()
}

pub(crate) fn monitor(heartbeat_frequency: Duration, streaming: bool) -> MonitorOptions {
    MonitorOptions {
        heartbeat_frequency,
        min_heartbeat_frequency: Duration::from_millis(50),
        streaming,
    }
}

impl Watched {
    pub(crate) fn new(stub: StubHandle, monitor: MonitorOptions) -> Watched {
        Watched::within(stub, monitor, PATIENCE)
    }

    pub(crate) fn within(
        stub: StubHandle,
        monitor: MonitorOptions,
        connect_timeout: Duration,
    ) -> Watched {
        let address = Address::parse(&stub.address().to_string()).unwrap();
        let options = TopologyOptions {
            settings: TopologySettings {
                seeds: vec![address],
                ..TopologySettings::default()
            },
            server: ServerOptions {
                pool: PoolOptions::default(),
                connect: ConnectOptions {
                    connect_timeout: Some(connect_timeout),
                    metadata: ClientMetadata::new(&Application::default()),
                    load_balanced: false,
                    tls: None,
                    authenticator: None,
                    proxy: None,
                    compressors: vec![],
                    server_api: None,
                    auth_timeout: None,
                },
            },
            monitor: Some(monitor),
            selection: SelectionOptions::default(),
        };
        let seen = Arc::new(Seen::default());
        let observer = Arc::clone(&seen) as Arc<dyn Observer>;
        let topology = Topology::new(options, observer, &Handle::current());
        topology.start();
        Watched {
            topology,
            stub,
            seen,
        }
    }

    pub(crate) fn server(&self) -> Arc<Server> {
        Arc::clone(&self.topology.view().servers[0])
    }

    pub(crate) fn description(&self) -> Arc<ServerDescription> {
        Arc::clone(
            &self
                .topology
                .view()
                .snapshot
                .description()
                .servers
                .as_slice()[0],
        )
    }

    /// Waits until the server is described as it should become.
    pub(crate) async fn until(&self, is_so: impl Fn(&ServerDescription) -> bool) {
        let watch = async {
            while !is_so(&self.description()) {
                self.seen.news.notified().await;
            }
        };
        if tokio::time::timeout(PATIENCE, watch).await.is_err() {
            panic!("{:?}, {:?}", self.description(), self.stub.status());
        }
    }

    /// Waits until so many checks have ended.
    pub(crate) async fn until_checked(&self, times: u32) {
        self.until(|_| self.seen.changes() >= times).await;
    }
}
