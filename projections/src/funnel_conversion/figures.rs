//! Counts as they are told.

use ::figures::funnel::Funnel;
use proto::v1::{FunnelFigures, StageConversion};

use crate::asked::count;
use crate::pipeline::Process;

/// The figures of one set of opportunities.
pub(super) fn told(funnel: &Funnel, process: &Process) -> FunnelFigures {
    let stages = process.stages.iter().zip(&funnel.reached).enumerate();
    FunnelFigures {
        created: count(funnel.created),
        open: count(funnel.open),
        won: count(funnel.won),
        lost: count(funnel.lost),
        conversion: funnel.conversion(),
        win_rate: funnel.win_rate(),
        stages: stages
            .map(|(rank, (stage, reached))| StageConversion {
                stage_id: stage.id.clone(),
                name: stage.name.clone(),
                reached: count(*reached),
                conversion_to_next: funnel.conversion_to_next(rank),
                share_of_created: funnel.share_of_first(rank),
            })
            .collect(),
    }
}
