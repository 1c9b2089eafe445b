//! Claims: values that only one holder may have at a time.

use std::borrow::Cow;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// A unique value, such as the e-mail of a contact or a booking slot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Claim {
    /// What must be unique, e.g. `contact.email`. Claims of different scopes never meet.
    pub scope: Cow<'static, str>,
    /// The value, as its owner normalised it.
    pub value: ClaimValue,
}

/// The value of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ClaimValue {
    /// Stored as it is.
    Plain(String),
    /// Tells who someone is: only its HMAC-SHA256 under a secret of the tenant is ever stored.
    Personal(String),
}

/// A change of who holds what, landing with the append that carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimChange {
    /// Takes it. Taking what one holds already is fine.
    Claim {
        /// What is taken.
        claim: Claim,
        /// Who takes it.
        holder: Arc<str>,
    },
    /// Gives it back. Giving back what one does not hold changes nothing.
    Release {
        /// What is given back.
        claim: Claim,
        /// Who gives it back.
        holder: Arc<str>,
    },
}

impl ClaimChange {
    /// What it is about, and who makes it.
    pub(crate) fn parts(&self) -> (&Claim, &str) {
        match self {
            Self::Claim { claim, holder } | Self::Release { claim, holder } => (claim, holder),
        }
    }

    pub(crate) fn is_personal(&self) -> bool {
        matches!(self.parts().0.value, ClaimValue::Personal(_))
    }
}

impl ClaimValue {
    /// The value itself.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Plain(text) | Self::Personal(text) => text,
        }
    }
}

/// A secret of a tenant, for the hashes of personal values.
pub(crate) type Secret = [u8; 32];

/// A claim as it is stored: `=` and the value, or `#` and the hash in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) scope: Cow<'static, str>,
    pub(crate) value: String,
}

impl Key {
    /// The key of a claim. Without a secret a personal value has none.
    pub(crate) fn of(claim: &Claim, secret: Option<&Secret>) -> Option<Self> {
        let value = match &claim.value {
            ClaimValue::Plain(text) => ["=", text].concat(),
            ClaimValue::Personal(text) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(secret?).ok()?;
                mac.update(claim.scope.as_bytes());
                mac.update(&[0]);
                mac.update(text.as_bytes());
                format!("#{}", hex::encode(mac.finalize().into_bytes()))
            }
        };
        Some(Self {
            scope: claim.scope.clone(),
            value,
        })
    }
}
