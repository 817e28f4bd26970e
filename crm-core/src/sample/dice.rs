//! Randomness that repeats.

/// `SplitMix64` (Steele, Lea and Flood 2014): small, and the same everywhere.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0, less than `end`.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        let scaled = (self.roll() >> 32) * u64::from(end);
        u32::try_from(scaled >> 32).unwrap_or(0)
    }

    /// A number from the least to the most.
    pub(super) fn between(&mut self, least: u32, most: u32) -> u32 {
        least + self.below(most - least + 1)
    }

    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of several; there is at least one.
    pub(super) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        let length = u32::try_from(of.len()).unwrap_or(u32::MAX);
        of[self.below(length) as usize]
    }
}
