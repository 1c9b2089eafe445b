//! Who calls, and what they may do, is what a signed token says.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use client::{Client, CommandOptions, Config};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use proto::v1;
use proto::v1::bulk_command_service_client::BulkCommandServiceClient;
use proto::v1::history_service_client::HistoryServiceClient;
use proto::v1::opportunity_command_service_client::OpportunityCommandServiceClient;
use proto::v1::read_model_service_client::ReadModelServiceClient;
use proto::v1::rep_command_service_client::RepCommandServiceClient;
use proto::v1::submit_response::Outcome;
use serde_json::{Value, json};
use support::Node;
use tempfile::TempDir;
use tonic::{Code, Request};

use crate::company::{element, found, lead, rep};
use crate::home::{head, history, now, twinfunnel};
use crate::raw;

/// A node that takes tokens, and the key that signs them.
struct Guarded {
    node: Node,
    key: EncodingKey,
    algorithm: Algorithm,
    folder: TempDir,
}

/// Runs `openssl` in a folder.
pub(crate) fn openssl(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("openssl");
    command
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    assert!(command.status().unwrap().success(), "{command:?}");
}

/// Makes a private key in a folder, and its public half beside it; gives both paths.
fn key_pair(folder: &Path, name: &str, kind: &[&str]) -> (PathBuf, String) {
    let (private, public) = (format!("{name}.key.pem"), format!("{name}.pub.pem"));
    openssl(folder, &[&["genpkey", "-out", &private][..], kind].concat());
    openssl(
        folder,
        &["pkey", "-in", &private, "-pubout", "-out", &public],
    );
    (
        folder.join(private),
        folder.join(public).to_str().unwrap().to_owned(),
    )
}

const ED25519: &[&str] = &["-algorithm", "ed25519"];
const P256: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];

impl Guarded {
    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (private, public) = key_pair(folder.path(), "ours", ED25519);
        let key = EncodingKey::from_ed_pem(&std::fs::read(private).unwrap()).unwrap();
        let options = [&["--jwt-public-key", &public][..], options].concat();
        let node = tokio::task::block_in_place(|| {
            Node::start_sqlite_with(&folder.path().join("data"), &options)
        });
        Self {
            node: node.unwrap(),
            key,
            algorithm: Algorithm::EdDSA,
            folder,
        }
    }

    fn sign(&self, claims: &Value) -> String {
        jsonwebtoken::encode(&Header::new(self.algorithm), claims, &self.key).unwrap()
    }

    fn client(&self, claims: &Value) -> Client {
        let token = Some(self.sign(claims));
        // What the client names besides is for servers that check no token.
        Client::connect(Config {
            token,
            ..Config::new(self.node.url(), "other")
        })
        .unwrap()
    }
}

/// Claims of Ann's for the tenant `acme`, for an hour.
fn ann(scope: &str) -> Value {
    json!({ "sub": "ann", "tenant": "acme", "scope": scope, "exp": now() + 3_600 })
}

/// The same claims, changed.
fn but(mut claims: Value, key: &str, value: Value) -> Value {
    claims[key] = value;
    claims
}

