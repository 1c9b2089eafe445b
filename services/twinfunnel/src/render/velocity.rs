//! The answer about pipeline velocity, as text.

use proto::v1::{
    PipelineVelocity, StageVelocity, StalledOpportunity, VelocityCut, VelocityFigures, VelocityRow,
};

use super::{
    Align, answered_from, count, days, dimension, instant_text, label, money, percent, raw,
    raw_amount, to_csv, to_table,
};

/// For people.
pub(crate) fn table(answer: &PipelineVelocity) -> String {
    let mut text = heading(answer);
    text.push_str(&whole(&answer.overall.clone().unwrap_or_default()));
    text.push_str(&format!("\nBy stage\n{}", stages(&answer.stages)));
    for cut in &answer.cuts {
        text.push_str(&format!("\nBy {}\n{}", dimension(cut.dimension), rows(cut)));
    }
    match answer.stalled_count {
        0 => text.push_str("\nNothing is stalled.\n"),
        stalled => {
            let shown = u32::try_from(answer.stalled.len()).unwrap_or(u32::MAX);
            let which = if shown < stalled {
                format!(", the first {}", count(shown))
            } else {
                String::new()
            };
            text.push_str(&format!(
                "\nStalled: {}{which}\n{}",
                count(stalled),
                stalled_table(&answer.stalled)
            ));
        }
    }
    text
}

fn heading(answer: &PipelineVelocity) -> String {
    let from = instant_text(answer.look_back_from.as_ref()).unwrap_or_default();
    let to = instant_text(answer.look_back_to.as_ref()).unwrap_or_default();
    format!(
        "Pipeline velocity of {}: learnt from what closed from {from}, before {to}\n{}",
        answer.sales_process_id,
        answered_from(answer.answered_from.as_ref()),
    )
}

fn whole(figures: &VelocityFigures) -> String {
    let mut rows = vec![
        ["Open".to_owned(), count(figures.open_count)],
        [
            "Open amount".to_owned(),
            money(figures.open_amount.as_ref()),
        ],
        ["Forecast".to_owned(), money(figures.forecast.as_ref())],
        [
            "Velocity a day".to_owned(),
            money(figures.velocity_per_day.as_ref()),
        ],
        [
            "Velocity a day, common formula".to_owned(),
            money(figures.common_velocity_per_day.as_ref()),
        ],
        [
            "Won / lost".to_owned(),
            format!("{} / {}", count(figures.won), count(figures.lost)),
        ],
        ["Win rate".to_owned(), percent(figures.win_rate)],
        [
            "Average won amount".to_owned(),
            money(figures.average_won_amount.as_ref()),
        ],
        [
            "Average cycle, days".to_owned(),
            days(figures.average_cycle_days),
        ],
        [
            "Median cycle, days".to_owned(),
            days(figures.median_cycle_days),
        ],
    ];
    // Told only where there are any: they explain why sums are smaller than counts suggest.
    if figures.without_amount_count > 0 {
        rows.push([
            "Open without an amount".to_owned(),
            count(figures.without_amount_count),
        ]);
    }
    if figures.other_currency_count > 0 {
        rows.push([
            "Open in another currency".to_owned(),
            count(figures.other_currency_count),
        ]);
    }
    to_table(&[("All", Align::Left), ("", Align::Right)], rows)
}

fn stages(stages: &[StageVelocity]) -> String {
    let columns = [
        ("Stage", Align::Left),
        ("Open", Align::Right),
        ("Amount", Align::Right),
        ("Win probability", Align::Right),
        ("Forecast", Align::Right),
        ("Days: mean", Align::Right),
        ("median", Align::Right),
        ("p90", Align::Right),
        ("Stalled", Align::Right),
    ];
    let rows = stages.iter().map(|stage| {
        let dwell = stage.dwell.unwrap_or_default();
        [
            label(&stage.stage_id, &stage.name),
            count(stage.open_count),
            money(stage.open_amount.as_ref()),
            percent(stage.win_probability),
            money(stage.forecast.as_ref()),
            days(dwell.mean_days),
            days(dwell.median_days),
            days(dwell.p90_days),
            count(stage.stalled_count),
        ]
    });
    to_table(&columns, rows)
}

