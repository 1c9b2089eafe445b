//! The whole picture of a customer as text.

use proto::v1::{CustomerPicture, Money};

use super::{Align, NONE, answered_from, instant_text, label, money, to_csv, to_table};

/// For people.
pub(crate) fn table(picture: &CustomerPicture) -> String {
    let mut text = format!(
        "{}\n{}",
        label(&picture.customer_id, &picture.name),
        answered_from(picture.answered_from.as_ref())
    );
    let health = picture.health.clone().unwrap_or_default();
    let score = match health.score.as_str() {
        "" => NONE.to_owned(),
        score => format!("{score}, {}", super::health::band(health.band)),
    };
    let csm = match picture.csm_id.as_str() {
        "" => NONE.to_owned(),
        csm_id => label(csm_id, &picture.csm_name),
    };
    let mut account = vec![["Health", &score], ["CSM", &csm]];
    let place = [picture.industry.as_str(), picture.country.as_str()];
    let place = place
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join(", ");
    account.push(["Industry", &place]);
    let account = account.into_iter().map(|row| row.map(str::to_owned));
    text.push_str(&to_table(
        &[("Account", Align::Left), ("", Align::Left)],
        account,
    ));
    section(
        &mut text,
        &["Contact", "Name", "Roles", "E-mail"],
        picture.contacts.iter().map(|one| {
            [
                one.contact_id.clone(),
                one.name.clone(),
                one.roles.join(", "),
                one.email.clone(),
            ]
        }),
    );
    section(
        &mut text,
        &[
            "Contract",
            "From",
            "Before",
            "In force",
            "A month",
            "Altogether",
        ],
        picture.contracts.iter().map(|one| {
            let ends = [&one.terminated_on, &one.ends_on];
            let ends = ends.into_iter().filter(|day| !day.is_empty()).min();
            [
                one.contract_id.clone(),
                one.starts_on.clone(),
                ends.cloned().unwrap_or_default(),
                if one.is_in_force { "yes" } else { "no" }.to_owned(),
                money(one.monthly_recurring.as_ref()),
                money(one.value.as_ref()),
            ]
        }),
    );
    section(
        &mut text,
        &["A month", "Invoiced", "Paid", "Open", "Overdue"],
        picture.money.iter().map(|one| {
            let sum = |sum: &Option<Money>| money(sum.as_ref());
            [
                sum(&one.monthly_recurring),
                sum(&one.invoiced),
                sum(&one.paid),
                sum(&one.open),
                sum(&one.overdue),
            ]
        }),
    );
    section(
        &mut text,
        &["Usage", "Unit", "Last day", "Value", "Days told"],
        picture.usage.iter().map(|one| {
            let last = one.days.first().cloned().unwrap_or_default();
            [
                label(&one.metric_id, &one.name),
                one.unit.clone(),
                last.on,
                last.value,
                one.days.len().to_string(),
            ]
        }),
    );
    section(
        &mut text,
        &[
            "Ticket",
            "Priority",
            "Opened",
            "Closed",
            "Escalated",
            "Rated",
        ],
        picture.tickets.iter().map(|one| {
            let rated = match one.satisfaction {
                0 => NONE.to_owned(),
                stars => format!("{stars} of 5"),
            };
            [
                one.ticket_id.clone(),
                one.priority.clone(),
                instant_text(one.opened_at.as_ref()).unwrap_or_default(),
                instant_text(one.closed_at.as_ref()).unwrap_or_else(|| NONE.to_owned()),
                if one.is_escalated { "yes" } else { "no" }.to_owned(),
                rated,
            ]
        }),
    );
    section(
        &mut text,
        &["Answer", "By", "At", "Of 10", "Comment"],
        picture.answers.iter().map(|one| {
            [
                one.survey_answer_id.clone(),
                one.contact_id.clone(),
                instant_text(one.answered_at.as_ref()).unwrap_or_default(),
                one.score.to_string(),
                one.comment.clone(),
            ]
        }),
    );
    section(
        &mut text,
        &["Task", "Name", "Due", "Of", "Overdue"],
        picture.tasks.iter().map(|one| {
            [
                one.task_id.clone(),
                one.name.clone(),
                one.due_on.clone(),
                one.rep_id.clone(),
                if one.is_overdue { "yes" } else { "no" }.to_owned(),
            ]
        }),
    );
    section(
        &mut text,
        &["Leaves", "Why", "What was said"],
        picture.churns.iter().map(|one| {
            [
                one.churned_on.clone(),
                one.reason.clone(),
                one.feedback.clone(),
            ]
        }),
    );
    section(
        &mut text,
        &["At", "What happened", "Event"],
        picture.time_line.iter().map(|entry| {
            let event = entry.event.clone().unwrap_or_default();
            [
                instant_text(entry.occurred_at.as_ref()).unwrap_or_default(),
                entry.line.clone(),
                format!("{}@{}", event.stream, event.version),
            ]
        }),
    );
    if !picture.next_page_token.is_empty() {
        text.push_str(&format!(
            "There is more: --page '{}'\n",
            picture.next_page_token
        ));
    }
    text
}

/// A table, where there is something in it.
fn section<const N: usize>(
    text: &mut String,
    columns: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
) {
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        let columns = columns.map(|name| (name, Align::Left));
        text.push('\n');
        text.push_str(&to_table(&columns, rows));
    }
}

/// For programs: the time line.
pub(crate) fn csv(picture: &CustomerPicture) -> anyhow::Result<String> {
    let header = [
        "customer_id",
        "occurred_at",
        "event_type",
        "line",
        "stream",
        "version",
    ];
    let rows = picture.time_line.iter().map(|entry| {
        let event = entry.event.clone().unwrap_or_default();
        [
            picture.customer_id.clone(),
            instant_text(entry.occurred_at.as_ref()).unwrap_or_default(),
            entry.event_type.clone(),
            entry.line.clone(),
            event.stream,
            event.version.to_string(),
        ]
    });
    to_csv(header.map(str::to_owned), rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::v1;

    #[test]
    fn the_picture_reads_well() {
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let usd = |amount: &str| {
            Some(Money {
                currency_code: "USD".to_owned(),
                amount: amount.to_owned(),
            })
        };
        let picture = CustomerPicture {
            customer_id: "acme".to_owned(),
            name: "Acme Ltd".to_owned(),
            industry: "steel".to_owned(),
            csm_id: "mia".to_owned(),
            csm_name: "Mia".to_owned(),
            contacts: vec![v1::PictureContact {
                contact_id: "c-1".to_owned(),
                name: "Ann".to_owned(),
                roles: vec!["DECISION_MAKER".to_owned()],
                ..Default::default()
            }],
            contracts: vec![v1::PictureContract {
                contract_id: "k-1".to_owned(),
                starts_on: "2024-01-01".to_owned(),
                ends_on: "2025-01-01".to_owned(),
                is_in_force: true,
                value: usd("1200.00"),
                monthly_recurring: usd("100.00"),
                ..Default::default()
            }],
            health: Some(v1::CustomerHealth {
                score: "72.5".to_owned(),
                band: v1::HealthBand::AtRisk.into(),
                ..Default::default()
            }),
            time_line: vec![v1::TimeLineEntry {
                occurred_at: at(1_704_067_200),
                event_type: "ContractSigned".to_owned(),
                line: "contract k-1 signed, in force from 2024-01-01".to_owned(),
                event: Some(v1::StreamEventRef {
                    stream: "contract-k-1".to_owned(),
                    version: 1,
                }),
            }],
            ..Default::default()
        };
        insta::assert_snapshot!(table(&picture));
    }
}
