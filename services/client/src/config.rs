//! Where the server is and in whose name it is called.

use std::time::Duration;

/// Where the server is and in whose name it is called.
#[derive(Clone)]
pub struct Config {
    /// `http://host:port`, or `https://host:port` for TLS.
    pub endpoint: String,
    /// Whose data is worked on. A server that checks tokens takes it from the token instead.
    pub tenant: String,
    /// Who calls; taken from the token where there is one.
    pub actor: Option<String>,
    /// JSON Web Token, sent as `authorization: Bearer`.
    pub token: Option<String>,
    /// Longest time a call may take, retries included. Streams are not bound by it.
    pub timeout: Duration,
    /// How long a call is tried again while the server is away or too busy; no longer than `timeout`.
    pub retry_for: Duration,
    /// PEM certificates of private authorities to trust besides the public ones.
    pub ca_certificate_pem: Option<Vec<u8>>,
}

impl Config {
    /// A configuration without a token, with a timeout of 30 seconds, all of it used for retries.
    pub fn new(endpoint: impl Into<String>, tenant: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            tenant: tenant.into(),
            actor: None,
            token: None,
            timeout: Duration::from_secs(30),
            retry_for: Duration::from_secs(30),
            ca_certificate_pem: None,
        }
    }
}

impl std::fmt::Debug for Config {
    // The token is a secret: it is told only whether there is one.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("endpoint", &self.endpoint)
            .field("tenant", &self.tenant)
            .field("actor", &self.actor)
            .field("token", &self.token.is_some())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_shown() {
        let config = Config {
            token: Some("secret".to_owned()),
            ..Config::new("http://localhost", "main")
        };
        assert!(!format!("{config:?}").contains("secret"));
    }
}
