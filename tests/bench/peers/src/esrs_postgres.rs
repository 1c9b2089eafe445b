//! esrs: an aggregate, its commands handled by its manager over its PostgreSQL store.

use std::sync::Arc;
use std::time::Duration;

use esrs::manager::AggregateManager;
use esrs::store::postgres::{PgStore, PgStoreBuilder};
use esrs::{Aggregate, AggregateState};
use sqlx::PgPool;

use crate::Registered;
use crate::load::{Rate, run};

#[derive(Debug)]
struct Opportunity;

#[derive(Debug, thiserror::Error)]
#[error("registered already")]
struct AlreadyRegistered;

impl Aggregate for Opportunity {
    const NAME: &'static str = "opportunity";
    type State = bool;
    type Command = Registered;
    type Event = Registered;
    type Error = AlreadyRegistered;

    fn handle_command(
        is_registered: &bool,
        command: Registered,
    ) -> Result<Vec<Registered>, AlreadyRegistered> {
        if *is_registered {
            return Err(AlreadyRegistered);
        }
        Ok(vec![command])
    }

    fn apply_event(_: bool, _: Registered) -> bool {
        true
    }
}

pub(crate) async fn measure(
    pool: PgPool,
    in_flight: usize,
    span: Duration,
) -> anyhow::Result<Rate> {
    let store: PgStore<Opportunity> = PgStoreBuilder::new(pool).try_build().await?;
    let manager = Arc::new(AggregateManager::new(store));
    let callers = (0..in_flight).map(|_| {
        let manager = Arc::clone(&manager);
        move || {
            let manager = Arc::clone(&manager);
            async move {
                let fresh = AggregateState::new();
                manager.handle_command(fresh, Registered::anew()).await??;
                Ok(())
            }
        }
    });
    run(callers.collect(), span).await
}
