//! The end of streams that would not end by themselves: a server that stops must not wait for them.

use futures::stream::{self, BoxStream, StreamExt as _};
use tokio::sync::watch;
use tonic::Status;

use crate::status;

/// Hears when the server is told to stop.
#[derive(Debug, Clone)]
pub(crate) struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Not yet; and what tells it.
    pub(crate) fn new() -> (watch::Sender<bool>, Self) {
        let (tell, told) = watch::channel(false);
        (tell, Self(told))
    }

    /// Ends when the server is told to stop.
    pub(crate) async fn wait(&mut self) {
        // The teller is gone: there is no server any more.
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }

    /// The stream until the server stops; then its last item says so, and that the caller may ask
    /// again, of another node or of the next one here.
    pub(crate) fn cut<T: Send + 'static>(
        self,
        items: BoxStream<'static, Result<T, Status>>,
    ) -> BoxStream<'static, Result<T, Status>> {
        stream::unfold(Some((items, self)), |state| async {
            let (mut items, mut stopping) = state?;
            tokio::select! {
                item = items.next() => item.map(|item| (item, Some((items, stopping)))),
                () = stopping.wait() => Some((Err(status::stopping()), None)),
            }
        })
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use tonic::Code;

    #[tokio::test]
    async fn a_stream_without_an_end_ends_when_the_server_stops() {
        let (tell, stopping) = Stopping::new();
        let endless = stream::iter([Ok(1)]).chain(stream::pending()).boxed();
        let mut cut = stopping.cut(endless);
        assert_eq!(cut.next().await.unwrap().unwrap(), 1);
        tell.send_replace(true);
        let last = cut.next().await.unwrap().unwrap_err();
        assert_eq!(last.code(), Code::Unavailable);
        assert!(cut.next().await.is_none());
    }

    #[tokio::test]
    async fn a_stream_that_ends_by_itself_is_left_alone() {
        let (_tell, stopping) = Stopping::new();
        let ending = stream::iter([Ok(1), Ok(2)]).boxed();
        let items: Vec<_> = stopping.cut(ending).map(Result::unwrap).collect().await;
        assert_eq!(items, [1, 2]);
    }
}
