//! Who is credited with a contract, from its signing on.

use chrono::{DateTime, Utc};
use event_schemas::contract::{ContractEvent, ContractSigned};
use event_schemas::vocabulary::{ContractId, RepId, Split};

use crate::commission::CalculateError;
use crate::commission::book::{Book, Contract, Source};

/// Who is credited with a contract, or with a line of it.
#[derive(Debug, Clone, Copy)]
pub(in crate::commission) struct Credits<'b> {
    pub(in crate::commission) contract_id: &'b ContractId,
    pub(in crate::commission) owner: Option<&'b RepId>,
    pub(in crate::commission) splits: &'b [Split],
    /// The fact that says so.
    pub(in crate::commission) source: &'b Source,
}

impl<'b> Credits<'b> {
    /// Each rep's share, and whether it is an overlay.
    pub(in crate::commission) fn shares(
        &self,
    ) -> Result<Vec<(&'b RepId, u64, bool)>, CalculateError> {
        if self.splits.is_empty() {
            return Ok(self.owner.into_iter().map(|o| (o, 10_000, false)).collect());
        }
        let each = self.splits.iter();
        let each = each.map(|split| (&split.rep_id, u64::from(split.share.0), split.overlay));
        let each: Vec<_> = each.collect();
        let of_whole = each.iter().filter(|(_, _, overlay)| !overlay);
        let total = of_whole.map(|(_, share, _)| share).sum();
        if total != 10_000 {
            return Err(CalculateError::SharesNotWhole {
                contract_id: self.contract_id.clone(),
                total,
            });
        }
        Ok(each)
    }
}

/// How a contract began.
pub(in crate::commission) struct Signing<'b> {
    pub(in crate::commission) at: DateTime<Utc>,
    pub(in crate::commission) source: &'b Source,
    pub(in crate::commission) signed: &'b ContractSigned,
    pub(in crate::commission) credits: Credits<'b>,
}

impl<'b> Signing<'b> {
    /// The signing of a contract. One that names nobody falls to who owned its opportunity then.
    pub(in crate::commission) fn of(book: &'b Book, contract: &'b Contract) -> Option<Self> {
        let (at, source, signed) = contract.facts.iter().find_map(|fact| match &fact.what {
            ContractEvent::ContractSigned(signed) => Some((fact.at, &fact.source, signed)),
            _ => None,
        })?;
        let mut credits = Credits {
            contract_id: &contract.id,
            owner: signed.rep_id.as_ref(),
            splits: &signed.splits,
            source,
        };
        if credits.owner.is_none() && credits.splits.is_empty() {
            let won = signed.opportunity_id.as_ref();
            if let Some((owner, since)) = won.and_then(|id| book.contracts.owner_of(id, at)) {
                (credits.owner, credits.source) = (Some(owner), since);
            }
        }
        Some(Self {
            at,
            source,
            signed,
            credits,
        })
    }
}
