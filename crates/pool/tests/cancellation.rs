//! Giving up a check-out at any moment, whatever becomes of the handshake, leaves the pool as if
//! nobody had asked: nothing is in use, nobody waits, and the check-out has ended once.

mod support;

use ferropool_pool::{Clears, Condition, Effects, Pool, PoolOptions, Status};
use std::sync::Arc;
use std::task::Poll;
use support::{Fault, Mock, Remote, check_out, poll, ready, request};

/// What becomes of the handshake that the check-out makes the pool start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handshake {
    SucceedsAtOnce,
    Succeeds,
    Fails,
    FailsAndClears,
    IsAbandoned,
    IsInterrupted,
    NeverEnds,
}

/// When the caller gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GivesUp {
    BeforeAsking,
    WhileWaiting,
    OnceTold,
    WithTheResult,
}

#[test]
fn wherever_a_check_out_is_dropped_the_pool_is_at_rest_afterwards() {
    let handshakes = [
        Handshake::SucceedsAtOnce,
        Handshake::Succeeds,
        Handshake::Fails,
        Handshake::FailsAndClears,
        Handshake::IsAbandoned,
        Handshake::IsInterrupted,
        Handshake::NeverEnds,
    ];
    let moments = [
        GivesUp::BeforeAsking,
        GivesUp::WhileWaiting,
        GivesUp::OnceTold,
        GivesUp::WithTheResult,
    ];
    for handshake in handshakes {
        for moment in moments {
            gate(handshake, moment);
        }
    }
}

fn gate(handshake: Handshake, moment: GivesUp) {
    let (pool, remote) = ready(PoolOptions::default());
    if handshake == Handshake::SucceedsAtOnce {
        remote.establish_at_once();
    }
    let mut asking = Box::pin(check_out(&pool, request()));
    match moment {
        GivesUp::BeforeAsking => drop(asking),
        GivesUp::WhileWaiting => {
            let answer = poll(&mut asking);
            assert_eq!(
                answer.is_ready(),
                handshake == Handshake::SucceedsAtOnce,
                "{handshake:?}"
            );
            drop(asking);
            drop(answer);
            end(handshake, &pool, &remote);
        }
        GivesUp::OnceTold => {
            let answer = poll(&mut asking);
            end(handshake, &pool, &remote);
            drop(asking);
            drop(answer);
        }
        GivesUp::WithTheResult => {
            let first = poll(&mut asking);
            end(handshake, &pool, &remote);
            if first.is_pending() && handshake != Handshake::NeverEnds {
                assert!(poll(&mut asking).is_ready(), "{handshake:?}");
            }
            drop(asking);
            drop(first);
        }
    }
    check(&pool, &remote, &format!("{handshake:?}, {moment:?}"));
}

fn end(handshake: Handshake, pool: &Pool<Mock>, remote: &Remote) {
    let permit = || remote.permit().expect("a handshake has started");
    match handshake {
        Handshake::SucceedsAtOnce | Handshake::NeverEnds => {}
        Handshake::Succeeds => {
            permit().complete(remote.connection(), None);
        }
        Handshake::Fails => permit().fail(Fault("refused"), Clears::Nothing),
        Handshake::FailsAndClears => permit().fail(Fault("refused"), Clears::Pool),
        Handshake::IsAbandoned => drop(permit()),
        Handshake::IsInterrupted => {
            pool.clear(None, true, None);
            // Too late: the pool has given it up.
            permit().complete(remote.connection(), None);
        }
    }
}

fn check(pool: &Arc<Pool<Mock>>, remote: &Remote, gate: &str) {
    let stats = pool.stats();
    let failed: u64 = stats.counters.failed.iter().sum();
    assert_eq!(
        (stats.wait_queue, stats.in_use),
        (0, [0; 3]),
        "{gate}: {stats:?}"
    );
    assert_eq!(
        stats.counters.started,
        stats.counters.checked_out + failed,
        "{gate}"
    );
    assert_eq!(stats.pending as usize, remote.held().len(), "{gate}");
    assert_eq!(remote.living(), stats.available as usize, "{gate}");

    // And it is as good as new.
    if stats.status == Status::Paused {
        pool.ready();
    }
    remote.establish_at_once();
    let next = poll(&mut Box::pin(check_out(pool, request())));
    if stats.pending == 0 {
        assert!(matches!(next, Poll::Ready(Ok(_))), "{gate}");
    }
    remote.held().clear();
}

/// The moment when the pool has decided and the waiter has not been told yet.
#[test]
fn a_connection_on_its_way_to_a_waiter_that_gives_up_comes_back() {
    let (pool, remote) = ready(PoolOptions {
        max_pool_size: Some(1),
        ..PoolOptions::default()
    });
    remote.establish_at_once();
    let Poll::Ready(Ok(holder)) = poll(&mut Box::pin(check_out(&pool, request()))) else {
        panic!("nobody else asks");
    };
    let mut asking = Box::pin(check_out(&pool, request()));
    assert!(poll(&mut asking).is_pending());

    let mut effects = Effects::new();
    let returned = pool.check_in(holder.into_inner(), Condition::Healthy, &mut effects);
    assert!(returned.is_ok());
    assert_eq!(effects.settled.len(), 1, "it is decided");
    drop(asking);
    pool.settle(&mut effects);

    check(&pool, &remote, "decided and not told");
    assert_eq!(pool.stats().available, 1);
}
