//! Who is calling: tenant, actor and rights, from a signed token or, on loopback only, from the
//! metadata `x-tenant` and `x-actor`.

use std::path::Path;
use std::sync::Arc;

use event_schemas::vocabulary::TenantId;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use tonic::Status;
use tonic::metadata::MetadataMap;

use crate::status::{invalid_field, unauthenticated};

/// What a caller may do. In a token's `scope` the names are written in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// Send commands.
    Command,
    /// Ask queries and read history.
    Query,
    /// Send commands in another's name and for a time in the past.
    Import,
    /// Rebuild read models.
    Operate,
}

impl Right {
    const ALL: [Self; 4] = [Self::Command, Self::Query, Self::Import, Self::Operate];

    fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Query => "query",
            Self::Import => "import",
            Self::Operate => "operate",
        }
    }
}

/// Who is calling.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Whose data they work on.
    pub tenant: TenantId,
    /// Who they are.
    pub actor: String,
    rights: Vec<Right>,
}

impl Caller {
    /// Whether they have a right.
    pub fn may(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }

    /// PERMISSION_DENIED unless they have the right.
    pub(crate) fn require(&self, right: Right) -> Result<(), Status> {
        if self.may(right) {
            return Ok(());
        }
        Err(crate::status::permission_denied(&self.actor, right.name()))
    }
}

/// How callers are known.
#[derive(Clone)]
pub enum Authentication {
    /// Nobody is checked: tenant and actor are what the metadata says, with all rights. Only for
    /// a server that listens on loopback.
    Loopback,
    /// `authorization: Bearer` with a JSON Web Token: `tenant`, `sub` (the actor), `scope` (rights,
    /// separated by spaces), `exp`.
    Token {
        /// Verifies the signature.
        key: Arc<DecodingKey>,
        /// What else must hold.
        validation: Arc<Validation>,
    },
}

impl std::fmt::Debug for Authentication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Loopback => "Loopback",
            Self::Token { .. } => "Token",
        })
    }
}

/// Why the door could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The key file cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The key file holds no public key of a kind that is taken.
    #[error("{0} holds no PEM public key (Ed25519, P-256 or RSA)")]
    NoKey(String),
}

impl Authentication {
    /// Tokens signed by the holder of the private half of a PEM public key.
    pub fn token_signed_by(
        path: &Path,
        issuer: Option<&str>,
        audience: Option<&str>,
    ) -> Result<Self, DoorError> {
        let name = path.display().to_string();
        let pem = std::fs::read(path).map_err(|source| DoorError::Unreadable {
            path: name.clone(),
            source,
        })?;
        let (key, algorithm) = DecodingKey::from_ed_pem(&pem)
            .map(|key| (key, Algorithm::EdDSA))
            .or_else(|_| DecodingKey::from_ec_pem(&pem).map(|key| (key, Algorithm::ES256)))
            .or_else(|_| DecodingKey::from_rsa_pem(&pem).map(|key| (key, Algorithm::RS256)))
            .map_err(|_| DoorError::NoKey(name))?;
        let mut validation = Validation::new(algorithm);
        validation.validate_nbf = true;
        // A claim that is asked for has to be there: the library compares only what it finds.
        let mut required = vec!["exp", "sub"];
        if let Some(issuer) = issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        match audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                required.push("aud");
            }
            None => validation.validate_aud = false,
        }
        validation.set_required_spec_claims(&required);
        Ok(Self::Token {
            key: Arc::new(key),
            validation: Arc::new(validation),
        })
    }
}

/// The door itself; cheap to clone.
#[derive(Debug, Clone)]
pub struct Door(Authentication);

#[derive(Deserialize)]
struct Claims {
    sub: String,
    tenant: String,
    #[serde(default)]
    scope: String,
}

impl Door {
    /// A door that knows callers that way.
    pub fn new(authentication: Authentication) -> Self {
        Self(authentication)
    }

    /// Who is calling, by the metadata of the call.
    pub fn admit(&self, metadata: &MetadataMap) -> Result<Caller, Status> {
        match &self.0 {
            Authentication::Loopback => Ok(Caller {
                tenant: tenant(&text(metadata, "x-tenant")?)?,
                actor: actor(text(metadata, "x-actor")?)?,
                rights: Right::ALL.to_vec(),
            }),
            Authentication::Token { key, validation } => {
                let bearer = text(metadata, "authorization")?;
                let token = bearer
                    .strip_prefix("Bearer ")
                    .ok_or_else(|| unauthenticated("authorization is not a bearer token"))?;
                let claims = jsonwebtoken::decode::<Claims>(token, key, validation)
                    .map_err(|error| unauthenticated(&format!("the token is refused: {error}")))?
                    .claims;
                let has = |right: &Right| claims.scope.split(' ').any(|s| s == right.name());
                Ok(Caller {
                    tenant: tenant(&claims.tenant)?,
                    actor: actor(claims.sub)?,
                    rights: Right::ALL.into_iter().filter(has).collect(),
                })
            }
        }
    }
}

fn text(metadata: &MetadataMap, key: &str) -> Result<String, Status> {
    let value = metadata
        .get(key)
        .ok_or_else(|| unauthenticated(&format!("the metadata {key} is missing")))?;
    let value = value
        .to_str()
        .map_err(|_| invalid_field(key, "is not visible ASCII"))?;
    Ok(value.to_owned())
}

fn tenant(text: &str) -> Result<TenantId, Status> {
    TenantId::new(text).map_err(|error| invalid_field("x-tenant", &error.to_string()))
}

/// Longest name of an actor, in bytes.
const ACTOR_MAX_LEN: usize = 128;

/// Checks the name of an actor: visible ASCII, so that it can be metadata too.
pub(crate) fn actor(text: String) -> Result<String, Status> {
    let visible = text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    if text.trim().is_empty() || text.len() > ACTOR_MAX_LEN || !visible {
        return Err(invalid_field(
            "x-actor",
            "is 1 to 128 visible ASCII characters",
        ));
    }
    Ok(text)
}
