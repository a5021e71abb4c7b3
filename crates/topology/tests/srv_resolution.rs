//! A name becomes hosts and options ("Initial DNS Seedlist Discovery").

mod dns;

use dns::{Answer, Dns, addresses, srv};
use ferropool_topology::srv::resolve;
use ferropool_topology::{SrvError, SrvOptions};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use std::time::{Duration, Instant};

const NAME: &str = "test1.test.build.10gen.cc";
const RECORDS: &str = "_mongodb._tcp.test1.test.build.10gen.cc";
const HOST: &str = "localhost.test.build.10gen.cc";
const LIMIT: Option<Duration> = Some(Duration::from_secs(20));

#[tokio::test]
async fn the_hosts_the_text_and_the_least_time_to_live_are_found() {
    let dns = Dns::start().await;
    let records = [
        srv(RECORDS, 600, &[(HOST, 27017)]),
        srv(RECORDS, 300, &[("LocalHost.test.build.10gen.cc", 27018)]),
    ]
    .concat();
    dns.set(RECORDS, RecordType::SRV, Answer::Records(records));
    dns.set_txt(NAME, &[&["replicaSet=", "repl0"]]);
    let seeds = resolve(&dns.options(NAME), LIMIT).await.expect("resolved");
    let expected = addresses(&[
        "localhost.test.build.10gen.cc:27017",
        "localhost.test.build.10gen.cc:27018",
    ]);
    assert_eq!(seeds.hosts, expected);
    assert_eq!(seeds.txt.as_deref(), Some("replicaSet=repl0"));
    assert_eq!(seeds.ttl, Duration::from_secs(300));
}

#[tokio::test]
async fn a_name_needs_no_text() {
    let dns = Dns::start().await;
    dns.set_srv(NAME, 60, &[(HOST, 1)]);
    let without_name = resolve(&dns.options(NAME), LIMIT).await.expect("resolved");
    assert_eq!(without_name.txt, None);
    dns.set_txt(NAME, &[]);
    let without_record = resolve(&dns.options(NAME), LIMIT).await.expect("resolved");
    assert_eq!(without_record.txt, None);
}

#[tokio::test]
async fn the_service_is_the_one_that_was_asked_for() {
    let dns = Dns::start().await;
    dns.set_service("customname", NAME, 60, &[(HOST, 1)]);
    let options = SrvOptions {
        service_name: "customname".to_owned(),
        ..dns.options(NAME)
    };
    assert!(resolve(&options, LIMIT).await.is_ok());
    let refused = resolve(&dns.options(NAME), LIMIT).await;
    let name = RECORDS.to_owned();
    assert_eq!(refused, Err(SrvError::NoRecords { name }));
}

#[tokio::test]
async fn a_limit_takes_some_of_the_hosts_and_none_twice() {
    let dns = Dns::start().await;
    dns.set_srv(NAME, 60, &[(HOST, 1), (HOST, 2), (HOST, 2), (HOST, 3)]);
    for (max_hosts, expected) in [(0, 3), (1, 1), (2, 2), (3, 3), (4, 3)] {
        let options = SrvOptions {
            max_hosts,
            ..dns.options(NAME)
        };
        let mut hosts = resolve(&options, LIMIT).await.expect("resolved").hosts;
        hosts.sort_by_key(ToString::to_string);
        hosts.dedup();
        assert_eq!(hosts.len(), expected, "of {max_hosts}: {hosts:?}");
    }
}

#[tokio::test]
async fn one_host_outside_the_domain_refuses_them_all() {
    let dns = Dns::start().await;
    let evil = "localhost.evil.build.10gen.cc";
    dns.set_srv(NAME, 60, &[(HOST, 27017), (evil, 27017)]);
    let error = resolve(&dns.options(NAME), LIMIT)
        .await
        .expect_err("refused");
    assert_eq!(
        error.to_string(),
        "the SRV records of test1.test.build.10gen.cc name the host localhost.evil.build.10gen.cc, \
         which is not in the domain test.build.10gen.cc"
    );
    assert!(error.is_violation());
}

#[tokio::test]
async fn two_texts_are_refused() {
    let dns = Dns::start().await;
    dns.set_srv(NAME, 60, &[(HOST, 1)]);
    dns.set_txt(NAME, &[&["replicaSet=repl0"], &["authSource=otherDB"]]);
    let name = NAME.to_owned();
    let refused = resolve(&dns.options(NAME), LIMIT).await;
    assert_eq!(refused, Err(SrvError::SeveralTexts { name, count: 2 }));
}

