//! When answers are told.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Mutex;

use event_schemas::vocabulary::{StreamName, Version};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::oneshot;

use super::*;
use crate::{Append, Command, Meta, NewEvent, StreamWrite, sqlite};

/// What a commit finds of the answers to the batches before it.
#[derive(Debug, Default)]
struct Answers {
    waited_for: Mutex<VecDeque<oneshot::Receiver<Result<Appended, AppendError>>>>,
    told_before: Mutex<Vec<bool>>,
}

/// A database in which every commit after the first waits until the append before it is answered.
struct Waiting {
    writer: Box<dyn Writer>,
    answers: Arc<Answers>,
    begun: bool,
}

impl Writer for Waiting {
    fn commit<'a>(
        &'a mut self,
        groups: &'a [&'a [Item]],
    ) -> BoxFuture<'a, Result<Vec<Settled>, Failure>> {
        let is_first = !std::mem::replace(&mut self.begun, true);
        let answer = match is_first {
            true => None,
            false => self.answers.waited_for.lock().unwrap().pop_front(),
        };
        Box::pin(async move {
            if let Some(mut answer) = answer {
                let told = (&mut answer).now_or_never().is_some();
                self.answers.told_before.lock().unwrap().push(told);
                if !told {
                    assert!(answer.await.is_ok(), "an append was not answered");
                }
            }
            self.writer.commit(groups).await
        })
    }

    fn secret<'a>(&'a mut self, tenant: &'a TenantId) -> BoxFuture<'a, Result<Secret, Failure>> {
        self.writer.secret(tenant)
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        self.writer.close()
    }
}

fn append(id: usize) -> Append {
    Append {
        tenant: TenantId::new("acme").unwrap(),
        command: Some(Command {
            id: id.to_string(),
            digest: [0; 32],
        }),
        writes: vec![StreamWrite {
            stream: StreamName::new("rep", &id.to_string()).unwrap(),
            expected: Version(0),
            events: vec![NewEvent {
                event_type: "RepRegistered".into(),
                schema_version: 1,
                payload: b"{}".to_vec(),
            }],
        }],
        reads: Vec::new(),
        claims: Vec::new(),
        chain: None,
        depends_on: Vec::new(),
        meta: Meta {
            actor: "test".to_owned(),
            occurred_at: chrono::DateTime::UNIX_EPOCH,
            correlation_id: None,
            causation_id: None,
            trace_context: None,
        },
    }
}

async fn lane(directory: &Path, answers: Arc<Answers>) -> Lane {
    let (reader, _, writer) = sqlite::open(directory, 1).await.unwrap();
    let writer = Box::new(Waiting {
        writer: Box::new(writer),
        answers,
        begun: false,
    });
    Lane {
        writer,
        reader: Arc::new(reader),
        heads: Arc::new(Heads::new()),
        secrets: HashMap::new(),
        batch_len: 1,
        untold: Untold::default(),
    }
}

/// While others wait, the next is on its way when the one before it is answered; and it is answered
/// though the next takes its time.
#[tokio::test]
async fn an_append_is_answered_while_the_next_is_committed() {
    let directory = tempfile::tempdir().unwrap();
    let answers = Arc::new(Answers::default());
    let lane = lane(directory.path(), Arc::clone(&answers)).await;
    let (sender, queue) = mpsc::channel(8);
    let mut last = None;
    for id in 0..4 {
        let (reply, answer) = oneshot::channel();
        let item = Item {
            append: append(id),
            keys: Vec::new(),
            reply: Some(reply),
        };
        sender.send(item).await.unwrap();
        if let Some(earlier) = last.replace(answer) {
            answers.waited_for.lock().unwrap().push_back(earlier);
        }
    }
    drop(sender);
    let closing = watch::Sender::new(false);
    let run = lane.run(queue, closing.subscribe());
    tokio::time::timeout(Duration::from_secs(20), run)
        .await
        .unwrap();
    let answer = last.unwrap().await.unwrap().unwrap();
    assert_eq!(answer.position, Position(4));
    assert_eq!(*answers.told_before.lock().unwrap(), [false; 3]);
}
