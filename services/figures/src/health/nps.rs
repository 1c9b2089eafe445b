//! Net promoter score: would customers recommend us?

use rust_decimal::Decimal;

/// Answers, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Nps {
    /// Answers of 9 and 10.
    pub promoters: u64,
    /// Answers of 7 and 8.
    pub passives: u64,
    /// Answers of 0 to 6.
    pub detractors: u64,
}

impl Nps {
    /// Counts so many answers of one score.
    pub fn add(&mut self, score: u8, answers: u64) {
        let counted = match score {
            9.. => &mut self.promoters,
            7 | 8 => &mut self.passives,
            _ => &mut self.detractors,
        };
        *counted += answers;
    }

    /// How many there are.
    pub fn answers(&self) -> u64 {
        self.promoters + self.passives + self.detractors
    }

    /// Promoters less detractors, in points of all answers: from −100 to 100, not rounded. No
    /// answer, no value.
    pub fn points(&self) -> Option<Decimal> {
        let more = Decimal::from(self.promoters) - Decimal::from(self.detractors);
        (more * Decimal::ONE_HUNDRED).checked_div(Decimal::from(self.answers()))
    }
}
