use crate::error::Error;
use ring::rand::{SecureRandom, SystemRandom};

/// Bytes that nobody can guess.
///
/// # Errors
/// A system that has none.
pub(super) fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], Error> {
    let mut bytes = [0; LENGTH];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_unspecified| Error::authentication("the system supplies no random bytes"))?;
    Ok(bytes)
}
