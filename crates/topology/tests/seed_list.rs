//! A topology whose hosts come from an SRV record follows the record.

mod dns;

use dns::{Dns, addresses};
use ferropool_connection::{Address, Application, ClientMetadata, ConnectOptions, Error};
use ferropool_pool::PoolOptions;
use ferropool_topology::srv::{PollOptions, resolve};
use ferropool_topology::{
    MonitorOptions, Observer, SelectionOptions, ServerOptions, Topology, TopologyOptions,
    TopologySettings,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Notify;

const NAME: &str = "test1.test.build.10gen.cc";
const HOST: &str = "localhost.test.build.10gen.cc";

#[derive(Default)]
struct Listener(Notify);

impl Observer for Listener {
    fn events_recorded(&self) {}

    fn changed(&self) {
        self.0.notify_one();
    }

    fn unusable(&self, _error: &Error) {}

    fn is_awaited(&self) -> bool {
        false
    }
}

/// A topology of `hosts` that nobody has started: what changes it is the record alone.
fn topology(hosts: Vec<Address>, listener: &Arc<Listener>) -> Arc<Topology> {
    let options = TopologyOptions {
        settings: TopologySettings {
            seeds: hosts,
            ..TopologySettings::default()
        },
        server: ServerOptions {
            pool: PoolOptions::default(),
            connect: ConnectOptions {
                connect_timeout: None,
                metadata: ClientMetadata::new(&Application::default()),
                load_balanced: false,
                tls: None,
                authenticator: None,
                proxy: None,
                compressors: Vec::new(),
                server_api: None,
                auth_timeout: None,
            },
        },
        monitor: Some(MonitorOptions {
            heartbeat_frequency: Duration::from_secs(10),
            min_heartbeat_frequency: Duration::from_millis(500),
            streaming: false,
        }),
        selection: SelectionOptions::default(),
    };
    let observer = Arc::clone(listener) as Arc<dyn Observer>;
    Topology::new(options, observer, &Handle::current())
}

fn hosts_of(topology: &Topology) -> Vec<String> {
    let view = topology.view();
    let hosts: Vec<String> = { &view.servers }
        .iter()
        .map(|server| server.address().to_string())
        .collect();
    let described = { &view.snapshot.description().servers }
        .iter()
        .map(|server| server.address.to_string());
    assert!(described.eq(hosts.iter().cloned()), "in the same order");
    hosts
}

#[tokio::test]
async fn hosts_come_and_go_with_the_record_until_the_topology_is_closed() {
    let dns = Dns::start().await;
    dns.set_srv(NAME, 0, &[(HOST, 27017), (HOST, 27018)]);
    let srv = dns.options(NAME);
    let hosts = resolve(&srv, None).await.expect("resolved").hosts;
    let listener = Arc::new(Listener::default());
    let topology = topology(hosts.clone(), &listener);
    let kept = Arc::clone(&topology.view().servers[1]);
    let gone = Arc::clone(&topology.view().servers[0]);
    let interval = Duration::from_millis(5);
    let options = PollOptions {
        srv,
        limit: None,
        heartbeat_frequency: interval,
        least_interval: interval,
    };
    topology.poll(options, hosts, Duration::ZERO);

    dns.set_srv(NAME, 0, &[(HOST, 27018), (HOST, 27019)]);
    listener.0.notified().await;

    let expected = addresses(&[
        "localhost.test.build.10gen.cc:27018",
        "localhost.test.build.10gen.cc:27019",
    ]);
    let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
    assert_eq!(hosts_of(&topology), expected);
    assert!(Arc::ptr_eq(&topology.view().servers[0], &kept), "it stays");
    let status = gone.pool().stats().status;
    assert_eq!(status, ferropool_pool::Status::Closed, "its pool is closed");

    topology.close();
    dns.set_srv(NAME, 0, &[(HOST, 27020)]);
    assert_eq!(hosts_of(&topology), expected, "a closed one is left alone");
}
