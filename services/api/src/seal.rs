//! The seal: checkpoints, proofs, tiles and keys.

use event_schemas::vocabulary::Position;
use log::seal::{Proof, Seals};
use merkle::TileId;
use proto::v1;
use proto::v1::seal_service_server::SealService;
use tonic::{Request, Response, Status};

use crate::door::{Caller, Door, Right};
use crate::status::{self, invalid_field};

/// Serves `SealService`.
#[derive(Debug, Clone)]
pub(crate) struct Seal {
    pub(crate) door: Door,
    pub(crate) seals: Seals,
}

impl Seal {
    fn admit<Q>(&self, request: Request<Q>) -> Result<(Caller, Q), Status> {
        let caller = self.door.admit(request.metadata())?;
        caller.require(Right::Query)?;
        Ok((caller, request.into_inner()))
    }
}

#[tonic::async_trait]
impl SealService for Seal {
    async fn get_checkpoint(
        &self,
        request: Request<v1::GetCheckpointRequest>,
    ) -> Result<Response<v1::SignedCheckpoint>, Status> {
        let (caller, asked) = self.admit(request)?;
        let told = |error| status::of_seal(&error);
        let waited = self.seals.wait_for(&caller.tenant, asked.min_position);
        waited.await.map_err(told)?;
        let note = self.seals.checkpoint(&caller.tenant, asked.size).await;
        let note = note.map_err(told)?;
        Ok(Response::new(v1::SignedCheckpoint { note }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<v1::GetInclusionProofRequest>,
    ) -> Result<Response<v1::SealProof>, Status> {
        let (caller, asked) = self.admit(request)?;
        let position = Position(asked.position);
        let proof = self
            .seals
            .inclusion(&caller.tenant, position, asked.tree_size);
        proof_of(proof.await)
    }

    async fn get_consistency_proof(
        &self,
        request: Request<v1::GetConsistencyProofRequest>,
    ) -> Result<Response<v1::SealProof>, Status> {
        let (caller, asked) = self.admit(request)?;
        let proof = self
            .seals
            .consistency(&caller.tenant, asked.from_size, asked.to_size);
        proof_of(proof.await)
    }

    async fn get_tile(
        &self,
        request: Request<v1::GetTileRequest>,
    ) -> Result<Response<v1::SealTile>, Status> {
        let (caller, asked) = self.admit(request)?;
        let level = u8::try_from(asked.level).map_err(|_| invalid_field("level", "is over 255"))?;
        let id = TileId {
            level,
            index: asked.index,
        };
        let width = match usize::try_from(asked.width) {
            Ok(0) => None,
            Ok(width) if width <= merkle::TILE_WIDTH => Some(width),
            _ => return Err(invalid_field("width", "is over 256")),
        };
        let hashes = self.seals.tile_hashes(&caller.tenant, id, width).await;
        let hashes = hashes.map_err(|error| status::of_seal(&error))?;
        Ok(Response::new(v1::SealTile { hashes }))
    }

    async fn list_keys(
        &self,
        request: Request<v1::ListKeysRequest>,
    ) -> Result<Response<v1::ListKeysResponse>, Status> {
        let (caller, _) = self.admit(request)?;
        let keys = self.seals.keys(&caller.tenant).await;
        let keys = keys.map_err(|error| status::of_seal(&error))?;
        let told = keys.into_iter().map(|dated| v1::SealKey {
            verifier_key: dated.key.to_string(),
            from_size: dated.from_size,
        });
        Ok(Response::new(v1::ListKeysResponse {
            keys: told.collect(),
        }))
    }
}

fn proof_of(proof: Result<Proof, log::seal::SealError>) -> Result<Response<v1::SealProof>, Status> {
    let proof = proof.map_err(|error| status::of_seal(&error))?;
    Ok(Response::new(v1::SealProof {
        hashes: proof.hashes.iter().map(|hash| hash.0.to_vec()).collect(),
        tree_size: proof.size,
        checkpoint: proof.checkpoint,
    }))
}
