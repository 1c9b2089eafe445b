//! What was told of one thing in the course of business time. A value told late takes its place
//! among the others, so that what holds is the same in whatever order it was told: the read
//! models fold in business time, and a decision must not see another state than they show.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The values of one thing, each from an instant on; of those of one instant, the one told last
/// holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told<T>(Vec<(Option<DateTime<Utc>>, T)>);

impl<T> Default for Told<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Told<T> {
    /// What holds before anything else, however early that is told to have happened.
    pub(crate) fn at_first(value: impl Into<Option<T>>) -> Self {
        Self(
            value
                .into()
                .map(|value| (None, value))
                .into_iter()
                .collect(),
        )
    }

    /// Another value, from an instant on.
    pub(crate) fn tell(&mut self, at: DateTime<Utc>, value: T) {
        let place = self.0.partition_point(|(from_at, _)| *from_at <= Some(at));
        self.0.insert(place, (Some(at), value));
    }

    /// What held at an instant.
    pub fn at(&self, at: DateTime<Utc>) -> Option<&T> {
        let after = self.0.partition_point(|(from_at, _)| *from_at <= Some(at));
        self.0.get(after.checked_sub(1)?).map(|(_, value)| value)
    }

    /// When another value begins to hold, after an instant.
    pub(crate) fn changes_after(&self, at: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        let told = self.0.iter().filter_map(|(from_at, _)| *from_at);
        told.filter(move |from_at| *from_at > at)
    }

    /// What holds after all that was told.
    pub fn latest(&self) -> Option<&T> {
        self.0.last().map(|(_, value)| value)
    }

    /// From when on the latest holds; none if it was so at first.
    pub(crate) fn latest_at(&self) -> Option<DateTime<Utc>> {
        self.0.last().and_then(|(from_at, _)| *from_at)
    }
}

/// Sums of one thing, each as of an instant, such as what was invoiced of a line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally(Vec<(DateTime<Utc>, i64)>);

impl Tally {
    /// One more sum, as of an instant.
    pub(crate) fn add(&mut self, at: DateTime<Utc>, amount_minor: i64) {
        self.0.push((at, amount_minor));
    }

    /// When more came, after an instant.
    pub(crate) fn changes_after(&self, at: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        let came = self.0.iter().map(|(came_at, _)| *came_at);
        came.filter(move |came_at| *came_at > at)
    }

    /// All that came up to an instant, and with it.
    pub(crate) fn by(&self, at: DateTime<Utc>) -> i64 {
        let until = self.0.iter().filter(|(when, _)| *when <= at);
        until.map(|(_, amount)| amount).sum()
    }

    /// All that came.
    pub fn total(&self) -> i64 {
        self.0.iter().map(|(_, amount)| amount).sum()
    }
}
