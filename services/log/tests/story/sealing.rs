//! Sealing: every event is proved, one tree is published, and what was tampered with is not signed.

use std::path::Path;
use std::time::Duration;

use event_schemas::vocabulary::Position;
use merkle::{
    Checkpoint, DatedKey, Edge, Hash, OriginPrefix, TileId, empty_root, event_hash,
    verify_consistency, verify_inclusion,
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;
use tokio::time::timeout;
use twinfunnel_log::seal::{KeyFile, SealError, Seals};
use twinfunnel_log::{Error, Filter, Log};

use crate::home::{Home, With as _, add, number, tenant};

const SOON: Duration = Duration::from_secs(20);

on_both!(
    a_log_is_sealed_as_it_grows,
    every_event_is_proved_and_every_checkpoint_follows_from_the_one_before,
    after_a_restart_it_goes_on_where_it_was,
    many_who_seal_publish_one_tree,
    a_replaced_key_vouches_for_what_it_signed,
    a_tree_that_was_tampered_with_is_not_signed,
    a_checkpoint_that_is_not_ours_is_not_built_on,
    a_gap_is_never_sealed,
    what_is_not_sealed_yet_is_told,
    tenants_have_trees_of_their_own,
);

/// A log, its seals, and the folder with the key.
struct Sealed {
    log: Log,
    seals: Seals,
    keys: TempDir,
}

async fn sealed(home: &Home) -> Sealed {
    let keys = tempfile::tempdir().unwrap();
    let log = home.open().await;
    let seals = seals(&log, keys.path()).await;
    Sealed { log, seals, keys }
}

async fn seals(log: &Log, keys: &Path) -> Seals {
    let file = KeyFile::at(keys.join("seal.key"));
    file.ensure().await.unwrap();
    Seals::new(log.clone(), file, OriginPrefix::default())
}

impl Sealed {
    async fn add(&self, name: &str, count: usize) {
        self.log.append(add(name, 0, count)).await.unwrap();
    }

    async fn seal(&self) -> Result<u64, SealError> {
        self.seals.seal(&tenant("acme")).await
    }

    async fn keys(&self) -> Vec<DatedKey> {
        self.seals.keys(&tenant("acme")).await.unwrap()
    }

    async fn checkpoint(&self, size: Option<u64>) -> Checkpoint {
        let note = self.seals.checkpoint(&tenant("acme"), size).await.unwrap();
        Checkpoint::open_dated(&note, &self.keys().await).unwrap()
    }

    /// The hashes of all events, as anyone would compute them who reads the log.
    async fn leaves(&self) -> Vec<Hash> {
        let all = Filter::default();
        let page = self
            .log
            .read(&tenant("acme"), Position(0), &all, 10_000)
            .await;
        page.unwrap().events.iter().map(event_hash).collect()
    }
}

fn root(leaves: &[Hash]) -> Hash {
    let mut edge = Edge::default();
    for leaf in leaves {
        edge.push(*leaf);
    }
    edge.root()
}

/// What an intruder does who has got hold of the database.
async fn tamper(home: &Home, file: &str, sql: &str) {
    let sql = || AssertSqlSafe(sql.to_owned());
    let changed = match home {
        Home::Sqlite(folder) => {
            let url = format!("sqlite://{}/{file}", folder.path().display());
            let mut connection = SqliteConnection::connect(&url).await.unwrap();
            let done = sqlx::query(sql()).execute(&mut connection);
            done.await.unwrap().rows_affected()
        }
        Home::Postgres(url) => {
            let mut connection = PgConnection::connect(url).await.unwrap();
            let done = sqlx::query(sql()).execute(&mut connection);
            done.await.unwrap().rows_affected()
        }
    };
    assert!(changed > 0, "nothing was changed");
}

async fn a_log_is_sealed_as_it_grows(home: Home) {
    let at = sealed(&home).await;
    let sealing = at.seals.start();
    at.add("rep-1", 3).await;
    let acme = tenant("acme");
    timeout(SOON, at.seals.wait_for(&acme, 3))
        .await
        .unwrap()
        .unwrap();
    for n in 2..6 {
        at.add(&format!("rep-{n}"), 2).await;
    }
    timeout(SOON, at.seals.wait_for(&acme, 11))
        .await
        .unwrap()
        .unwrap();
    let checkpoint = at.checkpoint(None).await;
    assert_eq!(
        (checkpoint.size, checkpoint.root),
        (11, root(&at.leaves().await))
    );
    assert_eq!(checkpoint.origin, "twinfunnel/acme");
    sealing.stop().await;
    at.log.close().await;
}

async fn every_event_is_proved_and_every_checkpoint_follows_from_the_one_before(home: Home) {
    let at = sealed(&home).await;
    let acme = tenant("acme");
    let mut sizes = vec![0];
    for n in 1..=8 {
        at.add(&format!("rep-{n}"), 37 * n).await;
        sizes.push(at.seal().await.unwrap());
    }
    let leaves = at.leaves().await;
    let size = number(leaves.len());
    assert_eq!(sizes.last(), Some(&size));
    let tree = at.checkpoint(None).await;
    assert_eq!(tree.root, root(&leaves));
    for (leaf, hash) in (0..).zip(&leaves).step_by(13) {
        let proof = at
            .seals
            .inclusion(&acme, Position(leaf + 1), None)
            .await
            .unwrap();
        verify_inclusion((leaf, *hash), (size, tree.root), &proof.hashes).unwrap();
    }
    for from in sizes {
        let smaller = at.checkpoint(Some(from)).await;
        let proof = at.seals.consistency(&acme, from, None).await.unwrap();
        let larger = (size, tree.root);
        verify_consistency((from, smaller.root), larger, &proof.hashes).unwrap();
        let within = usize::try_from(from).unwrap();
        assert_eq!(smaller.root, root(&leaves[..within]));
    }
    let id = TileId { level: 0, index: 1 };
    let tile = at.seals.tile_hashes(&acme, id, Some(7)).await.unwrap();
    let expected: Vec<u8> = leaves[256..263].iter().flat_map(|hash| hash.0).collect();
    assert_eq!(tile, expected);
    let of_an_earlier_tree = at
        .seals
        .inclusion(&acme, Position(2), Some(100))
        .await
        .unwrap();
    let earlier = at.checkpoint(Some(100)).await;
    let leaf = (1, leaves[1]);
    verify_inclusion(leaf, (100, earlier.root), &of_an_earlier_tree.hashes).unwrap();
}

async fn after_a_restart_it_goes_on_where_it_was(home: Home) {
    let mut at = sealed(&home).await;
    at.add("rep-1", 300).await;
    at.seal().await.unwrap();
    let before = at.checkpoint(None).await;
    at.log.close().await;
    at.log = home.open().await;
    at.seals = seals(&at.log, at.keys.path()).await;
    assert_eq!(at.checkpoint(None).await, before);
    at.add("rep-2", 5).await;
    assert_eq!(at.seal().await.unwrap(), 305);
    assert_eq!(at.seal().await.unwrap(), 305);
    let after = at.checkpoint(None).await;
    let proof = at
        .seals
        .consistency(&tenant("acme"), 300, None)
        .await
        .unwrap();
    verify_consistency((300, before.root), (305, after.root), &proof.hashes).unwrap();
    assert_eq!(after.root, root(&at.leaves().await));
}

async fn many_who_seal_publish_one_tree(home: Home) {
    let at = sealed(&home).await;
    let mut sealers = Vec::new();
    for _ in 0..4 {
        let seals = seals(&at.log, at.keys.path()).await;
        sealers.push(tokio::spawn(async move {
            while seals.seal(&tenant("acme")).await.unwrap() < 600 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }));
    }
    for n in 0..60 {
        at.add(&format!("rep-{n}"), 10).await;
    }
    for sealer in sealers {
        timeout(SOON, sealer).await.unwrap().unwrap();
    }
    let checkpoint = at.checkpoint(None).await;
    assert_eq!(
        (checkpoint.size, checkpoint.root),
        (600, root(&at.leaves().await))
    );
    let id = TileId { level: 1, index: 0 };
    let upper = at
        .seals
        .tile_hashes(&tenant("acme"), id, None)
        .await
        .unwrap();
    assert_eq!(upper.len(), 2 * Hash::LEN);
}

async fn a_replaced_key_vouches_for_what_it_signed(home: Home) {
    let at = sealed(&home).await;
    at.add("rep-1", 4).await;
    at.seal().await.unwrap();
    let first = at.seals.checkpoint(&tenant("acme"), None).await.unwrap();
    let file = KeyFile::at(at.keys.path().join("seal.key"));
    file.rotate().await.unwrap();
    let announced: Vec<_> = at.keys().await.iter().map(|key| key.from_size).collect();
    assert_eq!(announced, [5, 4]);
    at.add("rep-2", 2).await;
    at.seal().await.unwrap();
    let keys = at.keys().await;
    let since: Vec<_> = keys.iter().map(|key| key.from_size).collect();
    assert_eq!(since, [6, 4]);
    let second = at.seals.checkpoint(&tenant("acme"), None).await.unwrap();
    assert_eq!(Checkpoint::open_dated(&first, &keys).unwrap().size, 4);
    assert_eq!(Checkpoint::open_dated(&second, &keys).unwrap().size, 6);
    assert!(Checkpoint::open_dated(&second, &keys[1..]).is_err());
    at.add("rep-3", 1).await;
    assert_eq!(at.seal().await.unwrap(), 7);
}

async fn a_tree_that_was_tampered_with_is_not_signed(home: Home) {
    let at = sealed(&home).await;
    at.add("rep-1", 600).await;
    at.seal().await.unwrap();
    let tile = |place| format!("SELECT hashes FROM seal_tiles WHERE level = 0 AND place = {place}");
    let set = |place, other| {
        let other = tile(other);
        format!("UPDATE seal_tiles SET hashes = ({other}) WHERE level = 0 AND place = {place}")
    };
    // A tile that is full is not looked at again, but nothing is signed by it either.
    tamper(&home, "seal.sqlite", &set(0, 1)).await;
    let signed = at.seals.checkpoint(&tenant("acme"), Some(200)).await;
    assert!(matches!(signed, Err(SealError::Damaged(_))), "{signed:?}");
    at.add("rep-2", 1).await;
    assert_eq!(at.seal().await.unwrap(), 601);
    // One from which the tree grows is.
    tamper(&home, "seal.sqlite", &set(2, 1)).await;
    at.add("rep-3", 1).await;
    let refused = at.seal().await;
    assert!(matches!(refused, Err(SealError::Damaged(_))), "{refused:?}");
    assert_eq!(at.checkpoint(None).await.size, 601);
}

async fn a_checkpoint_that_is_not_ours_is_not_built_on(home: Home) {
    let at = sealed(&home).await;
    at.add("rep-1", 3).await;
    at.seal().await.unwrap();
    tamper(
        &home,
        "seal.sqlite",
        "UPDATE seals SET checkpoint = replace(checkpoint, '3', '2')",
    )
    .await;
    at.add("rep-2", 1).await;
    let refused = at.seal().await;
    assert!(
        matches!(refused, Err(SealError::Checkpoint(_))),
        "{refused:?}"
    );
}

async fn a_gap_is_never_sealed(home: Home) {
    let at = sealed(&home).await;
    at.add("rep-1", 2).await;
    at.seal().await.unwrap();
    at.add("rep-2", 3).await;
    tamper(&home, "log.sqlite", "DELETE FROM events WHERE position = 4").await;
    let refused = at.seal().await;
    let Err(SealError::Log(Error::Corrupt(why))) = refused else {
        panic!("{refused:?}");
    };
    assert!(why.contains("position 4"), "{why}");
    assert_eq!(at.checkpoint(None).await.size, 2);
}

async fn what_is_not_sealed_yet_is_told(home: Home) {
    let at = sealed(&home).await;
    let acme = tenant("acme");
    let nothing = at.checkpoint(None).await;
    assert_eq!((nothing.size, nothing.root), (0, empty_root()));
    at.add("rep-1", 2).await;
    let asked = at.seals.checkpoint(&acme, Some(2)).await;
    let not_yet = |answer: &SealError, asked, sealed| match answer {
        SealError::NotSealed {
            asked: a,
            sealed: s,
        } => (*a, *s) == (asked, sealed),
        _ => false,
    };
    assert!(asked.is_err_and(|error| not_yet(&error, 2, 0)));
    at.seal().await.unwrap();
    let asked = at.seals.inclusion(&acme, Position(1), Some(3)).await;
    assert!(asked.is_err_and(|error| not_yet(&error, 3, 2)));
    let asked = at
        .seals
        .tile_hashes(&acme, TileId { level: 0, index: 0 }, Some(3))
        .await;
    assert!(asked.is_err_and(|error| not_yet(&error, 3, 2)));
    let asked = at
        .seals
        .tile_hashes(
            &acme,
            TileId {
                level: 200,
                index: 9,
            },
            None,
        )
        .await;
    assert!(matches!(asked, Err(SealError::NotSealed { .. })));
    for position in [0, 3] {
        let asked = at.seals.inclusion(&acme, Position(position), None).await;
        assert!(matches!(asked, Err(SealError::Outside { .. })));
    }
    let asked = at.seals.consistency(&acme, 2, Some(1)).await;
    assert!(matches!(
        asked,
        Err(SealError::Outside { part: 2, size: 1 })
    ));
    assert!(
        timeout(Duration::from_millis(50), at.seals.wait_for(&acme, 3))
            .await
            .is_err()
    );
}

async fn tenants_have_trees_of_their_own(home: Home) {
    let at = sealed(&home).await;
    at.add("rep-1", 2).await;
    at.log.append(add("rep-1", 0, 2).of("beta")).await.unwrap();
    let sealing = at.seals.start();
    let beta = tenant("beta");
    timeout(SOON, at.seals.wait_for(&beta, 2))
        .await
        .unwrap()
        .unwrap();
    timeout(SOON, at.seals.wait_for(&tenant("acme"), 2))
        .await
        .unwrap()
        .unwrap();
    let note = at.seals.checkpoint(&beta, None).await.unwrap();
    let keys = at.seals.keys(&beta).await.unwrap();
    let of_beta = Checkpoint::open_dated(&note, &keys).unwrap();
    assert_eq!(
        (of_beta.size, of_beta.origin.as_str()),
        (2, "twinfunnel/beta")
    );
    assert_ne!(of_beta.root, at.checkpoint(None).await.root);
    assert!(Checkpoint::open_dated(&note, &at.keys().await).is_err());
    sealing.stop().await;
}
