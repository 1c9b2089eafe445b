//! The server: which services are offered, under which limits, until when.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use executor::Executor;
use futures::future::BoxFuture;
use log::Log;
use log::seal::Seals;
use projections::Projections;
use proto::commands::{CommandDoor, add_command_services};
use proto::v1;
use reactors::Reactors;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tonic::service::RoutesBuilder;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, ServerTlsConfig};

use crate::bulk::Bulk;
use crate::clock::Clock;
use crate::closing::Closing;
use crate::command::Commands;
use crate::crowd::Crowd;
use crate::deadline::Deadline;
use crate::door::{Authentication, Door};
use crate::history::History;
use crate::query::Queries;
use crate::seal::Seal;
use crate::stopping::Stopping;
use crate::unread::Unread;

/// Certificate and private key, both PEM.
#[derive(Clone)]
pub struct Tls {
    /// The certificate chain.
    pub certificate_pem: Vec<u8>,
    /// The private key.
    pub key_pem: Vec<u8>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

/// What is held against callers that ask too much.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest request taken, in bytes.
    pub message_len: usize,
    /// Longest time a call may take, whatever deadline it names; streams are not bound by it once
    /// they have begun to answer.
    pub timeout: Duration,
    /// Most calls under way at the same time.
    pub calls: usize,
    /// Most streams that follow the log at the same time.
    pub follows: usize,
    /// Most events of one read of a stream.
    pub read_len: usize,
    /// Most commands of one bulk stream that wait for their commit: well under the log's queue, so that
    /// one importer does not keep others out.
    pub bulk_len: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_len: 4 * 1024 * 1024,
            timeout: Duration::from_secs(60),
            calls: 4_096,
            follows: 1_000,
            read_len: 100_000,
            bulk_len: 512,
        }
    }
}

/// What this node serves: a part is offered if it is there.
#[derive(Debug, Clone)]
pub struct Roles {
    /// Commands.
    pub command: Option<Executor>,
    /// Queries.
    pub query: Option<Projections>,
    /// The clock, and what follows from what happened.
    pub react: Option<Reactors>,
    /// Checkpoints and proofs.
    pub seal: Option<Seals>,
    /// History; always offered.
    pub log: Log,
}

