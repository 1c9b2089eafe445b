//! The connection: how it is made, how long a call may take, when it is tried again.

use std::time::Duration;

use futures::stream::{BoxStream, StreamExt as _};
use tokio::time::{Instant, sleep, timeout_at};
use tonic::metadata::MetadataMap;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Response, Status, Streaming};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::metadata::Caller;
use crate::{Answer, Config, Error};

/// Largest answer taken, in bytes: a table of many rows outgrows tonic's usual 4 MiB.
pub(crate) const ANSWER_MAX_LEN: usize = 64 * 1024 * 1024;

/// Longest time to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait before the second attempt; twice as long before each further one …
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// … but no longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Answers that come one by one. After an error there are no more.
pub type Answers<T> = BoxStream<'static, Result<T, Error>>;

/// A client of one server, tenant and actor; cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) channel: Channel,
    pub(crate) caller: Caller,
    config: Config,
}

impl Client {
    /// A client that connects when it is first used. Must be called within a tokio runtime.
    pub fn connect(config: Config) -> Result<Self, Error> {
        let unusable =
            |error: &dyn std::fmt::Display| Error::Config(format!("{}: {error}", config.endpoint));
        let mut endpoint = Endpoint::from_shared(config.endpoint.clone())
            .map_err(|error| unusable(&error))?
            .connect_timeout(CONNECT_TIMEOUT.min(config.timeout))
            .http2_keep_alive_interval(Duration::from_secs(30))
            .tcp_nodelay(true);
        match endpoint.uri().scheme_str() {
            Some("http") => {}
            Some("https") => {
                let mut tls = ClientTlsConfig::new().with_webpki_roots();
                if let Some(pem) = &config.ca_certificate_pem {
                    tls = tls.ca_certificate(Certificate::from_pem(pem));
                }
                endpoint = endpoint.tls_config(tls).map_err(|error| unusable(&error))?;
            }
            _ => return Err(unusable(&"begins with http:// or https://")),
        }
        Ok(Self {
            channel: endpoint.connect_lazy(),
            caller: Caller::new(&config)?,
            config,
        })
    }

    /// How this client is set up.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The same connection, for another tenant.
    pub fn with_tenant(&self, tenant: impl Into<String>) -> Result<Self, Error> {
        let config = Config {
            tenant: tenant.into(),
            ..self.config.clone()
        };
        Ok(Self {
            channel: self.channel.clone(),
            caller: Caller::new(&config)?,
            config,
        })
    }

