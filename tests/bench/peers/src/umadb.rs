//! UmaDB: its server in a process of its own, its client as many connections as ours has.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::Command;
use umadb_client::{AsyncUmaDbClient, UmaDbClient};
use umadb_core::mvcc::StorageOptions;
use umadb_dcb::{DcbEvent, DcbEventStoreAsync as _};
use umadb_server::{ServerOptions, start_server_with_options};
use uuid::Uuid;

use crate::Registered;
use crate::load::{Rate, run};

/// Connections the load is spread over.
const CONNECTIONS: usize = 4;

/// Runs the server until its process ends.
pub(crate) async fn serve(folder: PathBuf, listen: String) -> anyhow::Result<()> {
    let (_stop, stopped) = tokio::sync::oneshot::channel();
    let options = ServerOptions {
        listen_addr: listen,
        tls: None,
        api_key: None,
        storage: StorageOptions::default().db_path(folder),
    };
    let served = start_server_with_options(options, stopped).await;
    served.map_err(|error| anyhow::anyhow!("{error}"))
}

pub(crate) async fn measure(in_flight: usize, span: Duration) -> anyhow::Result<Rate> {
    let folder = tempfile::tempdir()?;
    let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let _server = Command::new(std::env::current_exe()?)
        .arg("umadb-server")
        .arg("--folder")
        .arg(folder.path())
        .args(["--listen", &free.to_string()])
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let mut clients: Vec<Arc<AsyncUmaDbClient>> = Vec::new();
    for _ in 0..CONNECTIONS.min(in_flight) {
        let client = UmaDbClient::new(format!("http://{free}"));
        clients.push(Arc::new(client.connect_async().await?));
    }
    let callers = clients.into_iter().cycle().take(in_flight).map(|client| {
        move || {
            let client = Arc::clone(&client);
            async move {
                let registered = Registered::anew();
                let event = DcbEvent::default()
                    .event_type("OpportunityRegistered")
                    .tags([format!("opportunity:{}", registered.opportunity_id)])
                    .data(serde_json::to_vec(&registered)?)
                    .uuid(Uuid::new_v4());
                client.append(vec![event], None, None).await?;
                Ok(())
            }
        }
    });
    run(callers.collect(), span).await
}
