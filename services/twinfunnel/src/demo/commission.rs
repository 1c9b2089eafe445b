//! What the demo shows of commission: a plan is published and joined, the quarters of 2017 are closed
//! one after the other, and what they pay is told and explained.

use anyhow::ensure;
use chrono::{NaiveDate, NaiveTime};
use client::Client;
use proto::instant::to_timestamp;
use proto::v1;
use proto::v1::command::Kind;
use proto::v1::{
    CommissionBasis, CommissionPeriod, CommissionStatement, CommissionTiming, OverrideOn,
    TierMeasure, TierMode, TierWindow,
};

use crate::audit::{self, StatementArgs};
use crate::output;
use crate::render::commission as rendered;
use crate::submit::{Origin, Outgoing};

/// The plan.
pub(super) const PLAN: &str = "field";

/// The day from which it holds, and from which all take part.
const FROM: NaiveDate = match NaiveDate::from_ymd_opt(2017, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// The last day of each period that is closed, in order.
const QUARTER_ENDS: [&str; 4] = ["2017-03-31", "2017-06-30", "2017-09-30", "2017-12-31"];

/// The commands that publish the plan and make everyone take part whom these commands register.
pub(super) fn plan(registered: &[Outgoing]) -> Vec<Outgoing> {
    let publish = v1::PublishCommissionPlan {
        commission_plan_id: PLAN.to_owned(),
        effective_from: FROM.to_string(),
        terms: Some(terms()),
    };
    let reps =
        registered
            .iter()
            .filter_map(|outgoing| match &outgoing.request.command.as_ref()?.kind {
                Some(Kind::RegisterRep(rep)) => Some(&rep.rep_id),
                _ => None,
            });
    let enroll = reps.map(|rep_id| {
        let enroll = v1::EnrollParticipant {
            commission_plan_id: PLAN.to_owned(),
            rep_id: rep_id.clone(),
            from_on: FROM.to_string(),
            to_on: String::new(),
        };
        let id = format!("enroll_participant:{rep_id}");
        (id, Kind::EnrollParticipant(enroll))
    });
    let publish = (
        format!("publish_commission_plan:{PLAN}"),
        Kind::PublishCommissionPlan(publish),
    );
    let all = std::iter::once(publish).chain(enroll);
    all.zip(1..)
        .map(|((id, kind), line)| outgoing(&id, kind, line))
        .collect()
}

/// 5 % of the quarter's first 50,000, 7 % of the next, 10 % above 100,000; and 1 % of what their team
/// sells for those who manage one.
fn terms() -> v1::CommissionTerms {
    let band = |from: &str, to: &str, percent: &str| v1::CommissionTier {
        from: from.to_owned(),
        to: to.to_owned(),
        pays: Some(v1::commission_tier::Pays::RatePercent(percent.to_owned())),
    };
    let tiers = v1::CommissionTiers {
        measure: TierMeasure::Basis.into(),
        window: TierWindow::Quarter.into(),
        mode: TierMode::Marginal.into(),
        bands: vec![
            band("", "50000", "5"),
            band("50000", "100000", "7"),
            band("100000", "", "10"),
        ],
        ..v1::CommissionTiers::default()
    };
    let of_team = v1::CommissionOverride {
        on: OverrideOn::TeamBasis.into(),
        rate: Some(v1::commission_override::Rate::Percent("1".to_owned())),
    };
    v1::CommissionTerms {
        currency_code: "USD".to_owned(),
        statement_period: CommissionPeriod::Quarter.into(),
        timing: CommissionTiming::Signing.into(),
        basis: CommissionBasis::Revenue.into(),
        tiers: Some(tiers),
        overrides: vec![of_team],
        ..v1::CommissionTerms::default()
    }
}

fn outgoing(id: &str, kind: Kind, line: u64) -> Outgoing {
    let at = FROM.and_time(NaiveTime::MIN).and_utc();
    Outgoing {
        origin: Origin {
            label: "demo".into(),
            line,
        },
        request: v1::SubmitRequest {
            command_id: format!("demo:{id}"),
            occurred_at: Some(to_timestamp(at)),
            command: Some(v1::Command { kind: Some(kind) }),
            ..v1::SubmitRequest::default()
        },
        weight: 1,
    }
}

/// What 2017 pays.
#[derive(Debug)]
pub(super) struct Paid {
    /// The statements of each quarter, in order.
    pub(super) quarters: Vec<v1::ListStatementsResponse>,
    /// The line that crosses most tiers, of whom the last quarter pays most.
    pub(super) line: Option<v1::StatementLine>,
    /// What a bundle of that statement shows to someone who trusts nobody.
    pub(super) verified: Option<String>,
}

/// Closes each quarter in order, and asks what it pays.
pub(super) async fn close(client: &Client, position: u64) -> anyhow::Result<Paid> {
    let mut position = position;
    for period_on in QUARTER_ENDS {
        let closing = v1::ClosePeriodRequest {
            commission_plan_id: PLAN.to_owned(),
            period_on: period_on.to_owned(),
            rep_id: String::new(),
        };
        let closed = client.close_period(closing).await?.statements;
        position = closed
            .iter()
            .map(|one| one.position)
            .fold(position, u64::max);
        output::tell_line(&format!(
            "Closed the quarter that ends on {period_on}: {} statements.",
            closed.len()
        ));
    }
    let mut quarters = Vec::new();
    for period_on in QUARTER_ENDS {
        let question = v1::ListStatementsRequest {
            consistency: Some(client::at_least(position)),
            commission_plan_id: PLAN.to_owned(),
            period_on: period_on.to_owned(),
            ..v1::ListStatementsRequest::default()
        };
        quarters.push(client.list_statements(question).await?);
    }
    let last = quarters.last().map(|quarter| quarter.statements.as_slice());
    let (mut line, mut verified) = (None, None);
    if let Some(most) = last.unwrap_or_default().iter().max_by_key(|one| paid(one)) {
        line = explained(client, most, position).await?;
        verified = Some(self::verified(client, most).await?);
    }
    Ok(Paid {
        quarters,
        line,
        verified,
    })
}

/// Proves a statement as an auditor would: from a bundle alone.
async fn verified(client: &Client, of: &CommissionStatement) -> anyhow::Result<String> {
    let statement = StatementArgs {
        plan: of.commission_plan_id.clone(),
        participant: of.rep_id.clone(),
        period: audit::Days {
            from_on: of.from_on.parse()?,
            to_on: of.to_on.parse()?,
        },
    };
    let bundle = audit::make(client, &statement).await?;
    let report = ::audit::verify(&bundle, &audit::trusted(&bundle.keys)?);
    let (rep, total) = (&of.rep_id, of.total.as_ref().map(|total| &total.amount));
    let total = total.map(String::as_str).unwrap_or_default();
    ensure!(
        report.holds,
        "the bundle of {rep} does not hold: {:?}",
        report.checks
    );
    Ok(format!(
        "A bundle of the statement of {rep}, {total} USD, verified\n{}",
        audit::summary(&report)
    ))
}

fn paid(statement: &CommissionStatement) -> rust_decimal::Decimal {
    let total = statement.total.as_ref();
    total
        .and_then(|total| total.amount.parse().ok())
        .unwrap_or_default()
}

/// The first line of a statement that crosses as many tiers as any.
async fn explained(
    client: &Client,
    of: &CommissionStatement,
    position: u64,
) -> anyhow::Result<Option<v1::StatementLine>> {
    let question = v1::GetStatementRequest {
        consistency: Some(client::at_least(position)),
        commission_plan_id: of.commission_plan_id.clone(),
        rep_id: of.rep_id.clone(),
        period_on: of.from_on.clone(),
    };
    let statement = client.statement(question).await?.statement;
    let lines = statement.unwrap_or_default().lines.into_iter().rev();
    Ok(lines.max_by_key(|line| line.rates_percent.len()))
}

/// For people: the last quarter, and a line of it explained.
pub(super) fn table(paid: &Paid) -> String {
    let last = paid.quarters.last();
    let mut text = last.map_or_else(String::new, |quarter| {
        rendered::table(quarter, rendered::Depth::Sums)
    });
    if let Some(line) = &paid.line {
        text.push_str(&format!("\nOne line, explained\n{}", line.explanation));
    }
    if let Some(verified) = &paid.verified {
        text.push_str(&format!("\n{verified}"));
    }
    text
}

/// For programs: every statement of the year, without its lines.
pub(super) fn json(paid: &Paid) -> anyhow::Result<serde_json::Value> {
    let statements = paid.quarters.iter().flat_map(|quarter| &quarter.statements);
    let statements: Result<Vec<_>, _> = statements.map(proto::json::to_value).collect();
    Ok(serde_json::json!({ "statements": statements? }))
}
