//! Which terms make a plan: each rule that they break is named with the field that breaks it.

use std::collections::BTreeSet;
use std::fmt;

use event_schemas::commission_plan::{
    Accelerators, Basis, Floor, Measure, Mode, OverrideRate, Pay, Terms, Tier, TierPay, Tiers,
    Window,
};
use event_schemas::vocabulary::Number;
use rust_decimal::Decimal;

/// A rule that terms break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field, such as `tiers.bands[1].from`.
    pub field: String,
    /// The rule, in words.
    pub rule: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.rule)
    }
}

/// Checks terms: they can be calculated with, whatever happens.
pub fn validate(terms: &Terms) -> Result<(), Vec<Violation>> {
    let mut found = Found::default();
    found.rates(terms);
    if let Some(tiers) = &terms.tiers {
        found.tiers("tiers", tiers, true);
    }
    found.discounts(terms);
    found.spifs(terms);
    for (at, one) in terms.overrides.iter().enumerate() {
        match &one.rate {
            OverrideRate::Percent(rate) => found.percent(format!("overrides[{at}].rate"), *rate),
            OverrideRate::Tiers(tiers) => {
                found.tiers(&format!("overrides[{at}].rate"), tiers, false);
            }
        }
    }
    found.limits(terms);
    found.into_result()
}

/// Checks what a new version of a plan changes: not its currency, and not its statement period,
/// since balances and statements go on from one version to the next.
pub fn check_successor(previous: &Terms, next: &Terms) -> Result<(), Vec<Violation>> {
    let mut found = Found::default();
    if previous.currency != next.currency {
        found.add("currency", "a version keeps the currency of the plan");
    }
    if previous.statement_period != next.statement_period {
        found.add(
            "statement_period",
            "a version keeps the statement period of the plan",
        );
    }
    found.into_result()
}

/// What was found so far.
#[derive(Default)]
struct Found(Vec<Violation>);

impl Found {
    fn add(&mut self, field: impl Into<String>, rule: impl Into<String>) {
        self.0.push(Violation {
            field: field.into(),
            rule: rule.into(),
        });
    }

    fn require(&mut self, is_kept: bool, field: impl Into<String>, rule: &str) {
        if !is_kept {
            self.add(field, rule);
        }
    }