#[tokio::test]
async fn a_name_without_records_says_so() {
    let dns = Dns::start().await;
    for answer in [
        Answer::Records(Vec::new()),
        Answer::Code(ResponseCode::NXDomain),
    ] {
        dns.set(RECORDS, RecordType::SRV, answer);
        let error = resolve(&dns.options(NAME), LIMIT).await.expect_err("none");
        assert_eq!(
            error.to_string(),
            "no SRV records were found for _mongodb._tcp.test1.test.build.10gen.cc"
        );
        assert!(!error.is_violation());
    }
}

#[tokio::test]
async fn a_server_that_fails_is_quoted_whichever_question_it_fails() {
    let dns = Dns::start().await;
    dns.set_srv(NAME, 60, &[(HOST, 1)]);
    dns.set(NAME, RecordType::TXT, Answer::Code(ResponseCode::ServFail));
    let text = resolve(&dns.options(NAME), LIMIT).await;
    dns.set_txt(NAME, &[]);
    dns.set(
        RECORDS,
        RecordType::SRV,
        Answer::Code(ResponseCode::Refused),
    );
    let hosts = resolve(&dns.options(NAME), LIMIT).await;
    for (outcome, asked, said) in [(text, NAME, "Server Failure"), (hosts, RECORDS, "Refused")] {
        let Err(SrvError::Lookup { name, reason }) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(name, asked);
        assert!(reason.contains(said), "{reason}");
    }
}

#[tokio::test]
async fn silence_ends_at_the_limit() {
    let dns = Dns::start().await;
    dns.set(RECORDS, RecordType::SRV, Answer::Silence);
    let limit = Duration::from_millis(300);
    let started = Instant::now();
    let error = resolve(&dns.options(NAME), Some(limit))
        .await
        .expect_err("silent");
    let waited = started.elapsed();
    assert!(waited < limit * 3, "{waited:?}");
    assert!(
        matches!(error, SrvError::Timeout { .. } | SrvError::Lookup { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains(RECORDS), "{error}");
    assert!(dns.questions() > 1, "a datagram may be lost");
}

#[tokio::test]
async fn an_answer_that_fits_no_datagram_is_fetched_over_a_stream() {
    let dns = Dns::start().await;
    let hosts: Vec<(&str, u16)> = (1..=500).map(|port| (HOST, port)).collect();
    let records = srv(RECORDS, 60, &hosts);
    dns.set(RECORDS, RecordType::SRV, Answer::Truncated(records));
    let seeds = resolve(&dns.options(NAME), LIMIT).await.expect("resolved");
    assert_eq!(seeds.hosts.len(), 500);
}

#[tokio::test]
async fn nothing_is_remembered() {
    let dns = Dns::start().await;
    dns.set_srv(NAME, 86_400, &[(HOST, 1)]);
    let options = dns.options(NAME);
    let first = resolve(&options, LIMIT).await.expect("resolved");
    dns.set_srv(NAME, 86_400, &[(HOST, 2)]);
    let second = resolve(&options, LIMIT).await.expect("resolved");
    assert_ne!(first.hosts, second.hosts);
}

#[tokio::test]
async fn a_name_that_cannot_be_asked_for_is_refused() {
    let dns = Dns::start().await;
    for name in [
        format!("{}.b.c", "a".repeat(64)),
        "a..b".to_owned(),
        "a.".repeat(128),
    ] {
        let refused = resolve(&dns.options(&name), LIMIT).await;
        assert!(matches!(refused, Err(SrvError::Name { .. })), "{refused:?}");
    }
    assert_eq!(dns.questions(), 0);
}

/// Names of one and two parts are asked for like any other (prose test 1), but for "localhost", of which
/// RFC 6761 wants no name server to be asked.
#[tokio::test]
async fn short_names_are_asked_for() {
    let dns = Dns::start().await;
    dns.set_srv("mongo.local", 60, &[("a.mongo.local", 1)]);
    let seeds = resolve(&dns.options("mongo.local"), LIMIT)
        .await
        .expect("resolved");
    assert_eq!(seeds.hosts, addresses(&["a.mongo.local:1"]));
    dns.set_srv("single", 60, &[("a.single", 1)]);
    let seeds = resolve(&dns.options("single"), LIMIT)
        .await
        .expect("resolved");
    assert_eq!(seeds.hosts, addresses(&["a.single:1"]));
    let refused = resolve(&dns.options("localhost"), LIMIT).await;
    assert!(
        matches!(refused, Err(SrvError::NoRecords { .. })),
        "{refused:?}"
    );
}
