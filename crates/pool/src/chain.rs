//! A doubly linked list of small integers, for orders over the keys of a slab.

const NONE: u32 = u32::MAX;

/// An order over slots: push and pop at both ends and removal from the middle, each in constant
/// time and without allocating once the highest slot has been seen.
#[derive(Debug)]
pub(crate) struct Chain {
    links: Vec<Links>,
    front: u32,
    back: u32,
    length: usize,
}

#[derive(Clone, Copy, Debug)]
struct Links {
    previous: u32,
    next: u32,
}

impl Chain {
    pub(crate) fn new() -> Self {
        Self {
            links: Vec::new(),
            front: NONE,
            back: NONE,
            length: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(crate) fn front(&self) -> Option<u32> {
        (self.front != NONE).then_some(self.front)
    }

    pub(crate) fn back(&self) -> Option<u32> {
        (self.back != NONE).then_some(self.back)
    }

    /// Appends `slot`, which must not be in the chain.
    pub(crate) fn push_back(&mut self, slot: u32) {
        let at = slot as usize;
        if at >= self.links.len() {
            self.links.resize(
                at + 1,
                Links {
                    previous: NONE,
                    next: NONE,
                },
            );
        }
        self.links[at] = Links {
            previous: self.back,
            next: NONE,
        };
        match self.back {
            NONE => self.front = slot,
            back => self.links[back as usize].next = slot,
        }
        self.back = slot;
        self.length += 1;
    }

    /// Takes `slot`, which must be in the chain, out of it.
    pub(crate) fn remove(&mut self, slot: u32) {
        let Links { previous, next } = self.links[slot as usize];
        match previous {
            NONE => self.front = next,
            previous => self.links[previous as usize].next = next,
        }
        match next {
            NONE => self.back = previous,
            next => self.links[next as usize].previous = previous,
        }
        self.length -= 1;
    }

    pub(crate) fn pop_front(&mut self) -> Option<u32> {
        let slot = self.front()?;
        self.remove(slot);
        Some(slot)
    }

    pub(crate) fn clear(&mut self) {
        (self.front, self.back, self.length) = (NONE, NONE, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::Chain;

    fn drain(chain: &mut Chain) -> Vec<u32> {
        std::iter::from_fn(|| chain.pop_front()).collect()
    }

    #[test]
    fn keeps_the_order_of_pushes() {
        let mut chain = Chain::new();
        [5, 0, 9].into_iter().for_each(|slot| chain.push_back(slot));
        assert_eq!(
            (chain.front(), chain.back(), chain.len()),
            (Some(5), Some(9), 3)
        );
        assert_eq!(drain(&mut chain), [5, 0, 9]);
        assert!(chain.is_empty());
    }

    #[test]
    fn removes_from_either_end_and_the_middle() {
        for removed in [1, 2, 3] {
            let mut chain = Chain::new();
            [1, 2, 3].into_iter().for_each(|slot| chain.push_back(slot));
            chain.remove(removed);
            chain.push_back(4);
            let expected: Vec<u32> = [1, 2, 3, 4]
                .into_iter()
                .filter(|slot| *slot != removed)
                .collect();
            assert_eq!(drain(&mut chain), expected);
        }
    }
}