/// Why the server could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Anyone could come in.
    #[error(
        "{0} is not a loopback address: without authentication the server listens on loopback only"
    )]
    OpenDoor(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Certificate, key or connection handling.
    #[error(transparent)]
    Transport(#[from] tonic::transport::Error),
    /// The descriptors cannot be served.
    #[error(transparent)]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// A server that listens but does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    authentication: Authentication,
    builder: tonic::transport::Server,
    limits: Limits,
}

impl Server {
    /// Listens. Refuses any but a loopback address while callers are not authenticated.
    pub async fn bind(
        address: SocketAddr,
        authentication: Authentication,
        tls: Option<Tls>,
        limits: Limits,
    ) -> Result<Self, ServeError> {
        if matches!(authentication, Authentication::Loopback) && !address.ip().is_loopback() {
            return Err(ServeError::OpenDoor(address));
        }
        let mut builder = tonic::transport::Server::builder()
            .http2_keepalive_interval(Some(Duration::from_secs(30)));
        if let Some(tls) = tls {
            let identity = Identity::from_pem(tls.certificate_pem, tls.key_pem);
            builder = builder.tls_config(ServerTlsConfig::new().identity(identity))?;
        }
        let told = |source| ServeError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(told)?;
        let address = listener.local_addr().map_err(told)?;
        Ok(Self {
            listener,
            address,
            authentication,
            builder,
            limits,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` ends; then takes no new call and finishes those under way. Boxed, so that all it
    /// serves is compiled in this crate.
    pub fn run(
        self,
        roles: Roles,
        stop: BoxFuture<'static, ()>,
    ) -> BoxFuture<'static, Result<(), ServeError>> {
        Box::pin(self.answer(roles, stop))
    }

    async fn answer(self, roles: Roles, stop: BoxFuture<'static, ()>) -> Result<(), ServeError> {
        let door = Door::new(self.authentication);
        let max_len = self.limits.message_len;
        let (tell, stopping) = Stopping::new();
        let (health, health_service) = tonic_health::server::health_reporter();
        health
            .set_service_status("", tonic_health::ServingStatus::Serving)
            .await;

        let mut routes = RoutesBuilder::default();
        routes.add_service(health_service);
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        routes.add_service(reflection().build_v1()?);
        // Older tools ask for this one.
        routes.add_service(reflection().build_v1alpha()?);
        if let (Some(executor), Some(projections)) = (&roles.command, &roles.query) {
            let closing = Closing {
                door: door.clone(),
                executor: executor.clone(),
                projections: projections.clone(),
            };
            routes.add_service(
                v1::commission_closing_service_server::CommissionClosingServiceServer::new(closing)
                    .max_decoding_message_size(max_len),
            );
        }
        if let Some(executor) = roles.command {
            let commands = Commands {
                door: door.clone(),
                executor: executor.clone(),
            };
            add_command_services(&mut routes, &CommandDoor(commands), max_len);
            let bulk = Bulk {
                door: door.clone(),
                executor,
                stopping: stopping.clone(),
                in_flight: self.limits.bulk_len,
            };
            routes.add_service(
                v1::bulk_command_service_server::BulkCommandServiceServer::new(bulk)
                    .max_decoding_message_size(max_len),
            );
        }
        if let Some(projections) = roles.query {
            let queries = Queries {
                door: door.clone(),
                projections,
            };
            add_query_services(&mut routes, &queries, max_len);
        }
        if let Some(reactors) = roles.react {
            let door = door.clone();
            let clock = Clock { door, reactors };
            let clock = v1::clock_service_server::ClockServiceServer::new(clock);
            routes.add_service(clock.max_decoding_message_size(max_len));
        }
        if let Some(seals) = roles.seal {
            let door = door.clone();
            let seal = v1::seal_service_server::SealServiceServer::new(Seal { door, seals });
            routes.add_service(seal.max_decoding_message_size(max_len));
        }
        let history = History {
            door,
            log: roles.log,
            stopping,
            follows: Arc::new(Semaphore::new(
                self.limits.follows.min(Semaphore::MAX_PERMITS),
            )),
            read_len: self.limits.read_len,
        };
        routes.add_service(
            v1::history_service_server::HistoryServiceServer::new(history)
                .max_decoding_message_size(max_len),
        );

        let incoming = TcpIncoming::from(self.listener).with_nodelay(Some(true));
        let told_to_stop = async {
            stop.await;
            // Watchers of the health service hear of it, and then their streams end.
            health
                .set_service_status("", tonic_health::ServingStatus::NotServing)
                .await;
            let mut health = health;
            health.clear_service_status("").await;
            tell.send_replace(true);
        };
        self.builder
            .layer(Deadline {
                longest: self.limits.timeout,
            })
            .layer(Unread)
            .layer(Crowd::of(self.limits.calls))
            .add_routes(routes.routes())
            .serve_with_incoming_shutdown(incoming, told_to_stop)
            .await?;
        Ok(())
    }
}

/// Adds the query services: one line a read model.
fn add_query_services(routes: &mut RoutesBuilder, queries: &Queries, max_len: usize) {
    use v1::alarm_query_service_server::AlarmQueryServiceServer;
    use v1::commission_query_service_server::CommissionQueryServiceServer;
    use v1::customer_health_query_service_server::CustomerHealthQueryServiceServer;
    use v1::customer_picture_query_service_server::CustomerPictureQueryServiceServer;
    use v1::funnel_conversion_query_service_server::FunnelConversionQueryServiceServer;
    use v1::pipeline_velocity_query_service_server::PipelineVelocityQueryServiceServer;
    use v1::read_model_service_server::ReadModelServiceServer;
    use v1::recurring_revenue_query_service_server::RecurringRevenueQueryServiceServer;
    use v1::work_list_query_service_server::WorkListQueryServiceServer;
    macro_rules! add {
        ($($service:ident),+ $(,)?) => {
            $(routes.add_service(
                $service::new(queries.clone()).max_decoding_message_size(max_len),
            );)+
        };
    }
    add!(
        AlarmQueryServiceServer,
        CommissionQueryServiceServer,
        CustomerHealthQueryServiceServer,
        CustomerPictureQueryServiceServer,
        FunnelConversionQueryServiceServer,
        PipelineVelocityQueryServiceServer,
        ReadModelServiceServer,
        WorkListQueryServiceServer,
        RecurringRevenueQueryServiceServer,
    );
}
