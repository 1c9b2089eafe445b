//! A sales process: the ordered stages an opportunity goes through.

#[cfg(test)]
mod tests;
mod wire;

use chrono::{DateTime, Utc};
use event_schemas::sales_process::{
    SalesProcessDefined, SalesProcessEvent, SalesProcessRevised, Stage,
};
use event_schemas::vocabulary::{ChecklistItemId, SalesProcessId, StageId};
use serde::{Deserialize, Serialize};

use crate::reads::{Reads, Reference};
use crate::refusal::{Refusal, RefusalKind, listed};
use crate::{Decider, Told};

pub use wire::parse;

/// A sales process, or none yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub enum SalesProcess {
    /// Nobody has defined it.
    #[default]
    Undefined,
    /// It has a name and stages.
    Defined {
        /// As it was defined.
        defined: SalesProcessDefined,
        /// Its name and its stages.
        shape: Told<SalesProcessRevised>,
    },
}

/// What a sales process can be asked to do.
#[derive(Debug, Clone)]
pub enum Command {
    /// Come into being.
    Define(SalesProcessDefined),
    /// Have another name and other stages.
    Revise(SalesProcessRevised),
}

/// Rules of a sales process.
#[derive(Debug, thiserror::Error, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Broken {
    /// A sales process is defined once; after that it is revised.
    #[error("sales process {sales_process_id} is defined already; revise it")]
    AlreadyDefined {
        /// Which.
        sales_process_id: SalesProcessId,
    },
    /// Only what is defined can be revised.
    #[error("there is no such sales process")]
    NotDefined,
    /// A stage that opportunities may have been in is never taken away.
    #[error("stages are missing that the process has: {}", listed(missing))]
    StageRemoved {
        /// Which.
        missing: Vec<StageId>,
    },
}

impl Refusal for Broken {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::AlreadyDefined { .. } => RefusalKind::AlreadyExists,
            Self::NotDefined => RefusalKind::NotFound,
            Self::StageRemoved { .. } => RefusalKind::RuleBroken,
        }
    }
}

impl SalesProcess {
    /// In order; at least one.
    fn stages(&self) -> &[Stage] {
        match self {
            Self::Undefined => &[],
            Self::Defined { shape, .. } => shape.latest().map_or(&[], |shape| &shape.stages),
        }
    }

    /// Whether it exists.
    pub fn is_defined(&self) -> bool {
        matches!(self, Self::Defined { .. })
    }

    /// The stage opportunities begin in.
    pub fn first_stage(&self) -> Option<&StageId> {
        self.stages().first().map(|stage| &stage.stage_id)
    }

    /// A stage's place in the order, from 0.
    pub fn rank(&self, stage_id: &StageId) -> Option<usize> {
        self.stages()
            .iter()
            .position(|stage| stage.stage_id == *stage_id)
    }

    /// A stage by its id.
    pub fn stage(&self, stage_id: &StageId) -> Option<&Stage> {
        self.stages()
            .iter()
            .find(|stage| stage.stage_id == *stage_id)
    }

    /// What must be done in a stage before it is left forward.
    pub fn required(&self, stage_id: &StageId) -> impl Iterator<Item = &ChecklistItemId> {
        let checklist = self.stage(stage_id).map(|stage| stage.checklist.as_slice());
        checklist
            .unwrap_or_default()
            .iter()
            .filter(|item| item.required)
            .map(|item| &item.item_id)
    }
}

impl Decider for SalesProcess {
    type Command = Command;
    type Event = SalesProcessEvent;
    type Refusal = Broken;

    fn references(&self, _command: &Command) -> Vec<Reference> {
        Vec::new()
    }

    fn decide(&self, command: Command, reads: &Reads) -> Result<Vec<SalesProcessEvent>, Broken> {
        match command {
            Command::Define(defined) => self.define(defined),
            Command::Revise(revised) => self.revise(revised, reads),
        }
    }

    fn evolve(&mut self, event: &SalesProcessEvent, occurred_at: DateTime<Utc>) {
        match (event, self) {
            (SalesProcessEvent::SalesProcessDefined(e), this) => {
                let mut shape = Told::default();
                let (name, stages) = (e.name.clone(), e.stages.clone());
                shape.tell(occurred_at, SalesProcessRevised { name, stages });
                *this = Self::Defined {
                    defined: e.clone(),
                    shape,
                };
            }
            (SalesProcessEvent::SalesProcessRevised(e), Self::Defined { shape, .. }) => {
                shape.tell(occurred_at, e.clone());
            }
            (SalesProcessEvent::SalesProcessRevised(_), Self::Undefined) => {}
        }
    }

    fn stands_after(&self, command: &Command) -> Option<DateTime<Utc>> {
        match (command, self) {
            (Command::Revise(_), Self::Defined { shape, .. }) => shape.latest_at(),
            _ => None,
        }
    }

    fn creates(command: &Command) -> bool {
        matches!(command, Command::Define(_))
    }
}

impl SalesProcess {
    fn define(&self, new: SalesProcessDefined) -> Result<Vec<SalesProcessEvent>, Broken> {
        match self {
            Self::Undefined => Ok(vec![new.into()]),
            Self::Defined { defined, .. } if *defined == new => Ok(vec![]),
            Self::Defined { .. } => Err(Broken::AlreadyDefined {
                sales_process_id: new.sales_process_id,
            }),
        }
    }

    fn revise(
        &self,
        new: SalesProcessRevised,
        reads: &Reads,
    ) -> Result<Vec<SalesProcessEvent>, Broken> {
        let Self::Defined { shape, .. } = self else {
            return Err(Broken::NotDefined);
        };
        if shape.at(reads.occurred_at) == Some(&new) {
            return Ok(vec![]);
        }
        let kept = |id: &StageId| new.stages.iter().any(|stage| stage.stage_id == *id);
        let ids = self.stages().iter().map(|stage| &stage.stage_id);
        let missing: Vec<StageId> = ids.filter(|id| !kept(id)).cloned().collect();
        if !missing.is_empty() {
            return Err(Broken::StageRemoved { missing });
        }
        Ok(vec![new.into()])
    }
}
