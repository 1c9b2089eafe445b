//! Every statement is what the files say: of the demo, on SQLite and on PostgreSQL, open and closed.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{Line, Statement};
use crate::commission::{Quarter, quarters, statements};
use crate::differences::assert_statements;
use crate::export::{agents, deals, midnight};
use crate::from_files::funnel_questions;
use crate::program::{AsOf, SQLITE, Server, demo, read};
use crate::question::VelocityQuestion;
use crate::time_travel::figures;

/// The data set with its contracts and the plan, on PostgreSQL.
static PAID: LazyLock<Server> = LazyLock::new(|| Server::holding_contracts(&plan()));

/// The plan and who takes part in it, as the lines of an import file.
fn plan() -> String {
    let bands = json!([
        {"to": "50000", "ratePercent": "5"},
        {"from": "50000", "to": "100000", "ratePercent": "7"},
        {"from": "100000", "ratePercent": "10"},
    ]);
    let terms = json!({
        "currencyCode": "USD",
        "statementPeriod": "COMMISSION_PERIOD_QUARTER",
        "timing": "COMMISSION_TIMING_SIGNING",
        "basis": "COMMISSION_BASIS_REVENUE",
        "tiers": {
            "measure": "TIER_MEASURE_BASIS",
            "window": "TIER_WINDOW_QUARTER",
            "mode": "TIER_MODE_MARGINAL",
            "bands": bands,
        },
        "overrides": [{"on": "OVERRIDE_ON_TEAM_BASIS", "percent": "1"}],
    });
    let publish = json!({"publishCommissionPlan": {
        "commissionPlanId": "field", "effectiveFrom": "2017-01-01", "terms": terms,
    }});
    let agents = agents();
    let mut all: Vec<_> = agents
        .iter()
        .flat_map(|agent| [&agent.id, &agent.manager_id])
        .collect();
    all.sort();
    all.dedup();
    let enroll = all.into_iter().map(|rep_id| {
        json!({"enrollParticipant": {
            "commissionPlanId": "field", "repId": rep_id, "fromOn": "2017-01-01",
        }})
    });
    let commands = std::iter::once(publish).chain(enroll);
    let lines = commands.map(|command| {
        let line = json!({"occurredAt": "2017-01-01T00:00:00Z", "command": command});
        format!("{line}\n")
    });
    lines.collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Listed {
    #[serde(rename = "answeredFrom")]
    _answered_from: Value,
    #[serde(default)]
    statements: Vec<Statement>,
    #[serde(default)]
    problems: Vec<Value>,
}

fn listed(quarter: Quarter, options: &[&str], as_of: AsOf) -> Vec<Statement> {
    let words = [
        "show",
        "commission",
        "--plan",
        "field",
        "--on",
        quarter.from_on,
    ];
    let words: Vec<_> = [&words, options].concat();
    let words: Vec<_> = words.into_iter().map(str::to_owned).collect();
    let listed: Listed = read(PAID.answer(&words, as_of));
    assert!(listed.problems.is_empty(), "{:?}", listed.problems);
    listed.statements
}

fn expected(quarter: Quarter, status: &str, day: &str) -> Vec<Statement> {
    let all = statements(&deals(), &agents(), quarter, midnight(day));
    let status = format!("STATEMENT_STATUS_{status}");
    let with_status = |one| Statement {
        status: status.clone(),
        ..one
    };
    all.into_iter().map(with_status).collect()
}

/// What tells a closed statement from an open one is there; it is not a figure.
fn is_frozen(statements: &mut [Statement]) {
    for one in statements {
        assert!(!one.statement_id.is_empty(), "{one:?}");
        assert_eq!(one.digest.len(), 64, "{one:?}");
        assert!(one.at_position.parse::<u64>().unwrap() > 0, "{one:?}");
        one.statement_id.clear();
        one.digest.clear();
        one.at_position = "0".to_owned();
    }
}

fn without_lines(statements: Vec<Statement>) -> Vec<Statement> {
    let bare = |one| Statement {
        lines: Vec::new(),
        ..one
    };
    statements.into_iter().map(bare).collect()
}

#[test]
fn the_demos_statements_agree_with_the_csv_files() {
    let mut told = demo().commission.statements;
    is_frozen(&mut told);
    for quarter in quarters() {
        let of_quarter = told.iter().filter(|one| one.from_on == quarter.from_on);
        let expected = without_lines(expected(quarter, "CLOSED", "2018-01-01"));
        let what = format!("the demo, from {}", quarter.from_on);
        let told: Vec<_> = of_quarter.cloned().collect();
        assert_statements(&what, &expected, &told);
    }
    assert_eq!(
        told.len(),
        4 * expected(quarters()[0], "", "2018-01-01").len()
    );
}

/// Line by line, on days before the first was paid, within quarters, and when all has happened; then
/// all the same once they are closed.
#[test]
fn on_any_day_the_statements_agree_with_the_csv_files() {
    for day in ["2017-03-01", "2017-05-15", "2017-08-31", "2018-01-01"] {
        let begun = quarters().into_iter();
        for quarter in begun.filter(|quarter| quarter.from_on < day) {
            let told = listed(quarter, &["--lines"], AsOf::day(day));
            let what = format!("from {}, on {day}", quarter.from_on);
            assert_statements(&what, &expected(quarter, "OPEN", day), &told);
        }
    }
    for quarter in quarters() {
        PAID.run(&["close-period", "--plan", "field", "--on", quarter.from_on]);
        let mut told = listed(quarter, &["--lines"], AsOf::NOW);
        is_frozen(&mut told);
        let what = format!("from {}, closed", quarter.from_on);
        assert_statements(&what, &expected(quarter, "CLOSED", "2018-01-01"), &told);
    }
    let quarter = quarters()[1];
    let team = listed(
        quarter,
        &["--team", "melvin-marxen"],
        AsOf::day("2018-01-01"),
    );
    let of_team = |one: &Statement| {
        let is_of = |agent: &crate::export::Agent| {
            agent.manager_id == "melvin-marxen" && (agent.id == one.rep_id)
        };
        one.rep_id == "melvin-marxen" || agents().iter().any(is_of)
    };
    let expected = without_lines(expected(quarter, "OPEN", "2018-01-01"));
    let expected: Vec<_> = expected.into_iter().filter(of_team).collect();
    assert_statements("a team", &expected, &team);
}

/// The quarters must reach every tier, or comparing them proves little.
#[test]
fn the_year_reaches_every_tier() {
    let all = quarters().into_iter();
    let all: Vec<_> = all
        .flat_map(|quarter| expected(quarter, "OPEN", "2018-01-01"))
        .collect();
    for tier in 0..=3 {
        assert!(all.iter().any(|one| one.tier == tier), "tier {tier}");
    }
    let is_override = |line: &Line| line.kind == "OVERRIDE";
    assert!(all.iter().any(|one| one.lines.iter().any(is_override)));
}

#[test]
fn contracts_change_no_figure_of_funnel_and_velocity() {
    for day in ["2017-07-01", "2018-01-01"] {
        let funnels = funnel_questions()
            .into_iter()
            .map(|question| question.command_line());
        let velocity = VelocityQuestion::new(365).command_line();
        for question in funnels.chain([velocity]) {
            let [without, with] =
                [&*SQLITE, &*PAID].map(|server| figures(server.answer(&question, AsOf::day(day))));
            assert_eq!(without, with, "on {day}: {}", question.join(" "));
        }
    }
}
