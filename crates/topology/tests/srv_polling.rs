//! The prose tests of "Polling SRV Records for mongos Discovery", under their numbers.

mod dns;

use dns::{Answer, Dns, addresses};
use ferropool_connection::Address;
use ferropool_topology::srv::{PollOptions, SeedListObserver, resolve};
use ferropool_topology::{SrvError, SrvOptions, SrvPoller};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

const NAME: &str = "test1.test.build.10gen.cc";
const RECORDS: &str = "_mongodb._tcp.test1.test.build.10gen.cc";
const HOST: &str = "localhost.test.build.10gen.cc";
const INTERVAL: Duration = Duration::from_millis(10);

#[derive(Debug, PartialEq)]
enum Heard {
    Asked,
    Changed(Vec<Address>),
    Refused(SrvError),
}

struct Listener {
    is_polled: AtomicBool,
    heard: UnboundedSender<Heard>,
}

impl SeedListObserver for Listener {
    fn is_polled(&self) -> bool {
        // Nobody listens any more at the end of a test.
        let _ = self.heard.send(Heard::Asked);
        self.is_polled.load(Ordering::Relaxed)
    }

    fn hosts_changed(&self, hosts: &[Address]) {
        let _ = self.heard.send(Heard::Changed(hosts.to_vec()));
    }

    fn refused(&self, error: &SrvError) {
        let _ = self.heard.send(Heard::Refused(error.clone()));
    }
}

struct Polled {
    poller: SrvPoller,
    heard: UnboundedReceiver<Heard>,
}

impl Polled {
    /// Polls from the hosts that a resolution finds now.
    async fn start(srv: SrvOptions, is_polled: bool) -> Self {
        Self::start_within(Duration::from_secs(20), srv, is_polled).await
    }

    async fn start_within(limit: Duration, srv: SrvOptions, is_polled: bool) -> Self {
        let hosts = resolve(&srv, None).await.expect("resolved").hosts;
        let (sender, heard) = unbounded_channel();
        let listener = Arc::new(Listener {
            is_polled: AtomicBool::new(is_polled),
            heard: sender,
        });
        let options = PollOptions {
            srv,
            limit: Some(limit),
            heartbeat_frequency: INTERVAL,
            least_interval: INTERVAL,
        };
        let (ttl, runtime) = (Duration::ZERO, Handle::current());
        Self {
            poller: SrvPoller::start(options, hosts, ttl, listener, &runtime),
            heard,
        }
    }

    /// The next hosts that are heard of.
    async fn changed(&mut self) -> Vec<Address> {
        loop {
            match self.heard.recv().await.expect("the poller lives") {
                Heard::Changed(hosts) => return sorted(hosts),
                Heard::Asked => {}
                Heard::Refused(error) => panic!("{error}"),
            }
        }
    }

    /// The next error that is heard of, if no change comes before it.
    async fn refused(&mut self) -> SrvError {
        loop {
            match self.heard.recv().await.expect("the poller lives") {
                Heard::Refused(error) => return error,
                Heard::Asked => {}
                Heard::Changed(hosts) => panic!("{hosts:?}"),
            }
        }
    }

    /// Two whole rescans from now on, in which nothing changes.
    async fn unchanged(&mut self) {
        // The first may have begun earlier.
        for _ in 0..4 {
            assert_eq!(self.heard.recv().await, Some(Heard::Asked));
        }
    }
}

fn sorted(mut hosts: Vec<Address>) -> Vec<Address> {
    hosts.sort_by_key(ToString::to_string);
    hosts
}

