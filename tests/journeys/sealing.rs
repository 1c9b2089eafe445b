//! The sealed log: an auditor needs no trust in the server, and what was tampered with is named.

use client::Client;
use event_schemas::vocabulary::{Position, Recorded, StreamName, TenantId, Version};
use merkle::{Checkpoint, Edge, Hash, ProofFile, VerifierKey, event_hash};
use proto::instant::from_timestamp;
use proto::v1;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use support::Node;
use tempfile::TempDir;

use crate::company::{found, lead, rep, tell};
use crate::home::{Home, Ran, client, history, twinfunnel, write};

on_both! {
    an_auditor_checks_the_log_without_trust,
    what_was_tampered_with_is_named,
    a_tree_that_was_changed_with_its_events_gives_itself_away,
    a_damaged_tree_is_told_from_a_changed_event,
    a_new_key_signs_and_the_old_one_stays_good,
    the_tiles_are_written_for_any_web_server,
    what_cannot_be_proved_is_refused,
}

mod postgres_alone {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn without_a_key_a_shared_log_is_not_sealed() {
        super::without_a_key_a_shared_log_is_not_sealed(crate::home::Home::postgres().await).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn two_nodes_publish_one_tree() {
        super::two_nodes_publish_one_tree(crate::home::Home::postgres().await).await;
    }
}

/// A home, and the key with which its log is sealed.
pub(crate) struct Place {
    pub(crate) home: Home,
    folder: TempDir,
}

impl Place {
    pub(crate) async fn at(home: Home) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Self { home, folder };
        if let Home::Postgres(_) = place.home {
            let made = twinfunnel(&["seal", "rotate-key", "--seal-key", &place.key()]).await;
            assert!(made.out.contains("it is the first"), "{made:?}");
        }
        place
    }

    /// Where the key is.
    fn key(&self) -> String {
        let key = match &self.home {
            Home::Sqlite(folder) => folder.path().join("seal.key"),
            Home::Postgres(_) => self.folder.path().join("seal.key"),
        };
        key.to_str().unwrap().to_owned()
    }

    pub(crate) fn start(&self) -> Node {
        match self.home {
            Home::Sqlite(_) => self.home.start(),
            Home::Postgres(_) => self.home.start_with(&["--seal-key", &self.key()]),
        }
    }

    /// The public keys of a tenant, as the file tells them.
    pub(crate) async fn public_keys(&self, tenant: &str) -> Vec<String> {
        let key = self.key();
        let ran = twinfunnel(&["seal", "public-key", "--seal-key", &key, "--tenant", tenant]).await;
        ran.out.lines().map(str::to_owned).collect()
    }

    /// What an intruder does who has got hold of the database.
    pub(crate) async fn tamper(&self, file: &str, sql: &str) {
        let sql = || AssertSqlSafe(sql.to_owned());
        let changed = match &self.home {
            Home::Sqlite(folder) => {
                let url = format!("sqlite://{}/{file}", folder.path().display());
                let mut connection = SqliteConnection::connect(&url).await.unwrap();
                let done = sqlx::query(sql()).execute(&mut connection).await;
                done.unwrap().rows_affected()
            }
            Home::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                let done = sqlx::query(sql()).execute(&mut connection).await;
                done.unwrap().rows_affected()
            }
        };
        assert!(changed > 0, "nothing was changed");
    }

    /// One letter of a payload becomes another.
    fn flipped(&self) -> &'static str {
        match self.home {
            Home::Sqlite(_) => "CAST(replace(CAST(payload AS TEXT), 'Rep', 'Rap') AS BLOB)",
            Home::Postgres(_) => {
                "convert_to(replace(convert_from(payload, 'UTF8'), 'Rep', 'Rap'), 'UTF8')"
            }
        }
    }

    fn bytes(&self, hashes: &[u8]) -> String {
        match self.home {
            Home::Sqlite(_) => format!("x'{}'", hex::encode(hashes)),
            Home::Postgres(_) => format!("'\\x{}'", hex::encode(hashes)),
        }
    }
}

