//! Questions that are none get a typed answer that names what is wrong.

use proto::v1::{
    CutFilter, Dimension, GetFunnelConversionRequest, GetPipelineVelocityRequest,
    GetRecurringRevenueRequest, RevenueFilter, RevenuePeriod,
};
use twinfunnel_projections::QueryError;

use crate::home::{Story, on, tenant, timestamp};

on_both!(
    an_ambiguous_or_unknown_process_is_told,
    each_bad_field_is_named,
    revenue_that_cannot_be_told_is_refused,
);

async fn an_ambiguous_or_unknown_process_is_told(mut story: Story) {
    let asked = GetFunnelConversionRequest {
        consistency: story.now(),
        ..Default::default()
    };
    let answer = story
        .read_models
        .funnel_conversion(&tenant(), asked.clone())
        .await;
    assert!(
        matches!(answer, Err(QueryError::NotFound(_))),
        "none is defined"
    );
    story.standard_process().await;
    story.process("short", &["call"]).await;
    let asked = GetFunnelConversionRequest {
        consistency: story.now(),
        ..asked
    };
    let answer = story
        .read_models
        .funnel_conversion(&tenant(), asked.clone())
        .await;
    let Err(QueryError::Precondition { reason, message }) = answer else {
        panic!("ambiguous")
    };
    assert_eq!(reason, "SALES_PROCESS_AMBIGUOUS");
    assert!(message.contains("short, standard"), "{message}");
    let named = GetFunnelConversionRequest {
        sales_process_id: "short".into(),
        ..asked.clone()
    };
    assert_eq!(story.funnel(named).await.overall.unwrap().stages.len(), 1);
    let unknown = GetFunnelConversionRequest {
        sales_process_id: "none".into(),
        ..asked
    };
    let answer = story
        .read_models
        .funnel_conversion(&tenant(), unknown)
        .await;
    assert!(matches!(answer, Err(QueryError::NotFound(_))));
}

async fn each_bad_field_is_named(mut story: Story) {
    story.standard_process().await;
    let good = || GetFunnelConversionRequest {
        consistency: story.now(),
        ..Default::default()
    };
    let filter = |dimension, keys: usize| CutFilter {
        dimension,
        keys: vec!["k".into(); keys],
    };
    let rep = i32::from(Dimension::Rep);
    let nowhere = prost_types::Timestamp {
        seconds: i64::MAX,
        nanos: -1,
    };
    for (field, asked) in [
        ("mode", GetFunnelConversionRequest { mode: 77, ..good() }),
        (
            "cut_by[0]",
            GetFunnelConversionRequest {
                cut_by: vec![0],
                ..good()
            },
        ),
        (
            "cut_by[1]",
            GetFunnelConversionRequest {
                cut_by: vec![rep, 99],
                ..good()
            },
        ),
        (
            "cut_by[1]",
            GetFunnelConversionRequest {
                cut_by: vec![rep, rep],
                ..good()
            },
        ),
        (
            "filters[0].dimension",
            GetFunnelConversionRequest {
                filters: vec![filter(0, 1)],
                ..good()
            },
        ),
        (
            "filters[0].keys",
            GetFunnelConversionRequest {
                filters: vec![filter(rep, 0)],
                ..good()
            },
        ),
        (
            "filters",
            GetFunnelConversionRequest {
                filters: vec![filter(rep, 1_001)],
                ..good()
            },
        ),
        (
            "from",
            GetFunnelConversionRequest {
                from: Some(nowhere),
                ..good()
            },
        ),
        (
            "to",
            GetFunnelConversionRequest {
                from: Some(timestamp(on("2.01"))),
                to: Some(timestamp(on("1.01"))),
                ..good()
            },
        ),
    ] {
        let answer = story.read_models.funnel_conversion(&tenant(), asked).await;
        let Err(QueryError::Invalid { field: named, .. }) = answer else {
            panic!("{field}: {answer:?}")
        };
        assert_eq!(named, field);
    }
    let long = "k".repeat(513);
    for text in ["a\0b", long.as_str()] {
        let keys = vec!["k".into(), text.into()];
        let named = CutFilter {
            dimension: rep,
            keys,
        };
        for (field, asked) in [
            (
                "filters[0].keys[1]",
                GetFunnelConversionRequest {
                    filters: vec![named],
                    ..good()
                },
            ),
            (
                "sales_process_id",
                GetFunnelConversionRequest {
                    sales_process_id: text.into(),
                    ..good()
                },
            ),
        ] {
            let answer = story.read_models.funnel_conversion(&tenant(), asked).await;
            let Err(QueryError::Invalid { field: named, .. }) = answer else {
                panic!("{field}: {answer:?}")
            };
            assert_eq!(named, field);
        }
        let rebuilt = story.read_models.rebuild(text).await;
        assert!(matches!(rebuilt, Err(QueryError::Invalid { .. })));
    }
    for (field, asked) in [
        (
            "look_back_days",
            GetPipelineVelocityRequest {
                look_back_days: 36_501,
                ..Default::default()
            },
        ),
        (
            "max_stalled",
            GetPipelineVelocityRequest {
                max_stalled: 1_001,
                ..Default::default()
            },
        ),
    ] {
        let asked = GetPipelineVelocityRequest {
            consistency: story.now(),
            ..asked
        };
        let answer = story.read_models.pipeline_velocity(&tenant(), asked).await;
        let Err(QueryError::Invalid { field: named, .. }) = answer else {
            panic!("{field}")
        };
        assert_eq!(named, field);
    }
}

