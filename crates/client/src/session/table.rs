use super::Session;
use std::collections::HashMap;

/// The sessions of a client by their numbers. A number is not used again: an operation may outlive its session.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    last: u32,
    by_number: HashMap<u32, Session>,
}

impl Sessions {
    /// Numbers cross the edge as signed ones.
    const MOST: u32 = i32::MAX as u32;

    /// Takes a session in, and says its number.
    pub(crate) fn insert(&mut self, session: Session) -> u32 {
        // After so many, the oldest of them is long gone.
        self.last = (self.last + 1) % Self::MOST;
        self.by_number.insert(self.last, session);
        self.last
    }

    pub(crate) fn get(&self, number: u32) -> Option<&Session> {
        self.by_number.get(&number)
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut Session> {
        self.by_number.get_mut(&number)
    }

    pub(crate) fn remove(&mut self, number: u32) -> Option<Session> {
        self.by_number.remove(&number)
    }

    /// Takes all of them out.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Session> {
        self.by_number.drain().map(|(_, session)| session)
    }
}

#[cfg(test)]
mod tests {
    use super::{Session, Sessions};
    use crate::session::SessionOptions;

    #[test]
    fn a_number_finds_nobody_after_its_session() {
        let mut sessions = Sessions::default();
        let first = sessions.insert(Session::new(SessionOptions::default()));
        assert!(sessions.remove(first).is_some());
        let second = sessions.insert(Session::new(SessionOptions::default()));
        assert_ne!(first, second);
        assert!(sessions.get(first).is_none() && sessions.get(second).is_some());
        assert_eq!(sessions.drain().count(), 1);
    }
}
