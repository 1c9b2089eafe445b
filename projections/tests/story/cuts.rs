//! Cuts and filters, of both questions alike.

use event_schemas::opportunity::{OpportunityKind, OpportunityRegistered};
use event_schemas::vocabulary::{CustomerId, ProductId, RepId};
use proto::v1::{
    CutFilter, Dimension, FunnelConversion, FunnelRow, GetFunnelConversionRequest,
    GetPipelineVelocityRequest,
};

use crate::home::{Story, lead};

on_both!(
    each_dimension_tells_its_rows,
    a_rep_stands_beside_the_team,
    a_closed_one_counts_for_the_team_its_owner_was_in_then,
    a_region_is_that_of_the_team_then,
    an_opportunity_for_two_products_counts_in_both,
    filters_pick_what_matches_all_of_them,
    velocity_is_cut_alike,
    the_team_beside_a_rep_is_whole_whichever_reps_are_picked,
);

const ALL: [Dimension; 7] = [
    Dimension::Rep,
    Dimension::Team,
    Dimension::Source,
    Dimension::Product,
    Dimension::Region,
    Dimension::Industry,
    Dimension::Kind,
];

async fn company(story: &mut Story) {
    story.standard_process().await;
    story.team("north", "Oslo").await;
    story.team("south", "Rome").await;
    story.rep("ada", "north").await;
    story.rep("bob", "north").await;
    story.rep("eve", "south").await;
    story.product("anvil").await;
    story.product("bell").await;
    story.customer("forge", "steel").await;
}

fn of(rep: &str, products: &[&str]) -> OpportunityRegistered {
    OpportunityRegistered {
        rep_id: Some(RepId::new(rep).unwrap()),
        product_ids: products
            .iter()
            .map(|id| ProductId::new(id).unwrap())
            .collect(),
        ..lead("x")
    }
}

fn by(dimensions: &[Dimension]) -> GetFunnelConversionRequest {
    let cut_by = dimensions
        .iter()
        .map(|dimension| i32::from(*dimension))
        .collect();
    GetFunnelConversionRequest {
        cut_by,
        ..Default::default()
    }
}

fn rows(answer: &FunnelConversion, dimension: Dimension) -> &[FunnelRow] {
    let cut = answer.cuts.iter().find(|cut| cut.dimension() == dimension);
    &cut.unwrap().rows
}

/// Key, label and how many were created.
fn told(rows: &[FunnelRow]) -> Vec<(&str, &str, u32)> {
    rows.iter()
        .map(|row| {
            (
                row.key.as_str(),
                row.label.as_str(),
                row.figures.as_ref().unwrap().created,
            )
        })
        .collect()
}

async fn each_dimension_tells_its_rows(mut story: Story) {
    company(&mut story).await;
    let known = OpportunityRegistered {
        customer_id: Some(CustomerId::new("forge").unwrap()),
        source: Some("fair".into()),
        kind: OpportunityKind::Renewal,
        ..of("ada", &["anvil"])
    };
    story.register("o-1", "2.01", known).await;
    story.register("o-2", "2.01", of("eve", &["bell"])).await;
    story.lead("o-3", "2.01").await;
    let answer = story.funnel(by(&ALL)).await;
    let dimensions: Vec<Dimension> = answer.cuts.iter().map(|cut| cut.dimension()).collect();
    assert_eq!(dimensions, ALL, "in the order asked for");
    let told = |dimension| told(rows(&answer, dimension));
    assert_eq!(
        told(Dimension::Rep),
        [("ada", "ADA", 1), ("eve", "EVE", 1), ("", "", 1)]
    );
    assert_eq!(
        told(Dimension::Team),
        [("north", "NORTH", 1), ("south", "SOUTH", 1), ("", "", 1)]
    );
    assert_eq!(told(Dimension::Source), [("fair", "fair", 1), ("", "", 2)]);
    assert_eq!(
        told(Dimension::Product),
        [("anvil", "ANVIL", 1), ("bell", "BELL", 1), ("", "", 1)]
    );
    assert_eq!(
        told(Dimension::Region),
        [("Oslo", "Oslo", 1), ("Rome", "Rome", 1), ("", "", 1)]
    );
    assert_eq!(
        told(Dimension::Industry),
        [("steel", "steel", 1), ("", "", 2)]
    );
    assert_eq!(
        told(Dimension::Kind),
        [("NEW", "NEW", 2), ("RENEWAL", "RENEWAL", 1)]
    );
}

