//! disintegrate-postgres: a decision on what is known of one opportunity.

use std::sync::Arc;
use std::time::Duration;

use disintegrate::serde::json::Json;
use disintegrate::{Decision, Event, NoSnapshot, StateMutate, StateQuery};
use disintegrate_postgres::{PgEventStore, decision_maker};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use crate::Registered;
use crate::load::{Rate, run};

#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize)]
#[stream(OpportunityEvent, [OpportunityRegistered])]
enum DomainEvent {
    OpportunityRegistered {
        #[id]
        opportunity_id: String,
        registered: Registered,
    },
}

#[derive(Debug, Default, Clone, StateQuery, Serialize, Deserialize)]
#[state_query(OpportunityEvent)]
struct Opportunity {
    #[id]
    opportunity_id: String,
    is_registered: bool,
}

impl StateMutate for Opportunity {
    fn mutate(&mut self, _: OpportunityEvent) {
        self.is_registered = true;
    }
}

#[derive(Debug)]
struct Register(Registered);

#[derive(Debug, thiserror::Error)]
#[error("registered already")]
struct AlreadyRegistered;

impl Decision for Register {
    type Event = DomainEvent;
    type StateQuery = Opportunity;
    type Error = AlreadyRegistered;

    fn state_query(&self) -> Opportunity {
        Opportunity {
            opportunity_id: self.0.opportunity_id.clone(),
            is_registered: false,
        }
    }

    fn process(&self, state: &Opportunity) -> Result<Vec<DomainEvent>, AlreadyRegistered> {
        if state.is_registered {
            return Err(AlreadyRegistered);
        }
        Ok(vec![DomainEvent::OpportunityRegistered {
            opportunity_id: self.0.opportunity_id.clone(),
            registered: self.0.clone(),
        }])
    }
}

pub(crate) async fn measure(
    pool: PgPool,
    in_flight: usize,
    span: Duration,
) -> anyhow::Result<Rate> {
    let store = PgEventStore::try_new(pool, Json::<DomainEvent>::default()).await?;
    let maker = Arc::new(decision_maker(store, NoSnapshot));
    let callers = (0..in_flight).map(|_| {
        let maker = Arc::clone(&maker);
        move || {
            let maker = Arc::clone(&maker);
            async move {
                let made = maker.make(Register(Registered::anew())).await;
                made.map_err(|error| anyhow::anyhow!("{error:?}"))?;
                Ok(())
            }
        }
    });
    run(callers.collect(), span).await
}
