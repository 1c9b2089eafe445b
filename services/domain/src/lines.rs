//! What quotes and contracts have in common: lines, which the server prices, and who is credited.

use event_schemas::opportunity::OpportunityKind;
use event_schemas::vocabulary::{
    BasisPoints, Currency, Line, LineId, Money, Number, ProductId, RepId, RevenueType, Split,
};
use proto::v1;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

use crate::reads::{Reads, Reference};
use crate::refusal::{RefusalKind, Told};
use crate::wire::{AMOUNT_MINOR_MAX, Fields, LIST_MAX};

/// Most of one thing on a line.
const QUANTITY_MAX: i64 = 1_000_000_000;

/// Decimal places of a discount that follows from an agreed amount, in percent.
const DISCOUNT_PLACES: u32 = 6;

/// A line as a caller asks for it: what is not said is worked out.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is the field of its name")]
pub struct LineAsked {
    pub line_id: LineId,
    pub product_id: ProductId,
    pub quantity: Number,
    pub list_price: Option<Money>,
    pub discount_percent: Option<Number>,
    pub amount: Option<Money>,
    pub is_agreed: bool,
    pub revenue_type: Option<RevenueType>,
    pub monthly_recurring: Option<Money>,
}

/// Rules of lines and splits.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the fields are the things the rule names")]
pub enum Broken {
    /// What is sold is a product that is registered.
    #[error("there is no product {product_id}")]
    UnknownProduct { product_id: ProductId },
    /// A retired product is not sold from then on.
    #[error("product {product_id} is retired")]
    RetiredProduct { product_id: ProductId },
    /// A line has a list price: its own, or the product's in the same currency.
    #[error("line {line_id} has no list price in {}", .currency.code())]
    NoListPrice { line_id: LineId, currency: Currency },
    /// All sums of one quote or contract are in its currency.
    #[error("it is in {}, not in {}", .currency.code(), .found.code())]
    CurrencyMismatch { currency: Currency, found: Currency },
    /// A line comes to quantity × list price × (1 − discount), unless another sum was agreed.
    #[error("line {line_id} comes to {comes_to}, not to {amount}")]
    SumsDoNotAddUp {
        line_id: LineId,
        amount: Told,
        comes_to: Told,
    },
    /// No line is larger than any deal.
    #[error("line {line_id} is larger than any deal")]
    LineTooLarge { line_id: LineId },
    /// Who is credited is a rep who is registered.
    #[error("there is no rep {rep_id}")]
    UnknownRep { rep_id: RepId },
    /// Nobody is credited with what happens from when they sell no more on.
    #[error("rep {rep_id} sells no more")]
    InactiveRep { rep_id: RepId },
    /// The shares of those who are credited make up the whole; overlays come on top.
    #[error("the shares without overlays total {total_basis_points} basis points, not 10000")]
    SplitsNotWhole { total_basis_points: u32 },
}

impl Broken {
    pub(crate) fn kind(&self) -> RefusalKind {
        match self {
            Self::UnknownProduct { .. } | Self::UnknownRep { .. } => RefusalKind::NotFound,
            Self::RetiredProduct { .. }
            | Self::NoListPrice { .. }
            | Self::CurrencyMismatch { .. }
            | Self::SumsDoNotAddUp { .. }
            | Self::LineTooLarge { .. }
            | Self::InactiveRep { .. }
            | Self::SplitsNotWhole { .. } => RefusalKind::RuleBroken,
        }
    }
}

/// The kind of revenue that an opportunity's lines bring unless they say otherwise.
pub(crate) fn revenue_type_of(kind: OpportunityKind) -> RevenueType {
    match kind {
        OpportunityKind::New => RevenueType::New,
        OpportunityKind::Renewal => RevenueType::Renewal,
        OpportunityKind::Expansion => RevenueType::Expansion,
    }
}

