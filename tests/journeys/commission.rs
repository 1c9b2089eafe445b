//! A commission plan from its first version on, whom it pays, and who approves what.

use proto::v1;
use proto::v1::commission_plan_command_service_client::CommissionPlanCommandServiceClient;
use proto::v1::commission_tier::Pays;
use tonic::Code;

use crate::company::{refused, rep, tell, usd};
use crate::home::{Home, client, head, stream};
use crate::raw;

on_both! {
    a_plan_is_published_taken_part_in_and_published_anew,
    a_correction_needs_a_second_person,
}

fn tier(from: &str, to: &str, rate_percent: &str) -> v1::CommissionTier {
    v1::CommissionTier {
        from: from.into(),
        to: to.into(),
        pays: Some(Pays::RatePercent(rate_percent.into())),
    }
}

/// A version that pays by tiers.
fn version(effective_from: &str, bands: [v1::CommissionTier; 3]) -> v1::PublishCommissionPlan {
    let tiers = v1::CommissionTiers {
        measure: v1::TierMeasure::Basis.into(),
        window: v1::TierWindow::Quarter.into(),
        mode: v1::TierMode::Marginal.into(),
        bands: bands.into(),
        ..v1::CommissionTiers::default()
    };
    v1::PublishCommissionPlan {
        commission_plan_id: "field".into(),
        effective_from: effective_from.into(),
        terms: Some(v1::CommissionTerms {
            currency_code: "USD".into(),
            statement_period: v1::CommissionPeriod::Month.into(),
            timing: v1::CommissionTiming::Signing.into(),
            basis: v1::CommissionBasis::Revenue.into(),
            tiers: Some(tiers),
            ..v1::CommissionTerms::default()
        }),
    }
}

fn good(effective_from: &str, highest: &str) -> v1::PublishCommissionPlan {
    let (first, second) = (tier("0", "50000", "5"), tier("50000", "100000", "7.5"));
    version(effective_from, [first, second, tier("100000", "", highest)])
}

fn enroll(rep_id: &str) -> v1::EnrollParticipant {
    v1::EnrollParticipant {
        commission_plan_id: "field".into(),
        rep_id: rep_id.into(),
        from_on: "2017-01-01".into(),
        to_on: String::new(),
    }
}

async fn a_plan_is_published_taken_part_in_and_published_anew(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    let overlapping = [
        tier("0", "50000", "5"),
        tier("40000", "100000", "7.5"),
        tier("100000", "", "ten"),
    ];
    let mut service = CommissionPlanCommandServiceClient::new(raw::channel(&node));
    let mut publish = async |message| {
        let answer = service.publish_commission_plan(raw::of("acme", message));
        answer.await.unwrap_err()
    };
    // What cannot be read is told first, then what does not go together.
    let unread = publish(version("2017-01-01", overlapping.clone())).await;
    assert_eq!(raw::fields(&unread), ["terms.tiers.bands[2].rate_percent"]);
    let [first, second, _] = overlapping;
    let overlap = publish(version(
        "2017-01-01",
        [first, second, tier("100000", "", "10")],
    ))
    .await;
    assert_eq!(overlap.code(), Code::InvalidArgument);
    assert_eq!(raw::fields(&overlap), ["terms.tiers.bands[1].from"]);
    assert!(overlap.message().contains("tiers overlap"), "{overlap:?}");
    assert_eq!(head(&client).await, 0);

    let first = tell(&client, good("2017-01-01", "10")).await;
    assert_eq!(first.stream, "commission_plan-field");
    assert_eq!(first.event_types, ["CommissionPlanPublished"]);
    let unknown = refused(&client, enroll("ann")).await;
    assert_eq!(
        (unknown.code, &*unknown.reason),
        (Code::NotFound, "UNKNOWN_REP")
    );
    tell(&client, rep("ann")).await;
    let enrolled = tell(&client, enroll("ann")).await;
    assert_eq!(enrolled.event_types, ["ParticipantEnrolled"]);

    let too_early = refused(&client, good("2017-01-01", "12")).await;
    assert_eq!(too_early.reason, "NOT_LATER");
    let second = tell(&client, good("2017-07-01", "12")).await;
    assert_eq!((second.version, second.event_types.len()), (3, 1));
    let again = tell(&client, good("2017-01-01", "10")).await;
    assert_eq!(again.event_types, <[String; 0]>::default());

    let events = stream(&client, "commission_plan-field").await;
    let published: serde_json::Value = serde_json::from_str(&events[2].payload).unwrap();
    assert_eq!(published["version"], 2);
    let highest = &published["terms"]["tiers"]["bands"][2];
    assert_eq!(highest["from"], "10000000", "bounds are kept in cents");
    assert_eq!(highest["pays"]["PERCENT"], "12");
}

async fn a_correction_needs_a_second_person(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    tell(&client, good("2017-01-01", "10")).await;
    tell(&client, rep("zoe")).await;
    tell(&client, enroll("zoe")).await;
    let proposed = v1::ProposeAdjustment {
        adjustment_id: "a1".into(),
        commission_plan_id: "field".into(),
        rep_id: "zoe".into(),
        amount: usd("-12.50"),
        reason: "paid twice".into(),
        concerns: None,
    };
    let receipt = tell(&client, proposed).await;
    assert_eq!(receipt.stream, "commission_period-adjustment/a1");
    let approve = || v1::ApproveAdjustment {
        adjustment_id: "a1".into(),
    };
    let own = refused(&client, approve()).await;
    assert_eq!(own.reason, "SECOND_PERSON_NEEDED");

    // Who proposed it is known after the node was started anew, too.
    drop(client);
    drop(node);
    let node = home.start();
    let own = refused(&crate::home::client(&node, "acme"), approve()).await;
    assert_eq!(own.reason, "SECOND_PERSON_NEEDED");
    let mut of_bob = client::Config::new(node.url(), "acme");
    of_bob.actor = Some("bob".to_owned());
    let bob = client::Client::connect(of_bob).unwrap();
    let approved = tell(&bob, approve()).await;
    assert_eq!(approved.event_types, ["AdjustmentApproved"]);
    let statement = v1::ApproveStatement {
        statement_id: "field~zoe~2017-01-01".into(),
    };
    let open = refused(&bob, statement).await;
    assert_eq!((open.code, &*open.reason), (Code::NotFound, "NOT_CLOSED"));
}