async fn a_rep_stands_beside_the_team(mut story: Story) {
    company(&mut story).await;
    let first = story.register("o-1", "2.01", of("ada", &[])).await;
    story.win(&first, "3.01", "").await;
    let second = story.register("o-2", "2.01", of("bob", &[])).await;
    story.lose(&second, "3.01").await;
    let answer = story.funnel(by(&[Dimension::Rep])).await;
    let [ada, bob] = rows(&answer, Dimension::Rep) else {
        panic!("two reps")
    };
    assert_eq!(
        (ada.team_id.as_str(), bob.team_id.as_str()),
        ("north", "north")
    );
    assert_eq!(ada.figures.as_ref().unwrap().win_rate, Some(1.0));
    assert_eq!(bob.figures.as_ref().unwrap().win_rate, Some(0.0));
    for row in [ada, bob] {
        let team = row.team_figures.as_ref().unwrap();
        assert_eq!((team.created, team.win_rate), (2, Some(0.5)));
    }
    assert_eq!(
        answer.cuts.len(),
        1,
        "the team is told beside, not as a cut"
    );
}

async fn a_closed_one_counts_for_the_team_its_owner_was_in_then(mut story: Story) {
    company(&mut story).await;
    let won = story.register("o-1", "2.01", of("ada", &[])).await;
    story.win(&won, "3.01", "").await;
    story.register("o-2", "2.01", of("ada", &[])).await;
    story.leave("ada", "1.01", "1.02", "north").await;
    story.join("ada", "1.02", "south").await;
    let answer = story.funnel(by(&[Dimension::Team, Dimension::Rep])).await;
    let told = told(rows(&answer, Dimension::Team));
    assert_eq!(told, [("north", "NORTH", 1), ("south", "SOUTH", 1)]);
    let [ada] = rows(&answer, Dimension::Rep) else {
        panic!("one rep")
    };
    assert_eq!(ada.team_id, "south", "the team she is in now");
    assert_eq!(ada.team_figures.as_ref().unwrap().created, 1);
    // On the very instant of the change she is in the new team: [from, to).
    let edge = story.register("o-3", "2.01", of("ada", &[])).await;
    story.win(&edge, "1.02", "").await;
    let answer = story.funnel(by(&[Dimension::Team])).await;
    let south = &rows(&answer, Dimension::Team)[1];
    assert_eq!(
        (south.key.as_str(), south.figures.as_ref().unwrap().won),
        ("south", 1)
    );
}

async fn a_region_is_that_of_the_team_then(mut story: Story) {
    company(&mut story).await;
    let won = story.register("o-1", "2.01", of("ada", &[])).await;
    story.win(&won, "3.01", "").await;
    story.register("o-2", "2.01", of("ada", &[])).await;
    story.move_team("north", "1.02", "Bergen").await;
    let answer = story.funnel(by(&[Dimension::Region])).await;
    let told = told(rows(&answer, Dimension::Region));
    assert_eq!(told, [("Bergen", "Bergen", 1), ("Oslo", "Oslo", 1)]);
}

async fn an_opportunity_for_two_products_counts_in_both(mut story: Story) {
    company(&mut story).await;
    let both = story
        .register("o-1", "2.01", of("ada", &["anvil", "bell"]))
        .await;
    let answer = story.funnel(by(&[Dimension::Product])).await;
    assert_eq!(
        told(rows(&answer, Dimension::Product)),
        [("anvil", "ANVIL", 1), ("bell", "BELL", 1)]
    );
    assert_eq!(answer.overall.unwrap().created, 1);
    story.products(&both, "3.01", &["bell"]).await;
    let answer = story.funnel(by(&[Dimension::Product])).await;
    assert_eq!(
        told(rows(&answer, Dimension::Product)),
        [("bell", "BELL", 1)]
    );
}

async fn filters_pick_what_matches_all_of_them(mut story: Story) {
    company(&mut story).await;
    story.register("o-1", "2.01", of("ada", &["anvil"])).await;
    story.register("o-2", "2.01", of("ada", &["bell"])).await;
    story.register("o-3", "2.01", of("eve", &["anvil"])).await;
    story.lead("o-4", "2.01").await;
    let filter = |dimension: Dimension, keys: &[&str]| CutFilter {
        dimension: dimension.into(),
        keys: keys.iter().map(|&key| key.to_owned()).collect(),
    };
    for (filters, expected) in [
        (vec![filter(Dimension::Rep, &["ada"])], 2),
        (vec![filter(Dimension::Rep, &["ada", "eve"])], 3),
        (
            vec![
                filter(Dimension::Rep, &["ada"]),
                filter(Dimension::Product, &["anvil"]),
            ],
            1,
        ),
        (vec![filter(Dimension::Product, &["anvil", ""])], 3),
        (vec![filter(Dimension::Team, &[""])], 1),
        (vec![filter(Dimension::Region, &["Rome"])], 1),
        (vec![filter(Dimension::Industry, &[""])], 4),
        (vec![filter(Dimension::Kind, &["RENEWAL"])], 0),
        (
            vec![filter(Dimension::Rep, &["'; DROP TABLE opportunity; --"])],
            0,
        ),
    ] {
        let asked = GetFunnelConversionRequest {
            filters: filters.clone(),
            ..by(&[Dimension::Rep])
        };
        let answer = story.funnel(asked).await;
        assert_eq!(answer.overall.unwrap().created, expected, "{filters:?}");
        let open: u32 = answer
            .distribution
            .iter()
            .map(|stage| stage.open_count)
            .sum();
        assert_eq!(
            open, expected,
            "the distribution is of the same: {filters:?}"
        );
        let asked = GetPipelineVelocityRequest {
            filters,
            ..Default::default()
        };
        assert_eq!(
            story.velocity(asked).await.overall.unwrap().open_count,
            expected
        );
    }
}

