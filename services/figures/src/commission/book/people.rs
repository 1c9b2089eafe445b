//! Reps and teams: who belonged where, under whom, with which quota.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use event_schemas::rep::{QuotaSet, RepEvent};
use event_schemas::team::TeamEvent;
use event_schemas::vocabulary::{RepId, TeamId};

use super::Fact;

/// When a membership ends, exclusive, and since which position that is said.
type End = (Option<DateTime<Utc>>, u64);

/// All reps and teams.
#[derive(Default)]
pub(in crate::commission) struct People {
    /// By rep, team and first instant.
    memberships: HashMap<RepId, BTreeMap<(TeamId, DateTime<Utc>), End>>,
    members: HashMap<TeamId, BTreeSet<RepId>>,
    /// By team: since when (and which position), who.
    managers: HashMap<TeamId, BTreeMap<(DateTime<Utc>, u64), RepId>>,
    managed: HashMap<RepId, BTreeSet<TeamId>>,
    /// By rep and span: the last word, and its position.
    quotas: HashMap<RepId, BTreeMap<(NaiveDate, NaiveDate), (u64, QuotaSet)>>,
}

impl People {
    pub(super) fn fold_rep(&mut self, rep_id: RepId, fact: Fact<RepEvent>) {
        let position = fact.source.position;
        match fact.what {
            RepEvent::TeamJoined(joined) => {
                let members = self.members.entry(joined.team_id.clone()).or_default();
                members.insert(rep_id.clone());
                let key = (joined.team_id, joined.from_at);
                self.end_membership(rep_id, key, (joined.to_at, position));
            }
            RepEvent::TeamLeft(left) => {
                let key = (left.team_id, left.from_at);
                self.end_membership(rep_id, key, (Some(left.to_at), position));
            }
            RepEvent::QuotaSet(quota) => {
                let quotas = self.quotas.entry(rep_id).or_default();
                let said = quotas.entry((quota.from_on, quota.to_on));
                let said = said.or_insert_with(|| (position, quota.clone()));
                if said.0 <= position {
                    *said = (position, quota);
                }
            }
            RepEvent::RepRegistered(_)
            | RepEvent::RepDeactivated(_)
            | RepEvent::TerritoryAssigned(_) => {}
        }
    }

    fn end_membership(&mut self, rep_id: RepId, key: (TeamId, DateTime<Utc>), end: End) {
        let memberships = self.memberships.entry(rep_id).or_default();
        let known = memberships.entry(key).or_insert(end);
        if known.1 <= end.1 {
            *known = end;
        }
    }

    pub(super) fn fold_team(&mut self, team_id: TeamId, fact: Fact<TeamEvent>) {
        let (manager_id, from_at) = match fact.what {
            TeamEvent::TeamFormed(formed) => match formed.manager_id {
                Some(manager_id) => (manager_id, fact.at),
                None => return,
            },
            TeamEvent::ManagerAppointed(appointed) => (appointed.manager_id, appointed.from_at),
            TeamEvent::RegionMoved(_) => return,
        };
        let managed = self.managed.entry(manager_id.clone()).or_default();
        managed.insert(team_id.clone());
        let managers = self.managers.entry(team_id).or_default();
        managers.insert((from_at, fact.source.position), manager_id);
    }

    /// Whether a rep belonged to a team that the manager led at an instant.
    pub(in crate::commission) fn manages(
        &self,
        manager_id: &RepId,
        rep_id: &RepId,
        at: DateTime<Utc>,
    ) -> bool {
        if manager_id == rep_id || !self.managed.contains_key(manager_id) {
            return false;
        }
        let memberships = self.memberships.get(rep_id).into_iter().flatten();
        let mut current =
            memberships.filter(|((_, from), (to, _))| *from <= at && to.is_none_or(|to| at < to));
        current.any(|((team_id, _), _)| {
            let managers = self.managers.get(team_id);
            let led_by = managers.and_then(|all| all.range(..=(at, u64::MAX)).next_back());
            led_by.is_some_and(|(_, led_by)| led_by == manager_id)
        })
    }

    /// Everybody who ever belonged to a team that the manager ever led.
    pub(in crate::commission) fn ever_managed(&self, manager_id: &RepId) -> BTreeSet<&RepId> {
        let teams = self.managed.get(manager_id).into_iter().flatten();
        let members = teams.filter_map(|team_id| self.members.get(team_id));
        let members = members.flatten();
        members.filter(|rep_id| *rep_id != manager_id).collect()
    }

    /// The quotas of a rep, by their spans.
    pub(in crate::commission) fn quotas(&self, rep_id: &RepId) -> impl Iterator<Item = &QuotaSet> {
        let quotas = self.quotas.get(rep_id).into_iter();
        quotas.flat_map(|quotas| quotas.values().map(|(_, quota)| quota))
    }
}
