//! The terms of a plan as a user writes them, read into terms that can be calculated with.
//!
//! What a single field may hold is checked here; what fields must be to each other (tiers without
//! gap, a rate for every line) is asked of the figures, and told by the names of the message.

use event_schemas::commission_plan::{
    Accelerators, Basis, Cap, Clawback, ClawbackAlso, ClawbackCause, ClawbackExtent, CreditRules,
    DiscountCut, Draw, Edge, Floor, Holdback, Measure, Mode, Override, OverrideOn, OverrideRate,
    Pay, Period, Proration, Rate, Spif, Terms, Tier, TierPay, Tiers, Timing, Window,
};
use event_schemas::vocabulary::{Currency, Number};
use figures::commission::validate;
use proto::v1;
use rust_decimal::Decimal;

use crate::wire::{CODE_MAX, Fields, LIST_MAX, NAME_MAX};

/// Highest percentage of a rate.
const PERCENT_MAX: i64 = 10_000;
/// Highest percentage of a quota that bounds a tier.
const ATTAINMENT_MAX: i64 = 1_000_000;
/// Highest multiplier.
const MULTIPLIER_MAX: i64 = 100;

/// Reads terms; those that break a rule of the figures are wrong, too.
pub(super) fn terms(f: &mut Fields, m: &v1::CommissionTerms) -> Option<Terms> {
    let currency = f.currency("terms.currency_code", &m.currency_code);
    let mut reader = Reader { f, currency };
    let terms = reader.terms(m)?;
    for violation in validate(&terms).err().unwrap_or_default() {
        f.wrong(&named(&violation.field), violation.rule);
    }
    Some(terms)
}

/// How the message calls a field of the terms.
fn named(field: &str) -> String {
    let field = field.strip_suffix("_minor").unwrap_or(field);
    let field = field.strip_suffix(".pays").unwrap_or(field);
    format!("terms.{}", field.replace(".rate.", ".tiers."))
}

/// Reads what is written in one currency. If that is wrong, no sum is looked at.
struct Reader<'f> {
    f: &'f mut Fields,
    currency: Option<Currency>,
}

