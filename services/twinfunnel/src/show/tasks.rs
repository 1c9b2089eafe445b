//! `twinfunnel show tasks`: what is to be done, by whom, until when.

use chrono::NaiveDate;
use clap::ValueEnum;
use proto::v1;

use super::{AskingArgs, day};
use crate::render::{self, Format};

/// Options of `show tasks`.
#[derive(Debug, clap::Args)]
pub(crate) struct TasksArgs {
    /// One task, with its whole course.
    #[arg(value_name = "ID", conflicts_with_all = ["rep", "customer", "state"])]
    task: Option<String>,
    /// Only tasks of this rep, or that were escalated to them.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    rep: String,
    /// Only tasks for this customer.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    customer: String,
    /// Only tasks in these states; all that are to be done if not given.
    #[arg(long, value_enum, value_delimiter = ',')]
    state: Vec<State>,
    /// As they stand on this day, such as 2024-05-31; today, or the last one asked about, if not given.
    #[arg(long, value_name = "DAY")]
    on: Option<NaiveDate>,
    /// List at most this many; 1000 if not given.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    max_rows: u32,
    #[command(flatten)]
    asking: AskingArgs,
}

/// How a task stands.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    Open,
    Snoozed,
    Due,
    Overdue,
    Escalated,
    Done,
    Cancelled,
}

impl From<State> for v1::TaskState {
    fn from(state: State) -> Self {
        match state {
            State::Open => Self::Open,
            State::Snoozed => Self::Snoozed,
            State::Due => Self::Due,
            State::Overdue => Self::Overdue,
            State::Escalated => Self::Escalated,
            State::Done => Self::Done,
            State::Cancelled => Self::Cancelled,
        }
    }
}

/// Asks, and puts the answer as text.
pub(super) async fn tasks(args: TasksArgs) -> anyhow::Result<String> {
    let client = args.asking.connect.client()?;
    let consistency = args.asking.consistency();
    let on = day(args.on);
    if let Some(task_id) = args.task {
        let question = v1::GetTaskRequest {
            task_id,
            on,
            consistency,
        };
        let task = client.task(question).await?;
        return match args.asking.output {
            Format::Table => Ok(render::tasks::one(&task)),
            Format::Csv => render::tasks::csv(std::slice::from_ref(&task)),
            Format::Json => render::json(&task),
        };
    }
    let states = args.state.into_iter().map(v1::TaskState::from);
    let question = v1::ListTasksRequest {
        rep_id: args.rep,
        customer_id: args.customer,
        states: states.map(i32::from).collect(),
        on,
        limit: args.max_rows,
        consistency,
    };
    let answer = client.list_tasks(question).await?;
    match args.asking.output {
        Format::Table => Ok(render::tasks::table(&answer)),
        Format::Csv => render::tasks::csv(&answer.tasks),
        Format::Json => render::json(&answer),
    }
}
