use crate::observer::ensure;
use crate::world::Conn;

/// Where every mock connection is: each is in one place, and none is lost.
#[derive(Default)]
pub(crate) struct Places {
    places: Vec<Place>,
    in_pool: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Pool,
    Hand,
    Closed,
}

impl Places {
    /// A new mock connection, on its way into the pool.
    pub(crate) fn make(&mut self) -> Conn {
        self.places.push(Place::Pool);
        self.in_pool += 1;
        Conn(self.places.len() as u32 - 1)
    }

    pub(crate) fn hand_out(&mut self, number: u32) -> Result<(), String> {
        self.shift(number, Place::Pool, Place::Hand)
    }

    pub(crate) fn hand_in(&mut self, number: u32) -> Result<(), String> {
        self.shift(number, Place::Hand, Place::Pool)
    }

    pub(crate) fn close(&mut self, number: u32) -> Result<(), String> {
        self.shift(number, Place::Pool, Place::Closed)
    }

    /// How many the pool has.
    pub(crate) fn in_pool(&self) -> usize {
        self.in_pool
    }

    fn shift(&mut self, number: u32, from: Place, to: Place) -> Result<(), String> {
        let place = &mut self.places[number as usize];
        ensure!(
            *place == from,
            "mock connection {number} is moved to {to:?} from {place:?} instead of {from:?}"
        );
        *place = to;
        match (from, to) {
            (Place::Pool, _) => self.in_pool -= 1,
            (_, Place::Pool) => self.in_pool += 1,
            _ => {}
        }
        Ok(())
    }
}
