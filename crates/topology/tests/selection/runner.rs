//! What the files ask for, done with [`Snapshot`] and [`RoundTripTimes`].

use crate::format::{Averages, InWindow, Operation, Selection, Server};
use ferropool_topology::{
    Criteria, ReadPreferenceMode, RoundTripTimes, Scratch, SelectionOptions, Snapshot,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How often a server is selected, so that each one in the window is bound to be.
const SELECTIONS: usize = 200;

const SEED: u64 = 4;

/// Selects the servers that a file names, or fails where it wants that.
pub(crate) fn selects(test: Selection) -> Result<(), String> {
    let mut options = SelectionOptions::default();
    if let Some(ms) = test.heartbeat_frequency_ms {
        options.heartbeat_frequency = Duration::from_millis(ms);
    }
    let snapshot = Snapshot::new(test.topology_description.described()?, options);
    let preference = test.read_preference.parsed()?;
    let deprioritized = test.deprioritized_servers.iter().map(Server::address);
    let deprioritized: Vec<_> = deprioritized.collect::<Result<_, _>>()?;
    let criteria = match test.operation {
        Operation::Read => Criteria::read(&preference),
        Operation::Write => Criteria::write(),
    };
    let criteria = criteria.deprioritizing(&deprioritized);

    let mut servers = Vec::new();
    if let Err(error) = snapshot.suitable(&criteria, &mut servers) {
        return match test.error {
            true => Ok(()),
            false => Err(error.to_string()),
        };
    }
    if test.error {
        return Err("there was no error".to_owned());
    }
    compare(
        "suitable",
        &test.suitable_servers,
        names(&snapshot, &servers),
    )?;
    snapshot.keep_in_window(&mut servers);
    compare(
        "in the window",
        &test.in_latency_window,
        names(&snapshot, &servers),
    )?;

    let mut scratch = Scratch::seeded(SEED);
    let mut selected = BTreeSet::new();
    for _ in 0..SELECTIONS {
        let index = snapshot.select(&criteria, &mut scratch, |_| 0);
        let index = index.map_err(|error| error.to_string())?;
        selected.extend(index.map(|index| name(&snapshot, index)));
    }
    compare("selected", &test.in_latency_window, selected)
}

/// Selects as often as a file says, and counts how often it is which server.
pub(crate) fn spreads(test: InWindow) -> Result<(), String> {
    let description = test.topology_description.described()?;
    let snapshot = Snapshot::new(description, SelectionOptions::default());
    let states = test.mocked_topology_state.iter();
    let counts: BTreeMap<&str, u32> = states
        .map(|state| (state.address.as_str(), state.operation_count))
        .collect();
    let nearest = ReadPreferenceMode::Nearest.alone();
    let mut scratch = Scratch::seeded(SEED);
    let mut selected: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..test.iterations {
        let count = |index| counts[name(&snapshot, index).as_str()];
        let index = snapshot.select(&Criteria::read(&nearest), &mut scratch, count);
        let index = index.map_err(|error| error.to_string())?;
        let index = index.ok_or("no server was selected")?;
        *selected.entry(name(&snapshot, index)).or_default() += 1;
    }
    for (address, expected) in &test.outcome.expected_frequencies {
        let selected = selected.get(address).copied().unwrap_or(0);
        let observed = f64::from(selected) / f64::from(test.iterations);
        let tolerance = match *expected {
            0.0 | 1.0 => 0.0,
            _ => test.outcome.tolerance,
        };
        if (observed - expected).abs() > tolerance {
            return Err(format!("{address}: {observed} instead of {expected}"));
        }
    }
    Ok(())
}

/// Adds a sample to an average.
pub(crate) fn averages(test: Averages) -> Result<(), String> {
    let milliseconds = |ms: f64| Duration::from_secs_f64(ms / 1e3);
    let mut times = RoundTripTimes::default();
    if test.avg_rtt_ms != "NULL" {
        let average = test.avg_rtt_ms.as_f64();
        times.add(milliseconds(average.ok_or("the average is no number")?));
    }
    times.add(milliseconds(test.new_rtt_ms));
    let average = times.current().ok_or("there is no average")?.average;
    let expected = milliseconds(test.new_avg_rtt);
    // A duration's unit; the files round to fewer digits than a nanosecond has.
    match average.abs_diff(expected) <= Duration::from_nanos(1) {
        true => Ok(()),
        false => Err(format!("{average:?} instead of {expected:?}")),
    }
}

fn compare(
    what: &str,
    expected: &Option<Vec<Server>>,
    found: BTreeSet<String>,
) -> Result<(), String> {
    let expected = expected
        .as_ref()
        .ok_or(format!("nothing is said to be {what}"))?;
    let addresses = expected.iter().map(Server::address);
    let expected = addresses
        .map(|address| address.map(|address| address.to_string()))
        .collect::<Result<BTreeSet<_>, _>>()?;
    match found == expected {
        true => Ok(()),
        false => Err(format!("{what} is {found:?} instead of {expected:?}")),
    }
}

fn names(snapshot: &Snapshot, servers: &[u32]) -> BTreeSet<String> {
    let servers = servers.iter();
    servers
        .map(|index| name(snapshot, *index as usize))
        .collect()
}

fn name(snapshot: &Snapshot, index: usize) -> String {
    let servers = snapshot.description().servers.as_slice();
    servers[index].address.to_string()
}
