//! Transactions: what the facts of contracts credit, and what they take back.
//!
//! Of each line of a contract it is tracked how much has been credited so far, by whatever timing:
//! what the timing in force has reached beyond that is credited. So a change of timing neither pays
//! a part twice nor misses one. Margins are tracked in the same way: of a line's direct cost the
//! part that belongs to what is credited is charged, and what becomes known late is charged then.

mod clawback;
mod credits;
mod line;
mod overhead;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::commission_plan::{Basis, Clawback, ClawbackCause, Terms, Timing};
use event_schemas::contract::{ContractEvent, ContractSigned, ContractTerminated};
use event_schemas::vocabulary::{ContractId, Currency, Line, LineAmount, LineId, RepId, Split};
use rust_decimal::Decimal;

use super::CalculateError;
use super::book::{Book, Contract, PlanVersion, Source};
use super::taken::Lost;
use super::timeline::{Paid, Timeline};
use crate::calendar::Span;

pub(super) use clawback::{End, Term, clause, kept};
pub(super) use credits::{Credits, Signing};
use line::LineState;
pub(super) use overhead::{Borne, Overheads};

/// Something that brings a commission about, or takes it back.
#[derive(Debug, Clone)]
pub(super) struct Transaction<'b> {
    pub(super) at: DateTime<Utc>,
    pub(super) position: u64,
    pub(super) day: NaiveDate,
    pub(super) contract_id: &'b ContractId,
    pub(super) line: &'b Line,
    /// The currency of the contract.
    pub(super) currency: Currency,
    /// The version of the plan that held.
    pub(super) version: &'b PlanVersion,
    pub(super) kind: Kind,
    /// The subordinate whose deal it is, where the plan refuses to pay for that.
    pub(super) refused_for: Option<RepId>,
    /// The facts it follows from; the one that brought it about is the first.
    pub(super) sources: Vec<&'b Source>,
}

/// What a transaction does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// It credits a part of a line.
    Credit(Credit),
    /// It takes back a part of what was paid for a line.
    TakeBack(Lost),
}

/// A part of a line that is credited.
#[derive(Debug, Clone, Copy)]
pub(super) struct Credit {
    /// How much of the line, in minor units of the contract's currency.
    pub(super) moved_minor: i64,
    /// How much of it was credited by then, with that.
    pub(super) credited_minor: i64,
    /// What is agreed for the whole line.
    pub(super) agreed_minor: i64,
    /// The direct cost that belongs to it, in the same.
    pub(super) cost: Decimal,
    /// Both, less one from the other, in minor units of the plan's currency.
    pub(super) converted: Decimal,
    /// At which rate, if at one, and whether it is that of the other way round.
    pub(super) exchange_rate: Option<(Decimal, bool)>,
    /// The fixed cost that belongs to it, in the same.
    pub(super) overhead: Option<Borne>,
    /// The share that is credited, in basis points.
    pub(super) share: u64,
    /// What a rate is applied to.
    pub(super) basis: Decimal,
}

/// With how much somebody is credited.
#[derive(Debug, Default)]
pub(super) struct Shared<'b> {
    /// In basis points.
    pub(super) share: u64,
    /// The subordinate whose deal it is, where the plan refuses to pay for that.
    pub(super) refused_for: Option<RepId>,
    /// What makes it so beside the credits.
    pub(super) by: Vec<&'b Source>,
}

/// Says what somebody is credited with, at an instant, by the terms in force.
pub(super) type Share<'s, 'b> =
    dyn Fn(&Credits<'_>, DateTime<Utc>, &Terms) -> Result<Shared<'b>, CalculateError> + 's;

/// Reads transactions from contracts.
pub(super) struct Reader<'r, 'b> {
    pub(super) book: &'b Book,
    pub(super) timeline: &'r Timeline<'b>,
    /// The days on which they happen.
    pub(super) within: Span,
    pub(super) share: &'r Share<'r, 'b>,
}

impl<'b> Reader<'_, 'b> {
    /// All transactions of some contracts, in the order in which they count.
    pub(super) fn read(
        &self,
        contracts: impl Iterator<Item = &'b Contract>,
    ) -> Result<Vec<Transaction<'b>>, CalculateError> {
        let mut all = Vec::new();
        for contract in contracts {
            if let Some(walk) = Walk::new(self, contract, &mut all) {
                walk.go()?;
            }
        }
        all.sort_by(|a, b| order(a).cmp(&order(b)));
        Ok(all)
    }
}