impl Reader<'_> {
    fn terms(&mut self, m: &v1::CommissionTerms) -> Option<Terms> {
        let statement_period = self.choice("terms.statement_period", m.statement_period, period);
        let timing = self.choice("terms.timing", m.timing, timing);
        let basis = self.choice("terms.basis", m.basis, basis);
        let rates = self.each("terms.rates", &m.rates, Self::rate);
        let tiers = m.tiers.as_ref().map(|m| self.tiers("terms.tiers", m));
        let discounts = self.each("terms.discounts", &m.discounts, Self::discount);
        let spifs = self.each("terms.spifs", &m.spifs, Self::spif);
        let overrides = self.each("terms.overrides", &m.overrides, Self::overriding);
        let floor = m.floor.as_ref().map(|m| self.floor("terms.floor", m));
        let cap = m.cap.as_ref().map(|m| self.cap("terms.cap", m));
        let guarantee = Some(m.guarantee.as_str()).filter(|text| !text.is_empty());
        let guarantee_minor = guarantee.map(|text| self.sum("terms.guarantee", text));
        let holdback = m.holdback.as_ref();
        let holdback = holdback.map(|m| self.holdback("terms.holdback", m));
        let clawback = m.clawback.as_ref();
        let clawback = clawback.map(|m| self.clawback("terms.clawback", m));
        let draw = m.draw.as_ref().map(|m| self.draw("terms.draw", m));
        let quota_proration = self.choice("terms.quota_proration", m.quota_proration, proration);
        let credit = m.credit.unwrap_or_default();
        Some(Terms {
            currency: self.currency?,
            statement_period: statement_period?,
            timing: timing?,
            basis: basis?,
            credit: CreditRules {
                overlays: credit.overlays,
                direct_on_subordinates: credit.direct_on_subordinates,
            },
            rates: rates?,
            tiers: all(tiers)?,
            discounts: discounts?,
            spifs: spifs?,
            overrides: overrides?,
            floor: all(floor)?,
            cap: all(cap)?,
            guarantee_minor: all(guarantee_minor)?,
            holdback: all(holdback)?,
            clawback: all(clawback)?,
            draw: all(draw)?,
            quota_proration: quota_proration?,
        })
    }

    /// Each element of a list, or nothing if one of them is wrong.
    fn each<M, T>(
        &mut self,
        field: &str,
        messages: &[M],
        read: fn(&mut Self, &str, &M) -> Option<T>,
    ) -> Option<Vec<T>> {
        if !self.f.fits(field, messages.len(), LIST_MAX) {
            return None;
        }
        let each = messages.iter().enumerate();
        let read: Vec<_> = each
            .map(|(at, message)| read(self, &format!("{field}[{at}]"), message))
            .collect();
        read.into_iter().collect()
    }

    /// What an enumeration means; it is missing where unspecified means nothing.
    fn choice<M: TryFrom<i32>, T>(
        &mut self,
        field: &str,
        value: i32,
        meant: fn(M) -> Option<T>,
    ) -> Option<T> {
        let taken = M::try_from(value).ok().and_then(meant);
        if taken.is_none() {
            let why = match value {
                0 => "is missing",
                _ => "is none of its values",
            };
            self.f.wrong(field, why);
        }
        taken
    }

    fn sum(&mut self, field: &str, text: &str) -> Option<i64> {
        let currency = self.currency?;
        self.required(field, text)?;
        self.f.amount_minor(field, text, currency)
    }

    fn number(&mut self, field: &str, text: &str, most: i64) -> Option<Number> {
        self.required(field, text)?;
        self.f.number(field, text, 0..=most)
    }

    fn required(&mut self, field: &str, text: &str) -> Option<()> {
        if text.is_empty() {
            self.f.wrong(field, "is missing");
            return None;
        }
        Some(())
    }

    fn rate(&mut self, field: &str, m: &v1::CommissionRate) -> Option<Rate> {
        let at = |name: &str| format!("{field}.{name}");
        let product_id = self.f.optional_id(&at("product_id"), &m.product_id);
        let category = at("product_category");
        let product_category = self.f.line(&category, &m.product_category, CODE_MAX);
        let revenue_type = self.f.revenue_type(&at("revenue_type"), m.revenue_type);
        let pays = match &m.pays {
            Some(v1::commission_rate::Pays::Percent(text)) => self
                .number(&at("percent"), text, PERCENT_MAX)
                .map(Pay::Percent),
            Some(v1::commission_rate::Pays::Fixed(text)) => {
                self.sum(&at("fixed"), text).map(Pay::FixedMinor)
            }
            Some(v1::commission_rate::Pays::Nothing(true)) => Some(Pay::Nothing),
            Some(v1::commission_rate::Pays::Nothing(false)) | None => {
                let why = "says none of percent, fixed and nothing";
                self.f.wrong(field, why);
                None
            }
        };
        Some(Rate {
            product_id,
            product_category,
            revenue_type,
            pays: pays?,
        })
    }

    fn tiers(&mut self, field: &str, m: &v1::CommissionTiers) -> Option<Tiers> {
        let at = |name: &str| format!("{field}.{name}");
        let measure = self.choice(&at("measure"), m.measure, measure);
        let window = self.choice(&at("window"), m.window, window);
        let mode = self.choice(&at("mode"), m.mode, mode);
        let edge = self.choice(&at("edge"), m.edge, edge);
        let accelerators = self.choice(&at("accelerators"), m.accelerators, accelerators);
        // What a bound counts has to be known.
        let band = match measure? {
            Measure::Basis => Self::band_of_basis,
            Measure::Attainment => Self::band_of_attainment,
        };
        let bands = self.each(&at("bands"), &m.bands, band);
        Some(Tiers {
            measure: measure?,
            window: window?,
            mode: mode?,
            edge: edge?,
            accelerators: accelerators?,
            bands: bands?,
        })
    }

    fn band_of_basis(&mut self, field: &str, m: &v1::CommissionTier) -> Option<Tier> {
        self.band(field, m, |reader, field, text| {
            let minor = reader.sum(field, text)?;
            Some(Number::from(Decimal::from(minor)))
        })
    }

    fn band_of_attainment(&mut self, field: &str, m: &v1::CommissionTier) -> Option<Tier> {
        self.band(field, m, |reader, field, text| {
            reader.number(field, text, ATTAINMENT_MAX)
        })
    }

    fn band(
        &mut self,
        field: &str,
        m: &v1::CommissionTier,
        bound: fn(&mut Self, &str, &str) -> Option<Number>,
    ) -> Option<Tier> {
        let at = |name: &str| format!("{field}.{name}");
        let from = match m.from.as_str() {
            "" => Some(Number::from(Decimal::ZERO)),
            text => bound(self, &at("from"), text),
        };
        let to = match m.to.as_str() {
            "" => None,
            text => Some(bound(self, &at("to"), text)),
        };
        let pays = match &m.pays {
            Some(v1::commission_tier::Pays::RatePercent(text)) => self
                .number(&at("rate_percent"), text, PERCENT_MAX)
                .map(TierPay::Percent),
            Some(v1::commission_tier::Pays::Multiplier(text)) => self
                .number(&at("multiplier"), text, MULTIPLIER_MAX)
                .map(TierPay::Multiplier),
            Some(v1::commission_tier::Pays::Lump(text)) => {
                self.sum(&at("lump"), text).map(TierPay::LumpMinor)
            }
            None => {
                let why = "says none of rate_percent, multiplier and lump";
                self.f.wrong(field, why);
                None
            }
        };
        Some(Tier {
            from: from?,
            to: all(to)?,
            pays: pays?,
        })
    }

    fn discount(&mut self, field: &str, m: &v1::DiscountCut) -> Option<DiscountCut> {
        let above = self.number(&format!("{field}.above_percent"), &m.above_percent, 100);
        let keeps = self.number(&format!("{field}.keeps_percent"), &m.keeps_percent, 100);
        Some(DiscountCut {
            above_percent: above?,
            keeps_percent: keeps?,
        })
    }

    fn spif(&mut self, field: &str, m: &v1::Spif) -> Option<Spif> {
        let at = |name: &str| format!("{field}.{name}");
        let name = self.f.text(&at("name"), &m.name, NAME_MAX);
        let amount_minor = self.sum(&at("amount"), &m.amount);
        let from_on = self.f.some_date(&at("from_on"), &m.from_on);
        let to_on = self.f.some_date(&at("to_on"), &m.to_on);
        let product_id = self.f.optional_id(&at("product_id"), &m.product_id);
        let category = at("product_category");
        let product_category = self.f.line(&category, &m.product_category, CODE_MAX);
        let revenue_type = self.f.revenue_type(&at("revenue_type"), m.revenue_type);
        Some(Spif {
            name: name?,
            amount_minor: amount_minor?,
            from_on: from_on?,
            to_on: to_on?,
            product_id,
            product_category,
            revenue_type,
        })
    }

    fn overriding(&mut self, field: &str, m: &v1::CommissionOverride) -> Option<Override> {
        let on = self.choice(&format!("{field}.on"), m.on, override_on);
        let rate = match &m.rate {
            Some(v1::commission_override::Rate::Percent(text)) => self
                .number(&format!("{field}.percent"), text, PERCENT_MAX)
                .map(OverrideRate::Percent),
            Some(v1::commission_override::Rate::Tiers(m)) => self
                .tiers(&format!("{field}.tiers"), m)
                .map(OverrideRate::Tiers),
            None => {
                self.f.wrong(field, "says none of percent and tiers");
                None
            }
        };
        Some(Override {
            on: on?,
            rate: rate?,
        })
    }

    fn floor(&mut self, field: &str, m: &v1::CommissionFloor) -> Option<Floor> {
        match &m.least {
            Some(v1::commission_floor::Least::Amount(text)) => {
                let amount = self.sum(&format!("{field}.amount"), text);
                amount.map(Floor::AmountMinor)
            }
            Some(v1::commission_floor::Least::QuotaPercent(text)) => {
                let percent = self.number(&format!("{field}.quota_percent"), text, PERCENT_MAX);
                percent.map(Floor::QuotaPercent)
            }
            None => {
                self.f.wrong(field, "says none of amount and quota_percent");
                None
            }
        }
    }

    fn cap(&mut self, field: &str, m: &v1::CommissionCap) -> Option<Cap> {
        Some(Cap {
            amount_minor: self.sum(&format!("{field}.amount"), &m.amount)?,
            refundable: m.refundable,
        })
    }

    fn holdback(&mut self, field: &str, m: &v1::Holdback) -> Option<Holdback> {
        Some(Holdback {
            percent: self.number(&format!("{field}.percent"), &m.percent, 100)?,
            months: m.months,
        })
    }

    fn clawback(&mut self, field: &str, m: &v1::Clawback) -> Option<Clawback> {
        let on = self.each(&format!("{field}.on"), &m.on, |reader, field, cause| {
            reader.choice(field, *cause, clawback_cause)
        });
        let extent = self.choice(&format!("{field}.extent"), m.extent, clawback_extent);
        let also = self.each(&format!("{field}.also"), &m.also, |reader, field, also| {
            reader.choice(field, *also, clawback_also)
        });
        Some(Clawback {
            on: once(on?),
            within_months: m.within_months,
            extent: extent?,
            also: once(also?),
        })
    }

    fn draw(&mut self, field: &str, m: &v1::Draw) -> Option<Draw> {
        Some(Draw {
            amount_minor: self.sum(&format!("{field}.amount"), &m.amount)?,
            recoverable: m.recoverable,
        })
    }
}

