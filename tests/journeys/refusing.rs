//! What cannot be taken is refused with a reason that a program can act on, and changes nothing.

use client::IntoKind as _;
use proto::v1;
use proto::v1::opportunity_command_service_client::OpportunityCommandServiceClient;
use tonic::Code;

use crate::company::{
    advance, customer, found, lead, process, process_with_checklist, refused, rep, tell, usd, win,
};
use crate::home::{Home, client, head};
use crate::raw;

on_both! {
    each_wrong_field_is_named,
    the_rule_broken_is_named,
    what_is_not_there_is_not_found,
    a_lead_is_taken_once_however_its_address_is_spelt,
    an_address_is_free_again_once_the_lead_is_closed,
    external_ids_of_different_systems_are_told_apart,
    a_call_without_a_name_is_not_let_in,
    a_question_that_cannot_be_answered_says_why,
}

fn lead_of(id: &str, email: &str, phone: &str) -> v1::RegisterOpportunity {
    v1::RegisterOpportunity {
        email: email.into(),
        phone: phone.into(),
        ..lead(id)
    }
}

fn external(system: &str, id: &str) -> Option<v1::ExternalId> {
    Some(v1::ExternalId {
        system: system.into(),
        id: id.into(),
    })
}

async fn each_wrong_field_is_named(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let wrong = v1::RegisterOpportunity {
        opportunity_id: "no good".into(),
        name: " ".into(),
        kind: 77,
        sales_process_id: String::new(),
        stage_id: "lead".into(),
        rep_id: "-".into(),
        customer_id: "acme/1".into(),
        product_ids: vec!["gtx".into(), String::new()],
        amount: usd("-1"),
        expected_close_on: "tomorrow".into(),
        source: "x".repeat(101),
        email: "nobody".into(),
        phone: "none".into(),
        external_id: external("web-form", ""),
    };
    let answer = OpportunityCommandServiceClient::new(raw::channel(&node))
        .register_opportunity(raw::of("acme", wrong))
        .await;
    let status = answer.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(raw::reason(&status), "INVALID_ARGUMENT");
    let mut fields = raw::fields(&status);
    fields.sort();
    let expected = [
        "amount.amount",
        "customer_id",
        "email",
        "expected_close_on",
        "external_id.id",
        "kind",
        "name",
        "opportunity_id",
        "phone",
        "product_ids[1]",
        "rep_id",
        "sales_process_id",
        "source",
    ];
    assert_eq!(fields, expected, "{}", status.message());
    // The message for people names them too.
    assert!(
        expected
            .iter()
            .all(|field| status.message().contains(field))
    );

    let mut process = process();
    process.sales_process_id = "b2c".into();
    process.stages[2].stage_id = "lead".into();
    process.stages[3].name = String::new();
    let refused = refused(&client, process).await;
    let fields: Vec<_> = refused
        .violations
        .iter()
        .map(|v| v.field.as_str())
        .collect();
    assert!(fields.contains(&"stages[2].stage_id"), "{fields:?}");
    assert!(fields.contains(&"stages[3].name"), "{fields:?}");
    assert_eq!(head(&client).await, 3);
}

async fn the_rule_broken_is_named(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    tell(&client, process_with_checklist()).await;
    tell(&client, rep("ann")).await;
    let deactivate = v1::DeactivateRep {
        rep_id: "ann".into(),
        reason: "left".into(),
    };
    tell(&client, deactivate).await;
    tell(&client, lead("o1")).await;
    tell(&client, lead("o2")).await;
    tell(&client, win("o2")).await;
    let recorded = head(&client).await;

    let cases = [
        (
            advance("o1", "proposal").into_kind(),
            "CHECKLIST_INCOMPLETE",
        ),
        (advance("o1", "nowhere").into_kind(), "UNKNOWN_STAGE"),
        (
            crate::company::assign("o1", "ann").into_kind(),
            "INACTIVE_REP",
        ),
        (
            crate::company::worth("o2", "1.00").into_kind(),
            "ALREADY_CLOSED",
        ),
    ];
    for (command, reason) in cases {
        let refused = refused(&client, command.unwrap()).await;
        assert_eq!(refused.code, Code::FailedPrecondition, "{refused}");
        assert_eq!(refused.reason, reason);
    }
    let status = OpportunityCommandServiceClient::new(raw::channel(&node))
        .advance_stage(raw::of("acme", advance("o1", "proposal")))
        .await
        .unwrap_err();
    assert_eq!(raw::reason(&status), "CHECKLIST_INCOMPLETE");
    let refused = refused(&client, advance("o1", "proposal")).await;
    assert_eq!(
        refused.metadata["missing"], r#"["budget"]"#,
        "the facts are told"
    );
    assert_eq!(head(&client).await, recorded);
}

