//! A tenant from its first command to its first deal won.

use client::IntoKind;
use proto::v1;
use proto::v1::command::Kind;
use proto::v1::{Event, ReadStreamRequest};

use crate::company::{
    advance, assign, customer, lead, process_with_checklist, rep, tell, usd, win, worth,
};
use crate::home::{Home, assert_dense, client, head, history, now, stream};

on_both! {
    a_tenant_is_set_up_and_wins_its_first_deal,
    what_was_so_already_is_not_recorded_again,
    an_event_tells_who_did_it_when_and_why,
    a_stream_is_read_from_any_version_on,
}

/// A command, and what its receipt says: stream, version, event types.
type Step = (Kind, &'static str, u64, &'static [&'static str]);

fn step(
    command: impl IntoKind,
    stream: &'static str,
    version: u64,
    types: &'static [&'static str],
) -> Step {
    (command.into_kind().unwrap(), stream, version, types)
}

fn company() -> Vec<Step> {
    let configure = v1::ConfigureTenant {
        time_zone: "Europe/Berlin".into(),
        currency_code: "USD".into(),
    };
    let team = v1::FormTeam {
        team_id: "north".into(),
        name: "North".into(),
        region: "EMEA".into(),
        manager_id: String::new(),
    };
    let join = v1::JoinTeam {
        rep_id: "ann".into(),
        team_id: "north".into(),
        ..v1::JoinTeam::default()
    };
    let product = v1::RegisterProduct {
        product_id: "gtx".into(),
        name: "GTX Pro".into(),
        category: "GTX".into(),
        list_price: usd("4821"),
    };
    let contact = v1::AddContact {
        customer_id: "acme".into(),
        contact_id: "zoe".into(),
        profile: Some(v1::ContactProfile {
            name: "Zoë".into(),
            email: "zoe@acme.example".into(),
            roles: vec![v1::ContactRole::Champion.into()],
            ..v1::ContactProfile::default()
        }),
    };
    vec![
        step(configure, "tenant-self", 1, &["TenantConfigured"]),
        step(
            process_with_checklist(),
            "sales_process-b2b",
            1,
            &["SalesProcessDefined"],
        ),
        step(team, "team-north", 1, &["TeamFormed"]),
        step(rep("ann"), "rep-ann", 1, &["RepRegistered"]),
        step(join, "rep-ann", 2, &["TeamJoined"]),
        step(product, "product-gtx", 1, &["ProductRegistered"]),
        step(
            customer("acme"),
            "customer-acme",
            1,
            &["CustomerRegistered"],
        ),
        step(contact, "customer-acme", 2, &["ContactAdded"]),
    ]
}

fn deal() -> Vec<Step> {
    let lead = v1::RegisterOpportunity {
        customer_id: "acme".into(),
        product_ids: vec!["gtx".into()],
        source: "referral".into(),
        ..lead("o1")
    };
    let item = v1::CompleteChecklistItem {
        opportunity_id: "o1".into(),
        item_id: "budget".into(),
    };
    let call = v1::LogActivity {
        opportunity_id: "o1".into(),
        activity_id: "a1".into(),
        kind: v1::ActivityKind::Call.into(),
        subject: "First call".into(),
        note: "They like it.\nAnd they have a budget.".into(),
        duration_minutes: 25,
        contact_id: "zoe".into(),
    };
    let close = v1::ChangeExpectedClose {
        opportunity_id: "o1".into(),
        expected_close_on: "2030-02-28".into(),
    };
    vec![
        step(lead, "opportunity-o1", 1, &["OpportunityRegistered"]),
        step(assign("o1", "ann"), "opportunity-o1", 2, &["LeadAssigned"]),
        step(item, "opportunity-o1", 3, &["ChecklistItemCompleted"]),
        step(
            advance("o1", "proposal"),
            "opportunity-o1",
            4,
            &["StageAdvanced"],
        ),
        step(call, "opportunity-o1", 5, &["ActivityLogged"]),
        step(
            worth("o1", "9642.00"),
            "opportunity-o1",
            6,
            &["AmountChanged"],
        ),
        step(close, "opportunity-o1", 7, &["ExpectedCloseChanged"]),
        step(win("o1"), "opportunity-o1", 8, &["OpportunityWon"]),
    ]
}

async fn a_tenant_is_set_up_and_wins_its_first_deal(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    let steps = [company(), deal()].concat();
    for ((command, stream, version, types), position) in steps.iter().zip(1..) {
        let receipt = tell(&client, command.clone()).await;
        assert_eq!(
            (receipt.position, receipt.stream.as_str(), receipt.version),
            (position, *stream, *version)
        );
        assert_eq!(receipt.event_types, *types);
        assert!(!receipt.duplicate && !receipt.command_id.is_empty());
    }

    let events = history(&client).await;
    assert_eq!(events.len(), steps.len());
    assert_dense(&events);
    for (event, (_, stream, version, types)) in events.iter().zip(&steps) {
        assert_eq!((event.stream.as_str(), event.version), (*stream, *version));
        assert_eq!([event.r#type.as_str()], **types);
    }
    let own = stream(&client, "opportunity-o1").await;
    let of_deal: Vec<Event> = events
        .into_iter()
        .filter(|event| event.stream == "opportunity-o1")
        .collect();
    assert_eq!(own, of_deal, "a stream is what the log holds of it");
    assert_eq!(
        own.iter().map(|event| event.version).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6, 7, 8]
    );

    let won: serde_json::Value = serde_json::from_str(&own[7].payload).unwrap();
    assert_eq!(won["stage_id"], "proposal");
    let funnel = client
        .funnel_conversion(v1::GetFunnelConversionRequest {
            consistency: Some(client::at_least(16)),
            ..v1::GetFunnelConversionRequest::default()
        })
        .await
        .unwrap();
    let overall = funnel.overall.unwrap();
    assert_eq!((overall.created, overall.won, overall.open), (1, 1, 0));
}

async fn what_was_so_already_is_not_recorded_again(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    let steps = [company(), deal()].concat();
    for (command, ..) in &steps {
        tell(&client, command.clone()).await;
    }
    let recorded = head(&client).await;
    // Said again under other ids: what is so already changes nothing; all else is refused, for the
    // deal is closed.
    for (command, stream, version, _) in company() {
        if matches!(command, Kind::JoinTeam(_)) {
            continue; // From now on, which is later than before.
        }
        let receipt = tell(&client, command).await;
        assert_eq!(receipt.event_types, <[String; 0]>::default());
        assert_eq!(
            (receipt.position, receipt.stream.as_str()),
            (recorded, stream)
        );
        assert!(receipt.version >= version && !receipt.duplicate);
    }
    let again = tell(&client, win("o1")).await;
    assert_eq!(
        (again.position, again.version, again.event_types.len()),
        (recorded, 8, 0)
    );
    assert_eq!(head(&client).await, recorded);
}

async fn an_event_tells_who_did_it_when_and_why(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    let occurred_at = "2017-03-01T12:30:00.123456Z".parse().unwrap();
    let options = client::CommandOptions {
        command_id: Some("c-1".into()),
        occurred_at: Some(occurred_at),
        correlation_id: Some("visit-7".into()),
        causation_id: Some("e-6".into()),
    };
    client.command(options, rep("ann")).await.unwrap();
    tell(&client, rep("bob")).await;
    let events = history(&client).await;
    let [first, second] = events.as_slice() else {
        panic!("{events:?}")
    };

    assert_eq!(first.command_id, "c-1");
    assert_eq!(
        (first.correlation_id.as_str(), first.causation_id.as_str()),
        ("visit-7", "e-6")
    );
    assert_eq!(first.actor, "ann");
    let told = first.occurred_at.unwrap();
    assert_eq!(
        (told.seconds, told.nanos),
        (occurred_at.timestamp(), 123_456_000)
    );
    assert_eq!(first.schema_version, 1);

    // Where nothing was said: now, and its own correlation.
    assert_eq!(second.correlation_id, second.command_id);
    assert_eq!(second.causation_id, "");
    let now = now();
    for at in [second.occurred_at, second.recorded_at, first.recorded_at] {
        assert!(
            (now - 60..=now + 1).contains(&at.unwrap().seconds),
            "{at:?}"
        );
    }
    let id = |event: &Event| event.event_id.parse::<uuid::Uuid>().unwrap();
    assert_eq!(id(first).get_version_num(), 7);
    assert!(id(first) < id(second), "ids are in the order of time");
}

async fn a_stream_is_read_from_any_version_on(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    for (command, ..) in [company(), deal()].concat() {
        tell(&client, command).await;
    }
    let read = async |after_version, limit| {
        let stream = "opportunity-o1".to_owned();
        let question = ReadStreamRequest {
            stream,
            after_version,
            limit,
        };
        let answers = client.read_stream(question).await.unwrap();
        let answers: Vec<_> = futures::TryStreamExt::try_collect(answers).await.unwrap();
        let versions = answers
            .into_iter()
            .map(|answer| answer.event.unwrap().version);
        versions.collect::<Vec<u64>>()
    };
    assert_eq!(read(0, 3).await, [1, 2, 3]);
    assert_eq!(read(6, 0).await, [7, 8]);
    assert_eq!(read(3, 2).await, [4, 5]);
    assert_eq!(read(8, 0).await, <[u64; 0]>::default());
    assert_eq!(read(u64::MAX, 0).await, <[u64; 0]>::default());
    assert!(stream(&client, "opportunity-unknown").await.is_empty());
}