/// What is said twice is said once.
fn once<T: PartialEq>(all: Vec<T>) -> Vec<T> {
    let mut said = Vec::with_capacity(all.len());
    for one in all {
        if !said.contains(&one) {
            said.push(one);
        }
    }
    said
}

/// What may be absent, unless what is there is wrong.
#[expect(clippy::option_option, reason = "the outer one: whether it is there")]
fn all<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(read) => read.map(Some),
    }
}

/// Declares what the values of enumerations mean; unspecified means the default, if there is one.
macro_rules! meanings {
    ($($name:ident: $message:ident => $kind:ident { $($value:ident),+ $(,)? } $(or $default:ident)?;)+) => {$(
        fn $name(message: v1::$message) -> Option<$kind> {
            match message {
                v1::$message::Unspecified => meanings!(@ $kind $($default)?),
                $(v1::$message::$value => Some($kind::$value),)+
            }
        }
    )+};
    (@ $kind:ident) => { None };
    (@ $kind:ident $default:ident) => { Some($kind::$default) };
}

meanings! {
    period: CommissionPeriod => Period { Week, Month, Quarter, Year };
    timing: CommissionTiming => Timing { Signing, Delivery, Payment };
    basis: CommissionBasis => Basis { Revenue, GrossMargin, NetMargin };
    proration: QuotaProration => Proration { Days, Months, None } or Days;
    measure: TierMeasure => Measure { Basis, Attainment };
    window: TierWindow => Window { Transaction, Week, Month, Quarter, Year };
    mode: TierMode => Mode { Marginal, Retroactive, Overage, Interpolated };
    edge: TierEdge => Edge { Upper, Lower } or Upper;
    accelerators: TierAccelerators => Accelerators { Always, YearToDateQuotaMet } or Always;
    override_on: OverrideOn => OverrideOn { TeamBasis, TeamCommission };
    clawback_also: ClawbackAlso => ClawbackAlso { Spifs, Overrides };
    clawback_cause: ClawbackCause => ClawbackCause { Refund, Termination };
    clawback_extent: ClawbackExtent => ClawbackExtent { Full, Prorated };
}
