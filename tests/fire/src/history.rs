//! What a node shows: its log, and whether its read models are what a rebuild makes of it.

use std::time::Duration;

use anyhow::{Context as _, bail};
use client::Client;
use futures::StreamExt as _;
use proto::v1::follow_request::From;
use proto::v1::follow_response::Item;
use proto::v1::{Event, FollowRequest};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};
use tokio::time::{Instant, sleep};

use crate::Tally;
use crate::home::Home;

/// How long read models may take to come to the head.
const KEPT_UP_WITHIN: Duration = Duration::from_secs(60);

/// All events after a position, in the order they are told.
pub(crate) async fn after(client: &Client, position: u64) -> anyhow::Result<Vec<Event>> {
    let question = FollowRequest {
        from: Some(From::AfterPosition(position)),
        until_head: true,
        ..FollowRequest::default()
    };
    let mut answers = client.follow(question).await?;
    let mut events = Vec::new();
    while let Some(answer) = answers.next().await {
        if let Some(Item::Event(event)) = answer?.item {
            events.push(event);
        }
    }
    Ok(events)
}

/// Compares each read model, table by table, with what a rebuild makes of it.
pub(crate) async fn check_read_models(
    home: &Home,
    client: &Client,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let give_up = Instant::now() + KEPT_UP_WITHIN;
    let models = loop {
        let told = client.list_read_models().await?;
        if told
            .read_models
            .iter()
            .all(|model| model.position == told.head)
        {
            break told.read_models;
        }
        if Instant::now() > give_up {
            tally.lose(format!(
                "read models do not come to {}: {told:?}",
                told.head
            ));
            return Ok(());
        }
        sleep(Duration::from_millis(20)).await;
    };
    for model in models {
        let rebuilt = client.rebuild_read_model(&model.name).await?;
        let rebuilt = rebuilt
            .read_model
            .context("a rebuild tells what it built")?;
        if rebuilt.generation == model.generation {
            bail!("{} was not rebuilt", model.name);
        }
        let before = rows(home, &model.name, model.generation).await?;
        let after = rows(home, &model.name, rebuilt.generation).await?;
        tally.try_many(u64::try_from(after.len())?);
        let differing = before.iter().zip(&after).find(|(one, other)| one != other);
        if before.len() != after.len() || differing.is_some() {
            let (one, other) = (before.len(), after.len());
            let name = &model.name;
            tally.wrong(format!(
                "{name}: {one} rows, rebuilt {other}: {differing:?}"
            ));
        }
    }
    Ok(())
}

/// All rows of all tables of a generation, each as text, in an order of their own.
async fn rows(home: &Home, model: &str, generation: u64) -> anyhow::Result<Vec<String>> {
    let mut all = Vec::new();
    match home {
        Home::Sqlite(folder) => {
            let file = format!("read-models/{model}-g{generation}.sqlite");
            let options = SqliteConnectOptions::new().filename(folder.path().join(file));
            let mut connection = options.read_only(true).connect().await?;
            let tables = "SELECT m.name, group_concat(quote(c.name), ', ') FROM sqlite_master AS m
                 JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table' GROUP BY m.name";
            let tables: Vec<(String, String)> =
                sqlx::query_as(tables).fetch_all(&mut connection).await?;
            for (table, columns) in tables {
                let columns = columns.replace('\'', "\"");
                let select = format!("SELECT json_array({columns}) AS row FROM {table} ORDER BY 1");
                let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(select))
                    .fetch_all(&mut connection)
                    .await?;
                all.extend(rows.into_iter().map(|row| format!("{table} {row}")));
            }
        }
        Home::Postgres { url, .. } => {
            let mut connection = PgConnection::connect(url).await?;
            let schema = format!("{model}_g{generation}");
            let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = $1 ORDER BY 1";
            let tables: Vec<String> = sqlx::query_scalar(tables)
                .bind(&schema)
                .fetch_all(&mut connection)
                .await?;
            for table in tables {
                let select = format!("SELECT t::text FROM {schema}.{table} AS t ORDER BY 1");
                let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(select))
                    .fetch_all(&mut connection)
                    .await?;
                all.extend(rows.into_iter().map(|row| format!("{table} {row}")));
            }
        }
    }
    Ok(all)
}
