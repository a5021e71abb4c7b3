use super::{Criteria, Operation, Scratch, SelectionError, SelectionOptions, Snapshot};
use crate::description::{RoundTripTime, ServerDescription, ServerType};
use crate::read_preference::{ReadPreference, ReadPreferenceMode};
use crate::topology_description::{TopologyDescription, TopologySettings};
use ferropool_connection::Address;
use std::sync::Arc;
use std::time::{Duration, Instant};

const MEMBERS: [&str; 3] = ["a", "b", "c"];

fn address(text: &str) -> Address {
    Address::parse(text).expect("the tests' addresses are valid")
}

fn member(name: &str, server_type: ServerType) -> ServerDescription {
    ServerDescription {
        server_type,
        max_wire_version: 21,
        hosts: MEMBERS.map(address).to_vec(),
        set_name: Some("rs".to_owned()),
        last_update_time: Some(Instant::now()),
        last_write_date: Some(1_000_000),
        ..ServerDescription::unknown(address(name))
    }
}

fn replica_set(members: impl IntoIterator<Item = ServerDescription>) -> TopologyDescription {
    let mut description = TopologyDescription::initial(TopologySettings {
        seeds: MEMBERS.map(address).to_vec(),
        replica_set: Some("rs".to_owned()),
        ..TopologySettings::default()
    });
    for member in members {
        description = description.updated(member).expect("it is a member");
    }
    description
}

fn snapshot(description: TopologyDescription) -> Snapshot {
    Snapshot::new(Arc::new(description), SelectionOptions::default())
}

fn suitable(snapshot: &Snapshot, criteria: &Criteria<'_>) -> Vec<u32> {
    let mut servers = Vec::new();
    let outcome = snapshot.suitable(criteria, &mut servers);
    outcome.expect("the criteria are allowed");
    servers
}

fn select(snapshot: &Snapshot, criteria: &Criteria<'_>) -> Result<Option<usize>, SelectionError> {
    snapshot.select(criteria, &mut Scratch::default(), |_| 0)
}

fn within(seconds: u64) -> ReadPreference {
    ReadPreference {
        max_staleness: Some(Duration::from_secs(seconds)),
        ..ReadPreferenceMode::Secondary.alone()
    }
}

#[test]
fn an_incompatible_server_fails_every_selection() {
    let old = ServerDescription {
        max_wire_version: 2,
        ..member("b", ServerType::RSSecondary)
    };
    let snapshot = snapshot(replica_set([member("a", ServerType::RSPrimary), old]));
    let stale = within(90);
    for criteria in [Criteria::write(), Criteria::read(&stale)] {
        let refused = select(&snapshot, &criteria).expect_err("a server is too old");
        assert!(matches!(&refused, SelectionError::Incompatible(_)));
        assert!(refused.to_string().contains("b:27017"), "{refused}");
    }
}

#[test]
fn nothing_is_selected_before_a_server_is_known() {
    let snapshot = snapshot(replica_set([]));
    for mode in ReadPreferenceMode::ALL {
        let selected = select(&snapshot, &Criteria::read(&mode.alone()));
        assert_eq!(selected, Ok(None), "{mode:?}");
    }
    assert_eq!(select(&snapshot, &Criteria::write()), Ok(None));
}

#[test]
fn the_server_of_a_direct_connection_serves_everything_while_it_is_available() {
    let unknown = TopologyDescription::initial(TopologySettings {
        seeds: vec![address("a")],
        direct_connection: true,
        ..TopologySettings::default()
    });
    let known = unknown.updated(member("a", ServerType::RSArbiter));
    let known = snapshot(known.expect("it is the server"));
    let unknown = snapshot(unknown);
    let stale = within(1);
    for criteria in [Criteria::write(), Criteria::read(&stale)] {
        assert_eq!(select(&unknown, &criteria), Ok(None));
        assert_eq!(select(&known, &criteria), Ok(Some(0)));
    }
}

#[test]
fn staleness_is_compared_to_the_millisecond() {
    let checked = Instant::now();
    // Of 90 s, 10 s go for the heartbeat.
    for (behind, later, fresh) in [
        (80_000, 0, true),
        (80_001, 0, false),
        (79_000, 1000, true),
        (79_000, 1001, false),
        (-5000, 0, true),
    ] {
        let primary = ServerDescription {
            last_update_time: Some(checked),
            ..member("a", ServerType::RSPrimary)
        };
        let secondary = ServerDescription {
            last_update_time: Some(checked + Duration::from_millis(later)),
            last_write_date: Some(1_000_000 - behind),
            ..member("b", ServerType::RSSecondary)
        };
        let snapshot = snapshot(replica_set([primary, secondary]));
        let suitable = suitable(&snapshot, &Criteria::read(&within(90)));
        assert_eq!(
            suitable,
            if fresh { vec![1] } else { vec![] },
            "{behind} {later}"
        );
    }
}

