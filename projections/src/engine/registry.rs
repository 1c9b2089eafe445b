//! Which generations there are, and which of them answers.
//!
//! Of each version of a read model one generation is live: while a fleet is brought to a newer
//! program, the old program goes on with its own. Generations are built, and taken away, by one at a
//! time ([`Building`]), however many nodes there are: so what is neither live nor being built was
//! left behind, by a swap or by a crash, and is swept.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::db::{Db, Session, Value};
use super::generation::{Error, Generation, Model};
use crate::Home;

/// The schema of PostgreSQL in which the registry lies.
const SCHEMA: &str = "read_models";

/// Nodes that change the registry at the same time queue at this lock of PostgreSQL.
const LOCK: &str = "SELECT pg_advisory_xact_lock(5702887)";

/// The node that builds holds this one, for as long as that takes.
const BUILD: &str = "SELECT pg_advisory_xact_lock(5702888)";
const TRY_BUILD: &str =
    "SELECT CASE WHEN pg_try_advisory_xact_lock(5702888) THEN CAST(1 AS BIGINT) ELSE 0 END";

/// Nothing is said while a generation is filled, which may take hours.
const MAY_REST: &str = "SET LOCAL idle_in_transaction_session_timeout = 0";

/// A schema that somebody still reads is left to them: shorter than PostgreSQL waits before it looks
/// for a deadlock, which the reader might lose.
const LET_READ: &str = "SET LOCAL lock_timeout = '500ms'";

/// The registry of one home.
#[derive(Debug)]
pub(crate) struct Registry {
    home: Home,
    db: Db,
    building: Arc<Mutex<()>>,
}

/// The turn to build generations and to take them away. It ends when this is dropped, and with the
/// process.
pub(crate) struct Building {
    _of_node: OwnedMutexGuard<()>,
    /// Where other nodes have a say: the transaction that holds the lock, to its end.
    of_home: Option<Session>,
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
        let registry = Self {
            home,
            db,
            building: Arc::default(),
        };
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

    /// Where it is kept.
    pub(super) fn db(&self) -> &Db {
        &self.db
    }

    async fn change(&self) -> Result<Session, sqlx::Error> {
        let mut session = self.db.write().await?;
        if self.is_shared() {
            session.rows(LOCK, &[]).await?;
        }
        Ok(session)
    }

    /// Waits for the turn to build.
    pub(crate) async fn building(&self) -> Result<Building, Error> {
        let of_node = Arc::clone(&self.building).lock_owned().await;
        let mut of_home = None;
        if self.is_shared() {
            let mut session = self.db.write().await?;
            session.script(MAY_REST).await?;
            session.rows(BUILD, &[]).await?;
            of_home = Some(session);
        }
        Ok(Building {
            _of_node: of_node,
            of_home,
        })
    }

