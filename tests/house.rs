//! The house itself: which crate may see which, what a room may not know, and how files are kept.
//! `docs/architecture.md` tells the same in words.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// What a crate may see, besides crates from outside. What is not here is not allowed: arrows run
/// from a floor to those below it, never back.
const MAY_SEE: [(&str, &[&str]); 18] = [
    ("proto", &[]),
    ("codegen", &[]),
    ("event-schemas", &[]),
    ("figures", &["event-schemas"]),
    ("merkle", &["event-schemas"]),
    ("log", &["event-schemas", "merkle"]),
    ("audit", &["event-schemas", "figures", "merkle"]),
    ("domain", &["event-schemas", "figures", "proto"]),
    ("executor", &["domain", "event-schemas", "log", "proto"]),
    ("projections", &["event-schemas", "figures", "log", "proto"]),
    ("client", &["proto"]),
    ("relay", &["event-schemas", "log"]),
    (
        "reactors",
        &[
            "domain",
            "event-schemas",
            "executor",
            "figures",
            "log",
            "projections",
        ],
    ),
    (
        "api",
        &[
            "domain",
            "event-schemas",
            "executor",
            "log",
            "merkle",
            "projections",
            "proto",
            "reactors",
        ],
    ),
    (
        "twinfunnel",
        &[
            "api",
            "audit",
            "client",
            "domain",
            "event-schemas",
            "executor",
            "figures",
            "log",
            "merkle",
            "projections",
            "proto",
            "reactors",
            "relay",
        ],
    ),
    ("support", &[]),
    (
        "bench",
        &[
            "audit",
            "event-schemas",
            "figures",
            "log",
            "merkle",
            "projections",
            "proto",
            "support",
        ],
    ),
    (
        "fire",
        &["client", "event-schemas", "log", "proto", "support"],
    ),
];

/// Rooms of rules are pure: these would bring a database, a runtime or a wire.
const NOT_IN: [(&str, &[&str]); 5] = [
    ("audit", &["sqlx", "tokio", "tonic"]),
    ("domain", &["sqlx", "tokio", "tonic"]),
    ("figures", &["sqlx", "tokio", "tonic", "chrono-tz"]),
    ("merkle", &["sqlx", "tokio", "tonic"]),
    ("event-schemas", &["sqlx", "tokio", "tonic"]),
];

/// Longest file, in lines.
const FILE_LINES_MAX: usize = 500;

/// What stands at the top.
const TOP: [&str; 21] = [
    ".cargo",
    ".ci",
    ".git",
    ".gitignore",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "clippy.toml",
    "deny.toml",
    "deploy",
    "docs",
    "event-schemas",
    "projections",
    "proto",
    "rust-toolchain.toml",
    "services",
    "target",
    "tests",
];

fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors()
        .find(|folder| folder.join("Cargo.lock").exists())
        .expect("the house has a Cargo.lock")
        .to_owned()
}

/// The files with that ending under a folder, generated ones left out.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !["target", "generated"].contains(&name.as_str()) && !name.starts_with('.') {
                    folders.push(path);
                }
            } else if name.ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn told(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// What each crate of the house needs in order to run, by name.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let manifest = root().join("Cargo.toml");
    let metadata = MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .exec()
        .unwrap();
    let short = |name: &str| name.strip_prefix("twinfunnel-").unwrap_or(name).to_owned();
    metadata
        .packages
        .iter()
        .map(|package| {
            let needed = package.dependencies.iter();
            let needed = needed.filter(|needed| needed.kind != DependencyKind::Development);
            let needed = needed.map(|needed| short(&needed.name)).collect();
            (short(package.name.as_str()), needed)
        })
        .collect()
}

#[test]
fn arrows_run_one_way() {
    let dependencies = dependencies();
    let may_see: BTreeMap<_, _> = MAY_SEE.into_iter().collect();
    let crates: Vec<_> = dependencies.keys().map(String::as_str).collect();
    let mut known: Vec<_> = may_see.keys().copied().collect();
    known.sort_unstable();
    assert_eq!(
        crates, known,
        "a crate of the house is missing in the table"
    );
    let mut wrong = Vec::new();
    for (name, needed) in &dependencies {
        for needed in needed
            .iter()
            .filter(|needed| dependencies.contains_key(*needed))
        {
            let allowed = may_see.get(name.as_str()).unwrap();
            if !allowed.contains(&needed.as_str()) {
                wrong.push(format!("{name} must not see {needed}"));
            }
        }
    }
    none(&wrong);
}