#[test]
fn a_secondary_that_was_checked_before_the_primary_counts_as_fresher() {
    let checked = Instant::now() + Duration::from_secs(10);
    let primary = ServerDescription {
        last_update_time: Some(checked),
        ..member("a", ServerType::RSPrimary)
    };
    let secondary = ServerDescription {
        last_update_time: Some(checked - Duration::from_secs(5)),
        last_write_date: Some(1_000_000 - 85_000),
        ..member("b", ServerType::RSSecondary)
    };
    let snapshot = snapshot(replica_set([primary, secondary]));
    assert_eq!(suitable(&snapshot, &Criteria::read(&within(90))), [1]);
}

#[test]
fn a_secondary_whose_staleness_cannot_be_told_is_too_stale() {
    let silent = |name| ServerDescription {
        last_write_date: None,
        ..member(name, ServerType::RSSecondary)
    };
    let preference = within(90);
    let criteria = Criteria::read(&preference);
    let alone = snapshot(replica_set([silent("b")]));
    assert_eq!(suitable(&alone, &criteria), []);
    let among = [silent("b"), member("c", ServerType::RSSecondary)];
    let among = snapshot(replica_set(among));
    assert_eq!(suitable(&among, &criteria), [2]);
    // Nobody asks how stale it is.
    let any = ReadPreferenceMode::Secondary.alone();
    assert_eq!(suitable(&alone, &Criteria::read(&any)), [1]);
}

#[test]
fn extreme_dates_of_servers_are_no_overflow() {
    for (primary, secondary, fresh) in [(i64::MIN, i64::MAX, true), (i64::MAX, i64::MIN, false)] {
        let wrote = |date, it| ServerDescription {
            last_write_date: Some(date),
            ..it
        };
        let snapshot = snapshot(replica_set([
            wrote(primary, member("a", ServerType::RSPrimary)),
            wrote(secondary, member("b", ServerType::RSSecondary)),
        ]));
        let suitable = suitable(&snapshot, &Criteria::read(&within(90)));
        assert_eq!(suitable == [1], fresh);
    }
}

#[test]
fn the_first_tag_set_that_a_server_has_decides() {
    let tagged = |name, tags: &[(&str, &str)]| ServerDescription {
        tags: tags
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..member(name, ServerType::RSSecondary)
    };
    let snapshot = snapshot(replica_set([
        tagged("a", &[("dc", "ny"), ("rack", "1")]),
        tagged("b", &[("dc", "ny"), ("rack", "2")]),
        tagged("c", &[("dc", "sf"), ("rack", "1")]),
    ]));
    type Sets<'a> = &'a [&'a [(&'a str, &'a str)]];
    let cases: [(Sets<'_>, &[u32]); 9] = [
        (&[], &[0, 1, 2]),
        (&[&[]], &[0, 1, 2]),
        (&[&[("dc", "ny")]], &[0, 1]),
        (&[&[("dc", "ny"), ("rack", "2")]], &[1]),
        (&[&[("dc", "sf"), ("rack", "2")]], &[]),
        (&[&[("dc", "sf")], &[("dc", "ny")]], &[2]),
        (
            &[&[("dc", "la")], &[("dc", "ny")], &[("dc", "sf")]],
            &[0, 1],
        ),
        (&[&[("dc", "la")], &[]], &[0, 1, 2]),
        (&[&[], &[("dc", "ny")]], &[0, 1, 2]),
    ];
    for (sets, expected) in cases {
        let sets = sets.iter().map(|set| {
            let tags = set.iter();
            let tags = tags.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            tags.collect()
        });
        let preference = ReadPreference {
            tag_sets: sets.collect(),
            ..ReadPreferenceMode::Nearest.alone()
        };
        let suitable = suitable(&snapshot, &Criteria::read(&preference));
        assert_eq!(suitable, expected, "{preference}");
    }
}

#[test]
fn the_window_has_who_is_slower_by_the_threshold_and_no_more() {
    let at = |name, average| ServerDescription {
        round_trip_time: Some(RoundTripTime {
            average: Duration::from_micros(average),
            minimum: Duration::ZERO,
        }),
        ..member(name, ServerType::RSSecondary)
    };
    let members = [at("a", 2000), at("b", 17_000), at("c", 17_001)];
    let snapshot = snapshot(replica_set(members));
    let nearest = ReadPreferenceMode::Nearest.alone();
    let mut servers = suitable(&snapshot, &Criteria::read(&nearest));
    assert_eq!(servers, [0, 1, 2]);
    snapshot.keep_in_window(&mut servers);
    assert_eq!(servers, [0, 1]);
}

#[test]
fn a_selector_is_shown_with_all_it_asks_for() {
    let preference = within(120);
    assert_eq!(
        Operation::Read(&preference).to_string(),
        "readPreference { mode: secondary, maxStalenessSeconds: 120 }"
    );
    assert_eq!(Operation::Write.to_string(), "writable server");
}