fn order<'t>(of: &Transaction<'t>) -> (DateTime<Utc>, u64, &'t ContractId, &'t LineId) {
    (of.at, of.position, of.contract_id, &of.line.line_id)
}

/// One contract, fact by fact.
struct Walk<'w, 'r, 'b> {
    reader: &'w Reader<'r, 'b>,
    contract: &'b Contract,
    signed: &'b ContractSigned,
    signed_at: DateTime<Utc>,
    signed_by: &'b Source,
    credits: Credits<'b>,
    lines: BTreeMap<&'b LineId, LineState<'b>>,
    out: &'w mut Vec<Transaction<'b>>,
}

/// When, and because of what.
#[derive(Clone, Copy)]
struct Moment<'b> {
    at: DateTime<Utc>,
    day: NaiveDate,
    source: &'b Source,
}

impl<'w, 'r, 'b> Walk<'w, 'r, 'b> {
    fn new(
        reader: &'w Reader<'r, 'b>,
        contract: &'b Contract,
        out: &'w mut Vec<Transaction<'b>>,
    ) -> Option<Self> {
        let Signing {
            at,
            source,
            signed,
            credits,
        } = Signing::of(reader.book, contract)?;
        Some(Self {
            reader,
            contract,
            signed,
            signed_at: at,
            signed_by: source,
            credits,
            lines: BTreeMap::new(),
            out,
        })
    }

    /// What is said to have happened before the signing counts from the signing on.
    fn go(mut self) -> Result<(), CalculateError> {
        let signed_on = self.reader.book.day(self.signed_at);
        let segments = &self.reader.timeline.segments;
        let mut passed = segments.partition_point(|segment| segment.from_on <= signed_on);
        let (signed, signed_by) = (self.signed, self.signed_by);
        for line in &signed.lines {
            self.lines
                .insert(&line.line_id, LineState::new(line, signed_by));
        }
        let moment = Moment {
            at: self.signed_at,
            day: signed_on,
            source: signed_by,
        };
        let to_on = self.reader.within.to_on;
        if moment.day >= to_on {
            return Ok(());
        }
        self.settle_all(moment)?;
        for fact in &self.contract.facts {
            let at = fact.at.max(self.signed_at);
            let moment = Moment {
                at,
                day: self.reader.book.day(at),
                source: &fact.source,
            };
            if moment.day >= to_on {
                break;
            }
            self.pass_segments(&mut passed, moment.day)?;
            self.apply(moment, &fact.what)?;
        }
        let last = to_on.pred_opt().unwrap_or(NaiveDate::MIN);
        self.pass_segments(&mut passed, last)
    }

    /// Where another timing begins, what it has reached already is credited.
    fn pass_segments(&mut self, passed: &mut usize, day: NaiveDate) -> Result<(), CalculateError> {
        let timeline = self.reader.timeline;
        while let Some(segment) = timeline.segments.get(*passed) {
            if segment.from_on > day {
                break;
            }
            *passed += 1;
            if !segment.turns {
                continue;
            }
            let source = match segment.paid {
                Paid::Here(version, _) => &version.source,
                Paid::Elsewhere | Paid::Nowhere => self.signed_by,
            };
            self.settle_all(Moment {
                at: self.reader.book.zone.start(segment.from_on),
                day: segment.from_on,
                source,
            })?;
        }
        Ok(())
    }

