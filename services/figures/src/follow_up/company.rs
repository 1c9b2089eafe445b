//! What holds for all customers: playbooks, sales processes, who manages whom.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::contract::ContractSigned;
use event_schemas::playbook::{PlaybookPublished, Plays};
use event_schemas::product::ProductEvent;
use event_schemas::rep::RepEvent;
use event_schemas::sales_process::SalesProcessEvent;
use event_schemas::team::TeamEvent;
use event_schemas::vocabulary::{ProductId, RepId, SalesProcessId, TeamId};

use super::standard;
use crate::calendar::Zone;

/// Something that happened to what holds for all.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names say it")]
pub enum CompanyFact {
    Playbook(PlaybookPublished),
    SalesProcess(SalesProcessId, SalesProcessEvent),
    Product(ProductId, ProductEvent),
    Rep(RepId, RepEvent),
    Team(TeamId, TeamEvent),
}

/// A rep's time in a team, and its end, exclusive.
type Membership = (TeamId, DateTime<Utc>, Option<DateTime<Utc>>);

/// What holds for all customers.
#[derive(Debug)]
pub struct Company {
    /// The tenant's.
    pub zone: Zone,
    playbooks: Vec<(DateTime<Utc>, PlaybookPublished)>,
    sales_processes: Vec<(DateTime<Utc>, SalesProcessId)>,
    retired: HashMap<ProductId, DateTime<Utc>>,
    left: HashMap<RepId, DateTime<Utc>>,
    memberships: HashMap<RepId, Vec<Membership>>,
    managers: HashMap<TeamId, Vec<(DateTime<Utc>, RepId)>>,
}

impl Company {
    /// From facts in any order; those of one stream and instant in the order of the stream.
    pub fn new(zone: Zone, mut facts: Vec<(DateTime<Utc>, CompanyFact)>) -> Self {
        facts.sort_by_key(|(at, _)| *at);
        let mut company = Self {
            zone,
            playbooks: Vec::new(),
            sales_processes: Vec::new(),
            retired: HashMap::new(),
            left: HashMap::new(),
            memberships: HashMap::new(),
            managers: HashMap::new(),
        };
        for (at, fact) in facts {
            company.take(at, fact);
        }
        for managers in company.managers.values_mut() {
            managers.sort_by_key(|(from_at, _)| *from_at);
        }
        company
    }

    fn take(&mut self, at: DateTime<Utc>, fact: CompanyFact) {
        match fact {
            CompanyFact::Playbook(published) => self.playbooks.push((at, published)),
            CompanyFact::SalesProcess(id, SalesProcessEvent::SalesProcessDefined(_)) => {
                self.sales_processes.push((at, id));
            }
            CompanyFact::Product(product_id, ProductEvent::ProductRetired(_)) => {
                self.retired.insert(product_id, at);
            }
            CompanyFact::Rep(rep_id, RepEvent::RepDeactivated(_)) => {
                self.left.insert(rep_id, at);
            }
            CompanyFact::Rep(rep_id, RepEvent::TeamJoined(joined)) => {
                let memberships = self.memberships.entry(rep_id).or_default();
                memberships.push((joined.team_id, joined.from_at, joined.to_at));
            }
            CompanyFact::Rep(rep_id, RepEvent::TeamLeft(left)) => {
                let memberships = self.memberships.entry(rep_id).or_default();
                let of = memberships.iter_mut().rev();
                let mut of =
                    of.filter(|(team, from, _)| (team, *from) == (&left.team_id, left.from_at));
                if let Some((_, _, to_at)) = of.next() {
                    *to_at = Some(left.to_at);
                }
            }
            CompanyFact::Team(team_id, TeamEvent::TeamFormed(formed)) => {
                if let Some(manager_id) = formed.manager_id {
                    let managers = self.managers.entry(team_id).or_default();
                    managers.push((at, manager_id));
                }
            }
            CompanyFact::Team(team_id, TeamEvent::ManagerAppointed(appointed)) => {
                let managers = self.managers.entry(team_id).or_default();
                managers.push((appointed.from_at, appointed.manager_id));
            }
            CompanyFact::SalesProcess(..)
            | CompanyFact::Product(..)
            | CompanyFact::Rep(..)
            | CompanyFact::Team(..) => {}
        }
    }

