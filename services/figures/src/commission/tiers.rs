//! What tiers pay: a function of how far a window has come, and of what was paid at which weight.

use event_schemas::commission_plan::{Edge, Measure, Mode, TierPay, Tiers};
use event_schemas::vocabulary::Number;
use rust_decimal::Decimal;

use super::CalculateError;
use super::exact::{mul, mul_div, percent};

/// Tiers whose bounds are sums of money.
#[derive(Debug, Clone)]
pub(super) struct Ladder {
    /// By which bounds in percent became sums.
    quota: Option<Decimal>,
    bands: Vec<Band>,
    mode: Mode,
    edge: Edge,
}

#[derive(Debug, Clone, Copy)]
struct Band {
    from: Decimal,
    to: Option<Decimal>,
    pays: TierPay,
}

/// How far a window has come on a ladder, and what it has gathered.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Climb {
    /// The volume so far: what the bounds are compared with.
    pub(super) volume: Decimal,
    /// What waits for the tier that is reached in the end.
    pub(super) weight: Weight,
    /// What each slice was paid.
    sliced: Decimal,
}

/// Weighted volume that is paid at the tiers reached, whichever those are in the end.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weight {
    /// Below the end of the first tier; all of it in a mode that has no such end.
    below: Decimal,
    /// Above it.
    above: Decimal,
}

impl Weight {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            below: self.below + other.below,
            above: self.above + other.above,
        }
    }

    pub(super) fn less(self, other: Self) -> Self {
        Self {
            below: self.below - other.below,
            above: self.above - other.above,
        }
    }

    /// So much of it.
    pub(super) fn part(self, part: Decimal, of: Decimal) -> Result<Self, CalculateError> {
        Ok(Self {
            below: mul_div(self.below, part, of)?,
            above: mul_div(self.above, part, of)?,
        })
    }
}

impl From<Decimal> for Climb {
    /// A volume of which nothing is paid here.
    fn from(volume: Decimal) -> Self {
        Self {
            volume,
            ..Self::default()
        }
    }
}

/// A piece of a volume that lies in one tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    /// Which tier, counted from 1.
    pub(super) tier: usize,
    /// How much of it.
    pub(super) volume: Decimal,
    /// What the tier pays.
    pub(super) pays: TierPay,
}

impl Ladder {
    /// The ladder of a window: bounds in percent become sums by its quota. Not accelerated, only
    /// the first tier is left.
    pub(super) fn new(
        tiers: &Tiers,
        quota: Option<Decimal>,
        accelerated: bool,
    ) -> Result<Self, CalculateError> {
        let bound = |number: Number| match (tiers.measure, quota) {
            (Measure::Attainment, Some(quota)) => percent(quota, number.decimal()),
            _ => Ok(number.decimal()),
        };
        let mut bands = Vec::with_capacity(tiers.bands.len());
        for tier in &tiers.bands {
            bands.push(Band {
                from: bound(tier.from)?,
                to: tier.to.map(bound).transpose()?,
                pays: tier.pays,
            });
        }
        if !accelerated {
            bands.truncate(1);
            bands.iter_mut().for_each(|first| first.to = None);
        }
        Ok(Self {
            quota: quota.filter(|_| tiers.measure == Measure::Attainment),
            bands,
            mode: tiers.mode,
            edge: tiers.edge,
        })
    }

    /// Goes on by a volume, every unit of which weighs so much. Gives what the window has earned
    /// until now, in all.
    pub(super) fn step(
        &self,
        climb: &mut Climb,
        volume: Decimal,
        weight: Decimal,
    ) -> Result<Decimal, CalculateError> {
        let before = climb.volume;
        climb.volume += volume;
        match self.mode {
            Mode::Marginal | Mode::Interpolated => {
                let slice = self.paid_up_to(climb.volume)? - self.paid_up_to(before)?;
                climb.sliced += mul(weight, slice)?;
            }
            Mode::Retroactive => climb.weight.below += mul(weight, volume)?,
            Mode::Overage => {
                let above = self.above_first(climb.volume) - self.above_first(before);
                climb.weight.below += mul(weight, volume - above)?;
                climb.weight.above += mul(weight, above)?;
            }
        }
        self.earned(climb)
    }

    /// What the window has earned until now.
    pub(super) fn earned(&self, climb: &Climb) -> Result<Decimal, CalculateError> {
        Ok(climb.sliced + self.worth(climb.weight, climb.volume)?)
    }

    /// What a weight is paid at the tiers that a volume has reached.
    pub(super) fn worth(&self, of: Weight, volume: Decimal) -> Result<Decimal, CalculateError> {
        let reached = self.factor(self.tier(volume));
        match self.mode {
            Mode::Marginal | Mode::Interpolated => Ok(Decimal::ZERO),
            Mode::Retroactive => mul(of.below, reached),
            Mode::Overage => Ok(mul(of.below, self.factor(1))? + mul(of.above, reached)?),
        }
    }