    fn apply(
        &mut self,
        moment: Moment<'b>,
        event: &'b ContractEvent,
    ) -> Result<(), CalculateError> {
        match event {
            ContractEvent::ContractAmended(amended) => {
                for change in &amended.changes {
                    self.amend(moment, &change.line, &amended.splits)?;
                }
                Ok(())
            }
            ContractEvent::ContractReassigned(given) => {
                self.credits = Credits {
                    contract_id: &self.contract.id,
                    owner: Some(&given.rep_id),
                    splits: &given.splits,
                    source: moment.source,
                };
                self.lines.values_mut().for_each(|line| line.credits = None);
                Ok(())
            }
            ContractEvent::RevenueRecognized(recognized) => {
                self.add(moment, &recognized.amounts, |line, minor| {
                    line.delivered_minor = line.delivered_minor.saturating_add(minor);
                })
            }
            ContractEvent::PaymentReceived(received) => {
                self.add(moment, &received.amounts, |line, minor| {
                    line.paid_minor = line.paid_minor.saturating_add(minor);
                })
            }
            ContractEvent::DirectCostRecorded(recorded) => {
                self.add(moment, &recorded.amounts, |line, minor| {
                    line.cost_minor = line.cost_minor.saturating_add(minor);
                })
            }
            ContractEvent::PaymentRefunded(refunded) => self.refund(moment, &refunded.amounts),
            ContractEvent::ContractTerminated(ended) => self.terminate(moment, ended),
            ContractEvent::ContractSigned(_)
            | ContractEvent::InvoiceIssued(_)
            | ContractEvent::ContractRenewed(_)
            | ContractEvent::ContractHandedOver(_)
            | ContractEvent::MilestoneReached(_)
            | ContractEvent::RenewalOpened(_) => Ok(()),
        }
    }

    fn add(
        &mut self,
        moment: Moment<'b>,
        amounts: &'b [LineAmount],
        to: impl Fn(&mut LineState<'b>, i64),
    ) -> Result<(), CalculateError> {
        for amount in amounts {
            if let Some(line) = self.lines.get_mut(&amount.line_id) {
                to(line, amount.amount_minor);
                self.settle(moment, &amount.line_id)?;
            }
        }
        Ok(())
    }

    /// A line is set to another sum. Where less is agreed than was credited at the signing, what was
    /// paid for the difference is taken back; no clause is needed for that.
    fn amend(
        &mut self,
        moment: Moment<'b>,
        to: &'b Line,
        splits: &'b [Split],
    ) -> Result<(), CalculateError> {
        let credits = Credits {
            splits,
            source: moment.source,
            ..self.credits
        };
        let credits = (!splits.is_empty()).then_some(credits);
        let is_new = !self.lines.contains_key(&to.line_id);
        let line = self.lines.entry(&to.line_id);
        let line = line.or_insert_with(|| LineState::new(to, moment.source));
        let agreed_before = if is_new { 0 } else { line.agreed_minor() };
        (line.line, line.source) = (to, moment.source);
        // A line that an amendment brings stays with those that it credits.
        let credits_before = line.credits;
        line.credits = credits.or(credits_before);
        let timing = self.reader.timeline.on(moment.day).map(|s| s.timing);
        if timing == Some(Timing::Signing) {
            let excess = line.credited_minor.saturating_sub(to.amount_minor);
            let less = excess
                .min(agreed_before.saturating_sub(to.amount_minor))
                .max(0);
            let credited = line.standing();
            line.uncredit(less)?;
            self.take_back(moment, &to.line_id, Decimal::from(less), credited);
        }
        self.settle(moment, &to.line_id)?;
        if let Some(line) = self.lines.get_mut(&to.line_id).filter(|_| !is_new) {
            line.credits = credits_before;
        }
        Ok(())
    }

    fn refund(
        &mut self,
        moment: Moment<'b>,
        amounts: &'b [LineAmount],
    ) -> Result<(), CalculateError> {
        let is_taken = self.clause(moment.day, moment.day, ClawbackCause::Refund);
        for amount in amounts {
            let Some(line) = self.lines.get_mut(&amount.line_id) else {
                continue;
            };
            if is_taken.is_some() {
                let standing = line.standing();
                let part = Decimal::from(amount.amount_minor).min(standing);
                line.taken += part;
                self.take_back(moment, &amount.line_id, part, standing);
            } else {
                // Paid once more, it is not credited once more.
                line.refunded_minor = line.refunded_minor.saturating_add(amount.amount_minor);
            }
        }
        Ok(())
    }

    fn terminate(
        &mut self,
        moment: Moment<'b>,
        ended: &'b ContractTerminated,
    ) -> Result<(), CalculateError> {
        let cause = ClawbackCause::Termination;
        let ends_on = ended.effective_on;
        let Some(clawback) = self.clause(moment.day, ends_on, cause) else {
            return Ok(());
        };
        // The end that was agreed last; it does not move any more once it was terminated.
        let facts = self.contract.facts.iter();
        let agreed = Term::of(self.signed, facts.map(|fact| &fact.what));
        let ids: Vec<_> = self.lines.keys().copied().collect();
        for id in ids {
            let Some(line) = self.lines.get_mut(id) else {
                continue;
            };
            let standing = line.standing();
            let kept = kept(clawback, agreed, ends_on, line.agreed_minor(), standing)?;
            line.taken += standing - kept;
            self.take_back(moment, id, standing - kept, standing);
        }
        Ok(())
    }

    /// The clause by which something is taken back that ends on a day, if there is one.
    fn clause(
        &self,
        day: NaiveDate,
        ends_on: NaiveDate,
        cause: ClawbackCause,
    ) -> Option<&'b Clawback> {
        let end = End {
            signed_on: self.reader.book.day(self.signed_at),
            ends_on,
            cause,
        };
        clause(self.reader.timeline.plan, day, end)
    }

