//! Products, accounts, reps and teams of an export as commands: what has to be there before the
//! first opportunity. Pure.

use std::collections::{BTreeMap, BTreeSet};

use proto::v1;
use proto::v1::command::Kind;

use super::dirt::{Dirt, Oddity};
use super::mapping::{money, slug};
use super::read::{Account, Agent, Export, Product};
use crate::export::{Row, amount};
use crate::submit::Origin;

/// A command before it is known when it occurred.
pub(super) struct Undated {
    pub(super) origin: Origin,
    /// What the command is about, as in its id: `crm:<kind>:<id>`.
    pub(super) kind_name: &'static str,
    pub(super) id: String,
    pub(super) kind: Kind,
}

/// What the pipeline names, by name.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    /// Id and list price in US dollars.
    pub(super) products: BTreeMap<String, (String, String)>,
    pub(super) reps: BTreeMap<String, String>,
    pub(super) customers: BTreeMap<String, String>,
}

/// What has to be there, and the commands that bring it about, in the order they need each other.
pub(super) fn master(export: &Export, dirt: &mut Dirt) -> (Catalog, Vec<Undated>) {
    let mut master = Master {
        catalog: Catalog::default(),
        commands: Vec::new(),
        dirt,
    };
    master.products(&export.products);
    master.accounts(&export.accounts);
    master.agents(&export.agents);
    (master.catalog, master.commands)
}

struct Master<'a> {
    catalog: Catalog,
    commands: Vec<Undated>,
    dirt: &'a mut Dirt,
}

