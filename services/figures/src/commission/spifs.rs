//! SPIFs: fixed bonuses for wins. A win is a signing, whatever the timing of the plan. Where the plan
//! takes them back, what of the contract is lost is lost of them.

use event_schemas::commission_period::{LineKind, StatementLine, Step};
use event_schemas::commission_plan::{ClawbackAlso, ClawbackCause, Spif};
use event_schemas::contract::ContractEvent;
use event_schemas::vocabulary::Line;
use rust_decimal::Decimal;

use super::CalculateError;
use super::book::{Contract, Fact, PlanVersion, Source};
use super::earn::{Earned, Earnings, Participant, fits, fits_category};
use super::exact::{mul_div, round};
use super::ledger::{Ledger, PaidFor};
use super::steps::{self, money_minor, step};
use super::taken::Lost;
use super::timeline::Paid;
use super::transactions::{End, Signing, Term, clause, kept};

/// Adds a bonus for each win, and takes back what is lost of one.
pub(super) fn spifs<'b>(
    of: &Participant<'b>,
    earnings: &mut Earnings<'b>,
) -> Result<(), CalculateError> {
    for contract in of.contracts() {
        let Some(won) = Signing::of(of.book, contract) else {
            continue;
        };
        let day = of.book.day(won.at);
        let Some(Paid::Here(version, _)) = of.timeline.on(day).map(|s| s.paid) else {
            continue;
        };
        if day >= of.within.to_on || version.terms.spifs.is_empty() {
            continue;
        }
        let shared = of.share(&won.credits, won.at, &version.terms)?;
        let share = if shared.refused_for.is_some() {
            0
        } else {
            shared.share
        };
        let lines = &won.signed.lines;
        for spif in &version.terms.spifs {
            let in_time = spif.from_on <= day && day < spif.to_on;
            if share == 0 || !in_time || !lines.iter().any(|line| is_for(spif, line)) {
                continue;
            }
            let bonus = Bonus {
                of,
                contract,
                won: &won,
                spif,
                version,
            };
            let mut paid = Ledger::default();
            paid.add(bonus.paid_for(), bonus.pay(share, earnings)?);
            bonus.take_back(paid, earnings)?;
        }
    }
    Ok(())
}

fn is_for(spif: &Spif, line: &Line) -> bool {
    fits(&spif.product_id, &line.product_id)
        && fits_category(spif.product_category.as_ref(), line)
        && fits(&spif.revenue_type, &line.revenue_type)
}

/// A bonus for a win.
struct Bonus<'w, 'b> {
    of: &'w Participant<'b>,
    contract: &'b Contract,
    won: &'w Signing<'b>,
    spif: &'b Spif,
    version: &'b PlanVersion,
}

