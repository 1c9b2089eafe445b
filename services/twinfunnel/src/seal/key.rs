//! The key that seals: made, replaced, and its public half printed.

use std::path::PathBuf;
use std::process::ExitCode;

use event_schemas::vocabulary::TenantId;
use log::seal::KeyFile;
use merkle::OriginPrefix;

use crate::output;

/// Where the key is kept in a data directory.
pub(crate) const FILE_NAME: &str = "seal.key";

/// Where the key is.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct KeyArgs {
    /// The data directory of a server: the key is its file seal.key.
    #[arg(long, env = "TWINFUNNEL_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The file with the key, if it is elsewhere.
    #[arg(long, env = "TWINFUNNEL_SEAL_KEY", value_name = "FILE")]
    seal_key: Option<PathBuf>,
}

impl KeyArgs {
    fn file(self) -> KeyFile {
        let in_dir = self.data_dir.map(|dir| dir.join(FILE_NAME));
        KeyFile::at(self.seal_key.or(in_dir).unwrap_or_default())
    }
}

/// Options of `seal rotate-key`.
#[derive(Debug, clap::Args)]
pub(crate) struct RotateKeyArgs {
    #[command(flatten)]
    key: KeyArgs,
}

/// Options of `seal public-key`.
#[derive(Debug, clap::Args)]
pub(crate) struct PublicKeyArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// In whose log's name.
    #[arg(long, env = "TWINFUNNEL_TENANT", default_value = "main")]
    tenant: String,
    /// How the names of the logs begin, as `serve` was told.
    #[arg(
        long,
        env = "TWINFUNNEL_SEAL_ORIGIN",
        value_name = "PREFIX",
        default_value = "twinfunnel"
    )]
    seal_origin: OriginPrefix,
}

/// Makes a new key. A server that runs takes it up by itself.
pub(crate) async fn rotate(args: RotateKeyArgs) -> anyhow::Result<ExitCode> {
    let file = args.key.file();
    let ring = file.rotate().await?;
    let replaced = match ring.replaced.len() {
        0 => "it is the first".to_owned(),
        count => format!("{count} before it stay published"),
    };
    output::write_line(&format!("{}: a new key; {replaced}", file.path().display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the public keys, from the file: so they can be handed on without asking the server.
pub(crate) async fn public_key(args: PublicKeyArgs) -> anyhow::Result<ExitCode> {
    let origin = args.seal_origin.of(&TenantId::new(&args.tenant)?);
    for key in args.key.file().read().await?.verifiers(&origin)? {
        output::write_line(&key.to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}