    /// The turn to build, unless somebody has it.
    async fn try_building(&self) -> Result<Option<Building>, Error> {
        let Ok(of_node) = Arc::clone(&self.building).try_lock_owned() else {
            return Ok(None);
        };
        let mut of_home = None;
        if self.is_shared() {
            let mut session = self.db.write().await?;
            let taken = session.rows(TRY_BUILD, &[]).await?;
            if taken.first().map_or(Ok(0), |row| row.count(0))? == 0 {
                return Ok(None);
            }
            of_home = Some(session);
        }
        Ok(Some(Building {
            _of_node: of_node,
            of_home,
        }))
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
    pub(crate) async fn next(
        &self,
        _building: &Building,
        model: Model,
    ) -> Result<Arc<Generation>, Error> {
        let mut session = self.change().await?;
        let number = self.make(&mut session, model, false).await?;
        session.commit().await?;
        self.generation(model, number, false).await
    }

    /// Says that a generation has once caught up.
    pub(crate) async fn set_ready(&self, generation: &Generation) -> Result<(), Error> {
        let mut session = self.change().await?;
        let sql = "UPDATE generation SET ready = 1 WHERE name = $1 AND number = $2";
        session.execute(sql, &key(generation)).await?;
        session.commit().await?;
        generation.set_ready();
        Ok(())
    }

    /// Makes a generation that has been built the live one of its version, and ends the turn; gives
    /// the number of the one it takes the place of. Whose turn was lost with the connection, or whose
    /// generation is gone, promotes nothing.
    pub(crate) async fn promote(
        &self,
        building: Building,
        generation: &Generation,
    ) -> Result<Option<u64>, Error> {
        let Model { name, version, .. } = generation.model;
        let mut session = match building.of_home {
            Some(mut session) => {
                session.rows(LOCK, &[]).await?;
                session
            }
            None => self.change().await?,
        };
        let previous = live(&mut session, generation.model).await?;
        let sql = "UPDATE generation SET live = 0 WHERE name = $1 AND version = $2";
        let values = [name.into(), i64::from(version).into()];
        session.execute(sql, &values).await?;
        let sql = "UPDATE generation SET live = 1, ready = 1 WHERE name = $1 AND number = $2";
        if session.execute(sql, &key(generation)).await? == 0 {
            return Err(Error::Gone);
        }
        session.commit().await?;
        generation.set_ready();
        Ok(previous.map(|(number, _)| number))
    }

    /// Takes away a generation that will not be built to its end.
    pub(crate) async fn abandon(&self, _building: &Building, generation: &Generation) {
        generation.db.close().await;
        if let Err(error) = self.drop_one(generation.model, generation.number).await {
            tracing::warn!(%error, read_model = generation.model.name, "what was built of it stays");
        }
    }

    /// Drops generations that answer no more: those of this version that are not live, and all of
    /// older versions that no program can be using, which on a shared database nobody can know. While
    /// somebody builds nothing is dropped: whoever does sweeps in the end. What cannot be dropped
    /// stays until the next time.
    pub(crate) async fn sweep(&self, model: Model, keep: &[u64]) {
        let swept = async {
            let Some(_building) = self.try_building().await? else {
                return Ok(());
            };
            for gone in self.gone(model).await? {
                if !keep.contains(&gone) {
                    self.drop_one(model, gone).await?;
                }
            }
            Ok::<_, Error>(())
        };
        if let Err(error) = swept.await {
            tracing::warn!(%error, read_model = model.name, "older generations stay");
        }
    }

    async fn gone(&self, model: Model) -> Result<Vec<u64>, sqlx::Error> {
        let sql = "SELECT number FROM generation WHERE name = $1 AND \
                   ((version = $2 AND live = 0) OR (version < $2 AND $3 = 0)) ORDER BY number";
        let is_shared = i64::from(self.is_shared());
        let values = [
            model.name.into(),
            i64::from(model.version).into(),
            is_shared.into(),
        ];
        let rows = self.db.read().await?.rows(sql, &values).await?;
        rows.iter().map(|row| row.count(0)).collect()
    }

    async fn drop_one(&self, model: Model, gone: u64) -> Result<(), Error> {
        let mut session = self.change().await?;
        let sql = "DELETE FROM generation WHERE name = $1 AND number = $2";
        let key = [model.name.into(), number(gone)];
        session.execute(sql, &key).await?;
        match &self.home {
            Home::Sqlite { .. } => self.remove(model, gone)?,
            Home::Postgres { .. } => {
                let schema = schema(model, gone);
                let drop = format!("{LET_READ}; DROP SCHEMA IF EXISTS {schema} CASCADE");
                session.script(&drop).await?;
            }
        }
        Ok(session.commit().await?)
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
                // A crash may have left its files, and no row.
                self.remove(model, next)?;
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

    /// Removes the files of a generation, those that are there.
    fn remove(&self, model: Model, number: u64) -> Result<(), std::io::Error> {
        for suffix in ["", "-wal", "-shm"] {
            let mut path = self.path(model, number).into_os_string();
            path.push(suffix);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
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

fn key(generation: &Generation) -> [Value; 2] {
    [generation.model.name.into(), number(generation.number)]
}

fn number(number: u64) -> Value {
    Value::Int(Some(i64::try_from(number).unwrap_or(i64::MAX)))
}