async fn what_is_not_there_is_not_found(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    tell(&client, lead("o1")).await;
    let recorded = head(&client).await;
    let missing_product = v1::ChangeProducts {
        opportunity_id: "o1".into(),
        product_ids: vec!["gtx".into()],
    };
    let missing_process = v1::RegisterOpportunity {
        sales_process_id: "b2c".into(),
        ..lead("o2")
    };
    let missing_customer = v1::RegisterOpportunity {
        customer_id: "acme".into(),
        ..lead("o2")
    };
    let missing_contact = v1::RemoveContact {
        customer_id: "acme".into(),
        contact_id: "zoe".into(),
        reason: String::new(),
    };
    let cases = [
        (win("o2").into_kind(), "NOT_REGISTERED"),
        (
            crate::company::assign("o1", "zoe").into_kind(),
            "UNKNOWN_REP",
        ),
        (missing_product.into_kind(), "UNKNOWN_PRODUCT"),
        (missing_process.into_kind(), "UNKNOWN_SALES_PROCESS"),
        (missing_customer.into_kind(), "UNKNOWN_CUSTOMER"),
        (missing_contact.into_kind(), "NOT_REGISTERED"),
    ];
    for (command, reason) in cases {
        let refused = refused(&client, command.unwrap()).await;
        assert_eq!(
            (refused.code, refused.reason.as_str()),
            (Code::NotFound, reason)
        );
    }
    assert_eq!(head(&client).await, recorded);
}

async fn a_lead_is_taken_once_however_its_address_is_spelt(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let first = v1::RegisterOpportunity {
        external_id: external("web-form", "77"),
        ..lead_of("o1", "Zoe@Example.com", "+49 (30) 1234-567")
    };
    tell(&client, first).await;
    let recorded = head(&client).await;

    let same = [
        (lead_of("o2", "  zoe@EXAMPLE.com ", ""), "opportunity.email"),
        (lead_of("o3", "", "0049/30/1234567"), "opportunity.phone"),
        (
            lead_of("o4", "other@example.com", "+49.30.1234.567"),
            "opportunity.phone",
        ),
        (
            v1::RegisterOpportunity {
                external_id: external("web-form", " 77 "),
                ..lead("o5")
            },
            "opportunity.external_id",
        ),
    ];
    for (duplicate, value) in same {
        let refused = refused(&client, duplicate).await;
        assert_eq!(refused.code, Code::AlreadyExists, "{refused}");
        assert_eq!(refused.reason, "ALREADY_CLAIMED");
        assert_eq!(refused.metadata["value"], value);
        assert_eq!(refused.metadata["holder"], "opportunity-o1");
    }
    // Nothing of what was refused is held: the other address is free.
    assert_eq!(head(&client).await, recorded);
    tell(
        &client,
        lead_of("o6", "other@example.com", "+49 30 7654321"),
    )
    .await;
    // A rep's address is another matter.
    let ann = v1::RegisterRep {
        email: "zoe@example.com".into(),
        ..rep("zoe")
    };
    tell(&client, ann).await;
    let twin = v1::RegisterRep {
        email: "ZOE@example.com".into(),
        ..rep("twin")
    };
    assert_eq!(refused(&client, twin).await.reason, "ALREADY_CLAIMED");
}