async fn revenue_that_cannot_be_told_is_refused(mut story: Story) {
    story.sign("k-1", "ann", "1.01", "", 100).await;
    let filter = |dimension: i32, keys: &[&str]| {
        vec![RevenueFilter {
            dimension,
            keys: keys.iter().map(|&key| key.to_owned()).collect(),
        }]
    };
    let usual = GetRecurringRevenueRequest::default;
    let asked = [
        (
            "from_on",
            GetRecurringRevenueRequest {
                from_on: "1.1.2024".into(),
                ..usual()
            },
        ),
        (
            "to_on",
            GetRecurringRevenueRequest {
                to_on: "2024-02-30".into(),
                ..usual()
            },
        ),
        (
            "to_on",
            GetRecurringRevenueRequest {
                from_on: "2024-02-02".into(),
                to_on: "2024-02-01".into(),
                ..usual()
            },
        ),
        (
            "from_on",
            GetRecurringRevenueRequest {
                from_on: "1900-01-01".into(),
                ..usual()
            },
        ),
        (
            "from_on",
            GetRecurringRevenueRequest {
                from_on: "1900-01-01".into(),
                period: RevenuePeriod::Year.into(),
                with_cohorts: true,
                ..usual()
            },
        ),
        (
            "currency_code",
            GetRecurringRevenueRequest {
                currency_code: "gold".into(),
                ..usual()
            },
        ),
        (
            "period",
            GetRecurringRevenueRequest {
                period: 9,
                ..usual()
            },
        ),
        (
            "cut_by[0]",
            GetRecurringRevenueRequest {
                cut_by: vec![0],
                ..usual()
            },
        ),
        (
            "cut_by[1]",
            GetRecurringRevenueRequest {
                cut_by: vec![1, 1],
                ..usual()
            },
        ),
        (
            "filters[0].dimension",
            GetRecurringRevenueRequest {
                filters: filter(9, &["a"]),
                ..usual()
            },
        ),
        (
            "filters[0].keys",
            GetRecurringRevenueRequest {
                filters: filter(1, &[]),
                ..usual()
            },
        ),
        (
            "filters[0].keys[1]",
            GetRecurringRevenueRequest {
                filters: filter(1, &["a", "\0"]),
                ..usual()
            },
        ),
        (
            "filters",
            GetRecurringRevenueRequest {
                filters: filter(1, &["a"; 1_001]),
                ..usual()
            },
        ),
    ];
    for (field, asked) in asked {
        let answer = story.read_models.recurring_revenue(&tenant(), asked).await;
        let Err(QueryError::Invalid { field: told, .. }) = answer else {
            panic!("{field}: {answer:?}")
        };
        assert_eq!(told, field);
    }
}