/// How a call ends that is not let in.
async fn code_of(node: &Node, request: Request<v1::RegisterRep>) -> Code {
    let mut commands = RepCommandServiceClient::new(raw::channel(node));
    let Err(status) = commands.register_rep(request).await else {
        return Code::Ok;
    };
    assert!(!status.message().is_empty());
    assert!(!raw::reason(&status).is_empty());
    status.code()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_does_not_hold_is_not_let_in() {
    let guarded = Guarded::start();
    let node = &guarded.node;
    let all = "command query import operate";
    let good = guarded.sign(&ann(all));

    let (other, _) = key_pair(guarded.folder.path(), "theirs", ED25519);
    let other = EncodingKey::from_ed_pem(&std::fs::read(other).unwrap()).unwrap();
    let forged = jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &ann(all), &other).unwrap();
    // Signed with what everybody knows: the public key as if it were a shared secret.
    let public = std::fs::read(guarded.folder.path().join("ours.pub.pem")).unwrap();
    let confused = jsonwebtoken::encode(
        &Header::new(Algorithm::HS256),
        &ann(all),
        &EncodingKey::from_secret(&public),
    );
    let parts: Vec<&str> = good.split('.').collect();
    // {"alg":"none"}
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", parts[1]);
    let altered = {
        let more = guarded.sign(&but(ann(all), "tenant", json!("bolt")));
        let claims = more.split('.').nth(1).unwrap();
        format!("{}.{claims}.{}", parts[0], parts[2])
    };
    let mut without_tenant = ann(all);
    without_tenant.as_object_mut().unwrap().remove("tenant");
    let mut without_end = ann(all);
    without_end.as_object_mut().unwrap().remove("exp");
    let bearers = [
        ("signed by another", forged),
        ("signed with the public key", confused.unwrap()),
        ("not signed", unsigned),
        ("altered", altered),
        (
            "expired",
            guarded.sign(&but(ann(all), "exp", json!(now() - 3_600))),
        ),
        ("of no tenant", guarded.sign(&without_tenant)),
        ("without an end", guarded.sign(&without_end)),
        ("no token", "nonsense".to_owned()),
        ("nothing", String::new()),
    ];
    for (what, token) in bearers {
        let code = code_of(node, raw::bearing(&token, rep("ann"))).await;
        assert_eq!(code, Code::Unauthenticated, "{what}");
    }
    let others = [
        raw::of("acme", rep("ann")),
        raw::request(rep("ann"), &[]),
        raw::request(rep("ann"), &[("authorization", &good)]),
        raw::request(rep("ann"), &[("authorization", "Basic YW5uOmFubg==")]),
    ];
    for request in others {
        assert_eq!(code_of(node, request).await, Code::Unauthenticated);
    }
    let client = guarded.client(&ann(all));
    assert_eq!(head(&client).await, 0);
    RepCommandServiceClient::new(raw::channel(node))
        .register_rep(raw::bearing(&good, rep("ann")))
        .await
        .unwrap();
    // Who asks how it is needs no token.
    assert!(crate::home::client(node, "acme").health().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_not_taken_before_its_time() {
    let guarded = Guarded::start();
    let early = guarded.sign(&but(ann("command"), "nbf", json!(now() + 3_600)));
    let code = code_of(&guarded.node, raw::bearing(&early, rep("ann"))).await;
    assert_eq!(code, Code::Unauthenticated);
    let begun = guarded.client(&but(ann("query"), "nbf", json!(now() - 3_600)));
    assert_eq!(head(&begun).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenant_and_actor_are_what_the_token_says() {
    let guarded = Guarded::start();
    let token = guarded.sign(&ann("command query"));
    let request = raw::with(raw::bearing(&token, rep("ann")), |metadata| {
        metadata.insert("x-tenant", "bolt".parse().unwrap());
        metadata.insert("x-actor", "root".parse().unwrap());
    });
    RepCommandServiceClient::new(raw::channel(&guarded.node))
        .register_rep(request)
        .await
        .unwrap();
    let events = history(&guarded.client(&ann("query"))).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].actor, "ann");
    let bolt = guarded.client(&but(ann("query"), "tenant", json!("bolt")));
    assert!(history(&bolt).await.is_empty());
    // A name that the metadata could not carry is no name here either.
    for (claim, value) in [
        ("tenant", "a b"),
        ("tenant", ""),
        ("sub", " "),
        ("sub", "añn"),
    ] {
        let token = guarded.sign(&but(ann("command query"), claim, json!(value)));
        let code = code_of(&guarded.node, raw::bearing(&token, rep("zoe"))).await;
        assert_eq!(code, Code::InvalidArgument, "{claim} {value:?}");
    }
}

/// Fails unless this was denied for want of a right.
fn assert_denied<T: std::fmt::Debug>(answer: Result<T, client::Error>, right: &str) {
    let error = answer.unwrap_err();
    let refused = error.refused().unwrap_or_else(|| panic!("{error}"));
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (Code::PermissionDenied, "RIGHT_MISSING")
    );
    assert_eq!(refused.metadata["right"], right);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_does_what_its_rights_allow_and_no_more() {
    let guarded = Guarded::start();
    let all = guarded.client(&ann("command query import operate"));
    found(&all).await;
    let recorded = head(&all).await;

    let asking = guarded.client(&ann("query"));
    assert_eq!(history(&asking).await.len(), 3);
    asking
        .funnel_conversion(v1::GetFunnelConversionRequest::default())
        .await
        .unwrap();
    let command = asking.command(CommandOptions::default(), lead("o1")).await;
    assert_denied(command, "command");
    assert_denied(asking.rebuild_read_model("pipeline").await, "operate");
    for answer in crate::bulk::submit(&asking, vec![element("c1", lead("o1"))]).await {
        let refusal = answer.unwrap_err();
        assert_eq!(refusal.code, i32::from(Code::PermissionDenied));
        assert_eq!(refusal.reason, "RIGHT_MISSING");
    }

    let telling = guarded.client(&ann("command"));
    assert_denied(telling.list_read_models().await, "query");
    assert_denied(telling.funnel_conversion(Default::default()).await, "query");
    assert_denied(telling.pipeline_velocity(Default::default()).await, "query");
    let token = guarded.sign(&ann("command"));
    let mut histories = HistoryServiceClient::new(raw::channel(&guarded.node));
    let mut models = ReadModelServiceClient::new(raw::channel(&guarded.node));
    let stream = v1::ReadStreamRequest {
        stream: "rep-ann".into(),
        ..Default::default()
    };
    let codes = [
        histories
            .follow(raw::bearing(&token, v1::FollowRequest::default()))
            .await
            .err(),
        histories
            .read_stream(raw::bearing(&token, stream))
            .await
            .err(),
        models
            .export_read_model(raw::bearing(
                &token,
                v1::ExportReadModelRequest {
                    name: "pipeline".into(),
                    as_of: None,
                },
            ))
            .await
            .err(),
    ];
    for status in codes {
        assert_eq!(status.unwrap().code(), Code::PermissionDenied);
    }

    // No scope, or one that only looks like it, is no right.
    for scope in [
        "",
        "COMMAND QUERY",
        "commandquery",
        "command,query",
        "admin *",
    ] {
        let nobody = guarded.client(&ann(scope));
        let command = nobody.command(CommandOptions::default(), lead("o1")).await;
        assert_denied(command, "command");
        assert_denied(nobody.list_read_models().await, "query");
    }
    assert_eq!(head(&all).await, recorded);
    all.rebuild_read_model("pipeline").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_past_and_other_names_are_for_importers() {
    let guarded = Guarded::start();
    found(&guarded.client(&ann("command query"))).await;
    let past = CommandOptions {
        occurred_at: Some("2017-03-01T00:00:00Z".parse().unwrap()),
        ..CommandOptions::default()
    };
    let telling = guarded.client(&ann("command query"));
    assert_denied(telling.command(past.clone(), lead("o1")).await, "import");
    let seconds = 1_488_326_400;
    let then = v1::SubmitRequest {
        occurred_at: Some(prost_types::Timestamp { seconds, nanos: 0 }),
        ..element("c1", lead("o1"))
    };
    let another = v1::SubmitRequest {
        actor: "bob".into(),
        ..element("c2", lead("o1"))
    };
    let oneself = v1::SubmitRequest {
        actor: "ann".into(),
        ..element("c3", lead("o3"))
    };
    let elements = vec![then.clone(), another.clone(), oneself];
    let answers = crate::bulk::submit(&telling, elements).await;
    for answer in &answers[..2] {
        assert_eq!(
            answer.as_ref().unwrap_err().code,
            i32::from(Code::PermissionDenied)
        );
    }
    answers[2].as_ref().unwrap();

    let importing = guarded.client(&ann("command query import"));
    let receipt = importing.command(past, lead("o1")).await.unwrap();
    let elements = vec![
        v1::SubmitRequest {
            command: element("", lead("o4")).command,
            ..then
        },
        v1::SubmitRequest {
            command: element("", lead("o5")).command,
            ..another
        },
    ];
    for answer in crate::bulk::submit(&importing, elements).await {
        answer.unwrap();
    }
    let events = history(&importing).await;
    assert_eq!(events[4].position, receipt.position);
    assert_eq!(events[4].occurred_at.unwrap().seconds, seconds);
    assert_eq!(events[5].occurred_at.unwrap().seconds, seconds);
    assert_eq!(
        (events[5].actor.as_str(), events[6].actor.as_str()),
        ("ann", "bob")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_let_in_once_and_by_name() {
    let guarded = Guarded::start();
    let mut bulk = BulkCommandServiceClient::new(raw::channel(&guarded.node));
    let elements = || futures::stream::iter([element("c1", rep("ann"))]);
    let status = bulk.submit(raw::of("acme", elements())).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    let token = guarded.sign(&ann("command"));
    let answers = bulk.submit(raw::bearing(&token, elements())).await.unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap();
    assert!(
        matches!(answer.outcome, Some(Outcome::Receipt(_))),
        "{answer:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn issuer_and_audience_are_asked_for() {
    let guarded = Guarded::start_with(&["--jwt-issuer", "idp", "--jwt-audience", "twinfunnel"]);
    let right = but(
        but(ann("command query"), "iss", json!("idp")),
        "aud",
        json!("twinfunnel"),
    );
    let several = but(right.clone(), "aud", json!(["x", "twinfunnel"]));
    let wrong = [
        ann("command query"),
        but(right.clone(), "iss", json!("other")),
        but(right.clone(), "aud", json!("other")),
        but(ann("command query"), "iss", json!("idp")),
        but(ann("command query"), "aud", json!("twinfunnel")),
    ];
    for claims in wrong {
        let token = guarded.sign(&claims);
        let code = code_of(&guarded.node, raw::bearing(&token, rep("ann"))).await;
        assert_eq!(code, Code::Unauthenticated, "{claims}");
    }
    for claims in [right, several] {
        assert_eq!(head(&guarded.client(&claims)).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_p256_key_serves_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let (private, public) = key_pair(folder.path(), "ours", P256);
    let key = EncodingKey::from_ec_pem(&std::fs::read(private).unwrap()).unwrap();
    let data = folder.path().join("data");
    let node = tokio::task::block_in_place(|| {
        Node::start_sqlite_with(
            &data,
            &["--jwt-public-key", &public, "--listen", "0.0.0.0:0"],
        )
    });
    let guarded = Guarded {
        node: node.unwrap(),
        key,
        algorithm: Algorithm::ES256,
        folder,
    };
    // With a key it may listen on every interface.
    assert!(guarded.node.address().ip().is_unspecified());
    let url = format!("http://127.0.0.1:{}", guarded.node.address().port());
    let token = guarded.sign(&ann("command query"));
    let mut commands = OpportunityCommandServiceClient::connect(url.clone())
        .await
        .unwrap();
    let status = commands
        .register_opportunity(raw::bearing(&token, lead("o1")))
        .await
        .unwrap_err();
    assert_eq!(raw::reason(&status), "UNKNOWN_SALES_PROCESS");

    // The command line carries a token as well, and does not show it.
    let server = ["--server", url.as_str(), "--token", token.as_str()];
    let ran = twinfunnel(&[&["status"][..], &server].concat()).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let bad = ["--server", url.as_str(), "--token", "not.a.token"];
    let ran = twinfunnel(&[&["status"][..], &bad].concat()).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.err.contains("UNAUTHENTICATED") && !ran.err.contains("not.a.token"),
        "{ran:?}"
    );
}