async fn an_address_is_free_again_once_the_lead_is_closed(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let first = v1::RegisterOpportunity {
        external_id: external("web-form", "77"),
        ..lead_of("o1", "zoe@example.com", "")
    };
    tell(&client, first).await;
    tell(&client, win("o1")).await;
    tell(&client, lead_of("o2", "ZOE@example.com", "")).await;
    // Opened again it would need the address that another has by now.
    let reopen = v1::ReopenOpportunity {
        opportunity_id: "o1".into(),
        ..Default::default()
    };
    let refusal = refused(&client, reopen).await;
    assert_eq!(refusal.reason, "ALREADY_CLAIMED");
    assert_eq!(refusal.metadata["holder"], "opportunity-o2");
    // The same lead of another system comes once for ever.
    let again = v1::RegisterOpportunity {
        external_id: external("web-form", "77"),
        ..lead("o3")
    };
    assert_eq!(refused(&client, again).await.code, Code::AlreadyExists);
}

async fn external_ids_of_different_systems_are_told_apart(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    found(&client).await;
    let of = |id: &str, external_id| v1::RegisterOpportunity {
        external_id,
        ..lead(id)
    };
    tell(&client, of("o1", external("crm", "7"))).await;
    tell(&client, of("o2", external("web-form", "7"))).await;
    tell(&client, of("o3", external("crm", "eu/7"))).await;
    tell(&client, of("o4", external("crm/eu", "7"))).await;
    let of = |id: &str, external_id| v1::RegisterCustomer {
        external_id,
        ..customer(id)
    };
    tell(&client, of("c3", external("crm", "eu/7"))).await;
    tell(&client, of("c4", external("crm/eu", "7"))).await;
    assert_eq!(head(&client).await, 9);
}

async fn a_call_without_a_name_is_not_let_in(home: Home) {
    let node = home.start();
    let mut commands = OpportunityCommandServiceClient::new(raw::channel(&node));
    for metadata in [&[][..], &[("x-tenant", "acme")], &[("x-actor", "ann")]] {
        let answer = commands
            .register_opportunity(raw::request(lead("o1"), metadata))
            .await;
        let status = answer.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
        assert_eq!(raw::reason(&status), "UNAUTHENTICATED");
    }
    let malformed = [
        ([("x-tenant", "a b"), ("x-actor", "ann")], "x-tenant"),
        ([("x-tenant", ""), ("x-actor", "ann")], "x-tenant"),
        ([("x-tenant", "acme"), ("x-actor", " ")], "x-actor"),
    ];
    for (metadata, field) in malformed {
        let answer = commands
            .register_opportunity(raw::request(lead("o1"), &metadata))
            .await;
        let status = answer.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        assert_eq!(raw::fields(&status), [field]);
    }
}

async fn a_question_that_cannot_be_answered_says_why(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    let nothing = client
        .funnel_conversion(v1::GetFunnelConversionRequest::default())
        .await;
    let error = nothing.unwrap_err();
    assert!(matches!(
        error.refused().unwrap().code,
        Code::NotFound | Code::FailedPrecondition
    ));
    let receipt = tell(&client, process()).await;

    let ask = async |question: v1::GetFunnelConversionRequest| {
        let consistency = question
            .consistency
            .or(Some(client::at_least(receipt.position)));
        let asked = v1::GetFunnelConversionRequest {
            consistency,
            ..question
        };
        let error = client.funnel_conversion(asked).await.unwrap_err();
        error.refused().unwrap_or_else(|| panic!("{error}")).clone()
    };
    let unknown = v1::GetFunnelConversionRequest {
        sales_process_id: "b2c".into(),
        ..Default::default()
    };
    assert_eq!(ask(unknown).await.code, Code::NotFound);
    let dimension = v1::GetFunnelConversionRequest {
        cut_by: vec![99],
        ..Default::default()
    };
    assert_eq!(ask(dimension).await.code, Code::InvalidArgument);
    let negative = Some(prost_types::Timestamp {
        seconds: 0,
        nanos: -1,
    });
    let period = v1::GetFunnelConversionRequest {
        from: negative,
        ..Default::default()
    };
    let refused = ask(period).await;
    assert_eq!(
        (refused.code, refused.violations[0].field.as_str()),
        (Code::InvalidArgument, "from")
    );
    let ahead = v1::AsOf {
        known_at: Some(v1::as_of::KnownAt::Position(receipt.position + 1)),
        happened_by: None,
    };
    let consistency = Some(v1::Consistency {
        as_of: Some(ahead),
        min_position: 0,
    });
    let future = v1::GetFunnelConversionRequest {
        consistency,
        ..Default::default()
    };
    assert_eq!(ask(future).await.code, Code::InvalidArgument);
}