fn on_ports(ports: &[u16]) -> Vec<Address> {
    let texts: Vec<String> = ports.iter().map(|port| format!("{HOST}:{port}")).collect();
    addresses(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The records of the set-up: ports 27017 and 27018, which live for no time.
async fn set_up() -> Dns {
    let dns = Dns::start().await;
    set_ports(&dns, &[27017, 27018]);
    dns
}

fn set_ports(dns: &Dns, ports: &[u16]) {
    let hosts: Vec<(&str, u16)> = ports.iter().map(|port| (HOST, *port)).collect();
    dns.set_srv(NAME, 0, &hosts);
}

async fn after_change(ports: &[u16]) -> Vec<Address> {
    let dns = set_up().await;
    let mut polled = Polled::start(dns.options(NAME), true).await;
    set_ports(&dns, ports);
    polled.changed().await
}

#[tokio::test]
async fn test_1_addition_of_a_record() {
    let ports = [27017, 27018, 27019];
    assert_eq!(after_change(&ports).await, on_ports(&ports));
}

#[tokio::test]
async fn test_2_removal_of_a_record() {
    assert_eq!(after_change(&[27017]).await, on_ports(&[27017]));
}

#[tokio::test]
async fn test_3_replacement_of_a_record() {
    let ports = [27017, 27019];
    assert_eq!(after_change(&ports).await, on_ports(&ports));
}

#[tokio::test]
async fn test_4_replacement_of_both_records_with_one() {
    assert_eq!(after_change(&[27019]).await, on_ports(&[27019]));
}

#[tokio::test]
async fn test_5_replacement_of_both_records_with_two() {
    let ports = [27019, 27020];
    assert_eq!(after_change(&ports).await, on_ports(&ports));
}

/// The hosts stay through failed rescans, each of which the heartbeat's interval follows, and what the next
/// good one finds is heard of.
async fn survives(answer: Answer, limit: Duration) -> SrvError {
    let dns = set_up().await;
    let mut polled = Polled::start_within(limit, dns.options(NAME), true).await;
    dns.set(RECORDS, RecordType::SRV, answer);
    polled.refused().await;
    let error = polled.refused().await;
    let ports = [27017, 27018, 27019];
    set_ports(&dns, &ports);
    loop {
        match polled.heard.recv().await.expect("the poller lives") {
            Heard::Changed(hosts) => {
                assert_eq!(sorted(hosts), on_ports(&ports));
                return error;
            }
            Heard::Asked | Heard::Refused(_) => {}
        }
    }
}

#[tokio::test]
async fn test_6_lookup_timeout() {
    let error = survives(Answer::Silence, Duration::from_millis(200)).await;
    assert!(
        matches!(error, SrvError::Timeout { .. } | SrvError::Lookup { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn test_7_lookup_failure() {
    let error = survives(
        Answer::Code(ResponseCode::NXDomain),
        Duration::from_secs(20),
    )
    .await;
    assert!(matches!(error, SrvError::NoRecords { .. }), "{error:?}");
    let error = survives(
        Answer::Code(ResponseCode::ServFail),
        Duration::from_secs(20),
    )
    .await;
    assert!(matches!(error, SrvError::Lookup { .. }), "{error:?}");
}

#[tokio::test]
async fn test_8_removal_of_all_records() {
    let error = survives(Answer::Records(Vec::new()), Duration::from_secs(20)).await;
    assert!(matches!(error, SrvError::NoRecords { .. }), "{error:?}");
}

#[tokio::test]
async fn test_9_no_polling_where_it_is_not_wanted() {
    let dns = set_up().await;
    let mut polled = Polled::start(dns.options(NAME), false).await;
    let questions = dns.questions();
    set_ports(&dns, &[27017, 27018, 27019]);
    polled.unchanged().await;
    assert_eq!(dns.questions(), questions);
}

async fn after_change_with_limit(max_hosts: u32, ports: &[u16]) -> Vec<Address> {
    let dns = set_up().await;
    let options = SrvOptions {
        max_hosts,
        ..dns.options(NAME)
    };
    let mut polled = Polled::start(options, true).await;
    set_ports(&dns, ports);
    polled.changed().await
}

#[tokio::test]
async fn test_10_all_records_without_a_limit() {
    let ports = [27017, 27019, 27020];
    assert_eq!(after_change_with_limit(0, &ports).await, on_ports(&ports));
}

#[tokio::test]
async fn test_11_all_records_where_the_limit_allows_them() {
    let ports = [27019, 27020];
    assert_eq!(after_change_with_limit(2, &ports).await, on_ports(&ports));
}

#[tokio::test]
async fn test_12_new_records_are_chosen_at_random() {
    let hosts = after_change_with_limit(2, &[27017, 27019, 27020]).await;
    assert_eq!(hosts.len(), 2, "{hosts:?}");
    assert_eq!(hosts[0], on_ports(&[27017])[0]);
    assert!(on_ports(&[27019, 27020]).contains(&hosts[1]), "{hosts:?}");
}

#[tokio::test]
async fn test_13_a_service_of_another_name() {
    let dns = Dns::start().await;
    let name = "test22.test.build.10gen.cc";
    dns.set_service("customname", name, 0, &[(HOST, 27017)]);
    let options = SrvOptions {
        service_name: "customname".to_owned(),
        ..dns.options(name)
    };
    let mut polled = Polled::start(options, true).await;
    dns.set_service("customname", name, 0, &[(HOST, 27019), (HOST, 27020)]);
    assert_eq!(polled.changed().await, on_ports(&[27019, 27020]));
}

#[tokio::test]
async fn a_host_outside_the_domain_is_left_out_and_the_others_are_not() {
    let dns = set_up().await;
    let mut polled = Polled::start(dns.options(NAME), true).await;
    let hosts = [("a.evil.cc", 27017), (HOST, 27019), ("b.evil.cc", 27017)];
    dns.set_srv(NAME, 0, &hosts);
    for evil in ["a.evil.cc", "b.evil.cc"] {
        match polled.refused().await {
            SrvError::ForeignHost { host, .. } => assert_eq!(host, evil),
            error => panic!("{error:?}"),
        }
    }
    assert_eq!(polled.changed().await, on_ports(&[27019]));
}

#[tokio::test]
async fn what_has_not_changed_is_not_reported() {
    let dns = set_up().await;
    let mut polled = Polled::start(dns.options(NAME), true).await;
    polled.unchanged().await;
    set_ports(&dns, &[27018, 27017]);
    polled.unchanged().await;
}

#[tokio::test]
async fn dropping_it_stops_it() {
    let dns = set_up().await;
    let Polled { poller, mut heard } = Polled::start(dns.options(NAME), true).await;
    assert_eq!(heard.recv().await, Some(Heard::Asked));
    drop(poller);
    // The task has gone when its listener has.
    while heard.recv().await.is_some() {}
}
