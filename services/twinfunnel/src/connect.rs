//! The options with which every command of a client says where the server is and who calls.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use client::{Client, Config};

/// How long a command tries to reach a server that does not answer: a person waits for it.
const RETRY_FOR: Duration = Duration::from_secs(2);

/// Where the server is and who calls.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ConnectArgs {
    /// Where the server is.
    #[arg(
        long,
        env = "TWINFUNNEL_SERVER",
        value_name = "URL",
        default_value = "http://127.0.0.1:7447"
    )]
    pub(crate) server: String,
    /// Whose data is worked on, main if not given; a server that checks tokens takes it from the token.
    #[arg(long, env = "TWINFUNNEL_TENANT")]
    pub(crate) tenant: Option<String>,
    /// In whose name; the user of this machine if not given.
    #[arg(long, env = "TWINFUNNEL_ACTOR")]
    pub(crate) actor: Option<String>,
    /// JSON Web Token, for a server that checks them.
    #[arg(long, env = "TWINFUNNEL_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// Longest time an answer may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) timeout: u64,
    /// PEM certificates of private authorities to trust besides the public ones.
    #[arg(long, env = "TWINFUNNEL_CA_CERT", value_name = "FILE")]
    pub(crate) ca_cert: Option<PathBuf>,
}

impl ConnectArgs {
    /// Whose data is worked on, if no token says otherwise.
    pub(crate) fn tenant(&self) -> &str {
        self.tenant.as_deref().unwrap_or("main")
    }

    /// A client as the options say. It connects when it is first used.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        let ca_certificate_pem = match &self.ca_cert {
            Some(path) => Some(std::fs::read(path).with_context(|| path.display().to_string())?),
            None => None,
        };
        let config = Config {
            actor: Some(self.actor.clone().unwrap_or_else(os_user)),
            token: self.token.clone(),
            timeout: Duration::from_secs(self.timeout),
            retry_for: RETRY_FOR,
            ca_certificate_pem,
            ..Config::new(&self.server, self.tenant())
        };
        Ok(Client::connect(config)?)
    }
}

/// The user of this machine, if the name is one that the server takes.
fn os_user() -> String {
    let fits = |name: &String| {
        (1..=128).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic())
    };
    ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .filter_map(|variable| std::env::var(variable).ok())
        .find(fits)
        .unwrap_or_else(|| "cli".to_owned())
}