fn rows(cut: &VelocityCut) -> String {
    let with_team = cut.rows.iter().any(|row| row.team_figures.is_some());
    let mut columns = vec![(dimension(cut.dimension), Align::Left)];
    columns.extend(["Open", "Amount", "Forecast", "Win rate"].map(|name| (name, Align::Right)));
    columns.extend(with_team.then_some(("(team)", Align::Right)));
    columns.push(("Cycle, days", Align::Right));
    columns.extend(with_team.then_some(("(team)", Align::Right)));
    columns.push(("Velocity a day", Align::Right));
    columns.extend(with_team.then_some(("(team)", Align::Right)));
    let cells = cut.rows.iter().map(|row| {
        let figures = row.figures.clone().unwrap_or_default();
        let team = row.team_figures.as_ref();
        let mut cells = vec![
            label(&row.key, &row.label),
            count(figures.open_count),
            money(figures.open_amount.as_ref()),
            money(figures.forecast.as_ref()),
            percent(figures.win_rate),
        ];
        cells.extend(with_team.then(|| percent(team.and_then(|team| team.win_rate))));
        cells.push(days(figures.average_cycle_days));
        cells.extend(with_team.then(|| days(team.and_then(|team| team.average_cycle_days))));
        cells.push(money(figures.velocity_per_day.as_ref()));
        cells
            .extend(with_team.then(|| money(team.and_then(|team| team.velocity_per_day.as_ref()))));
        cells
    });
    to_table(&columns, cells)
}

fn stalled_table(stalled: &[StalledOpportunity]) -> String {
    let columns = [
        ("Opportunity", Align::Left),
        ("Stage", Align::Left),
        ("Rep", Align::Left),
        ("Amount", Align::Right),
        ("Since", Align::Left),
        ("Days", Align::Right),
        ("p90", Align::Right),
    ];
    let rows = stalled.iter().map(|one| {
        [
            label(&one.opportunity_id, &one.name),
            one.stage_id.clone(),
            label(&one.rep_id, ""),
            money(one.amount.as_ref()),
            instant_text(one.in_stage_since.as_ref()).unwrap_or_default(),
            days(Some(one.days_in_stage)),
            days(Some(one.p90_days)),
        ]
    });
    to_table(&columns, rows)
}

/// For programs: the whole first (dimension `all`), then the rows of every cut.
pub(crate) fn csv(answer: &PipelineVelocity) -> anyhow::Result<String> {
    let header = [
        "dimension",
        "key",
        "label",
        "team_id",
        "open_count",
        "currency",
        "open_amount",
        "without_amount_count",
        "other_currency_count",
        "won",
        "lost",
        "win_rate",
        "average_won_amount",
        "average_cycle_days",
        "median_cycle_days",
        "forecast",
        "velocity_per_day",
        "common_velocity_per_day",
    ];
    let whole = VelocityRow {
        figures: answer.overall.clone(),
        ..VelocityRow::default()
    };
    let of_cuts = answer.cuts.iter().flat_map(|cut| {
        cut.rows
            .iter()
            .map(|row| csv_row(dimension(cut.dimension), row))
    });
    to_csv(
        header.map(str::to_owned),
        std::iter::once(csv_row("all", &whole)).chain(of_cuts),
    )
}