/// A sum in the currency of the whole.
pub(crate) fn minor(money: Money, currency: Currency) -> Result<i64, Broken> {
    if money.currency == currency {
        return Ok(money.amount_minor);
    }
    let found = money.currency;
    Err(Broken::CurrencyMismatch { currency, found })
}

/// What the pricing of lines reads.
pub(crate) fn products(lines: &[LineAsked]) -> impl Iterator<Item = Reference> {
    lines
        .iter()
        .map(|line| Reference::Product(line.product_id.to_string()))
}

/// What the crediting of reps reads.
pub(crate) fn reps<'a>(
    rep_id: impl IntoIterator<Item = &'a RepId>,
    splits: &'a [Split],
) -> impl Iterator<Item = Reference> {
    let credited = splits.iter().map(|split| &split.rep_id);
    let all = rep_id.into_iter().chain(credited);
    all.map(|id| Reference::Rep(id.to_string()))
}

/// Prices lines in a currency; of the kind of revenue that is usual, if they do not say another.
pub(crate) fn price(
    lines: &[LineAsked],
    currency: Currency,
    usual: RevenueType,
    reads: &Reads,
) -> Result<Vec<Line>, Broken> {
    let priced = lines
        .iter()
        .map(|line| line.price(currency, usual, None, reads));
    priced.collect()
}

/// What lines come to. A hundred of the largest still fit.
pub(crate) fn total_minor(lines: &[Line]) -> i64 {
    lines.iter().map(|line| line.amount_minor).sum()
}

/// Who is credited is there, and their shares make up the whole.
pub(crate) fn credit<'a>(
    rep_id: impl IntoIterator<Item = &'a RepId>,
    splits: &'a [Split],
    reads: &Reads,
) -> Result<(), Broken> {
    let credited = splits.iter().map(|split| &split.rep_id);
    for rep_id in rep_id.into_iter().chain(credited) {
        let rep_id = rep_id.clone();
        match reads.rep(rep_id.as_str()) {
            Some(rep) if rep.is_active_at(reads.occurred_at) => {}
            Some(rep) if rep.is_registered() => return Err(Broken::InactiveRep { rep_id }),
            _ => return Err(Broken::UnknownRep { rep_id }),
        }
    }
    let shares = splits.iter().filter(|split| !split.overlay);
    let total_basis_points = shares.map(|split| split.share.0).sum();
    if splits.is_empty() || BasisPoints(total_basis_points) == BasisPoints::WHOLE {
        return Ok(());
    }
    Err(Broken::SplitsNotWhole { total_basis_points })
}

impl LineAsked {
    /// Prices it. Of a line that it changes, the list price, the discount, the kind of revenue and what
    /// recurs of each stay unless others are said, and its product may be retired by now.
    pub(crate) fn price(
        &self,
        currency: Currency,
        usual: RevenueType,
        before: Option<&Line>,
        reads: &Reads,
    ) -> Result<Line, Broken> {
        let product_id = self.product_id.clone();
        let before = before.filter(|before| before.product_id == product_id);
        let product = match reads.product(product_id.as_str()) {
            Some(product) if product.is_sold_at(reads.occurred_at) => product,
            Some(product) if product.is_registered() && before.is_some() => product,
            Some(product) if product.is_registered() => {
                return Err(Broken::RetiredProduct { product_id });
            }
            _ => return Err(Broken::UnknownProduct { product_id }),
        };
        let list_price_minor = match (self.list_price, before) {
            (Some(stated), _) => minor(stated, currency)?,
            (None, Some(before)) => before.list_price_minor,
            (None, None) => product
                .list_price_at(reads.occurred_at)
                .filter(|price| price.currency == currency)
                .map(|price| price.amount_minor)
                .ok_or_else(|| Broken::NoListPrice {
                    line_id: self.line_id.clone(),
                    currency,
                })?,
        };
        let discount = match (self.discount_percent, before) {
            (None, Some(before)) if !self.is_agreed => Some(before.discount_percent),
            (stated, _) => stated,
        };
        let before_type = before.map(|before| before.revenue_type);
        let revenue_type = self.revenue_type.or(before_type).unwrap_or(usual);
        let stated = self
            .amount
            .map(|amount| minor(amount, currency))
            .transpose()?;
        let price = Money {
            currency,
            amount_minor: list_price_minor,
        };
        let (amount_minor, discount_percent) = self.sum(price, discount, stated)?;
        let monthly = self.monthly_recurring.map(|sum| minor(sum, currency));
        let monthly = match (monthly.transpose()?, before) {
            (None, Some(before)) => self.recurs_as(before)?,
            (stated, _) => stated,
        };
        Ok(Line {
            line_id: self.line_id.clone(),
            product_id,
            product_category: product.category().map(str::to_owned),
            quantity: self.quantity,
            list_price_minor,
            discount_percent,
            amount_minor,
            revenue_type,
            monthly_recurring_minor: monthly,
        })
    }

