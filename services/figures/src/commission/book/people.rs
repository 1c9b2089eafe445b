//! Reps and teams: who belonged where, under whom, with which quota.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::rep::{QuotaSet, RepEvent};
use event_schemas::team::TeamEvent;
use event_schemas::vocabulary::{RepId, TeamId};

use super::{Fact, Source};

/// When a membership ends, exclusive, and since which position that is said.
type End = (Option<DateTime<Utc>>, u64);

/// A rep's time in a team.
#[derive(Default)]
struct Membership {
    end: End,
    joined_by: Option<Source>,
}

impl Membership {
    fn holds_before(&self, at: DateTime<Utc>) -> bool {
        self.end.0.is_none_or(|to| at < to)
    }
}

/// Who led a team: since when (and which position), who, and what says so.
type Managers = BTreeMap<(DateTime<Utc>, u64), (RepId, Source)>;

/// What a rep is to sell, by span: the last word.
type Quotas = BTreeMap<(NaiveDate, NaiveDate), (Source, QuotaSet)>;

/// All reps and teams.
#[derive(Default)]
pub(in crate::commission) struct People {
    /// By rep, team and first instant.
    memberships: HashMap<RepId, BTreeMap<(TeamId, DateTime<Utc>), Membership>>,
    members: HashMap<TeamId, BTreeSet<RepId>>,
    managers: HashMap<TeamId, Managers>,
    managed: HashMap<RepId, BTreeSet<TeamId>>,
    quotas: HashMap<RepId, Quotas>,
}

impl People {
    pub(super) fn fold_rep(&mut self, rep_id: RepId, fact: Fact<RepEvent>) {
        let position = fact.source.position;
        match fact.what {
            RepEvent::TeamJoined(joined) => {
                let members = self.members.entry(joined.team_id.clone()).or_default();
                members.insert(rep_id.clone());
                let key = (joined.team_id, joined.from_at);
                let membership = self.end_membership(rep_id, key, (joined.to_at, position));
                membership.joined_by = Some(fact.source);
            }
            RepEvent::TeamLeft(left) => {
                let key = (left.team_id, left.from_at);
                self.end_membership(rep_id, key, (Some(left.to_at), position));
            }
            RepEvent::QuotaSet(quota) => {
                let quotas = self.quotas.entry(rep_id).or_default();
                let said = quotas.entry((quota.from_on, quota.to_on));
                let said = said.or_insert_with(|| (fact.source.clone(), quota.clone()));
                if said.0.position <= position {
                    *said = (fact.source, quota);
                }
            }
            RepEvent::RepRegistered(_)
            | RepEvent::RepDeactivated(_)
            | RepEvent::TerritoryAssigned(_) => {}
        }
    }

    fn end_membership(
        &mut self,
        rep_id: RepId,
        key: (TeamId, DateTime<Utc>),
        end: End,
    ) -> &mut Membership {
        let memberships = self.memberships.entry(rep_id).or_default();
        let known = memberships.entry(key).or_default();
        if known.end.1 <= end.1 {
            known.end = end;
        }
        known
    }

    /// Gives since when somebody leads the team, if the fact says so.
    pub(super) fn fold_team(
        &mut self,
        team_id: TeamId,
        fact: Fact<TeamEvent>,
    ) -> Option<DateTime<Utc>> {
        let (manager_id, from_at) = match fact.what {
            TeamEvent::TeamFormed(formed) => (formed.manager_id?, fact.at),
            TeamEvent::ManagerAppointed(appointed) => (appointed.manager_id, appointed.from_at),
            TeamEvent::RegionMoved(_) => return None,
        };
        let managed = self.managed.entry(manager_id.clone()).or_default();
        managed.insert(team_id.clone());
        let managers = self.managers.entry(team_id).or_default();
        managers.insert((from_at, fact.source.position), (manager_id, fact.source));
        Some(from_at)
    }

    /// Whether a rep belonged to a team that the manager led at an instant: the facts that make it
    /// so, if it is.
    pub(in crate::commission) fn manages(
        &self,
        manager_id: &RepId,
        rep_id: &RepId,
        at: DateTime<Utc>,
    ) -> Option<impl Iterator<Item = &Source>> {
        if manager_id == rep_id || !self.managed.contains_key(manager_id) {
            return None;
        }
        let memberships = self.memberships.get(rep_id).into_iter().flatten();
        let mut current =
            memberships.filter(|((_, from), member)| *from <= at && member.holds_before(at));
        current.find_map(|((team_id, _), member)| {
            let (_, appointed_by) = self.led(team_id, at).filter(|led| led.0 == *manager_id)?;
            Some(member.joined_by.iter().chain([appointed_by]))
        })
    }

    /// Who led a team at an instant, and what says so.
    fn led(&self, team_id: &TeamId, at: DateTime<Utc>) -> Option<&(RepId, Source)> {
        let mut until = self.managers.get(team_id)?.range(..=(at, u64::MAX));
        until.next_back().map(|(_, led)| led)
    }

    /// Whether a rep belonged to a team, or led it, at an instant.
    pub(in crate::commission) fn is_of_team(
        &self,
        team_id: &TeamId,
        rep_id: &RepId,
        at: DateTime<Utc>,
    ) -> bool {
        let mut of_rep = self.memberships.get(rep_id).into_iter().flatten();
        let is_member = of_rep.any(|((team, from), member)| {
            team == team_id && *from <= at && member.holds_before(at)
        });
        is_member || self.led(team_id, at).is_some_and(|led| led.0 == *rep_id)
    }

    /// Everybody who ever belonged to a team that the manager ever led.
    pub(in crate::commission) fn ever_managed(&self, manager_id: &RepId) -> BTreeSet<&RepId> {
        let teams = self.managed.get(manager_id).into_iter().flatten();
        let members = teams.filter_map(|team_id| self.members.get(team_id));
        let members = members.flatten();
        members.filter(|rep_id| *rep_id != manager_id).collect()
    }

    /// Everybody who ever led a team to which the rep ever belonged.
    pub(super) fn ever_managers(&self, rep_id: &RepId) -> BTreeSet<&RepId> {
        let memberships = self.memberships.get(rep_id).into_iter().flatten();
        let managers = memberships.filter_map(|((team_id, _), _)| self.managers.get(team_id));
        let managers = managers.flat_map(Managers::values);
        managers.map(|(manager_id, _)| manager_id).collect()
    }

    /// Who has a quota that begins on a day or later.
    pub(super) fn with_quotas_from(&self, day: NaiveDate) -> impl Iterator<Item = &RepId> {
        let from = (day, NaiveDate::MIN);
        let all = self.quotas.iter();
        all.filter_map(move |(rep_id, quotas)| quotas.range(from..).next().map(|_| rep_id))
    }

    /// The quotas of a rep, by their spans.
    pub(in crate::commission) fn quotas(
        &self,
        rep_id: &RepId,
    ) -> impl Iterator<Item = &(Source, QuotaSet)> {
        self.quotas.get(rep_id).into_iter().flat_map(Quotas::values)
    }
}