    fn take_back(&mut self, moment: Moment<'b>, id: &LineId, part: Decimal, of: Decimal) {
        let version = self.reader.timeline.plan.on(moment.day);
        let line = self.lines.get(id);
        let counts = part > Decimal::ZERO && self.reader.within.contains(moment.day);
        if let (Some(line), Some(version)) = (line, version.filter(|_| counts)) {
            self.out.push(Transaction {
                at: moment.at,
                position: moment.source.position,
                day: moment.day,
                contract_id: &self.contract.id,
                line: line.line,
                currency: self.signed.currency,
                version,
                kind: Kind::TakeBack(Lost {
                    part,
                    of,
                    currency: self.signed.currency,
                }),
                refused_for: None,
                sources: vec![moment.source, self.signed_by],
            });
        }
    }

    fn settle_all(&mut self, moment: Moment<'b>) -> Result<(), CalculateError> {
        let ids: Vec<_> = self.lines.keys().copied().collect();
        ids.into_iter().try_for_each(|id| self.settle(moment, id))
    }

    /// Credits what the timing in force has reached beyond what was credited.
    fn settle(&mut self, moment: Moment<'b>, id: &LineId) -> Result<(), CalculateError> {
        let Some(segment) = self.reader.timeline.on(moment.day) else {
            return Ok(());
        };
        let Some(line) = self.lines.get_mut(id) else {
            return Ok(());
        };
        let (moved_minor, cost) = line.advance(segment.timing)?;
        let line = &*line;
        let Paid::Here(version, enrolment) = segment.paid else {
            return Ok(());
        };
        // What was credited before was told before.
        if !self.reader.within.contains(moment.day) {
            return Ok(());
        }
        let credits = line.credits.unwrap_or(self.credits);
        let shared = (self.reader.share)(&credits, moment.at, &version.terms)?;
        if shared.share == 0 {
            return Ok(());
        }
        let terms = &version.terms;
        let currency = self.signed.currency;
        let book = self.reader.book;
        let moved = (moved_minor, cost, shared.share);
        let Some(credit) = line.credit(book, terms, currency, moment.day, moved)? else {
            return Ok(());
        };
        let mut sources = vec![
            moment.source,
            self.signed_by,
            line.source,
            credits.source,
            &version.source,
            &enrolment.source,
        ];
        sources.extend(shared.by);
        sources.extend(book.sums.rate_source(currency, terms.currency, moment.day));
        if terms.basis == Basis::NetMargin {
            let period = Span::around(terms.statement_period, moment.day);
            sources.extend(book.sums.cost_sources(period));
        }
        self.out.push(Transaction {
            at: moment.at,
            position: moment.source.position,
            day: moment.day,
            contract_id: &self.contract.id,
            line: line.line,
            currency,
            version,
            kind: Kind::Credit(credit),
            refused_for: shared.refused_for,
            sources,
        });
        Ok(())
    }
}
