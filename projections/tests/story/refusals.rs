//! Questions that are none get a typed answer that names what is wrong.

use proto::v1::{CutFilter, Dimension, GetFunnelConversionRequest, GetPipelineVelocityRequest};
use twinfunnel_projections::QueryError;

use crate::home::{Story, on, tenant, timestamp};

on_both!(
    an_ambiguous_or_unknown_process_is_told,
    each_bad_field_is_named,
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