impl Master<'_> {
    fn push(&mut self, origin: &Origin, kind_name: &'static str, id: &str, kind: Kind) {
        let (origin, id) = (origin.clone(), id.to_owned());
        self.commands.push(Undated {
            origin,
            kind_name,
            id,
            kind,
        });
    }

    /// The id of what a row names; a row that names nothing is told of.
    fn id_of(&mut self, origin: &Origin, name: &str) -> Option<String> {
        let id = slug(name);
        if id.is_none() {
            self.dirt
                .refuse(origin, format!("no id can be made of the name {name:?}"));
        }
        id
    }

    fn products(&mut self, rows: &[Row<Product>]) {
        for Row { origin, cells } in rows {
            let Some(product_id) = self.id_of(origin, &cells.product) else {
                continue;
            };
            let name = self.dirt.mend("product", &cells.product, origin).to_owned();
            let price = match amount(&cells.sales_price) {
                Ok(price) => price,
                Err(reason) => {
                    self.dirt.refuse(origin, format!("sales_price {reason}"));
                    continue;
                }
            };
            let register = v1::RegisterProduct {
                product_id: product_id.clone(),
                name: name.clone(),
                category: cells.series.clone(),
                list_price: Some(money(&price)),
            };
            self.push(
                origin,
                "register_product",
                &product_id,
                Kind::RegisterProduct(register),
            );
            self.catalog.products.insert(name, (product_id, price));
        }
    }

    /// A parent before its subsidiaries: a customer belongs only to one that is registered.
    fn accounts(&mut self, rows: &[Row<Account>]) {
        let names: BTreeSet<&str> = rows.iter().map(|row| row.cells.account.as_str()).collect();
        let mut waiting: Vec<_> = rows.iter().collect();
        loop {
            let (ready, others): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|row| {
                let parent = row.cells.subsidiary_of.as_str();
                !names.contains(parent) || self.catalog.customers.contains_key(parent)
            });
            for row in &ready {
                self.account(row);
            }
            if ready.is_empty() {
                // Nothing, or accounts that belong to each other in a circle.
                for row in others {
                    self.account(row);
                }
                return;
            }
            waiting = others;
        }
    }

    fn account(&mut self, Row { origin, cells }: &Row<Account>) {
        let Some(customer_id) = self.id_of(origin, &cells.account) else {
            return;
        };
        let parent = self.catalog.customers.get(&cells.subsidiary_of).cloned();
        if parent.is_none() && !cells.subsidiary_of.is_empty() {
            self.dirt.note(Oddity::UnknownParent, origin);
        }
        let revenue = self.number(origin, &cells.revenue, of_millions);
        let profile = v1::CustomerProfile {
            name: cells.account.clone(),
            industry: self.dirt.mend("sector", &cells.sector, origin).to_owned(),
            country: self
                .dirt
                .mend("office_location", &cells.office_location, origin)
                .to_owned(),
            employees: self
                .number(origin, &cells.employees, |t| t.parse().ok())
                .unwrap_or(0),
            founded_year: self
                .number(origin, &cells.year_established, |t| t.parse().ok())
                .unwrap_or(0),
            annual_revenue: revenue.map(|revenue: String| money(&revenue)),
            parent_customer_id: parent.unwrap_or_default(),
        };
        let register = v1::RegisterCustomer {
            customer_id: customer_id.clone(),
            profile: Some(profile),
            external_id: None,
        };
        self.push(
            origin,
            "register_customer",
            &customer_id,
            Kind::RegisterCustomer(register),
        );
        self.catalog
            .customers
            .insert(cells.account.clone(), customer_id);
    }

    /// A number that may be absent; one that is none is noted.
    fn number<T>(
        &mut self,
        origin: &Origin,
        text: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        if text.is_empty() {
            return None;
        }
        let number = read(text);
        if number.is_none() {
            self.dirt.note(Oddity::NotANumber, origin);
        }
        number
    }

    /// A team for each manager, then the agents and who is in which team.
    fn agents(&mut self, rows: &[Row<Agent>]) {
        let mut regions: BTreeMap<&str, &str> = BTreeMap::new();
        for Row { origin, cells } in rows {
            let (manager, region) = (cells.manager.as_str(), cells.regional_office.as_str());
            match regions.get(manager) {
                _ if manager.is_empty() => self.dirt.note(Oddity::NoManager, origin),
                Some(&known) if known == region => {}
                Some(_) => self.dirt.note(Oddity::SecondRegion, origin),
                None => {
                    regions.insert(manager, region);
                    self.team(origin, manager, region);
                }
            }
        }
        for Row { origin, cells } in rows {
            let Some(rep_id) = self.rep(origin, &cells.sales_agent) else {
                continue;
            };
            let Some(team_id) = slug(&cells.manager) else {
                continue;
            };
            let join = v1::JoinTeam {
                rep_id: rep_id.clone(),
                team_id,
                ..v1::JoinTeam::default()
            };
            self.push(origin, "join_team", &rep_id, Kind::JoinTeam(join));
        }
    }

    fn team(&mut self, origin: &Origin, manager: &str, region: &str) {
        let Some(manager_id) = self.rep(origin, manager) else {
            return;
        };
        let form = v1::FormTeam {
            team_id: manager_id.clone(),
            name: format!("{manager}'s team"),
            region: region.to_owned(),
            manager_id: manager_id.clone(),
        };
        self.push(origin, "form_team", &manager_id, Kind::FormTeam(form));
    }

    /// Registers a person once, whether agent, manager or both.
    fn rep(&mut self, origin: &Origin, name: &str) -> Option<String> {
        if let Some(known) = self.catalog.reps.get(name) {
            return Some(known.clone());
        }
        let rep_id = self.id_of(origin, name)?;
        let register = v1::RegisterRep {
            rep_id: rep_id.clone(),
            name: name.to_owned(),
            email: String::new(),
        };
        self.push(origin, "register_rep", &rep_id, Kind::RegisterRep(register));
        self.catalog.reps.insert(name.to_owned(), rep_id.clone());
        Some(rep_id)
    }
}

/// An amount told in millions, exactly: the point moves, no float is made.
pub(super) fn of_millions(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 6 || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let all = format!("{whole}{fraction:0<6}");
    let plain = all.trim_start_matches('0');
    Some(if plain.is_empty() { "0" } else { plain }.to_owned())
}
