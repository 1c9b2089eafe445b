//! What moved a score from one day to another, part by part.

use event_schemas::alarm::Evidence;
use rust_decimal::Decimal;

use super::score::{FactorKind, Health, PointsKind};

/// What a score has moved by, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Its parts, the one that moved it most first. Together they are the change, unless the score
    /// was held at 0 or 100.
    pub moved: Vec<Moved>,
}

/// One part of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// What it is of.
    pub part: Part,
    /// What it adds to the score, negative where it takes off; 0 while it has no value.
    pub points: Decimal,
    /// What it added before.
    pub former_points: Decimal,
    /// The events that are new behind it, where they are few.
    pub evidence: Vec<Evidence>,
}

impl Moved {
    /// By how much it moved the score.
    pub fn change(&self) -> Decimal {
        self.points - self.former_points
    }
}

/// A part of a score.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Part {
    /// What counts toward it.
    Factor(FactorKind),
    /// What is taken off.
    Points(PointsKind),
}

/// What moved a score since a former one, by the same model.
pub fn explain(former: &Health, health: &Health) -> Explanation {
    let (before, after) = (parts(former), parts(health));
    let mut moved: Vec<Moved> = Vec::new();
    let known: Vec<&Part> = after.iter().map(|(part, ..)| part).collect();
    let gone = before.iter().filter(|(part, ..)| !known.contains(&part));
    for (part, points, evidence) in &after {
        let was = before.iter().find(|(former, ..)| former == part);
        let seen = was.map_or(&[][..], |(_, _, seen)| seen);
        let new = evidence.iter().filter(|event| !seen.contains(event));
        moved.push(Moved {
            part: part.clone(),
            points: *points,
            former_points: was.map(|(_, points, _)| *points).unwrap_or_default(),
            evidence: new.cloned().collect(),
        });
    }
    for (part, former_points, _) in gone {
        moved.push(Moved {
            part: part.clone(),
            points: Decimal::ZERO,
            former_points: *former_points,
            evidence: Vec::new(),
        });
    }
    moved.sort_by_key(|moved| std::cmp::Reverse(moved.change().abs()));
    Explanation { moved }
}

fn parts(health: &Health) -> Vec<(Part, Decimal, &[Evidence])> {
    let factors = health.factors.iter().map(|factor| {
        let points = factor.contribution.unwrap_or_default();
        (Part::Factor(factor.kind.clone()), points, &*factor.evidence)
    });
    let points = health.points.iter();
    let points = points.map(|off| (Part::Points(off.kind), -off.points, &*off.evidence));
    factors.chain(points).collect()
}
