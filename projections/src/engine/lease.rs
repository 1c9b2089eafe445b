//! The right to do what one node at a time does, such as to fold a read model, where nodes share a home.
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
use super::registry::Registry;

/// How long the right lasts if it is not renewed.
pub(super) const TERM: Duration = Duration::from_secs(3);

/// How often it is renewed, and how often others look whether it is to be had.
const RENEW: Duration = Duration::from_millis(700);

/// A node that wants to do what one at a time does.
#[derive(Debug, Clone)]
pub struct Candidate {
    registry: Arc<Registry>,
    /// Of what is to be done.
    name: &'static str,
    version: u32,
    /// By which a node knows its own lease, and takes it on when its workers are started anew.
    holder: Uuid,
}

/// The right, as long as it is kept.
#[derive(Debug)]
struct Lease {
    candidate: Candidate,
    token: i64,
    renewed_at: Instant,
}

impl Candidate {
    /// For what programs of one version do, where nodes share the home: where they do not, nobody else
    /// has a say in it.
    pub(crate) fn of(registry: &Arc<Registry>, name: &'static str, version: u32) -> Option<Self> {
        registry.is_shared().then(|| Self {
            registry: Arc::clone(registry),
            name,
            version,
            holder: Uuid::new_v4(),
        })
    }

    /// Works whenever it is this node's turn, under the token it is told, until the work ends by itself.
    /// When the turn is over the work is dropped where it is: what it was about to do must be refused, or
    /// do no harm.
    pub async fn in_turn<W: Future<Output = ()>>(&self, mut work: impl FnMut(i64) -> W) {
        loop {
            let mut lease = self.take().await;
            tokio::select! {
                () = work(lease.token) => return,
                () = lease.keep() => {}
            }
        }
    }

    /// Waits until the right is to be had.
    async fn take(&self) -> Lease {
        loop {
            let asked_at = Instant::now();
            match timeout(TERM, self.try_take()).await {
                Ok(Ok(Some(token))) => {
                    tracing::info!(of = self.name, token, "it is this node's turn");
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
    pub async fn give_back(&self) {
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
        [self.name.into(), i64::from(self.version).into()]
    }
}

impl Lease {
    /// Keeps it; ends when it is lost, or when nobody can tell any more.
    async fn keep(&mut self) {
        let of = self.candidate.name;
        while let Some(left) = TERM.checked_sub(self.renewed_at.elapsed() + RENEW) {
            sleep(RENEW).await;
            let asked_at = Instant::now();
            match timeout(left, self.renew()).await {
                Ok(Ok(true)) => self.renewed_at = asked_at,
                Ok(Ok(false)) => break,
                Ok(Err(error)) => tracing::warn!(%error, of, "its lease is not renewed"),
                Err(_) => tracing::warn!(of, "its lease is not renewed"),
            }
        }
        tracing::warn!(of, "it may be another node's turn");
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
