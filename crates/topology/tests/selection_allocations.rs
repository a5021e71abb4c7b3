//! Selection allocates nothing on a topology that has not changed.

use allocation_counter::measure;
use ferropool_connection::Address;
use ferropool_topology::{
    Criteria, Published, ReadPreference, ReadPreferenceMode, RoundTripTime, Scratch,
    SelectionOptions, ServerDescription, ServerType, Snapshot, TopologyDescription,
    TopologySettings,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn address(text: &str) -> Address {
    Address::parse(text).expect("the tests' addresses are valid")
}

/// A replica set of one primary and two secondaries.
fn snapshot() -> Snapshot {
    let members = ["a", "b", "c"].map(address);
    let mut description = TopologyDescription::initial(TopologySettings {
        seeds: members.to_vec(),
        replica_set: Some("rs".to_owned()),
        ..TopologySettings::default()
    });
    for member in &members {
        let is_primary = *member == members[0];
        let server = ServerDescription {
            server_type: match is_primary {
                true => ServerType::RSPrimary,
                false => ServerType::RSSecondary,
            },
            round_trip_time: Some(RoundTripTime {
                average: Duration::from_millis(1),
                minimum: Duration::ZERO,
            }),
            last_update_time: Some(Instant::now()),
            last_write_date: Some(1),
            max_wire_version: 21,
            hosts: members.to_vec(),
            set_name: Some("rs".to_owned()),
            tags: [("dc".to_owned(), member.to_string())].into(),
            ..ServerDescription::unknown(member.clone())
        };
        description = description.updated(server).expect("it is a member");
    }
    Snapshot::new(Arc::new(description), SelectionOptions::default())
}

/// The servers that 100 selections come to, and what they allocate after the first.
fn selected(criteria: &Criteria<'_>) -> ([u32; 3], u64) {
    let published = Arc::new(Published::new(Arc::new(snapshot())));
    let mut latest = published.reader();
    let mut scratch = Scratch::seeded(1);
    let mut selections = [0; 3];
    let mut select = || {
        let snapshot = latest.get();
        let index = snapshot.select(criteria, &mut scratch, |index| index as u32);
        let index = index.expect("the criteria are allowed");
        selections[index.expect("a server is suitable")] += 1;
    };
    select();
    let allocated = measure(|| (0..99).for_each(|_| select()));
    (selections, allocated.count_total)
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(snapshot())).count_current, 0);
    assert!(measure(|| drop(snapshot())).count_total > 0);
}

#[test]
fn a_write() {
    assert_eq!(selected(&Criteria::write()), ([100, 0, 0], 0));
}

#[test]
fn a_read_in_every_mode() {
    for mode in ReadPreferenceMode::ALL {
        let preference = mode.alone();
        let (selections, allocated) = selected(&Criteria::read(&preference));
        assert_eq!(allocated, 0, "{mode:?}");
        let used = selections.map(|count| count > 0);
        // Of two servers the one with the fewer operations is taken, always.
        let expected = match mode {
            ReadPreferenceMode::Primary | ReadPreferenceMode::PrimaryPreferred => {
                [true, false, false]
            }
            ReadPreferenceMode::Secondary | ReadPreferenceMode::SecondaryPreferred => {
                [false, true, false]
            }
            ReadPreferenceMode::Nearest => [true, true, false],
        };
        assert_eq!(used, expected, "{mode:?}");
    }
}

#[test]
fn a_read_by_tags_and_staleness_that_is_tried_elsewhere() {
    let tags = |value: &str| vec![("dc".to_owned(), value.to_owned())];
    let preference = ReadPreference {
        tag_sets: vec![tags("nowhere"), tags("b:27017"), tags("c:27017")],
        max_staleness: Some(Duration::from_secs(90)),
        ..ReadPreferenceMode::Nearest.alone()
    };
    let criteria = Criteria::read(&preference);
    assert_eq!(selected(&criteria), ([0, 100, 0], 0));
    let deprioritized = [address("b")];
    let criteria = criteria.deprioritizing(&deprioritized);
    assert_eq!(selected(&criteria), ([0, 0, 100], 0));
}
