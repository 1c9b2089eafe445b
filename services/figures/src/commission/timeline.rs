//! By which version of which plan a rep is paid, day by day.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use event_schemas::commission_plan::Timing;
use event_schemas::vocabulary::{CommissionPlanId, RepId};

use super::CalculateError;
use super::book::{Book, Enrolment, Plan, PlanVersion};
use crate::calendar::Span;

/// Who pays for what happens on some days.
#[derive(Debug, Clone, Copy)]
pub(super) enum Paid<'b> {
    /// This plan does.
    Here(&'b PlanVersion, &'b Enrolment),
    /// Another plan does.
    Elsewhere,
    /// Nobody does.
    Nowhere,
}

/// Days on which nothing changes, up to where the next ones begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'b> {
    pub(super) from_on: NaiveDate,
    pub(super) paid: Paid<'b>,
    /// What brings a commission about. While nobody pays it is what will once somebody does, so
    /// that what passes by then is not paid after.
    pub(super) timing: Timing,
    /// Whether that is another than on the days before.
    pub(super) turns: bool,
}

/// A rep's course through plans, seen from one of them.
#[derive(Debug)]
pub(super) struct Timeline<'b> {
    pub(super) plan: &'b Plan,
    pub(super) segments: Vec<Segment<'b>>,
    enrolled: Vec<(Span, &'b Enrolment)>,
}

impl<'b> Timeline<'b> {
    /// The course of a rep, seen from a plan.
    pub(super) fn of(
        book: &'b Book,
        plan_id: &CommissionPlanId,
        rep_id: &RepId,
    ) -> Result<Self, CalculateError> {
        let unknown = || CalculateError::UnknownPlan(plan_id.clone());
        let plan = book.plans.plan(plan_id).ok_or_else(unknown)?;
        let mut days = BTreeSet::from([NaiveDate::MIN]);
        let (mut here, mut elsewhere) = (Vec::new(), Vec::new());
        for (of_plan, enrolment) in book.plans.enrolments(rep_id) {
            let Some(other) = book.plans.plan(of_plan) else {
                continue;
            };
            let to_on = enrolment.to_on.unwrap_or(NaiveDate::MAX);
            let span = Span {
                from_on: enrolment.from_on,
                to_on,
            };
            days.extend([span.from_on, span.to_on]);
            days.extend(other.versions().map(|version| version.effective_from));
            if of_plan == plan_id {
                here.push((span, enrolment));
            } else {
                elsewhere.push((span, other));
            }
        }
        let covers = |(span, _): &&(Span, &'b Enrolment), day| span.contains(day);
        let mut segments: Vec<(NaiveDate, Paid<'b>, Option<Timing>)> = Vec::new();
        for day in days {
            let own = here.iter().find(|one| covers(one, day));
            let own = own.and_then(|(_, enrolment)| Some((plan.on(day)?, *enrolment)));
            let others = elsewhere.iter().filter(|(span, _)| span.contains(day));
            let mut others = others.filter_map(|(_, other)| other.on(day));
            let (paid, version) = match (own, others.next()) {
                (Some((version, enrolment)), _) => (Paid::Here(version, enrolment), Some(version)),
                (None, Some(version)) => (Paid::Elsewhere, Some(version)),
                (None, None) => (Paid::Nowhere, None),
            };
            segments.push((day, paid, version.map(|version| version.terms.timing)));
        }
        Ok(Self {
            plan,
            segments: with_timing(&segments),
            enrolled: here,
        })
    }

    /// What holds on a day.
    pub(super) fn on(&self, day: NaiveDate) -> Option<&Segment<'b>> {
        let after = self.segments.partition_point(|one| one.from_on <= day);
        self.segments.get(after.checked_sub(1)?)
    }

    /// Whether another timing begins within a span.
    pub(super) fn turns_within(&self, span: Span) -> bool {
        let mut within = self.segments.iter();
        within.any(|segment| segment.turns && span.contains(segment.from_on))
    }

    /// The days of participation within a span.
    pub(super) fn enrolled_within(&self, span: Span) -> Vec<Span> {
        let each = self.enrolled.iter();
        each.filter_map(|(enrolled, _)| enrolled.overlap(span))
            .collect()
    }

    /// The first day of participation.
    pub(super) fn begins_on(&self) -> Option<NaiveDate> {
        self.enrolled.iter().map(|(span, _)| span.from_on).min()
    }
}

/// Every segment has a timing: its own, or that of the next that has one, or of the last before.
fn with_timing<'b>(segments: &[(NaiveDate, Paid<'b>, Option<Timing>)]) -> Vec<Segment<'b>> {
    let timings = segments.iter().rev();
    let mut last = timings.filter_map(|(_, _, timing)| *timing).next();
    let mut filled = Vec::with_capacity(segments.len());
    for (from_on, paid, timing) in segments.iter().rev() {
        last = timing.or(last);
        filled.push(Segment {
            from_on: *from_on,
            paid: *paid,
            timing: last.unwrap_or(Timing::Signing),
            turns: false,
        });
    }
    filled.reverse();
    let mut before = None;
    for segment in &mut filled {
        segment.turns = before.is_some_and(|before| before != segment.timing);
        before = Some(segment.timing);
    }
    filled
}
