//! `twinfunnel audit explain`: how the lines of a statement follow from the events.

use std::process::ExitCode;

use anyhow::ensure;
use proto::v1;

use super::StatementArgs;
use crate::connect::ConnectArgs;
use crate::output;
use crate::render::commission as rendered;

/// Options of `audit explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    statement: StatementArgs,
    /// Only this line, by its id.
    #[arg(long, value_name = "ID")]
    line: Option<String>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Prints them.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let question = args.statement.question();
    let answer = args.connect.client()?.statement(question).await?;
    let statement = args.statement.only(answer.statement)?;
    let wanted = |line: &&v1::StatementLine| {
        args.line
            .as_ref()
            .is_none_or(|wanted| *wanted == line.line_id)
    };
    let lines: Vec<&v1::StatementLine> = statement.lines.iter().filter(wanted).collect();
    if let Some(line) = &args.line {
        ensure!(!lines.is_empty(), "the statement has no line {line}");
    }
    let explained = lines.iter().map(|line| line.explanation.clone());
    let parts = std::iter::once(heading(&statement)).chain(explained);
    output::write(&parts.collect::<Vec<_>>().join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// Which statement it is, and what of it is frozen.
fn heading(statement: &v1::CommissionStatement) -> String {
    let mut text = rendered::statements(std::slice::from_ref(statement));
    let (plan, version) = (&statement.commission_plan_id, statement.plan_version);
    text.push_str(&format!("By version {version} of plan {plan}. "));
    text.push_str(&match statement.digest.as_str() {
        "" => "Not closed: what is known now, and may change.\n".to_owned(),
        digest => format!(
            "Frozen with what was known at position {}; SHA-256 of its canonical JSON: {digest}\n",
            statement.at_position
        ),
    });
    if statement.lines.is_empty() {
        text.push_str("It has no lines: nothing was earned, and nothing was taken back.\n");
    }
    text
}
