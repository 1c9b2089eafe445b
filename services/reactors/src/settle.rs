//! One customer at a moment: what should be is done, and what follows from that, until it is all so.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::NaiveDate;
use event_schemas::vocabulary::{CustomerId, Position, TenantId};
use figures::follow_up::{Account, Company, Moment, Reaction, alarms, due_next, reactions};
use figures::health::Finding;

use crate::{Error, Reactors};

/// How often it is looked what follows, at most: what follows from what ends long before.
const ROUNDS_MAX: usize = 100;

/// Where customers are looked at.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) reactors: Reactors,
    pub(crate) tenant: TenantId,
    pub(crate) company: Arc<Company>,
    /// What is known goes up to there.
    pub(crate) position: Position,
}

/// A customer that is being looked at.
pub(crate) struct Looking {
    scene: Scene,
    pub(crate) account: Account,
    /// How many commands were carried out.
    pub(crate) reactions: u32,
}

impl Scene {
    /// Looks at a customer.
    pub(crate) async fn look(self, customer_id: &CustomerId) -> Result<Looking, Error> {
        Ok(Looking {
            account: self.load(customer_id).await?,
            scene: self,
            reactions: 0,
        })
    }

    async fn load(&self, customer_id: &CustomerId) -> Result<Account, Error> {
        let wanted = std::slice::from_ref(customer_id);
        let projections = &self.reactors.0.projections;
        let found = projections.accounts(&self.tenant, Some(wanted), self.position);
        let found = found.await?.pop();
        Ok(found.unwrap_or_else(|| Account::new(customer_id.clone(), Vec::new())))
    }
}

impl Looking {
    /// Does what should be at a moment.
    pub(crate) async fn settle(&mut self, moment: Moment) -> Result<(), Error> {
        let company = Arc::clone(&self.scene.company);
        self.until_done(|account| Ok(reactions(&company, account, moment)))
            .await
    }

    /// Raises and clears alarms at the end of a day, and plans their tasks.
    pub(crate) async fn heed(&mut self, findings: &[Finding], day: NaiveDate) -> Result<(), Error> {
        let company = Arc::clone(&self.scene.company);
        self.until_done(|account| Ok(alarms(&company, account, findings, day)?))
            .await
    }

    /// The next day on whose end something is due.
    pub(crate) fn due_next(&self, ended: NaiveDate) -> Option<NaiveDate> {
        due_next(&self.scene.company, &self.account, ended)
    }

    async fn carry_out(&self, reaction: Reaction) -> Result<Option<Position>, Error> {
        let Scene {
            reactors, tenant, ..
        } = &self.scene;
        reactors.carry_out(tenant, reaction).await
    }

    async fn until_done(
        &mut self,
        wanted: impl Fn(&Account) -> Result<Vec<Reaction>, Error>,
    ) -> Result<(), Error> {
        // What was sent once is not sent again: where it does not show, it was refused, or what holds now
        // was told later than it.
        let mut sent = HashSet::new();
        for _ in 0..ROUNDS_MAX {
            let mut reached = None;
            for reaction in wanted(&self.account)? {
                if sent.insert(reaction.command_id.clone())
                    && let Some(position) = self.carry_out(reaction).await?
                {
                    self.reactions = self.reactions.saturating_add(1);
                    reached = reached.max(Some(position));
                }
            }
            let Some(position) = reached else { break };
            self.scene.position = self.scene.position.max(position);
            self.account = self.scene.load(&self.account.customer_id).await?;
        }
        Ok(())
    }
}
