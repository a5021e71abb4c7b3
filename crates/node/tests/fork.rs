//! A forked child starts with an empty pool, and leaves its parent's connections alone.

#![allow(unsafe_code, reason = "fork is a foreign call")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use ferropool_lane::Readiness;
use ferropool_pool::{
    CheckOutResult, Condition, Connector, Effects, Permit, Pool, PoolOptions, Purpose, Request,
    Status, Types,
};
use std::sync::Arc;

enum Mock {}

impl Types for Mock {
    type Connection = u32;
    type Waiter = ();
    type Error = String;

    fn abandoned() -> String {
        "abandoned".into()
    }
}

/// Establishes at once.
struct AtOnce;

impl Connector<Mock> for AtOnce {
    fn establish(&self, permit: Permit<Mock>) {
        permit.complete(7, None);
    }

    fn settle(&self, (): (), _result: CheckOutResult<Mock>) {}

    fn events_recorded(&self) {}
}

fn available(pool: &Pool<Mock>) -> bool {
    let mut effects = Effects::new();
    match pool
        .try_check_out(&Request::new(Purpose::Operation), &mut effects)
        .unwrap()
    {
        Some(checked_out) => {
            assert!(
                pool.check_in(checked_out, Condition::Healthy, &mut effects)
                    .is_ok()
            );
            true
        }
        None => false,
    }
}

#[test]
fn a_forked_child_starts_empty_and_its_parent_keeps_its_connections() {
    let options = PoolOptions {
        min_pool_size: 1,
        ..PoolOptions::default()
    };
    let pool = Pool::<Mock>::new(options, Box::new(AtOnce));
    pool.ready();
    assert!(available(&pool));
    // SAFETY: the child calls nothing that another thread of the parent could have locked: the pool's
    // lock is not held here, the allocator is fork-safe, and it leaves by `_exit`.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let before = pool.generation();
        let mut effects = Effects::new();
        let first = pool.try_check_out(&Request::new(Purpose::Operation), &mut effects);
        let empty = matches!(first, Ok(None)) && pool.stats().in_use == [0; 3];
        let cleared = pool.generation() == before + 1 && pool.stats().status == Status::Ready;
        // SAFETY: ends the child at once, without the test harness's exit handlers.
        unsafe { libc::_exit(if empty && cleared { 0 } else { 1 }) };
    }
    let mut status = 0;
    // SAFETY: waits for the child that was just made.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    assert_eq!(status, 0, "the child found its parent's connection");
    assert!(available(&pool), "the parent lost its connection");
}

#[test]
fn a_forked_child_does_not_take_its_parents_sockets_out_of_the_readiness_set() {
    use ferropool_connection::{Socket, Watcher};
    use ferropool_lane::{Batch, Table};
    use std::net::{TcpListener, TcpStream};

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (socket, _) = listener.accept().unwrap();
    let socket = Arc::new(Socket::tcp(socket));
    let set = Readiness::new().unwrap();
    let token = Table::new().insert(());
    set.watch(&socket, token).unwrap();
    // SAFETY: as above; the child makes one call that takes an uncontended lock.
    let child = unsafe { libc::fork() };
    if child == 0 {
        set.unwatch(&socket, token.0);
        // SAFETY: as above.
        unsafe { libc::_exit(0) };
    }
    let mut status = 0;
    // SAFETY: waits for the child that was just made.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    assert_eq!(status, 0);
    std::io::Write::write_all(&mut peer, b"x").unwrap();
    set.wait().unwrap();
    let mut batch = Batch::default();
    set.look(&mut batch).unwrap();
    assert_eq!(batch.ready().first().map(|ready| ready.token), Some(token));
}