    fn into_result(self) -> Result<(), Vec<Violation>> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.0)
        }
    }

    fn percent(&mut self, field: impl Into<String>, number: Number) {
        let in_range = (Decimal::ZERO..=Decimal::from(10_000)).contains(&number.decimal());
        self.require(in_range, field, "a percentage is from 0 to 10000");
    }

    fn part(&mut self, field: impl Into<String>, number: Number) {
        let in_range = (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&number.decimal());
        self.require(in_range, field, "a part is from 0 to 100 percent");
    }

    fn amount(&mut self, field: impl Into<String>, minor: i64) {
        self.require(minor > 0, field, "a sum is above 0");
    }

    fn rates(&mut self, terms: &Terms) {
        let mut seen = BTreeSet::new();
        for (at, rate) in terms.rates.iter().enumerate() {
            let key = (&rate.product_id, &rate.product_category, rate.revenue_type);
            let is_new = seen.insert(key);
            self.require(
                is_new,
                format!("rates[{at}]"),
                "two rates fit the same lines",
            );
            match rate.pays {
                Pay::Percent(percent) => self.percent(format!("rates[{at}].pays"), percent),
                Pay::FixedMinor(minor) => {
                    self.require(
                        minor >= 0,
                        format!("rates[{at}].pays"),
                        "a sum is 0 or more",
                    );
                }
                Pay::Nothing => {}
            }
        }
        let is_general = seen.contains(&(&None, &None, None));
        let by_tiers = terms.tiers.as_ref().is_some_and(|tiers| {
            let first = tiers.bands.first();
            first.is_some_and(|band| !matches!(band.pays, TierPay::Multiplier(_)))
        });
        let rule =
            "some line has no rate: one that names nothing, or tiers of percents, fits every line";
        let pays_own = !terms.rates.is_empty() || terms.tiers.is_some();
        let for_team_only = !pays_own && !terms.overrides.is_empty();
        self.require(is_general || by_tiers || for_team_only, "rates", rule);
        if is_general && by_tiers {
            let rule = "no line is left to the tiers: a rate that names nothing fits every line";
            self.add("tiers", rule);
        }
    }

    fn tiers(&mut self, field: &str, tiers: &Tiers, has_rates: bool) {
        let bands = format!("{field}.bands");
        if tiers.bands.is_empty() {
            self.add(bands, "there is at least one tier");
            return;
        }
        let transaction = tiers.window == Window::Transaction;
        let no_quota =
            "a single transaction has no quota: count the basis, or use a window of time";
        let by_quota = tiers.measure == Measure::Attainment
            || tiers.accelerators == Accelerators::YearToDateQuotaMet;
        self.require(
            !(transaction && by_quota),
            format!("{field}.window"),
            no_quota,
        );
        if !has_rates {
            let always = tiers.accelerators == Accelerators::Always;
            let rule = "what a team does has no year-to-date quota";
            self.require(always, format!("{field}.accelerators"), rule);
        }
        self.bounds(&bands, &tiers.bands);
        for (at, band) in tiers.bands.iter().enumerate() {
            let field = format!("{bands}[{at}].pays");
            match (tiers.mode, band.pays) {
                (Mode::Interpolated, TierPay::LumpMinor(lump)) => {
                    self.require(lump >= 0, field.clone(), "a lump is 0 or more");
                    let is_closed = band.to.is_some() || lump == 0;
                    self.require(is_closed, field, "an open tier has no width: its lump is 0");
                }
                (Mode::Interpolated, _) => self.add(field, "an interpolated tier pays a lump"),
                (_, TierPay::LumpMinor(_)) => {
                    self.add(field, "only an interpolated tier pays a lump");
                }
                (_, TierPay::Percent(percent)) => self.percent(field, percent),
                (_, TierPay::Multiplier(by)) => {
                    let in_range = (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&by.decimal());
                    self.require(in_range, field.clone(), "a multiplier is from 0 to 100");
                    self.require(has_rates, field, "there is no rate to multiply");
                }
            }
        }
        let kind = |pays: TierPay| std::mem::discriminant(&pays);
        let mut kinds = tiers.bands.iter().map(|band| kind(band.pays));
        let first = kinds.next();
        let is_one = kinds.all(|kind| Some(kind) == first);
        self.require(is_one, bands, "all tiers pay in the same way");
    }

    fn bounds(&mut self, bands: &str, all: &[Tier]) {
        let mut expected = Some(Decimal::ZERO);
        for (at, band) in all.iter().enumerate() {
            let from = format!("{bands}[{at}].from");
            match expected {
                Some(end) if at == 0 => {
                    self.require(
                        band.from.decimal() == end,
                        from,
                        "the first tier begins at 0",
                    );
                }
                Some(end) if band.from.decimal() > end => {
                    self.add(
                        from,
                        format!("there is a gap: the tier before ends at {end}"),
                    );
                }
                Some(end) if band.from.decimal() < end => {
                    self.add(from, format!("tiers overlap: the one before ends at {end}"));
                }
                Some(_) => {}
                None => self.add(from, "a tier follows one that is open"),
            }
            expected = band.to.map(Number::decimal);
            let is_wide = band.to.is_none_or(|to| to > band.from);
            let rule = "a tier ends above where it begins";
            self.require(is_wide, format!("{bands}[{at}].to"), rule);
            if at + 1 == all.len() {
                self.require(
                    band.to.is_none(),
                    format!("{bands}[{at}].to"),
                    "the last tier is open",
                );
            }
        }
    }

    fn discounts(&mut self, terms: &Terms) {
        let mut seen = BTreeSet::new();
        for (at, cut) in terms.discounts.iter().enumerate() {
            self.part(format!("discounts[{at}].above_percent"), cut.above_percent);
            self.part(format!("discounts[{at}].keeps_percent"), cut.keeps_percent);
            let is_new = seen.insert(cut.above_percent);
            let rule = "two cuts begin at the same discount";
            self.require(is_new, format!("discounts[{at}].above_percent"), rule);
        }
    }

    fn spifs(&mut self, terms: &Terms) {
        let mut seen = BTreeSet::new();
        for (at, spif) in terms.spifs.iter().enumerate() {
            let field = |name| format!("spifs[{at}].{name}");
            self.require(
                seen.insert(&spif.name),
                field("name"),
                "two SPIFs have one name",
            );
            self.require(
                !spif.name.trim().is_empty(),
                field("name"),
                "a SPIF has a name",
            );
            self.amount(field("amount_minor"), spif.amount_minor);
            let rule = "it ends after it begins";
            self.require(spif.from_on < spif.to_on, field("to_on"), rule);
        }
    }

    fn limits(&mut self, terms: &Terms) {
        match terms.floor {
            Some(Floor::AmountMinor(minor)) => self.amount("floor", minor),
            Some(Floor::QuotaPercent(percent)) => self.percent("floor", percent),
            None => {}
        }
        if let Some(cap) = terms.cap {
            self.amount("cap.amount_minor", cap.amount_minor);
            if let Some(guarantee) = terms.guarantee_minor {
                let rule = "the guaranteed minimum is not above the cap";
                self.require(guarantee <= cap.amount_minor, "guarantee_minor", rule);
            }
        }
        if let Some(guarantee) = terms.guarantee_minor {
            self.amount("guarantee_minor", guarantee);
        }
        if let Some(holdback) = terms.holdback {
            self.part("holdback.percent", holdback.percent);
            self.require(
                holdback.months > 0,
                "holdback.months",
                "it is at least a month",
            );
        }
        if let Some(clawback) = &terms.clawback {
            let names_some = !clawback.on.is_empty();
            self.require(names_some, "clawback.on", "it names at least one cause");
            let months = clawback.within_months;
            let in_range = (1..=120).contains(&months);
            self.require(
                in_range,
                "clawback.within_months",
                "it is from 1 to 120 months",
            );
        }
        if let Some(draw) = terms.draw {
            self.amount("draw.amount_minor", draw.amount_minor);
        }
        // A net margin can turn negative; slices below 0 are paid at the first tier, lumps are not.
        let lumps = terms
            .tiers
            .as_ref()
            .is_some_and(|t| t.mode == Mode::Interpolated);
        if lumps && terms.basis == Basis::NetMargin {
            self.add(
                "basis",
                "lumps in proportion need a basis that does not turn negative",
            );
        }
    }
}