/// Runs a command of `seal` against a node.
async fn seal(node: &Node, tenant: &str, arguments: &[&str]) -> Ran {
    let url = node.url();
    let connect = ["--server", &url, "--tenant", tenant];
    twinfunnel(&[&["seal"], arguments, &connect].concat()).await
}

/// Likewise; fails unless it went well, and gives what was printed.
async fn printed(node: &Node, tenant: &str, arguments: &[&str]) -> String {
    let ran = seal(node, tenant, arguments).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.out
}

/// What `seal verify` complains of.
async fn complaint(node: &Node, tenant: &str) -> String {
    let ran = seal(node, tenant, &["verify"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{ran:?}");
    ran.err
}

/// A tenant with nine events, all of them sealed.
async fn nine_events(node: &Node, tenant: &str) -> Client {
    let client = client(node, tenant);
    found(&client).await;
    for n in 0..5 {
        tell(&client, rep(&format!("rep{n}"))).await;
    }
    let last = tell(&client, lead("o1")).await;
    assert_eq!(last.position, 9);
    sealed(&client, 9).await;
    client
}

async fn sealed(client: &Client, min_position: u64) -> String {
    let question = v1::GetCheckpointRequest {
        size: None,
        min_position,
    };
    client.get_checkpoint(question).await.unwrap().note
}

/// An event as it was recorded, read by other means than the program's own.
fn recorded(tenant: &str, event: &v1::Event) -> Recorded {
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    Recorded {
        tenant: TenantId::new(tenant).unwrap(),
        position: Position(event.position),
        stream: StreamName::parse(&event.stream).unwrap(),
        version: Version(event.version),
        event_id: event.event_id.parse().unwrap(),
        event_type: event.r#type.clone(),
        schema_version: event.schema_version,
        occurred_at: from_timestamp(event.occurred_at.as_ref().unwrap()).unwrap(),
        recorded_at: from_timestamp(event.recorded_at.as_ref().unwrap()).unwrap(),
        actor: event.actor.clone(),
        command_id: event.command_id.clone(),
        correlation_id: event.correlation_id.clone(),
        causation_id: given(&event.causation_id),
        trace_context: given(&event.trace_context),
        payload: event.payload.clone().into_bytes(),
    }
}

async fn tree(client: &Client, tenant: &str) -> Edge {
    let mut edge = Edge::default();
    for event in history(client).await {
        edge.push(event_hash(&recorded(tenant, &event)));
    }
    edge
}

async fn an_auditor_checks_the_log_without_trust(home: Home) {
    let place = Place::at(home).await;
    let node = place.start();
    let client = nine_events(&node, "acme").await;
    let keys = place.public_keys("acme").await;
    let key: VerifierKey = keys[0].parse().unwrap();
    assert_eq!(keys.len(), 1);

    let note = printed(&node, "acme", &["checkpoint", "--min-position", "9"]).await;
    let (checkpoint, _) = Checkpoint::open(&note, std::slice::from_ref(&key)).unwrap();
    let root = tree(&client, "acme").await.root();
    assert_eq!((checkpoint.size, checkpoint.root), (9, root));
    assert_eq!(checkpoint.origin, "twinfunnel/acme");

    let proof = printed(&node, "acme", &["prove", "4", "--key", &keys[0]]).await;
    let proof: ProofFile = proof.parse().unwrap();
    let event = recorded("acme", &history(&client).await[3]);
    let proved = proof.verify(event_hash(&event), std::slice::from_ref(&key));
    assert_eq!(proved.unwrap(), checkpoint);
    let mut other = event;
    other.actor = "zoe".to_owned();
    assert!(proof.verify(event_hash(&other), &[key]).is_err());

    let early = printed(&node, "acme", &["checkpoint", "--size", "3"]).await;
    let kept = write(place.folder.path(), "early", early);
    tell(&client, lead("o2")).await;
    sealed(&client, 10).await;
    let verify = ["verify", "--key", &keys[0], "--checkpoint", &kept];
    let ran = seal(&node, "acme", &verify).await;
    assert!(
        ran.out.contains("all 10 events are what was sealed"),
        "{ran:?}"
    );
    assert!(
        ran.out.contains("still begins with") && ran.err.is_empty(),
        "{ran:?}"
    );
    let ran = seal(&node, "acme", &["verify"]).await;
    assert!(ran.err.contains("--key takes no word but yours"), "{ran:?}");

    let strangers = place.public_keys("bolt").await;
    let ran = seal(&node, "acme", &["verify", "--key", &strangers[0]]).await;
    assert!(
        ran.err.contains("none of the keys that are trusted"),
        "{ran:?}"
    );
}

async fn what_was_tampered_with_is_named(home: Home) {
    let place = Place::at(home).await;
    let node = place.start();
    for tenant in ["flip", "envelope", "drop", "swap", "tail"] {
        nine_events(&node, tenant).await;
        printed(&node, tenant, &["verify"]).await;
    }
    let events = async |sql: String| place.tamper("log.sqlite", &sql).await;
    let flipped = place.flipped();
    let of = |tenant: &str, position| format!("tenant = '{tenant}' AND position = {position}");
    events(format!(
        "UPDATE events SET payload = {flipped} WHERE {}",
        of("flip", 5)
    ))
    .await;
    let told = complaint(&node, "flip").await;
    assert!(
        told.contains("position 5: the event is not what was sealed"),
        "{told}"
    );
    let refused = seal(&node, "flip", &["prove", "5"]).await;
    assert!(
        refused.err.contains("position 5 is not what was sealed"),
        "{refused:?}"
    );
    printed(&node, "flip", &["prove", "6"]).await;

    events(format!(
        "UPDATE events SET actor = 'zoe' WHERE {}",
        of("envelope", 7)
    ))
    .await;
    let told = complaint(&node, "envelope").await;
    assert!(
        told.contains("position 7: the event is not what was sealed"),
        "{told}"
    );

    events(format!("DELETE FROM events WHERE {}", of("drop", 6))).await;
    let told = complaint(&node, "drop").await;
    assert!(told.contains("position 6: the event is missing"), "{told}");

    for (from, to) in [(4, 1_000), (8, 4), (1_000, 8)] {
        let there = of("swap", from);
        events(format!("UPDATE events SET position = {to} WHERE {there}")).await;
    }
    let told = complaint(&node, "swap").await;
    assert!(
        told.contains("position 4: the event is not what was sealed"),
        "{told}"
    );

    events(format!("DELETE FROM events WHERE {}", of("tail", 9))).await;
    events("UPDATE heads SET position = 8 WHERE tenant = 'tail'".to_owned()).await;
    let told = complaint(&node, "tail").await;
    assert!(
        told.contains("position 9: the log ends before it"),
        "{told}"
    );
}

async fn a_tree_that_was_changed_with_its_events_gives_itself_away(home: Home) {
    let place = Place::at(home).await;
    let node = place.start();
    let client = nine_events(&node, "acme").await;
    let flipped = place.flipped();
    let change = format!("UPDATE events SET payload = {flipped} WHERE position = 5");
    place.tamper("log.sqlite", &change).await;
    let tile = tree(&client, "acme").await.tiles().remove(0);
    let bytes = place.bytes(&tile.to_bytes());
    place
        .tamper(
            "seal.sqlite",
            &format!("UPDATE seal_tiles SET hashes = {bytes}"),
        )
        .await;
    let told = complaint(&node, "acme").await;
    assert!(
        told.contains("positions 1 to 9: an event is not what was sealed"),
        "{told}"
    );
    // Nor is anything signed that was built on it.
    tell(&client, lead("o2")).await;
    let earlier = seal(&node, "acme", &["checkpoint", "--size", "7"]).await;
    assert!(
        earlier.err.contains("not the one that was signed"),
        "{earlier:?}"
    );
}

async fn a_damaged_tree_is_told_from_a_changed_event(home: Home) {
    let place = Place::at(home).await;
    let node = place.start();
    let client = nine_events(&node, "acme").await;
    let mut tile = tree(&client, "acme").await.tiles().remove(0);
    tile.hashes[2] = Hash([7; 32]);
    let bytes = place.bytes(&tile.to_bytes());
    place
        .tamper(
            "seal.sqlite",
            &format!("UPDATE seal_tiles SET hashes = {bytes}"),
        )
        .await;
    let told = seal(&node, "acme", &["prove", "3"]).await;
    assert_eq!(told.code, Some(0), "{told:?}");
    let told = seal(&node, "acme", &["verify"]).await;
    assert!(
        told.out.contains("all 9 events are what was sealed"),
        "{told:?}"
    );
    assert!(
        told.err.contains("stored tree is damaged at position 3"),
        "{told:?}"
    );
}

async fn a_new_key_signs_and_the_old_one_stays_good(home: Home) {
    let place = Place::at(home).await;
    let node = place.start();
    let client = nine_events(&node, "acme").await;
    let old_note = sealed(&client, 9).await;
    let old = place.public_keys("acme").await;
    let made = twinfunnel(&["seal", "rotate-key", "--seal-key", &place.key()]).await;
    assert!(made.out.contains("1 before it stay published"), "{made:?}");
    tell(&client, lead("o2")).await;
    let new_note = sealed(&client, 10).await;
    let keys = place.public_keys("acme").await;
    assert_eq!((keys.len(), &keys[1]), (2, &old[0]));
    let open = |note: &str, key: &str| Checkpoint::open(note, &[key.parse().unwrap()]).is_ok();
    assert!(open(&old_note, &keys[1]) && !open(&old_note, &keys[0]));
    assert!(open(&new_note, &keys[0]) && !open(&new_note, &keys[1]));
    let listed = client.list_keys(v1::ListKeysRequest {}).await.unwrap().keys;
    assert_eq!(
        listed.iter().map(|k| &k.verifier_key).collect::<Vec<_>>(),
        [&keys[0], &keys[1]]
    );
    assert_eq!(listed[0].from_size, 10);

    let kept = write(place.folder.path(), "old", &old_note);
    let dated = printed(&node, "acme", &["keys"]).await;
    let [new, old] = [0, 1].map(|at| dated.lines().nth(at).unwrap());
    assert_eq!(new, format!("{}@10", keys[0]));
    assert!(old.starts_with(&keys[1]), "{dated}");
    let both = ["--checkpoint", &kept, "--key", old, "--key", new];
    let ran = seal(&node, "acme", &[&["verify"], &both[..]].concat()).await;
    assert!(ran.out.contains("all 10 events"), "{ran:?}");
    // Which of them holds from when is not the server's to say.
    let undated = ["verify", "--key", &keys[0], "--key", &keys[1]];
    let ran = seal(&node, "acme", &undated).await;
    assert!(ran.err.contains("as KEY@SIZE"), "{ran:?}");
    let too_late = format!("{}@11", keys[0]);
    let late = ["verify", "--key", old, "--key", &too_late];
    assert_eq!(seal(&node, "acme", &late).await.code, Some(0));
    let swapped = [format!("{}@10", keys[1]), format!("{}@1", keys[0])];
    let swapped = ["verify", "--key", &swapped[0], "--key", &swapped[1]];
    let ran = seal(&node, "acme", &swapped).await;
    assert!(ran.err.contains("not to be trusted"), "{ran:?}");
}

async fn the_tiles_are_written_for_any_web_server(home: Home) {
    let place = Place::at(home).await;
    let node = place.start();
    let client = nine_events(&node, "acme").await;
    let out = place.folder.path().join("web");
    let export = ["export", "--entries", "--out", out.to_str().unwrap()];
    let told = printed(&node, "acme", &export).await;
    assert!(
        told.contains("1 tiles written, a tree of 9 events"),
        "{told}"
    );
    let tile = std::fs::read(out.join("tile/0/000.p/9")).unwrap();
    assert_eq!(tile, tree(&client, "acme").await.tiles()[0].to_bytes());
    let entries = std::fs::read(out.join("tile/entries/000.p/9")).unwrap();
    let len = usize::from(u16::from_be_bytes([entries[0], entries[1]]));
    assert_eq!(merkle::leaf_hash(&entries[2..2 + len]).0, tile[..32]);
    let note = std::fs::read_to_string(out.join("checkpoint")).unwrap();
    assert_eq!(note, sealed(&client, 9).await);
    tell(&client, lead("o2")).await;
    sealed(&client, 10).await;
    printed(&node, "acme", &export).await;
    assert!(out.join("tile/0/000.p/10").exists());
}

async fn what_cannot_be_proved_is_refused(home: Home) {
    let place = Place::at(home).await;
    let node = place.start();
    let client = nine_events(&node, "acme").await;
    let reason = |error: client::Error| error.refused().map(|refused| refused.reason.clone());
    let question = v1::GetInclusionProofRequest {
        position: 10,
        tree_size: None,
    };
    let refused = client.get_inclusion_proof(question).await.unwrap_err();
    assert_eq!(reason(refused).unwrap(), "NOT_IN_TREE");
    let question = v1::GetConsistencyProofRequest {
        from_size: 3,
        to_size: Some(10),
    };
    let refused = client.get_consistency_proof(question).await.unwrap_err();
    assert_eq!(reason(refused).unwrap(), "NOT_SEALED_YET");
    for (level, width) in [(256, 0), (0, 257)] {
        let question = v1::GetTileRequest {
            level,
            index: 0,
            width,
        };
        let refused = client.get_tile(question).await.unwrap_err();
        assert_eq!(reason(refused).unwrap(), "INVALID_ARGUMENT");
    }
    let proof = v1::GetConsistencyProofRequest {
        from_size: 3,
        to_size: Some(9),
    };
    let proof = client.get_consistency_proof(proof).await.unwrap();
    assert_eq!((proof.tree_size, proof.hashes.len()), (9, 5));
}

async fn without_a_key_a_shared_log_is_not_sealed(home: Home) {
    let Home::Postgres(url) = &home else {
        panic!("of databases alone");
    };
    let serve = ["serve", "--listen", "127.0.0.1:0", "--database-url", url];
    let ran = twinfunnel(&[&serve[..], &["--roles", "seal"]].concat()).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("rotate-key --seal-key FILE"), "{ran:?}");
    let ran = twinfunnel(&[&serve[..], &["--seal-key", "/nowhere/key"]].concat()).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("/nowhere/key"), "{ran:?}");
    let node = home.start();
    let ran = seal(&node, "acme", &["checkpoint"]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.err.contains("on PostgreSQL it needs --seal-key"),
        "{ran:?}"
    );
}

async fn two_nodes_publish_one_tree(home: Home) {
    let place = Place::at(home).await;
    let (one, other) = (place.start(), place.start());
    let (ann, bob) = (client(&one, "acme"), client(&other, "acme"));
    found(&ann).await;
    let mut position = 0;
    for n in 0..30 {
        let teller = if n % 2 == 0 { &ann } else { &bob };
        position = tell(teller, rep(&format!("rep{n}"))).await.position;
        if n % 10 == 0 {
            sealed(&bob, position).await;
        }
    }
    let (here, there) = (sealed(&ann, position).await, sealed(&bob, position).await);
    assert_eq!(here, there);
    let told = printed(&one, "acme", &["verify"]).await;
    assert!(told.contains(&format!("all {position} events")), "{told}");
}
