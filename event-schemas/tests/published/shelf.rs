//! The files of what was published, and the lock that freezes them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::OnceLock;

use event_schemas::rooms;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::compat;

/// What a file shows of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// One payload.
    Sample,
    /// All payloads.
    Schema,
}

/// One published file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct File {
    pub(crate) room: String,
    pub(crate) event_type: String,
    pub(crate) version: u32,
    pub(crate) kind: Kind,
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (room, event, version) = (&self.room, &self.event_type, self.version);
        let kind = match self.kind {
            Kind::Sample => "sample",
            Kind::Schema => "schema",
        };
        write!(f, "{room}/{event}.v{version}.{kind}.json")
    }
}

impl File {
    pub(crate) fn parse(room: &str, name: &str) -> Option<Self> {
        let (name, kind) = match name.strip_suffix(".sample.json") {
            Some(name) => (name, Kind::Sample),
            None => (name.strip_suffix(".schema.json")?, Kind::Schema),
        };
        let (event_type, version) = name.split_once(".v")?;
        Some(Self {
            room: room.to_owned(),
            event_type: event_type.to_owned(),
            version: version.parse().ok()?,
            kind,
        })
    }

    fn of(&self, kind: Kind) -> Self {
        Self {
            kind,
            ..self.clone()
        }
    }

    fn json(&self) -> Result<Value, String> {
        let bytes = read(&self.to_string()).ok_or_else(|| format!("{self} is missing"))?;
        serde_json::from_slice(&bytes).map_err(|error| format!("{self} is not JSON: {error}"))
    }
}

/// The files there are, and which of them are frozen.
pub(crate) struct Shelf {
    pub(crate) files: Vec<File>,
    /// Name and SHA-256.
    pub(crate) lock: BTreeMap<String, String>,
}

impl Shelf {
    /// The shelf as it stands, after what was missing was added if that was asked for.
    pub(crate) fn get() -> &'static Self {
        static SHELF: OnceLock<Shelf> = OnceLock::new();
        SHELF.get_or_init(|| {
            if std::env::var_os("UPDATE_PUBLISHED").is_some() {
                write_missing_schemas();
                Self::load().lock_what_is_good();
            }
            Self::load()
        })
    }

    fn load() -> Self {
        let lock = read("published.lock").unwrap_or_default();
        let lock = String::from_utf8(lock).unwrap();
        let parse = |line: &str| {
            let (name, hash) = line.split_once(" sha256 ").unwrap();
            (name.to_owned(), hash.to_owned())
        };
        let mut files = Vec::new();
        for room in rooms() {
            for entry in std::fs::read_dir(path(room.category)).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                files.extend(File::parse(room.category, &name));
            }
        }
        files.sort();
        Self {
            files,
            lock: lock.lines().map(parse).collect(),
        }
    }

    fn lock_what_is_good(mut self) {
        for file in &self.files {
            let is_good = match file.kind {
                Kind::Schema => self.check_schema(file).is_ok(),
                Kind::Sample => self.check_sample(file).is_ok(),
            };
            let name = file.to_string();
            if let (true, Some(hash)) = (is_good, hash(&name)) {
                self.lock.entry(name).or_insert(hash);
            }
        }
        let lines = self
            .lock
            .iter()
            .map(|(name, hash)| format!("{name} sha256 {hash}\n"));
        std::fs::write(path("published.lock"), lines.collect::<String>()).unwrap();
    }

    /// The newest schema is the one its type gives; of an older one only the file is left.
    pub(crate) fn check_schema(&self, file: &File) -> Result<(), String> {
        let file_holds = file.json()?;
        let name = format!("{}/{}", file.room, file.event_type);
        match schema_of(file) {
            Some(drawn) => compat::require_same(&name, file.version, &file_holds, &drawn),
            None => Ok(()),
        }
    }

    /// A sample is what its own schema says, can be read by the newest type, and, being of the
    /// newest version, is written as it stands.
    pub(crate) fn check_sample(&self, file: &File) -> Result<(), String> {
        let sample = file.json()?;
        let schema = file.of(Kind::Schema).json()?;
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .map_err(|error| format!("{file}: its schema is none: {error}"))?;
        let wrong: Vec<_> = validator
            .iter_errors(&sample)
            .map(|error| format!("{file} at {}: {error}", error.instance_path()))
            .collect();
        if !wrong.is_empty() {
            return Err(wrong.join("\n"));
        }
        let room = rooms().into_iter().find(|room| room.category == file.room);
        let room = room.ok_or_else(|| format!("{file}: there is no such room"))?;
        let bytes = sample.to_string().into_bytes();
        let lifted = (room.lift)(&file.event_type, file.version, &bytes)
            .map_err(|error| format!("{file}: {error}"))?;
        let lifted: Value = serde_json::from_slice(&lifted).map_err(|error| error.to_string())?;
        if schema_of(file).is_some() && lifted != sample {
            return Err(format!("{file} is written back as {lifted}"));
        }
        Ok(())
    }
}

fn schema_of(file: &File) -> Option<Value> {
    let room = rooms()
        .into_iter()
        .find(|room| room.category == file.room)?;
    let mut published = room.published.into_iter();
    let event = published
        .find(|event| event.event_type == file.event_type && event.version == file.version)?;
    Some(event.schema)
}

/// One file for the newest version of every event.
pub(crate) fn newest(kind: Kind) -> Vec<File> {
    let each = rooms().into_iter().flat_map(|room| {
        let file = move |event: event_schemas::Published| File {
            room: room.category.to_owned(),
            event_type: event.event_type.to_owned(),
            version: event.version,
            kind,
        };
        room.published.into_iter().map(file)
    });
    each.collect()
}

/// Every file there should be: a schema and a sample of every version of every event.
pub(crate) fn expected() -> Vec<File> {
    let newest = [newest(Kind::Sample), newest(Kind::Schema)].concat();
    let each = newest.into_iter().flat_map(|file| {
        (1..=file.version).map(move |version| File {
            version,
            ..file.clone()
        })
    });
    each.collect()
}

fn write_missing_schemas() {
    for file in newest(Kind::Schema) {
        let at = path(&file.to_string());
        if !at.exists() {
            let schema = serde_json::to_string_pretty(&schema_of(&file).unwrap()).unwrap();
            std::fs::write(at, schema + "\n").unwrap();
        }
    }
}

pub(crate) fn hash(name: &str) -> Option<String> {
    read(name).map(|bytes| hex::encode(Sha256::digest(bytes)))
}

fn read(name: &str) -> Option<Vec<u8>> {
    std::fs::read(path(name)).ok()
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}