    /// Whether what was sold is paid more, or less, by what is sold after it.
    pub(super) fn looks_back(&self) -> bool {
        matches!(self.mode, Mode::Retroactive | Mode::Overage)
    }

    /// The tier reached at a volume, counted from 1.
    pub(super) fn tier(&self, volume: Decimal) -> usize {
        let reached = |band: &&Band| match self.edge {
            Edge::Upper => band.from <= volume,
            Edge::Lower => band.from < volume,
        };
        self.bands.iter().take_while(reached).count().max(1)
    }

    /// What a tier pays for a unit of weighted volume.
    fn factor(&self, tier: usize) -> Decimal {
        let band = self.bands.get(tier.saturating_sub(1));
        match band.map(|band| band.pays) {
            Some(TierPay::Percent(percent)) => percent.decimal() / Decimal::ONE_HUNDRED,
            Some(TierPay::Multiplier(multiplier)) => multiplier.decimal(),
            Some(TierPay::LumpMinor(_)) | None => Decimal::ZERO,
        }
    }

    fn above_first(&self, volume: Decimal) -> Decimal {
        let end = self.bands.first().and_then(|band| band.to);
        end.map_or(Decimal::ZERO, |end| (volume - end).max(Decimal::ZERO))
    }

    /// What is paid from 0 up to a volume, each slice at its own tier, at a weight of 1.
    fn paid_up_to(&self, volume: Decimal) -> Result<Decimal, CalculateError> {
        let mut paid = Decimal::ZERO;
        for (at, band) in self.bands.iter().enumerate() {
            let within = band.within(volume, at == 0);
            paid += match band.pays {
                TierPay::LumpMinor(lump) => match band.to {
                    Some(to) => mul_div(Decimal::from(lump), within, to - band.from)?,
                    None => Decimal::ZERO,
                },
                TierPay::Percent(_) | TierPay::Multiplier(_) => mul(within, self.factor(at + 1))?,
            };
        }
        Ok(paid)
    }

    /// The pieces of a volume that begins at another, by tier.
    pub(super) fn slices(&self, before: Decimal, volume: Decimal) -> Vec<Slice> {
        let after = before + volume;
        let slice = |(at, band): (usize, &Band)| Slice {
            tier: at + 1,
            volume: band.within(after, at == 0) - band.within(before, at == 0),
            pays: band.pays,
        };
        let slices = self.bands.iter().enumerate().map(slice);
        slices.filter(|slice| !slice.volume.is_zero()).collect()
    }

    /// What a unit of a volume that begins at another is paid: by each slice, or by the tiers that
    /// decide.
    pub(super) fn factors(&self, before: Decimal, volume: Decimal) -> Vec<Decimal> {
        let reached = self.tier(before + volume);
        match self.mode {
            Mode::Marginal => {
                let slices = self.slices(before, volume).into_iter();
                slices.map(|slice| self.factor(slice.tier)).collect()
            }
            Mode::Retroactive => vec![self.factor(reached)],
            Mode::Overage => {
                let above = self.above_first(before + volume) - self.above_first(before);
                let both = [(1, volume - above), (reached, above)].into_iter();
                let lies = both.filter(|(_, volume)| !volume.is_zero());
                lies.map(|(tier, _)| self.factor(tier)).collect()
            }
            Mode::Interpolated => Vec::new(),
        }
    }

    pub(super) fn mode(&self) -> Mode {
        self.mode
    }

    pub(super) fn quota(&self) -> Option<Decimal> {
        self.quota
    }

    /// What all of a window that has come so far is paid at its tiers: how much of it, weighted, at which; where
    /// it is not each slice at its own.
    pub(super) fn whole(&self, climb: &Climb) -> Vec<Slice> {
        let reached = self.tier(climb.volume);
        let at = |tier: usize, volume| {
            let band = self.bands.get(tier.saturating_sub(1))?;
            Some(Slice {
                tier,
                volume,
                pays: band.pays,
            })
        };
        let all = match self.mode {
            Mode::Marginal | Mode::Interpolated => [None, None],
            Mode::Retroactive => [at(reached, climb.weight.below), None],
            Mode::Overage => [at(1, climb.weight.below), at(reached, climb.weight.above)],
        };
        let all = all.into_iter().flatten();
        all.filter(|slice| !slice.volume.is_zero()).collect()
    }
}

impl Band {
    /// How much of a volume lies in it. What is below 0 lies in the first.
    fn within(&self, volume: Decimal, is_first: bool) -> Decimal {
        let up_to = self.to.map_or(volume, |to| volume.min(to)) - self.from;
        if is_first {
            up_to
        } else {
            up_to.max(Decimal::ZERO)
        }
    }
}
