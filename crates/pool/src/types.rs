use std::fmt::Debug;

/// What a pool is a pool of. The machine is generic, so that the same decisions run under the
/// product, under the specification's tests, and under a simulator.
pub trait Types: Sized + 'static {
    /// An established connection, owned by value: by the pool while available, by its holder while
    /// in use.
    type Connection: Send + 'static;
    /// Whoever asked for a connection and is told when there is one, or why there is none.
    type Waiter: Send + 'static;
    /// Why an establishment failed or a pool was cleared.
    type Error: Clone + Debug + Send + Sync + 'static;

    /// The error of an establishment whose task ended without saying how it went.
    fn abandoned() -> Self::Error;
}
