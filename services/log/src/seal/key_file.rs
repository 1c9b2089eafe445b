//! The file with the key: the private key that signs, and the public ones that signed before it.
//!
//! ```text
//! twinfunnel seal key v1
//! private 3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
//! public 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
//! ```
//!
//! It is read anew whenever something is signed: a key that was replaced signs nothing more.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use merkle::{KeyError, SigningKey, VerifierKey};

const WHAT: &str = "twinfunnel seal key v1";

/// Where the key is.
#[derive(Debug, Clone)]
pub struct KeyFile(PathBuf);

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyring {
    /// Signs.
    pub current: SigningKey,
    /// Public keys that signed before, the newest first.
    pub replaced: Vec<[u8; 32]>,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It holds something else.
    #[error("{} is not a seal key: {why}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No new key could be made.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Keyring {
    /// The keys in the name of an origin, the newest first.
    pub fn verifiers(&self, origin: &str) -> Result<Vec<VerifierKey>, KeyError> {
        let replaced = self.replaced.iter().copied();
        std::iter::once(self.current.public())
            .chain(replaced)
            .map(|public| VerifierKey::new(origin, public))
            .collect()
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        if lines.next() != Some(WHAT) {
            return Err(format!("it does not begin with \"{WHAT}\""));
        }
        let private = lines.next().and_then(|line| line.strip_prefix("private "));
        let private = private.ok_or("the second line is not \"private KEY\"")?;
        let current = SigningKey::parse(private).map_err(|error| error.to_string())?;
        let mut replaced = Vec::new();
        for line in lines {
            let public = line.strip_prefix("public ").and_then(|key| {
                let key: Option<[u8; 32]> = STANDARD.decode(key).ok()?.try_into().ok();
                key
            });
            replaced.push(public.ok_or("a further line is not \"public KEY\"")?);
        }
        Ok(Self { current, replaced })
    }

    fn to_text(&self) -> String {
        let mut text = format!("{WHAT}\nprivate {}\n", self.current.reveal());
        for public in &self.replaced {
            // Writing to a text does not fail.
            let _ = writeln!(text, "public {}", STANDARD.encode(public));
        }
        text
    }
}

impl KeyFile {
    /// The file at a path.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What it holds.
    pub async fn read(&self) -> Result<Keyring, KeyFileError> {
        let text = tokio::fs::read_to_string(&self.0)
            .await
            .map_err(|source| self.io(source))?;
        Keyring::parse(&text).map_err(|why| KeyFileError::Malformed {
            path: self.0.clone(),
            why,
        })
    }

    /// Makes the file with a first key, unless it is there.
    pub async fn ensure(&self) -> Result<Keyring, KeyFileError> {
        match self.read().await {
            Err(KeyFileError::Io { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                let ring = Keyring {
                    current: SigningKey::generate()?,
                    replaced: Vec::new(),
                };
                self.write(&ring)?;
                Ok(ring)
            }
            read => read,
        }
    }

    /// Puts a new key in the place of the current one, whose private half is gone by that. Makes the
    /// file if there is none.
    pub async fn rotate(&self) -> Result<Keyring, KeyFileError> {
        let exists = tokio::fs::try_exists(&self.0).await;
        if !exists.map_err(|source| self.io(source))? {
            return self.ensure().await;
        }
        let old = self.read().await?;
        let mut replaced = vec![old.current.public()];
        replaced.extend(old.replaced);
        let ring = Keyring {
            current: SigningKey::generate()?,
            replaced,
        };
        self.write(&ring)?;
        Ok(ring)
    }

    /// Whole or not at all: written beside it, synced, and moved into its place.
    fn write(&self, ring: &Keyring) -> Result<(), KeyFileError> {
        let io = |source| self.io(source);
        let mut beside = self.0.clone().into_os_string();
        beside.push(".new");
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside).map_err(io)?;
        file.write_all(ring.to_text().as_bytes()).map_err(io)?;
        file.sync_all().map_err(io)?;
        std::fs::rename(&beside, &self.0).map_err(io)
    }

    fn io(&self, source: std::io::Error) -> KeyFileError {
        KeyFileError::Io {
            path: self.0.clone(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[tokio::test]
    async fn a_new_key_keeps_the_public_half_of_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::at(folder.path().join("seal.key"));
        assert!(matches!(file.read().await, Err(KeyFileError::Io { .. })));
        let first = file.ensure().await.unwrap();
        assert_eq!(file.ensure().await.unwrap(), first);
        let second = file.rotate().await.unwrap();
        assert_eq!(second.replaced, [first.current.public()]);
        assert_eq!(file.read().await.unwrap(), second);
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert!(!text.contains(&first.current.reveal()));
        let third = file.rotate().await.unwrap();
        let replaced = [second.current.public(), first.current.public()];
        assert_eq!(third.replaced, replaced);
        #[cfg(unix)]
        {
            let mode = std::fs::metadata(file.path()).unwrap().permissions();
            let mode = std::os::unix::fs::PermissionsExt::mode(&mode);
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn what_is_no_key_says_what_is_wrong() {
        let why = |text: &str| Keyring::parse(text).unwrap_err();
        assert!(why("").contains("does not begin"));
        assert!(why("twinfunnel seal key v1\n").contains("second line"));
        assert!(why("twinfunnel seal key v1\nprivate x\n").contains("32 bytes"));
        let key = SigningKey::generate().unwrap().reveal();
        let text = format!("twinfunnel seal key v1\nprivate {key}\npublic x\n");
        assert!(why(&text).contains("further line"));
    }
}
