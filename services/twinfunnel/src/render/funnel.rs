//! The answer about funnel conversion, as text.

use proto::v1::{
    ConversionMode, FunnelConversion, FunnelCut, FunnelFigures, FunnelRow, StageDistribution,
};

use super::{
    Align, NONE, answered_from, count, dimension, instant_text, label, money, percent, raw, to_csv,
    to_table,
};

/// Most stages that get a column of their own in the tables by dimension.
const STAGE_COLUMNS_MAX: usize = 8;

/// For people.
pub(crate) fn table(answer: &FunnelConversion) -> String {
    let overall = answer.overall.clone().unwrap_or_default();
    let mut text = heading(answer);
    text.push_str(&stages(&overall));
    text.push_str(&format!(
        "Created {} · open {} · won {} · lost {} · conversion {} · win rate {}\n",
        count(overall.created),
        count(overall.open),
        count(overall.won),
        count(overall.lost),
        percent(overall.conversion),
        percent(overall.win_rate),
    ));
    for cut in &answer.cuts {
        text.push_str(&format!(
            "\nBy {}\n{}",
            dimension(cut.dimension),
            rows(cut, &overall)
        ));
    }
    if !answer.distribution.is_empty() {
        text.push_str(&format!(
            "\nOpen, by stage\n{}",
            distribution(&answer.distribution)
        ));
    }
    text
}

fn heading(answer: &FunnelConversion) -> String {
    let period = match (
        instant_text(answer.from.as_ref()),
        instant_text(answer.to.as_ref()),
    ) {
        (None, None) => "of all time".to_owned(),
        (Some(from), None) => format!("from {from}"),
        (None, Some(to)) => format!("before {to}"),
        (Some(from), Some(to)) => format!("from {from}, before {to}"),
    };
    let what = match answer.mode() {
        ConversionMode::Period => "what happened",
        ConversionMode::Cohort | ConversionMode::Unspecified => "opportunities created",
    };
    format!(
        "Funnel conversion of {}: {what} {period}\n{}",
        answer.sales_process_id,
        answered_from(answer.answered_from.as_ref()),
    )
}

fn stages(figures: &FunnelFigures) -> String {
    let columns = [
        ("Stage", Align::Left),
        ("Reached", Align::Right),
        ("To next", Align::Right),
        ("Of first", Align::Right),
    ];
    let rows = figures.stages.iter().map(|stage| {
        [
            label(&stage.stage_id, &stage.name),
            count(stage.reached),
            percent(stage.conversion_to_next),
            percent(stage.share_of_created),
        ]
    });
    to_table(&columns, rows)
}

fn rows(cut: &FunnelCut, overall: &FunnelFigures) -> String {
    let with_team = cut.rows.iter().any(|row| row.team_figures.is_some());
    let with_stages = overall.stages.len() <= STAGE_COLUMNS_MAX;
    let names: Vec<_> = overall.stages.iter().filter(|_| with_stages).collect();
    let mut columns = vec![
        (dimension(cut.dimension), Align::Left),
        ("Created", Align::Right),
    ];
    columns.extend(
        names
            .iter()
            .map(|stage| (stage.name.as_str(), Align::Right)),
    );
    columns.extend(["Won", "Lost", "Open", "Conversion"].map(|name| (name, Align::Right)));
    columns.extend(with_team.then_some(("(team)", Align::Right)));
    columns.push(("Win rate", Align::Right));
    columns.extend(with_team.then_some(("(team)", Align::Right)));
    let cells = cut.rows.iter().map(|row| {
        let figures = row.figures.clone().unwrap_or_default();
        let team = row.team_figures.as_ref();
        let reached = |stage_id: &str| {
            let stage = figures
                .stages
                .iter()
                .find(|stage| stage.stage_id == stage_id);
            stage.map_or_else(|| NONE.to_owned(), |stage| count(stage.reached))
        };
        let mut cells = vec![label(&row.key, &row.label), count(figures.created)];
        cells.extend(names.iter().map(|stage| reached(&stage.stage_id)));
        cells.extend([figures.won, figures.lost, figures.open].map(count));
        cells.push(percent(figures.conversion));
        cells.extend(with_team.then(|| percent(team.and_then(|team| team.conversion))));
        cells.push(percent(figures.win_rate));
        cells.extend(with_team.then(|| percent(team.and_then(|team| team.win_rate))));
        cells
    });
    to_table(&columns, cells)
}

fn distribution(stages: &[StageDistribution]) -> String {
    let columns = [
        ("Stage", Align::Left),
        ("Open", Align::Right),
        ("Wanted", Align::Right),
        ("Share", Align::Right),
        ("Amount", Align::Right),
        ("Wanted", Align::Right),
    ];
    let rows = stages.iter().map(|stage| {
        [
            label(&stage.stage_id, &stage.name),
            count(stage.open_count),
            stage
                .target_open_count
                .map_or_else(|| NONE.to_owned(), count),
            percent(stage.share),
            money(stage.open_amount.as_ref()),
            money(stage.target_open_amount.as_ref()),
        ]
    });
    let others: u32 = stages.iter().map(|stage| stage.other_currency_count).sum();
    let note = match others {
        0 => String::new(),
        others => format!(
            "{} in other currencies are counted, not summed.\n",
            count(others)
        ),
    };
    to_table(&columns, rows) + &note
}

