//! A node says how it is and what it offers.

use futures::StreamExt as _;
use tonic::Request;
use tonic_reflection::pb::{v1, v1alpha};

use crate::company::tell;
use crate::home::{Home, client};
use crate::raw;

on_both! {
    a_node_that_listens_serves,
    a_node_tells_what_it_offers,
    a_read_model_is_built_anew_while_it_answers,
}

async fn a_node_that_listens_serves(home: Home) {
    let node = home.start();
    // At the very first call, however early.
    assert!(client(&node, "acme").health().await.unwrap());
    assert_eq!(node.told(), "", "a node that is well says nothing");
}

/// The services that the contract has.
const SERVICES: [&str; 13] = [
    "grpc.reflection.v1.ServerReflection",
    "twinfunnel.v1.BulkCommandService",
    "twinfunnel.v1.CustomerCommandService",
    "twinfunnel.v1.FunnelConversionQueryService",
    "twinfunnel.v1.HistoryService",
    "twinfunnel.v1.OpportunityCommandService",
    "twinfunnel.v1.PipelineVelocityQueryService",
    "twinfunnel.v1.ProductCommandService",
    "twinfunnel.v1.ReadModelService",
    "twinfunnel.v1.RepCommandService",
    "twinfunnel.v1.SalesProcessCommandService",
    "twinfunnel.v1.TeamCommandService",
    "twinfunnel.v1.TenantCommandService",
];

/// Asks a node, in one version of the protocol, for its services and for one symbol.
macro_rules! reflected {
    ($version:ident, $node:expr) => {{
        use $version::server_reflection_client::ServerReflectionClient;
        use $version::server_reflection_request::MessageRequest;
        use $version::server_reflection_response::MessageResponse;
        let ask = |message_request| $version::ServerReflectionRequest {
            host: String::new(),
            message_request: Some(message_request),
        };
        let questions = futures::stream::iter([
            ask(MessageRequest::ListServices(String::new())),
            ask(MessageRequest::FileContainingSymbol(
                "twinfunnel.v1.Receipt".into(),
            )),
        ]);
        let answers = ServerReflectionClient::new(raw::channel($node))
            .server_reflection_info(Request::new(questions))
            .await
            .unwrap();
        let answers: Vec<_> = answers.into_inner().map(Result::unwrap).collect().await;
        let mut names = Vec::new();
        let mut files = 0;
        for answer in answers {
            match answer.message_response.unwrap() {
                MessageResponse::ListServicesResponse(list) => {
                    names.extend(list.service.into_iter().map(|service| service.name));
                }
                MessageResponse::FileDescriptorResponse(found) => {
                    files += found.file_descriptor_proto.len();
                }
                other => panic!("{other:?}"),
            }
        }
        names.sort();
        (names, files)
    }};
}

async fn a_node_tells_what_it_offers(home: Home) {
    let node = home.start();
    let (names, files) = reflected!(v1, &node);
    for service in SERVICES {
        assert!(
            names.iter().any(|name| name == service),
            "{service} in {names:?}"
        );
    }
    assert!(files > 0);
    let (names, _) = reflected!(v1alpha, &node);
    for service in SERVICES
        .iter()
        .filter(|name| name.starts_with("twinfunnel"))
    {
        assert!(
            names.iter().any(|name| name == service),
            "{service} in {names:?}"
        );
    }
}

async fn a_read_model_is_built_anew_while_it_answers(home: Home) {
    let node = home.start();
    let client = client(&node, "acme");
    crate::company::found(&client).await;
    let receipt = tell(&client, crate::company::lead("o1")).await;
    let ask = async |min| {
        let question = proto::v1::GetFunnelConversionRequest {
            consistency: Some(client::at_least(min)),
            ..Default::default()
        };
        client
            .funnel_conversion(question)
            .await
            .unwrap()
            .overall
            .unwrap()
            .created
    };
    let before = client.list_read_models().await.unwrap().read_models;
    assert_eq!(ask(receipt.position).await, 1);
    let (rebuilt, answered) =
        futures::join!(client.rebuild_read_model("funnel_conversion"), async {
            let mut answered = Vec::new();
            for _ in 0..20 {
                answered.push(ask(0).await);
            }
            answered
        });
    assert_eq!(answered, [1; 20]);
    let model = rebuilt.unwrap().read_model.unwrap();
    assert_eq!(model.generation, before[0].generation + 1);
    let receipt = tell(&client, crate::company::lead("o2")).await;
    assert_eq!(ask(receipt.position).await, 2);
    let error = client.rebuild_read_model("nothing").await.unwrap_err();
    assert_eq!(error.refused().unwrap().code, tonic::Code::NotFound);
}
