//! Every unary command: who is calling, begin, settle, receipt.

use executor::Executor;
use proto::commands::HandleCommand;
use proto::v1::Receipt;
use proto::v1::command::Kind;
use tonic::{Request, Response, Status};

use crate::door::Door;
use crate::{metadata, status};

/// Stands behind every command rpc.
#[derive(Debug, Clone)]
pub(crate) struct Commands {
    pub(crate) door: Door,
    pub(crate) executor: Executor,
}

#[tonic::async_trait]
impl HandleCommand for Commands {
    async fn handle(&self, request: Request<Kind>) -> Result<Response<Receipt>, Status> {
        let caller = self.door.admit(request.metadata())?;
        let envelope = metadata::of_call(caller, request.metadata())?;
        match self.executor.execute(envelope, request.into_inner()).await {
            Ok(receipt) => Ok(Response::new(receipt_of(receipt))),
            Err(error) => Err(status::of_command(&error)),
        }
    }
}

/// A receipt as it is told.
pub(crate) fn receipt_of(receipt: executor::Receipt) -> Receipt {
    Receipt {
        command_id: receipt.command_id,
        position: receipt.position.0,
        stream: receipt.stream.to_string(),
        version: receipt.version.0,
        event_types: receipt.event_types,
        duplicate: receipt.duplicate,
    }
}