async fn velocity_is_cut_alike(mut story: Story) {
    company(&mut story).await;
    story
        .register("o-1", "2.01", of("ada", &["anvil", "bell"]))
        .await;
    story.register("o-2", "2.01", of("bob", &[])).await;
    let cut_by = ALL.iter().map(|dimension| i32::from(*dimension)).collect();
    let answer = story
        .velocity(GetPipelineVelocityRequest {
            cut_by,
            ..Default::default()
        })
        .await;
    let [rep, team, _, product, region, _, _] = &answer.cuts[..] else {
        panic!("seven cuts")
    };
    let told: Vec<_> = [rep, team, product, region]
        .iter()
        .flat_map(|cut| &cut.rows)
        .map(|row| (row.label.as_str(), row.figures.as_ref().unwrap().open_count))
        .collect();
    let expected = [
        ("ADA", 1),
        ("BOB", 1),
        ("NORTH", 2),
        ("ANVIL", 1),
        ("BELL", 1),
        ("", 1),
        ("Oslo", 2),
    ];
    assert_eq!(told, expected);
    assert_eq!(rep.rows[0].team_id, "north");
    assert_eq!(rep.rows[0].team_figures.as_ref().unwrap().open_count, 2);
}

async fn the_team_beside_a_rep_is_whole_whichever_reps_are_picked(mut story: Story) {
    company(&mut story).await;
    for (id, rep, source) in [
        ("won", "ada", "fair"),
        ("lost", "bob", "fair"),
        ("ads", "bob", "ads"),
    ] {
        let registered = OpportunityRegistered {
            source: Some(source.into()),
            ..of(rep, &[])
        };
        story
            .register(&format!("open-{id}"), "2.01", registered.clone())
            .await;
        let closed = story.register(id, "2.01", registered).await;
        match id {
            "won" => story.win(&closed, "4.01", "").await,
            _ => story.lose(&closed, "4.01").await,
        }
    }
    let filter = |dimension: Dimension, key: &str| CutFilter {
        dimension: dimension.into(),
        keys: vec![key.to_owned()],
    };
    let (ada, fair) = (
        filter(Dimension::Rep, "ada"),
        filter(Dimension::Source, "fair"),
    );
    let cut_by = vec![i32::from(Dimension::Rep), i32::from(Dimension::Team)];
    // Of the whole team, then of what other filters leave of it.
    for (picked, filters, open) in [
        (vec![], vec![ada.clone()], 3),
        (vec![fair.clone()], vec![fair, ada], 2),
    ] {
        let funnel = |filters: &Vec<CutFilter>| GetFunnelConversionRequest {
            filters: filters.clone(),
            cut_by: cut_by.clone(),
            ..Default::default()
        };
        let whole = story.funnel(funnel(&picked)).await;
        let adas = story.funnel(funnel(&filters)).await;
        let [row] = rows(&adas, Dimension::Rep) else {
            panic!("one rep")
        };
        assert_eq!(row.figures.as_ref().unwrap().created, 2);
        let team = row.team_figures.as_ref().unwrap();
        assert_eq!((team.created, team.won), (2 * open, 1));
        assert_eq!(row.team_figures, rows(&whole, Dimension::Team)[0].figures);
        let [north] = rows(&adas, Dimension::Team) else {
            panic!("one team")
        };
        assert_eq!(
            north.figures.as_ref().unwrap().created,
            2,
            "a cut is of what is picked"
        );

        let velocity = |filters: &Vec<CutFilter>| GetPipelineVelocityRequest {
            filters: filters.clone(),
            cut_by: cut_by.clone(),
            ..Default::default()
        };
        let whole = story.velocity(velocity(&picked)).await;
        let adas = story.velocity(velocity(&filters)).await;
        let [row] = &adas.cuts[0].rows[..] else {
            panic!("one rep")
        };
        assert_eq!(row.figures.as_ref().unwrap().open_count, 1);
        assert_eq!(row.team_figures.as_ref().unwrap().open_count, open);
        assert_eq!(row.team_figures, whole.cuts[1].rows[0].figures);
    }
}