/// For programs: the whole first (dimension `all`), then the rows of every cut.
pub(crate) fn csv(answer: &FunnelConversion) -> anyhow::Result<String> {
    let overall = answer.overall.clone().unwrap_or_default();
    let stage_ids: Vec<_> = overall
        .stages
        .iter()
        .map(|stage| stage.stage_id.clone())
        .collect();
    let fixed = [
        "dimension",
        "key",
        "label",
        "team_id",
        "created",
        "open",
        "won",
        "lost",
        "conversion",
        "win_rate",
    ];
    let reached = stage_ids
        .iter()
        .map(|stage_id| format!("reached:{stage_id}"));
    let header = fixed.map(str::to_owned).into_iter().chain(reached);
    let whole = FunnelRow {
        figures: Some(overall),
        ..FunnelRow::default()
    };
    let of_cuts = answer.cuts.iter().flat_map(|cut| {
        cut.rows
            .iter()
            .map(|row| csv_row(dimension(cut.dimension), row, &stage_ids))
    });
    to_csv(
        header,
        std::iter::once(csv_row("all", &whole, &stage_ids)).chain(of_cuts),
    )
}

fn csv_row(dimension: &str, row: &FunnelRow, stage_ids: &[String]) -> Vec<String> {
    let figures = row.figures.clone().unwrap_or_default();
    let mut cells = vec![
        dimension.to_owned(),
        row.key.clone(),
        row.label.clone(),
        row.team_id.clone(),
    ];
    let counts = [figures.created, figures.open, figures.won, figures.lost];
    cells.extend(counts.map(|count| count.to_string()));
    cells.extend([raw(figures.conversion), raw(figures.win_rate)]);
    cells.extend(stage_ids.iter().map(|stage_id| {
        let stage = figures
            .stages
            .iter()
            .find(|stage| &stage.stage_id == stage_id);
        stage
            .map(|stage| stage.reached.to_string())
            .unwrap_or_default()
    }));
    cells
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use prost_types::Timestamp;
    use proto::v1::{AnsweredFrom, Dimension, Money, StageConversion};

    fn figures(created: u32, won: u32, lost: u32) -> FunnelFigures {
        let stage = |stage_id: &str, name: &str, reached: u32| StageConversion {
            stage_id: stage_id.to_owned(),
            name: name.to_owned(),
            reached,
            conversion_to_next: Some(0.75),
            share_of_created: (created > 0).then_some(1.0),
        };
        let rate = |of: u32| (of > 0).then(|| f64::from(won) / f64::from(of));
        FunnelFigures {
            created,
            open: created - won - lost,
            won,
            lost,
            conversion: rate(created),
            win_rate: rate(won + lost),
            stages: vec![
                stage("p", "Prospecting", created),
                stage("e", "Engaging", won + lost),
            ],
        }
    }

    fn answer() -> FunnelConversion {
        let row = FunnelRow {
            key: "r1".to_owned(),
            label: "Ann".to_owned(),
            figures: Some(figures(10, 4, 2)),
            team_id: "t1".to_owned(),
            team_figures: Some(figures(1_000, 300, 100)),
        };
        let nobody = FunnelRow {
            figures: Some(figures(0, 0, 0)),
            ..FunnelRow::default()
        };
        FunnelConversion {
            answered_from: Some(AnsweredFrom {
                position: 1_234,
                at: Some(Timestamp {
                    seconds: 0,
                    nanos: 0,
                }),
            }),
            sales_process_id: "b2b".to_owned(),
            mode: ConversionMode::Cohort.into(),
            from: None,
            to: Some(Timestamp {
                seconds: 86_400,
                nanos: 0,
            }),
            overall: Some(figures(8_800, 4_238, 2_473)),
            cuts: vec![FunnelCut {
                dimension: Dimension::Rep.into(),
                rows: vec![row, nobody],
            }],
            distribution: vec![StageDistribution {
                stage_id: "p".to_owned(),
                name: "Prospecting".to_owned(),
                open_count: 500,
                open_amount: Some(Money {
                    currency_code: "USD".to_owned(),
                    amount: "12345.60".to_owned(),
                }),
                share: Some(1.0),
                ..StageDistribution::default()
            }],
        }
    }

    #[test]
    fn the_table_reads_well() {
        insta::assert_snapshot!(table(&answer()));
    }

    #[test]
    fn the_rows_for_programs_are_plain() {
        let text = csv(&answer()).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "dimension,key,label,team_id,created,open,won,lost,conversion,win_rate,reached:p,reached:e",
                "all,,,,8800,2089,4238,2473,0.48159090909090907,0.6315005215318135,8800,6711",
                "rep,r1,Ann,t1,10,4,4,2,0.4,0.6666666666666666,10,6",
                "rep,,,,0,0,0,0,,,0,0",
            ]
        );
    }

    #[test]
    fn an_empty_answer_is_a_table_too() {
        assert!(table(&FunnelConversion::default()).contains("Created 0"));
    }
}
