//! Keys of signed notes: Ed25519, each under the name of the log that it signs for.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, VerifyingKey};

use crate::hash::sha256;

/// The first byte of an encoded public key: Ed25519.
const ED25519: u8 = 1;

/// Why a key could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not `name+id+key`, or not a key of Ed25519.
    #[error("a verifier key is NAME+ID+KEY, of Ed25519")]
    Malformed,
    /// The id does not belong to this name and key: something of it was lost or exchanged.
    #[error("the id of the verifier key does not belong to its name and key")]
    Id,
    /// A name that no signed note can bear.
    #[error("a key's name is not empty, and has no spaces and no plus signs")]
    Name,
    /// Not the 32 bytes of a private key in base 64.
    #[error("a private key is 32 bytes in base 64")]
    Private,
    /// The operating system gave no random bytes.
    #[error("no random bytes for a new key: {0}")]
    Random(String),
}

/// A private key. Shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

impl SigningKey {
    /// A new key, from the operating system's random bytes.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| KeyError::Random(error.to_string()))?;
        Ok(Self(ed25519_dalek::SigningKey::from_bytes(&seed)))
    }

    /// Reads a key as [`reveal`](Self::reveal) writes it.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let seed = STANDARD.decode(text).map_err(|_| KeyError::Private)?;
        let seed = seed.try_into().map_err(|_| KeyError::Private)?;
        Ok(Self(ed25519_dalek::SigningKey::from_bytes(&seed)))
    }

    /// The key as it is kept: its 32 bytes in base 64. A secret.
    pub fn reveal(&self) -> String {
        STANDARD.encode(self.0.to_bytes())
    }

    /// The public key, 32 bytes.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    pub(crate) fn sign(&self, text: &str) -> [u8; 64] {
        self.0.sign(text.as_bytes()).to_bytes()
    }
}

/// A public key and the name of the log it signs for. Written `NAME+ID+KEY`, the "vkey" of signed
/// notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: u32,
    key: VerifyingKey,
}

impl VerifierKey {
    /// The key under a name.
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, KeyError> {
        if !is_name(name) {
            return Err(KeyError::Name);
        }
        let key = VerifyingKey::from_bytes(&public).map_err(|_| KeyError::Malformed)?;
        let [a, b, c, d, ..] = sha256(&[name.as_bytes(), b"\n", &[ED25519], &public]).0;
        Ok(Self {
            name: name.to_owned(),
            id: u32::from_be_bytes([a, b, c, d]),
            key,
        })
    }

    /// The name, which is the origin of the checkpoints that it signs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// By this a signature says which key of that name it is of.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The public key, 32 bytes.
    pub fn public(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    pub(crate) fn has_signed(&self, text: &str, signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(text.as_bytes(), &signature).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![ED25519];
        key.extend(self.key.to_bytes());
        write!(f, "{}+{:08x}+{}", self.name, self.id, STANDARD.encode(key))
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // The key is base 64 and may hold plus signs of its own.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Malformed);
        };
        let key = STANDARD.decode(key).map_err(|_| KeyError::Malformed)?;
        let Some((&ED25519, public)) = key.split_first() else {
            return Err(KeyError::Malformed);
        };
        let public = public.try_into().map_err(|_| KeyError::Malformed)?;
        let key = Self::new(name, public)?;
        if id != format!("{:08x}", key.id) {
            return Err(KeyError::Id);
        }
        Ok(key)
    }
}

/// Whether signed notes can bear it.
pub(crate) fn is_name(name: &str) -> bool {
    let is_bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    !name.is_empty() && !name.contains(is_bad)
}