    /// The playbook that holds for a contract: of those for one of its products, else of those for
    /// all, the one that holds from the latest day, as published when it was signed; else the built-in
    /// one.
    pub(super) fn playbook(
        &self,
        signed: &ContractSigned,
        signed_at: DateTime<Utc>,
    ) -> &PlaybookPublished {
        let signed_on = self.zone.day(signed_at);
        let holds = |(at, book): &&(DateTime<Utc>, PlaybookPublished)| {
            *at <= signed_at && book.effective_from <= signed_on
        };
        let mut newest: HashMap<&str, &PlaybookPublished> = HashMap::new();
        for (_, book) in self.playbooks.iter().filter(holds) {
            let known = newest.entry(book.playbook_id.as_str()).or_insert(book);
            if known.version < book.version {
                *known = book;
            }
        }
        let sold = |product_id: &ProductId| {
            let mut lines = signed.lines.iter();
            lines.any(|line| line.product_id == *product_id)
        };
        let fits = |book: &&PlaybookPublished| {
            book.plays.product_ids.is_empty() || book.plays.product_ids.iter().any(sold)
        };
        let fitting = newest.into_values().filter(fits);
        let best = fitting.max_by_key(|book| {
            let names_it = !book.plays.product_ids.is_empty();
            (names_it, book.effective_from, book.playbook_id.clone())
        });
        best.unwrap_or_else(|| standard::playbook())
    }

    /// What holds on a day for what is of no contract: the playbook for all products.
    pub(super) fn plays(&self, at: DateTime<Utc>, on: NaiveDate) -> &Plays {
        let for_all = self.playbooks.iter().filter(|(published_at, book)| {
            let is_for_all = book.plays.product_ids.is_empty();
            is_for_all && *published_at <= at && book.effective_from <= on
        });
        let best = for_all
            .max_by_key(|(_, book)| (book.effective_from, book.playbook_id.clone(), book.version));
        best.map_or_else(|| &standard::playbook().plays, |(_, book)| &book.plays)
    }

    /// The sales process that was defined first.
    pub(super) fn sales_process(&self, at: DateTime<Utc>) -> Option<&SalesProcessId> {
        let first = self.sales_processes.first();
        first
            .filter(|(defined_at, _)| *defined_at <= at)
            .map(|(_, id)| id)
    }

    /// Whether a product is still sold.
    pub(super) fn sells(&self, product_id: &ProductId, at: DateTime<Utc>) -> bool {
        self.retired
            .get(product_id)
            .is_none_or(|retired_at| at < *retired_at)
    }

    /// Whether a rep has not left.
    pub(super) fn employs(&self, rep_id: &RepId, at: DateTime<Utc>) -> bool {
        self.left.get(rep_id).is_none_or(|left_at| at < *left_at)
    }

    /// Who leads a team that a rep belongs to, other than that rep, and has not left.
    pub(super) fn manager_of(&self, rep_id: &RepId, at: DateTime<Utc>) -> Option<&RepId> {
        let memberships = self.memberships.get(rep_id)?.iter();
        let current = memberships
            .filter(|(_, from_at, to_at)| *from_at <= at && to_at.is_none_or(|to_at| at < to_at));
        let mut leaders = current.filter_map(|(team_id, _, _)| {
            let appointed = self.managers.get(team_id)?;
            let until = appointed.iter().rev();
            let mut until = until.filter(|(from_at, _)| *from_at <= at);
            until.next().map(|(_, manager_id)| manager_id)
        });
        leaders.find(|manager_id| *manager_id != rep_id && self.employs(manager_id, at))
    }
}
