//! The right to fold a read model, where nodes share a home: one node at a time has it.
//!
//! The right is a row with a time by which it has to be renewed; when its node dies another takes it within
//! [`TERM`]. Each holder has a token, larger than the last one's, and a page is only written under the
//! token that holds: a node that was frozen, and wakes when another has taken over, writes nothing. Time
//! is the database's; a node measures by its own clock only how long it has not renewed.

use std::sync::Arc;
use std::time::Duration;

use sqlx::types::Uuid;
use tokio::time::{Instant, sleep, timeout};

use super::db::Value;
use super::generation::Model;
use super::registry::Registry;

/// How long the right lasts if it is not renewed.
pub(super) const TERM: Duration = Duration::from_secs(3);

/// How often it is renewed, and how often others look whether it is to be had.
const RENEW: Duration = Duration::from_millis(700);

/// A node that wants to fold a read model.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    registry: Arc<Registry>,
    model: Model,
    /// By which a node knows its own lease, and takes it on when its workers are started anew.
    holder: Uuid,
}

/// The right, as long as it is kept.
#[derive(Debug)]
pub(super) struct Lease {
    candidate: Candidate,
    token: i64,
    renewed_at: Instant,
}

impl Candidate {
    pub(super) fn new(registry: &Arc<Registry>, model: Model) -> Self {
        Self {
            registry: Arc::clone(registry),
            model,
            holder: Uuid::new_v4(),
        }
    }

    /// Waits until the right is to be had.
    pub(super) async fn take(&self) -> Lease {
        loop {
            let asked_at = Instant::now();
            match timeout(TERM, self.try_take()).await {
                Ok(Ok(Some(token))) => {
                    let read_model = self.model.name;
                    tracing::info!(read_model, token, "this node folds it from now on");
                    return Lease {
                        candidate: self.clone(),
                        token,
                        renewed_at: asked_at,
                    };
                }
                Ok(Ok(None)) => {}
                Ok(Err(error)) => tracing::warn!(%error, "no lease is to be had"),
                Err(_) => tracing::warn!("no lease is to be had: the database does not answer"),
            }
            sleep(RENEW).await;
        }
    }

    async fn try_take(&self) -> Result<Option<i64>, sqlx::Error> {
        let mut values = self.key().to_vec();
        values.extend([Value::from(&*self.holder.to_string()), micros(TERM)]);
        let mut session = self.registry.db().write().await?;
        let taken = session
            .rows(include_str!("lease_take.sql"), &values)
            .await?;
        session.commit().await?;
        taken.first().map_or(Ok(None), |row| row.int(0))
    }

    /// Gives back what it has, so that the next need not wait for its end.
    pub(super) async fn give_back(&self) {
        let mut values = self.key().to_vec();
        values.push(Value::from(&*self.holder.to_string()));
        let giving = async {
            let mut session = self.registry.db().write().await?;
            let sql = "UPDATE lease SET until = 0 WHERE name = $1 AND version = $2 AND holder = $3";
            session.execute(sql, &values).await?;
            session.commit().await
        };
        // If it cannot be said, it ends by itself.
        let _ = timeout(RENEW, giving).await;
    }

    fn key(&self) -> [Value; 2] {
        let version = i64::from(self.model.version);
        [self.model.name.into(), version.into()]
    }
}

impl Lease {
    /// What is written must be written under it.
    pub(super) fn token(&self) -> i64 {
        self.token
    }

    /// Keeps it; ends when it is lost, or when nobody can tell any more.
    pub(super) async fn keep(&mut self) {
        let read_model = self.candidate.model.name;
        while let Some(left) = TERM.checked_sub(self.renewed_at.elapsed() + RENEW) {
            sleep(RENEW).await;
            let asked_at = Instant::now();
            match timeout(left, self.renew()).await {
                Ok(Ok(true)) => self.renewed_at = asked_at,
                Ok(Ok(false)) => break,
                Ok(Err(error)) => tracing::warn!(%error, read_model, "its lease is not renewed"),
                Err(_) => tracing::warn!(read_model, "its lease is not renewed"),
            }
        }
        tracing::warn!(read_model, "another node may fold it from now on");
    }

    /// Renews it, if it still is this node's.
    async fn renew(&self) -> Result<bool, sqlx::Error> {
        let mut values = self.candidate.key().to_vec();
        values.extend([Value::from(self.token), micros(TERM)]);
        let mut session = self.candidate.registry.db().write().await?;
        let renewed = session.execute(include_str!("lease_renew.sql"), &values);
        let renewed = renewed.await?;
        session.commit().await?;
        Ok(renewed > 0)
    }
}

fn micros(term: Duration) -> Value {
    Value::from(i64::try_from(term.as_micros()).unwrap_or(i64::MAX))
}