    /// Whether the server says that it serves.
    pub fn health(&self) -> Answer<'_, bool> {
        Box::pin(async move {
            let answer = self
                .call(
                    self.caller.metadata(),
                    HealthCheckRequest::default(),
                    |channel, request| async { HealthClient::new(channel).check(request).await },
                )
                .await?;
            Ok(answer.status() == ServingStatus::Serving)
        })
    }

    /// Makes a call of one answer, again and again while the server is away and time is left. Only
    /// for what may be sent twice: a question, or a command, which has an id.
    pub(crate) async fn call<Q, A, F>(
        &self,
        metadata: MetadataMap,
        question: Q,
        send: impl Fn(Channel, Request<Q>) -> F,
    ) -> Result<A, Error>
    where
        Q: Clone,
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let begun = Instant::now();
        let deadline = begun + self.config.timeout;
        let retry_until = deadline.min(begun + self.config.retry_for);
        let mut wait = FIRST_WAIT;
        loop {
            match self
                .attempt(deadline, metadata.clone(), question.clone(), &send)
                .await
            {
                Err(error) if error.is_transient() && Instant::now() + wait < retry_until => {
                    sleep(wait).await;
                    wait = LONGEST_WAIT.min(wait * 2);
                }
                outcome => return outcome,
            }
        }
    }

    /// Makes a call of one answer, once.
    pub(crate) async fn call_once<Q, A, F>(
        &self,
        metadata: MetadataMap,
        question: Q,
        send: impl Fn(Channel, Request<Q>) -> F,
    ) -> Result<A, Error>
    where
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let deadline = Instant::now() + self.config.timeout;
        self.attempt(deadline, metadata, question, &send).await
    }

    async fn attempt<Q, A, F>(
        &self,
        deadline: Instant,
        metadata: MetadataMap,
        question: Q,
        send: &impl Fn(Channel, Request<Q>) -> F,
    ) -> Result<A, Error>
    where
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let mut request = Request::new(question);
        *request.metadata_mut() = metadata;
        // So that the server gives up when we do.
        request.set_timeout(deadline.saturating_duration_since(Instant::now()));
        match timeout_at(deadline, send(self.channel.clone(), request)).await {
            Ok(Ok(answer)) => Ok(answer.into_inner()),
            Ok(Err(status)) => Err(Error::from_status(&status, &self.config.endpoint)),
            Err(_) => Err(Error::DeadlineExceeded),
        }
    }

    /// Opens a stream of answers.
    pub(crate) async fn open<Q, A, F>(
        &self,
        question: Q,
        send: impl FnOnce(Channel, Request<Q>) -> F,
    ) -> Result<Answers<A>, Error>
    where
        A: Send + 'static,
        F: Future<Output = Result<Response<Streaming<A>>, Status>>,
    {
        let mut request = Request::new(question);
        *request.metadata_mut() = self.caller.metadata();
        let endpoint = self.config.endpoint.clone();
        let told = move |status: Status| Error::from_status(&status, &endpoint);
        let answers = send(self.channel.clone(), request)
            .await
            .map_err(&told)?
            .into_inner();
        Ok(answers.map(move |answer| answer.map_err(&told)).boxed())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn client(timeout: Duration) -> Client {
        Client::connect(Config {
            timeout,
            ..Config::new("http://127.0.0.1:1", "main")
        })
        .unwrap()
    }

    #[tokio::test]
    async fn a_server_that_comes_back_is_asked_again() {
        let asked = AtomicUsize::new(0);
        let client = client(Duration::from_secs(5));
        let answer = client.call(MetadataMap::new(), 7, |_, request| {
            let first = asked.fetch_add(1, Ordering::Relaxed) == 0;
            async move {
                assert!(request.metadata().get("grpc-timeout").is_some());
                if first {
                    Err(Status::unavailable("away"))
                } else {
                    Ok(Response::new(request.into_inner()))
                }
            }
        });
        assert_eq!(answer.await.unwrap(), 7);
        assert_eq!(asked.into_inner(), 2);
    }

    #[tokio::test]
    async fn a_refusal_is_not_asked_again() {
        let asked = AtomicUsize::new(0);
        let client = client(Duration::from_secs(5));
        let answer = client.call(MetadataMap::new(), (), |_, _| {
            asked.fetch_add(1, Ordering::Relaxed);
            async { Err::<Response<()>, _>(Status::not_found("no")) }
        });
        assert!(matches!(answer.await, Err(Error::Refused(_))));
        assert_eq!(asked.into_inner(), 1);
    }

    #[tokio::test]
    async fn time_runs_out() {
        let client = client(Duration::from_millis(20));
        let answer = client.call(MetadataMap::new(), (), |_, _| {
            std::future::pending::<Result<Response<()>, _>>()
        });
        assert!(matches!(answer.await, Err(Error::DeadlineExceeded)));
    }

    #[tokio::test]
    async fn an_endpoint_without_a_scheme_is_refused() {
        let config = Config::new("127.0.0.1:7447", "main");
        assert!(matches!(Client::connect(config), Err(Error::Config(_))));
    }

    #[tokio::test]
    async fn nobody_there_is_a_transport_error() {
        let answer = client(Duration::from_millis(50)).health().await;
        assert!(matches!(
            answer,
            Err(Error::Transport { .. } | Error::DeadlineExceeded)
        ));
    }
}