    /// What recurs of a line that it changes: as much of each as before.
    fn recurs_as(&self, before: &Line) -> Result<Option<i64>, Broken> {
        let Some(monthly) = before.monthly_recurring_minor else {
            return Ok(None);
        };
        let of_all = self.quantity.decimal().checked_mul(monthly.into());
        let of_all = of_all.and_then(|sum| sum.checked_div(before.quantity.decimal()));
        // Of a line that was taken off, nothing is left that could recur.
        let Some(sum) = of_all else { return Ok(None) };
        let sum = half_up(sum).filter(|sum| *sum <= AMOUNT_MINOR_MAX);
        sum.map(Some).ok_or_else(|| Broken::LineTooLarge {
            line_id: self.line_id.clone(),
        })
    }

    /// What it comes to, and the discount in that.
    fn sum(
        &self,
        list_price: Money,
        discount: Option<Number>,
        stated: Option<i64>,
    ) -> Result<(i64, Number), Broken> {
        let too_large = || Broken::LineTooLarge {
            line_id: self.line_id.clone(),
        };
        let price = Decimal::from(list_price.amount_minor);
        let gross = self.quantity.decimal().checked_mul(price);
        let gross = gross.ok_or_else(too_large)?;
        if let (Some(agreed), true) = (stated, self.is_agreed) {
            let implied = || discount_of(gross, agreed);
            return Ok((agreed, discount.unwrap_or_else(implied)));
        }
        let discount = discount.unwrap_or(Decimal::ZERO.into());
        let paid = Decimal::ONE - discount.decimal() / Decimal::ONE_HUNDRED;
        let comes_to = gross.checked_mul(paid).and_then(half_up);
        let comes_to = comes_to.filter(|sum| *sum <= AMOUNT_MINOR_MAX);
        let comes_to_minor = comes_to.ok_or_else(too_large)?;
        match stated {
            Some(amount_minor) if amount_minor != comes_to_minor => {
                let told = |amount_minor| {
                    Told(Money {
                        amount_minor,
                        ..list_price
                    })
                };
                Err(Broken::SumsDoNotAddUp {
                    line_id: self.line_id.clone(),
                    amount: told(amount_minor),
                    comes_to: told(comes_to_minor),
                })
            }
            _ => Ok((comes_to_minor, discount)),
        }
    }
}

/// Rounds half up to whole minor units.
fn half_up(sum: Decimal) -> Option<i64> {
    let rounded = sum.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    i64::try_from(rounded).ok()
}

/// What was taken off to come to an agreed sum, in percent; nothing if it is not below.
fn discount_of(gross: Decimal, agreed_minor: i64) -> Number {
    let taken_off = gross - Decimal::from(agreed_minor);
    if taken_off <= Decimal::ZERO {
        return Decimal::ZERO.into();
    }
    let percent = (taken_off / gross).checked_mul(Decimal::ONE_HUNDRED);
    let places = |percent: Decimal| {
        percent.round_dp_with_strategy(DISCOUNT_PLACES, RoundingStrategy::MidpointAwayFromZero)
    };
    percent.map(places).unwrap_or_default().into()
}