#[test]
fn rules_and_figures_know_no_database_no_runtime_and_no_wire() {
    let dependencies = dependencies();
    let mut wrong = Vec::new();
    for (name, unwanted) in NOT_IN {
        for unwanted in unwanted {
            if dependencies.get(name).unwrap().contains(*unwanted) {
                wrong.push(format!("{name} must not need {unwanted}"));
            }
        }
    }
    none(&wrong);
}

#[test]
fn only_the_bridge_names_cqrs_es() {
    let domain = files(&root().join("services/domain/src"), ".rs");
    let others = domain.iter().filter(|path| !path.ends_with("decider.rs"));
    let naming = others.filter(|path| fs::read_to_string(path).unwrap().contains("cqrs_es"));
    none(&naming.map(|path| told(path)).collect::<Vec<_>>());
}

/// The folders of a folder.
fn rooms(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let folders = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir());
    folders
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn a_room_does_not_look_into_its_neighbours() {
    let mut wrong = Vec::new();
    for floor in ["event-schemas", "services/domain/src"] {
        let rooms = rooms(floor);
        // The vocabulary is everybody's, and the tests are no room.
        let of_nouns = rooms
            .iter()
            .filter(|room| !["vocabulary", "tests"].contains(&room.as_str()));
        for room in of_nouns.clone() {
            for path in files(&root().join(floor).join(room), ".rs") {
                if path.ends_with("tests.rs")
                    || path.components().any(|part| part.as_os_str() == "tests")
                {
                    continue;
                }
                let text = fs::read_to_string(&path).unwrap();
                let others = of_nouns.clone().filter(|other| *other != room);
                for other in others.filter(|other| text.contains(&format!("crate::{other}::"))) {
                    wrong.push(format!("{} looks into {other}", told(&path)));
                }
            }
        }
    }
    none(&wrong);
}

#[test]
fn a_noun_is_called_the_same_on_every_floor() {
    let rules = rooms("services/domain/src");
    let facts = rooms("event-schemas");
    let mut wrong = Vec::new();
    for noun in &rules {
        if !facts.contains(noun) {
            wrong.push(format!("event-schemas/{noun} is missing"));
        }
        if !root()
            .join(format!("proto/twinfunnel/v1/{noun}.proto"))
            .exists()
        {
            wrong.push(format!("proto/twinfunnel/v1/{noun}.proto is missing"));
        }
    }
    none(&wrong);
}

#[test]
fn the_top_level_stays_as_it_is() {
    let entries = fs::read_dir(root()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let unknown: Vec<_> = names.filter(|name| !TOP.contains(&name.as_str())).collect();
    none(&unknown);
}

#[test]
fn every_file_says_what_it_is_for_and_is_short() {
    let mut wrong = Vec::new();
    for path in files(&root(), ".rs") {
        let text = fs::read_to_string(&path).unwrap();
        if !text.starts_with("//! ") {
            wrong.push(format!(
                "{} does not begin with what it is for",
                told(&path)
            ));
        }
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            wrong.push(format!("{} has {lines} lines: it hides two", told(&path)));
        }
    }
    none(&wrong);
}

#[test]
fn what_is_allowed_says_why() {
    let mut wrong = Vec::new();
    for path in files(&root(), ".rs") {
        let text = fs::read_to_string(&path).unwrap();
        let pieces = ["[allow(", "[expect("].map(|begin| text.split(begin).skip(1));
        for piece in pieces.into_iter().flatten() {
            let attribute = piece.split(")]").next().unwrap_or_default();
            // In a string or a comment of a test like this one it is no attribute.
            let is_attribute = attribute.contains("clippy::") || attribute.contains("missing_docs");
            if is_attribute && !attribute.contains("reason = ") {
                wrong.push(format!("{}: {attribute}", told(&path)));
            }
        }
    }
    none(&wrong);
}

#[test]
fn links_between_the_books_lead_somewhere() {
    let mut wrong = Vec::new();
    for path in files(&root(), ".md") {
        let text = fs::read_to_string(&path).unwrap();
        for piece in text.split("](").skip(1) {
            let target = piece.split([')', '#']).next().unwrap_or_default();
            let is_ours = !target.is_empty() && !target.contains("://");
            if is_ours && !path.parent().unwrap().join(target).exists() {
                wrong.push(format!("{}: {target} is not there", told(&path)));
            }
        }
    }
    none(&wrong);
}
