//! message-db: its own release, installed by its own script, called through its one function for writing.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

use crate::Registered;
use crate::load::{Rate, run};

/// Where its makers publish it.
const RELEASE: &str = "https://registry.npmjs.org/@eventide/message-db/-/message-db-1.3.1.tgz";

pub(crate) async fn measure(url: &str, in_flight: usize, span: Duration) -> anyhow::Result<Rate> {
    let server: PgConnectOptions = url.parse()?;
    let database = format!("message_store_{}", Uuid::now_v7().simple());
    install(&server, &database)?;
    let pool = sqlx::postgres::PgPoolOptions::new()
        .max_connections(crate::CONNECTIONS)
        .connect_with(
            server
                .database(&database)
                .options([("search_path", "message_store,public")]),
        )
        .await?;
    let callers = (0..in_flight).map(|_| {
        let pool = pool.clone();
        move || {
            let pool = pool.clone();
            async move {
                let registered = Registered::anew();
                let write = "SELECT write_message($1, $2, 'OpportunityRegistered', $3, NULL, -1)";
                sqlx::query(write)
                    .bind(Uuid::new_v4().to_string())
                    .bind(format!("opportunity-{}", registered.opportunity_id))
                    .bind(serde_json::to_value(&registered)?)
                    .execute(&pool)
                    .await?;
                Ok(())
            }
        }
    });
    run(callers.collect(), span).await
}

fn install(server: &PgConnectOptions, database: &str) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let archive = folder.path().join("release.tgz");
    let run = |command: &mut Command| {
        let command = command.current_dir(folder.path()).stdout(Stdio::null());
        let status = command.status().with_context(|| format!("{command:?}"))?;
        ensure!(status.success(), "{command:?}: {status}");
        Ok(())
    };
    run(Command::new("curl")
        .args(["-fsSL", "-o"])
        .arg(&archive)
        .arg(RELEASE))?;
    run(Command::new("tar").arg("xzf").arg(&archive))?;
    run(Command::new("bash")
        .arg("package/database/install.sh")
        .env("PGHOST", server.get_host())
        .env("PGPORT", server.get_port().to_string())
        .env("PGUSER", server.get_username())
        .env("DATABASE_NAME", database)
        .stderr(Stdio::null()))
}