impl Fields {
    /// Lines, each named once. A quantity of 0 makes sense only where a line may be taken off.
    pub(crate) fn lines(&mut self, lines: &[v1::Line], may_be_off: bool) -> Vec<LineAsked> {
        let mut asked: Vec<LineAsked> = Vec::new();
        if !self.fits("lines", lines.len(), LIST_MAX) {
            return asked;
        }
        for (at, line) in lines.iter().enumerate() {
            let field = format!("lines[{at}]");
            let Some(line) = self.asked_line(&field, line, may_be_off) else {
                continue;
            };
            if asked.iter().any(|other| other.line_id == line.line_id) {
                self.wrong(&format!("{field}.line_id"), "is there twice");
            }
            asked.push(line);
        }
        asked
    }

    fn asked_line(&mut self, field: &str, line: &v1::Line, may_be_off: bool) -> Option<LineAsked> {
        let at = |name: &str| format!("{field}.{name}");
        let line_id = self.id(&at("line_id"), &line.line_id);
        let product_id = self.id(&at("product_id"), &line.product_id);
        let quantity = match line.quantity.as_str() {
            "" => Some(Decimal::ONE.into()),
            text => self.number(&at("quantity"), text, 0..=QUANTITY_MAX),
        };
        if !may_be_off && quantity.is_some_and(|n| n.decimal().is_zero()) {
            self.wrong(&at("quantity"), "is 0");
        }
        let list_price = self.money(&at("list_price"), line.list_price.as_ref());
        let discount = &line.discount_percent;
        let discount_percent = self.number(&at("discount_percent"), discount, 0..=100);
        let amount = self.money(&at("amount"), line.amount.as_ref());
        if line.is_agreed && line.amount.is_none() {
            self.wrong(&at("amount"), "is missing");
        }
        let monthly = line.monthly_recurring.as_ref();
        let monthly_recurring = self.money(&at("monthly_recurring"), monthly);
        let revenue_type = self.revenue_type(&at("revenue_type"), line.revenue_type);
        Some(LineAsked {
            line_id: line_id?,
            product_id: product_id?,
            quantity: quantity?,
            list_price,
            discount_percent,
            amount,
            is_agreed: line.is_agreed,
            revenue_type,
            monthly_recurring,
        })
    }

    /// A kind of revenue that may be unspecified.
    pub(crate) fn revenue_type(&mut self, field: &str, value: i32) -> Option<RevenueType> {
        match v1::RevenueType::try_from(value) {
            Ok(v1::RevenueType::Unspecified) => None,
            Ok(v1::RevenueType::New) => Some(RevenueType::New),
            Ok(v1::RevenueType::Renewal) => Some(RevenueType::Renewal),
            Ok(v1::RevenueType::Expansion) => Some(RevenueType::Expansion),
            Ok(v1::RevenueType::Service) => Some(RevenueType::Service),
            Err(_) => {
                self.wrong(field, "is not a kind of revenue");
                None
            }
        }
    }

    /// Who is credited: nobody twice in the same way.
    pub(crate) fn splits(&mut self, splits: &[v1::Split]) -> Vec<Split> {
        let mut asked: Vec<Split> = Vec::new();
        if !self.fits("splits", splits.len(), LIST_MAX) {
            return asked;
        }
        for (at, split) in splits.iter().enumerate() {
            let field = format!("splits[{at}]");
            let Some(rep_id) = self.id(&format!("{field}.rep_id"), &split.rep_id) else {
                continue;
            };
            let share = BasisPoints(split.share_basis_points);
            if !(BasisPoints(1)..=BasisPoints::WHOLE).contains(&share) {
                let field = format!("{field}.share_basis_points");
                self.wrong(&field, "is not from 1 to 10000");
            }
            let overlay = split.is_overlay;
            if asked
                .iter()
                .any(|other| (&other.rep_id, other.overlay) == (&rep_id, overlay))
            {
                self.wrong(&format!("{field}.rep_id"), "is there twice");
            }
            asked.push(Split {
                rep_id,
                share,
                overlay,
            });
        }
        asked
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]
    use super::*;
    use crate::given::{id, usd};
    use proptest::prelude::*;

