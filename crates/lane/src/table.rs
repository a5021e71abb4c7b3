/// A slot of a [`Table`] and the generation of its occupant, as one number that a readiness set can
/// carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token(pub u64);

impl Token {
    fn new(index: usize, generation: u32) -> Self {
        Self(u64::from(generation) << 32 | index as u64)
    }

    fn index(self) -> usize {
        (self.0 & u64::from(u32::MAX)) as usize
    }

    fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// Values by [`Token`]. A token never finds a later occupant of its slot.
#[derive(Debug)]
pub struct Table<T> {
    slots: Vec<Slot<T>>,
    vacant: Vec<u32>,
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

impl<T> Table<T> {
    /// An empty table.
    pub fn new() -> Self {
        Self {
            slots: Vec::new(),
            vacant: Vec::new(),
        }
    }

    /// Puts `value` into a vacant slot.
    pub fn insert(&mut self, value: T) -> Token {
        let index = match self.vacant.pop() {
            Some(index) => index as usize,
            None => {
                self.slots.push(Slot {
                    generation: 0,
                    value: None,
                });
                self.slots.len() - 1
            }
        };
        self.slots[index].value = Some(value);
        Token::new(index, self.slots[index].generation)
    }

    /// The value under `token`, unless it is gone.
    pub fn get_mut(&mut self, token: Token) -> Option<&mut T> {
        let slot = self.slots.get_mut(token.index())?;
        if slot.generation == token.generation() {
            slot.value.as_mut()
        } else {
            None
        }
    }

    /// Every value, under its token.
    pub fn iter(&self) -> impl Iterator<Item = (Token, &T)> {
        { self.slots.iter().enumerate() }.filter_map(|(index, slot)| {
            let token = Token::new(index, slot.generation);
            Some((token, slot.value.as_ref()?))
        })
    }

    /// Takes the value out and ends the token.
    pub fn remove(&mut self, token: Token) -> Option<T> {
        let slot = self
            .slots
            .get_mut(token.index())
            .filter(|slot| slot.generation == token.generation())?;
        let value = slot.value.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.vacant.push(token.index() as u32);
        Some(value)
    }

    /// Everything that is left, taken out.
    pub fn drain(&mut self) -> impl Iterator<Item = T> {
        self.vacant.clear();
        self.slots.drain(..).filter_map(|slot| slot.value)
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn an_old_token_does_not_find_a_new_occupant() {
        let mut table = Table::new();
        let first = table.insert('a');
        assert_eq!(table.remove(first), Some('a'));
        let second = table.insert('b');
        assert_ne!(first, second);
        assert_eq!(table.get_mut(first), None);
        assert_eq!(table.remove(first), None);
        assert_eq!(table.get_mut(second), Some(&mut 'b'));
    }
}