impl<'b> Bonus<'_, 'b> {
    fn paid_for(&self) -> PaidFor {
        PaidFor::Win(self.contract.id.clone(), self.spif.name.clone())
    }

    /// Gives what it pays.
    fn pay(&self, share: u64, earnings: &mut Earnings<'b>) -> Result<i64, CalculateError> {
        let (spif, won) = (self.spif, self.won);
        let bonus = mul_div(spif.amount_minor.into(), share.into(), 10_000.into())?;
        let currency = self.version.terms.currency;
        let amount_minor = round(bonus)?;
        let inputs = [
            ("bonus", money_minor(spif.amount_minor, currency)),
            (
                "share",
                steps::percent(Decimal::from(share) / Decimal::ONE_HUNDRED),
            ),
        ];
        let result = money_minor(amount_minor, currency);
        let told = vec![step(&format!("SPIF {}", spif.name), &inputs, result)];
        let sources = vec![won.source, won.credits.source, &self.version.source];
        let line_id = format!("spif:{}:{}", spif.name, self.contract.id);
        let kind = (LineKind::Spif, None);
        let moment = (won.at, won.source);
        earnings
            .lines
            .extend(self.line(kind, line_id, moment, amount_minor, told, sources));
        Ok(amount_minor)
    }

    /// What is refunded of the contract, or not in force any more, is lost of the bonus, where the
    /// plan says so.
    fn take_back(
        &self,
        mut paid: Ledger,
        earnings: &mut Earnings<'b>,
    ) -> Result<(), CalculateError> {
        let (of, won) = (self.of, self.won);
        let agreed = won.signed.lines.iter().map(|line| line.amount_minor);
        let agreed_minor: i64 = agreed.fold(0, i64::saturating_add);
        let mut standing = Decimal::from(agreed_minor);
        for fact in &self.contract.facts {
            let at = fact.at.max(won.at);
            if of.book.day(at) >= of.within.to_on {
                break;
            }
            let left = self.left(fact, agreed_minor, standing)?;
            let lost = Lost {
                part: standing - left,
                of: standing,
                currency: won.signed.currency,
            };
            standing = left;
            if lost.part <= Decimal::ZERO {
                continue;
            }
            let currency = self.version.terms.currency;
            let taken = lost.take(&self.paid_for(), &mut paid, std::iter::empty(), currency)?;
            let Some((amount_minor, told)) = taken else {
                continue;
            };
            let line_id = format!(
                "clawback:spif:{}:{}:{}",
                fact.source.position, self.spif.name, self.contract.id
            );
            let sources = vec![&fact.source, won.source, &self.version.source];
            let kind = (LineKind::Clawback, Some(lost));
            let moment = (at, &fact.source);
            let line = self.line(kind, line_id, moment, amount_minor, told, sources);
            earnings.lines.extend(line);
        }
        Ok(())
    }

    /// What a fact leaves of the contract.
    fn left(
        &self,
        fact: &Fact<ContractEvent>,
        agreed_minor: i64,
        standing: Decimal,
    ) -> Result<Decimal, CalculateError> {
        let (book, plan) = (self.of.book, self.of.timeline.plan);
        let day = book.day(fact.at.max(self.won.at));
        let clause = |cause, ends_on| {
            let signed_on = book.day(self.won.at);
            let end = End {
                signed_on,
                ends_on,
                cause,
            };
            let clause = clause(plan, day, end);
            clause.filter(|clause| clause.also.contains(&ClawbackAlso::Spifs))
        };
        match &fact.what {
            ContractEvent::PaymentRefunded(refunded) => {
                let amounts = refunded.amounts.iter();
                let refunded: i128 = amounts.map(|a| i128::from(a.amount_minor)).sum();
                let refunded = Decimal::try_from_i128_with_scale(refunded, 0);
                let refunded = refunded.map_err(|_| CalculateError::OutOfRange)?;
                let is_lost = clause(ClawbackCause::Refund, day).is_some();
                Ok(if is_lost {
                    standing - refunded.min(standing)
                } else {
                    standing
                })
            }
            ContractEvent::ContractTerminated(ended) => {
                let ends_on = ended.effective_on;
                let facts = self.contract.facts.iter();
                let agreed = Term::of(self.won.signed, facts.map(|fact| &fact.what));
                match clause(ClawbackCause::Termination, ends_on) {
                    Some(clause) => kept(clause, agreed, ends_on, agreed_minor, standing),
                    None => Ok(standing),
                }
            }
            _ => Ok(standing),
        }
    }

    /// A line, if it is of the days asked for.
    fn line(
        &self,
        (kind, lost): (LineKind, Option<Lost>),
        line_id: String,
        (at, by): (chrono::DateTime<chrono::Utc>, &'b Source),
        amount_minor: i64,
        told: Vec<Step>,
        sources: Vec<&'b Source>,
    ) -> Option<Earned<'b>> {
        let day = self.of.book.day(at);
        self.of.within.contains(day).then(|| Earned {
            at,
            position: by.position,
            day,
            line: StatementLine {
                line_id,
                kind,
                contract_id: Some(self.contract.id.clone()),
                contract_line_id: None,
                occurred_at: at,
                basis_minor: None,
                rates_percent: Vec::new(),
                amount_minor,
                origin: None,
                derivation: self.of.derivation(day, &sources, told),
            },
            sources,
            brings: match lost {
                None => vec![(self.paid_for(), amount_minor)],
                Some(_) => Vec::new(),
            },
            lost: lost.map(|lost| (self.paid_for(), lost)),
        })
    }
}
