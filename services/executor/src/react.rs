//! What the service asks of itself.

use domain::{Addressed, Ask};
use sha2::{Digest as _, Sha256};

use crate::begin::Begun;
use crate::{Envelope, Error, Executor, Receipt};

impl Executor {
    /// Carries out what the service asks of itself, and waits until it is durable. A command id stands
    /// for one reaction, whatever was calculated for it.
    pub async fn react(&self, envelope: Envelope, ask: Ask) -> Result<Receipt, Error> {
        self.begin_reaction(envelope, ask).await.await
    }

    fn begin_reaction(&self, envelope: Envelope, ask: Ask) -> Begun<'_> {
        let digest = digest_of_reaction(&envelope.command_id);
        macro_rules! begin {
            ($($noun:ident $field:ident),+) => {
                match ask {
                    $(Ask::$noun(id, command) => {
                        let asked = Ok(Addressed { id, command });
                        Box::pin(self.begin_in(|rooms| &rooms.$field, envelope, digest, asked))
                    })+
                }
            };
        }
        begin!(
            Opportunity opportunity, Quote quote, Contract contract, Usage usage, Task task,
            Alarm alarm, Clock clock
        )
    }
}

/// What tells one reaction from another, and from every message.
fn digest_of_reaction(command_id: &str) -> [u8; 32] {
    Sha256::digest(format!("React {command_id}")).into()
}