fn csv_row(dimension: &str, row: &VelocityRow) -> [String; 18] {
    let figures = row.figures.clone().unwrap_or_default();
    let currency = figures
        .open_amount
        .as_ref()
        .map(|sum| sum.currency_code.clone());
    [
        dimension.to_owned(),
        row.key.clone(),
        row.label.clone(),
        row.team_id.clone(),
        figures.open_count.to_string(),
        currency.unwrap_or_default(),
        raw_amount(figures.open_amount.as_ref()),
        figures.without_amount_count.to_string(),
        figures.other_currency_count.to_string(),
        figures.won.to_string(),
        figures.lost.to_string(),
        raw(figures.win_rate),
        raw_amount(figures.average_won_amount.as_ref()),
        raw(figures.average_cycle_days),
        raw(figures.median_cycle_days),
        raw_amount(figures.forecast.as_ref()),
        raw_amount(figures.velocity_per_day.as_ref()),
        raw_amount(figures.common_velocity_per_day.as_ref()),
    ]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use prost_types::Timestamp;
    use proto::v1::{Dimension, DwellTime, Money};

    fn usd(amount: &str) -> Option<Money> {
        Some(Money {
            currency_code: "USD".to_owned(),
            amount: amount.to_owned(),
        })
    }

    fn figures(open_count: u32, open_amount: &str) -> VelocityFigures {
        VelocityFigures {
            open_count,
            open_amount: usd(open_amount),
            without_amount_count: 3,
            won: 4_238,
            lost: 2_473,
            win_rate: Some(0.6315),
            average_won_amount: usd("2360.91"),
            average_cycle_days: Some(51.8),
            median_cycle_days: Some(57.0),
            forecast: usd("1234567.89"),
            velocity_per_day: usd("23833.36"),
            ..VelocityFigures::default()
        }
    }

    fn answer() -> PipelineVelocity {
        let row = VelocityRow {
            key: "r1".to_owned(),
            label: "Ann".to_owned(),
            figures: Some(figures(12, "1000.00")),
            team_id: "t1".to_owned(),
            team_figures: Some(figures(120, "20000.00")),
        };
        PipelineVelocity {
            sales_process_id: "b2b".to_owned(),
            look_back_from: Some(Timestamp {
                seconds: 0,
                nanos: 0,
            }),
            look_back_to: Some(Timestamp {
                seconds: 86_400,
                nanos: 0,
            }),
            overall: Some(figures(2_089, "3500000")),
            stages: vec![StageVelocity {
                stage_id: "e".to_owned(),
                name: "Engaging".to_owned(),
                closed: 10,
                won: 6,
                win_probability: Some(0.6),
                open_count: 1_589,
                open_amount: usd("3000000"),
                forecast: usd("1800000.00"),
                dwell: Some(DwellTime {
                    visits: 10,
                    mean_days: Some(47.86),
                    median_days: Some(45.0),
                    p90_days: Some(106.0),
                }),
                stalled_count: 1,
            }],
            cuts: vec![VelocityCut {
                dimension: Dimension::Rep.into(),
                rows: vec![row],
            }],
            stalled_count: 21,
            stalled: vec![StalledOpportunity {
                opportunity_id: "o1".to_owned(),
                name: "Acme, GTX Pro".to_owned(),
                stage_id: "e".to_owned(),
                rep_id: "r1".to_owned(),
                amount: None,
                in_stage_since: Some(Timestamp {
                    seconds: 0,
                    nanos: 0,
                }),
                days_in_stage: 1_120.5,
                p90_days: 106.0,
            }],
            ..PipelineVelocity::default()
        }
    }

    #[test]
    fn the_table_reads_well() {
        insta::assert_snapshot!(table(&answer()));
    }

    #[test]
    fn the_rows_for_programs_are_plain() {
        let text = csv(&answer()).unwrap();
        let mut lines = text.lines().skip(1);
        assert_eq!(
            lines.next().unwrap(),
            "all,,,,2089,USD,3500000,3,0,4238,2473,0.6315,2360.91,51.8,57,1234567.89,23833.36,"
        );
        assert!(
            lines
                .next()
                .unwrap()
                .starts_with("rep,r1,Ann,t1,12,USD,1000.00,")
        );
    }

    #[test]
    fn an_empty_answer_is_a_table_too() {
        assert!(table(&PipelineVelocity::default()).contains("Nothing is stalled."));
    }
}
