//! The seal: what proves that the log is what it was.

use proto::v1;
use proto::v1::seal_service_client::SealServiceClient;

use crate::{Answer, Client};

/// Asks one question of the seal: one line an rpc.
macro_rules! ask {
    ($($(#[$doc:meta])* $rpc:ident: $question:ty => $answer:ty),+ $(,)?) => {
        impl Client {$(
            $(#[$doc])*
            pub fn $rpc(&self, question: $question) -> Answer<'_, $answer> {
                Box::pin(self.call(self.caller.metadata(), question, |channel, request| async {
                    SealServiceClient::new(channel).$rpc(request).await
                }))
            }
        )+}
    };
}

ask!(
    /// A signed head of the tree over the log.
    get_checkpoint: v1::GetCheckpointRequest => v1::SignedCheckpoint,
    /// The proof that an event is in a tree.
    get_inclusion_proof: v1::GetInclusionProofRequest => v1::SealProof,
    /// The proof that a tree begins with a smaller one.
    get_consistency_proof: v1::GetConsistencyProofRequest => v1::SealProof,
    /// Hashes of the tree, side by side.
    get_tile: v1::GetTileRequest => v1::SealTile,
    /// The keys that checkpoints are signed with, the newest first.
    list_keys: v1::ListKeysRequest => v1::ListKeysResponse,
);