    fn line(quantity: Decimal, discount: Option<Decimal>) -> LineAsked {
        LineAsked {
            line_id: id("l1"),
            product_id: id("gtx"),
            quantity: quantity.into(),
            list_price: None,
            discount_percent: discount.map(Number::from),
            amount: None,
            is_agreed: false,
            revenue_type: None,
            monthly_recurring: None,
        }
    }

    fn sum(line: &LineAsked, price: i64, stated: Option<i64>) -> Result<(i64, Number), Broken> {
        let price = Money {
            amount_minor: price,
            ..usd(0)
        };
        line.sum(price, line.discount_percent, stated)
    }

    #[test]
    fn half_a_minor_unit_is_rounded_up() {
        let half = line(Decimal::new(25, 1), Some(Decimal::from(10)));
        assert_eq!(sum(&half, 10, None).unwrap().0, 23, "22.5");
        let less = line(Decimal::new(249, 2), Some(Decimal::from(10)));
        assert_eq!(sum(&less, 10, None).unwrap().0, 22, "22.41");
    }

    #[test]
    fn what_is_too_large_is_told_as_that() {
        let many = line(Decimal::from(QUANTITY_MAX), None);
        let refused = sum(&many, AMOUNT_MINOR_MAX, None);
        assert!(matches!(refused, Err(Broken::LineTooLarge { .. })));
        let fine = line(Number::parse("0.000000000001").unwrap().decimal(), None);
        assert_eq!(sum(&fine, AMOUNT_MINOR_MAX, None).unwrap().0, 1_000);
    }

    #[test]
    fn sums_of_another_currency_are_refused() {
        let eur = Currency::new("EUR").unwrap();
        assert!(matches!(
            minor(usd(1), eur),
            Err(Broken::CurrencyMismatch { .. })
        ));
    }

    proptest! {
        #[test]
        fn a_line_comes_to_what_whole_numbers_say(
            hundredths in 0..=1_000_000_i64, price in 0..=1_000_000_i64, percent in 0..=100_i64,
        ) {
            let asked = line(Decimal::new(hundredths, 2), Some(Decimal::from(percent)));
            let (amount, discount) = sum(&asked, price, None).unwrap();
            // In ten-thousandths of a minor unit, without any decimal.
            let exact = i128::from(hundredths) * i128::from(price) * i128::from(100 - percent);
            prop_assert_eq!(i128::from(amount), (exact + 5_000) / 10_000);
            prop_assert_eq!(discount.decimal(), Decimal::from(percent));
            prop_assert!(sum(&asked, price, Some(amount)).is_ok());
            let off = matches!(sum(&asked, price, Some(amount + 1)), Err(Broken::SumsDoNotAddUp { .. }));
            prop_assert!(off);
        }

        #[test]
        fn the_discount_of_an_agreed_sum_leads_back_to_it(
            price in 1..=100_000_i64, agreed in 0..=100_000_i64,
        ) {
            let asked = LineAsked { is_agreed: true, ..line(Decimal::ONE, None) };
            let (amount, discount) = sum(&asked, price, Some(agreed)).unwrap();
            prop_assert_eq!(amount, agreed);
            let again = line(Decimal::ONE, Some(discount.decimal()));
            prop_assert_eq!(sum(&again, price, None).unwrap().0, agreed.min(price));
        }
    }
}
