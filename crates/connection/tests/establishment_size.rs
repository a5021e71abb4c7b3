//! Each pending connection is a task, and so is each monitor. What a future has room for it takes from its beginning on, also
//! for a handshake that it will not have; and a future that is handed on by value has its room twice.

use ferropool_connection::{
    Address, Application, ClientMetadata, ConnectOptions, Probe, establish,
};

/// In bytes. Without optimization it is somewhat more than in a release.
const LIMIT: usize = 3 << 10;

#[test]
fn an_establishment_has_room_for_what_all_need() {
    let address = Address::parse("localhost:27017").expect("an address");
    let options = ConnectOptions {
        connect_timeout: None,
        metadata: ClientMetadata::new(&Application::default()),
        load_balanced: false,
        tls: None,
        authenticator: None,
        proxy: None,
        compressors: Vec::new(),
        server_api: None,
        auth_timeout: None,
    };
    assert!(size_of_val(&establish(&address, &options)) <= LIMIT);
    assert!(size_of_val(&Probe::open(&address, &options)) <= LIMIT);
}
