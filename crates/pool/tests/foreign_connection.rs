//! "The driver MUST NOT be allowed to check in a connection to a pool that did not create it."

mod support;

use ferropool_pool::{CheckIn, Condition, Effects, PoolOptions};
use support::{check_in, ready, try_check_out};

#[test]
fn a_connection_of_another_pool_is_refused_and_given_back() {
    let options = PoolOptions {
        min_pool_size: 1,
        ..PoolOptions::default()
    };
    let (ours, our_remote) = ready(options.clone());
    let (theirs, their_remote) = ready(options);
    our_remote.complete();
    their_remote.complete();
    // Both pools have a connection number 1 in their first slot.
    let ours_out = try_check_out(&ours).expect("one is available");
    let theirs_out = try_check_out(&theirs).expect("one is available");
    assert_eq!(ours_out.key, theirs_out.key);

    let before = ours.stats();
    let refused = ours.check_in(theirs_out, Condition::Healthy, &mut Effects::new());
    assert_eq!(ours.stats(), before, "nothing was counted");
    let given_back = refused.expect_err("it is refused");

    assert_eq!(
        check_in(&theirs, given_back, Condition::Healthy),
        CheckIn::CheckedIn
    );
    assert_eq!(
        check_in(&ours, ours_out, Condition::Healthy),
        CheckIn::CheckedIn
    );
    assert_eq!((our_remote.living(), their_remote.living()), (1, 1));
}
