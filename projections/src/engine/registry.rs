//! Which generations there are, and which of them answers.
//!
//! Of each version of a read model one generation is live: while a fleet is brought to a newer
//! program, the old program goes on with its own.

use std::path::PathBuf;
use std::sync::Arc;

use super::db::{Db, Session, Value};
use super::generation::{Error, Generation, Model};
use crate::Home;

/// The schema of PostgreSQL in which the registry lies.
const SCHEMA: &str = "read_models";

/// Nodes that change the registry at the same time queue at this lock of PostgreSQL.
const LOCK: &str = "SELECT pg_advisory_xact_lock(5702887)";

/// The registry of one home.
#[derive(Debug)]
pub(crate) struct Registry {
    home: Home,
    db: Db,
}

impl Registry {
    pub(crate) async fn open(home: Home) -> Result<Self, Error> {
        let db = match &home {
            Home::Sqlite { dir } => {
                std::fs::create_dir_all(dir)?;
                Db::sqlite(&dir.join("registry.sqlite"), false).await?
            }
            Home::Postgres { url } => Db::postgres(url, SCHEMA).await?,
        };
        let registry = Self { home, db };
        let mut session = registry.change().await?;
        if registry.is_shared() {
            session
                .script(&format!("CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
                .await?;
        }
        session.script(include_str!("registry.sql")).await?;
        session.commit().await?;
        Ok(registry)
    }

    /// Whether other nodes have a say in it.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.home, Home::Postgres { .. })
    }

    async fn change(&self) -> Result<Session, sqlx::Error> {
        let mut session = self.db.write().await?;
        if self.is_shared() {
            session.rows(LOCK, &[]).await?;
        }
        Ok(session)
    }

    /// The live generation of a model at its version; made, if there is none.
    pub(crate) async fn live(&self, model: Model) -> Result<Arc<Generation>, Error> {
        let mut session = self.change().await?;
        let (number, is_ready) = match live(&mut session, model).await? {
            Some(live) => live,
            None => (self.make(&mut session, model, true).await?, false),
        };
        session.commit().await?;
        self.generation(model, number, is_ready).await
    }

    /// The number of the live generation, if there is one, and whether it is ready.
    pub(crate) async fn live_number(&self, model: Model) -> Result<Option<(u64, bool)>, Error> {
        Ok(live(&mut self.db.read().await?, model).await?)
    }

    /// The next generation of a model, empty, not live.
    pub(crate) async fn next(&self, model: Model) -> Result<Arc<Generation>, Error> {
        let mut session = self.change().await?;
        let number = self.make(&mut session, model, false).await?;
        session.commit().await?;
        self.generation(model, number, false).await
    }

    /// Says that a generation has once caught up.
    pub(crate) async fn set_ready(&self, generation: &Generation) -> Result<(), Error> {
        let mut session = self.change().await?;
        let sql = "UPDATE generation SET ready = 1 WHERE name = $1 AND number = $2";
        session
            .execute(
                sql,
                &[generation.model.name.into(), number(generation.number)],
            )
            .await?;
        session.commit().await?;
        generation.set_ready();
        Ok(())
    }

    /// Makes a generation the live one of its version.
    pub(crate) async fn promote(&self, generation: &Generation) -> Result<(), Error> {
        let Model { name, version, .. } = generation.model;
        let mut session = self.change().await?;
        let sql = "UPDATE generation SET live = CASE WHEN number = $1 THEN 1 ELSE 0 END \
                   WHERE name = $2 AND version = $3";
        let values = [
            number(generation.number),
            name.into(),
            i64::from(version).into(),
        ];
        session.execute(sql, &values).await?;
        session.commit().await?;
        Ok(())
    }

    /// Drops generations that answer no more: those of this version that are not live, and all of
    /// older versions that no program can be using, which on a shared database nobody can know.
    pub(crate) async fn sweep(&self, model: Model, keep: &[u64]) -> Result<(), Error> {
        let mut session = self.change().await?;
        let sql = "SELECT number FROM generation WHERE name = $1 AND \
                   ((version = $2 AND live = 0) OR (version < $2 AND $3 = 0))";
        let is_shared = i64::from(self.is_shared());
        let values = [
            model.name.into(),
            i64::from(model.version).into(),
            is_shared.into(),
        ];
        for row in session.rows(sql, &values).await? {
            let gone = row.count(0)?;
            if keep.contains(&gone) {
                continue;
            }
            let sql = "DELETE FROM generation WHERE name = $1 AND number = $2";
            session
                .execute(sql, &[model.name.into(), number(gone)])
                .await?;
            match &self.home {
                Home::Sqlite { .. } => {
                    for suffix in ["", "-wal", "-shm"] {
                        let mut path = self.path(model, gone).into_os_string();
                        path.push(suffix);
                        match std::fs::remove_file(&path) {
                            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                                return Err(error.into());
                            }
                            _ => {}
                        }
                    }
                }
                Home::Postgres { .. } => {
                    let schema = schema(model, gone);
                    session
                        .script(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE"))
                        .await?;
                }
            }
        }
        session.commit().await?;
        Ok(())
    }

    pub(crate) async fn close(&self) {
        self.db.close().await;
    }

    async fn make(&self, session: &mut Session, model: Model, is_live: bool) -> Result<u64, Error> {
        let sql = "SELECT MAX(number) FROM generation WHERE name = $1";
        let rows = session.rows(sql, &[model.name.into()]).await?;
        let next = rows.first().map_or(Ok(0), |row| row.count(0))? + 1;
        let sql = "INSERT INTO generation (name, number, version, live, ready) \
                   VALUES ($1, $2, $3, $4, 0)";
        let (version, is_live) = (i64::from(model.version), i64::from(is_live));
        let values = [
            model.name.into(),
            number(next),
            version.into(),
            is_live.into(),
        ];
        session.execute(sql, &values).await?;
        match &self.home {
            Home::Sqlite { .. } => {
                let db = Db::sqlite(&self.path(model, next), false).await?;
                let mut session = db.write().await?;
                session.script(&model.script()).await?;
                session.commit().await?;
                db.close().await;
            }
            Home::Postgres { .. } => {
                let (schema, script) = (schema(model, next), model.script());
                let script = format!(
                    "CREATE SCHEMA {schema}; SET LOCAL search_path TO {schema};\n{script}\n\
                     SET LOCAL search_path TO {SCHEMA};"
                );
                session.script(&script).await?;
            }
        }
        Ok(next)
    }

    async fn generation(
        &self,
        model: Model,
        number: u64,
        is_ready: bool,
    ) -> Result<Arc<Generation>, Error> {
        let db = match &self.home {
            Home::Sqlite { .. } => Db::sqlite(&self.path(model, number), false).await?,
            Home::Postgres { url } => Db::postgres(url, &schema(model, number)).await?,
        };
        Ok(Arc::new(Generation::new(model, number, db, is_ready)))
    }

    fn path(&self, model: Model, number: u64) -> PathBuf {
        match &self.home {
            Home::Sqlite { dir } => dir.join(format!("{}-g{number}.sqlite", model.name)),
            Home::Postgres { .. } => PathBuf::new(),
        }
    }
}

fn schema(model: Model, number: u64) -> String {
    format!("{}_g{number}", model.name)
}

async fn live(session: &mut Session, model: Model) -> Result<Option<(u64, bool)>, sqlx::Error> {
    let sql = "SELECT number, ready FROM generation \
               WHERE name = $1 AND version = $2 AND live = 1 ORDER BY number DESC";
    let values = [model.name.into(), i64::from(model.version).into()];
    let rows = session.rows(sql, &values).await?;
    rows.first()
        .map(|row| Ok((row.count(0)?, row.count(1)? == 1)))
        .transpose()
}

fn number(number: u64) -> Value {
    Value::Int(Some(i64::try_from(number).unwrap_or(i64::MAX)))
}
