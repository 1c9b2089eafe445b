//! Every event is a promise: what was published can be read for ever, and never changes.
//!
//! A new event or version: write its sample by hand, then
//! `UPDATE_PUBLISHED=1 cargo test -p twinfunnel-event-schemas` writes the schema that is missing
//! and locks both. It never touches what is locked. What was locked but never left the branch may
//! be taken back: delete the files and their lines in published.lock.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends"
)]

mod compat;
mod shelf;

use std::collections::BTreeSet;

use event_schemas::rooms;
use serde_json::Value;

use shelf::{File, Kind, Shelf};

fn require(found: impl Iterator<Item = String>) {
    let found: Vec<_> = found.collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn the_type_of_every_event_gives_the_schema_that_was_published() {
    let shelf = Shelf::get();
    let each = shelf::newest(Kind::Schema).into_iter();
    require(each.filter_map(|file| shelf.check_schema(&file).err()));
}

#[test]
fn every_sample_ever_published_can_still_be_read() {
    let shelf = Shelf::get();
    let samples = shelf.files.iter().filter(|file| file.kind == Kind::Sample);
    require(samples.filter_map(|file| shelf.check_sample(file).err()));
}

#[test]
fn every_version_of_every_event_has_a_schema_and_a_sample() {
    let shelf = Shelf::get();
    let missing = shelf::expected()
        .into_iter()
        .filter(|file| !shelf.files.contains(file));
    require(missing.map(|file| format!("{file} is missing")));
}

#[test]
fn nothing_is_published_that_no_room_declares() {
    let expected = shelf::expected();
    let extra = Shelf::get()
        .files
        .iter()
        .filter(|file| !expected.contains(file));
    require(extra.map(|file| format!("{file} belongs to no event of its room")));
}

#[test]
fn what_is_locked_never_changes() {
    let shelf = Shelf::get();
    let changed = shelf.lock.iter().filter_map(|(name, hash)| {
        let found = shelf::hash(name);
        (found.as_ref() != Some(hash)).then(|| match found {
            Some(_) => format!("{name} is published and was changed: restore it, add a version"),
            None => format!("{name} is published and is gone: restore it"),
        })
    });
    require(changed);
}

#[test]
fn everything_published_is_locked() {
    let shelf = Shelf::get();
    let open = shelf.files.iter().map(ToString::to_string);
    let open = open.filter(|name| !shelf.lock.contains_key(name));
    let told =
        "is not in published.lock: run UPDATE_PUBLISHED=1 cargo test -p twinfunnel-event-schemas";
    require(open.map(|name| format!("{name} {told}")));
}

#[test]
fn an_event_name_is_used_once_in_the_whole_house() {
    let mut seen = BTreeSet::new();
    for room in rooms() {
        assert!(
            seen.insert(room.category),
            "{} is there twice",
            room.category
        );
        for event in room.published {
            assert!(
                seen.insert(event.event_type),
                "{} is there twice",
                event.event_type
            );
        }
    }
}

/// Everything that is about a person, and every text in which people write about people. A new line
/// here is a decision: the relay withholds it, and erasing the person erases it.
const PERSONAL: &[&str] = &[
    "customer/ChurnRecorded.feedback",
    "interaction/InteractionLogged.note",
    "survey/SurveyAnswered.comment",
    "task/TaskCompleted.note",
    "task/TaskMoved.reason",
    "task/TaskSnoozed.reason",
    "ticket/TicketClosed.resolution",
    "ticket/TicketEscalated.reason",
    "ticket/TicketOpened.subject",
    "ticket/TicketReopened.reason",
    "usage/UsageCorrected.reason",
    "usage/UsageRecorded.records.subject",
    "commission_period/AdjustmentProposed.reason",
    "commission_period/AdjustmentRejected.reason",
    "commission_period/DisputeResolved.resolution",
    "commission_period/StatementDisputed.reason",
    "contract/ContractReassigned.reason",
    "contract/ContractTerminated.note",
    "customer/ContactAdded.profile.email",
    "customer/ContactAdded.profile.name",
    "customer/ContactAdded.profile.phone",
    "customer/ContactAdded.profile.title",
    "customer/ContactRemoved.reason",
    "customer/ContactUpdated.profile.email",
    "customer/ContactUpdated.profile.name",
    "customer/ContactUpdated.profile.phone",
    "customer/ContactUpdated.profile.title",
    "opportunity/ActivityLogged.note",
    "opportunity/ActivityLogged.subject",
    "opportunity/LeadAssigned.reason",
    "opportunity/OpportunityLost.note",
    "opportunity/OpportunityRegistered.email",
    "opportunity/OpportunityRegistered.phone",
    "opportunity/OpportunityReopened.reason",
    "opportunity/StageAdvanced.note",
    "opportunity/SteppedBack.reason",
    "quote/QuoteDeclined.reason",
    "rep/RepDeactivated.reason",
    "rep/RepRegistered.email",
    "rep/RepRegistered.name",
];

/// What is called as if it were about a person, and why it is not.
const NOT_PERSONAL: &[(&str, &str)] = &[
    (
        "customer/ChurnRecorded.reason",
        "a short code, which is counted",
    ),
    ("metric/MetricDeclared.name", "a metric's"),
    ("playbook/PlaybookPublished.name", "a playbook's"),
    (
        "playbook/PlaybookPublished.plays.steps.name",
        "the same for every customer",
    ),
    (
        "playbook/PlaybookPublished.plays.steps.checklist.name",
        "the same for every customer",
    ),
    (
        "playbook/PlaybookPublished.plays.guides.name",
        "the same for every customer",
    ),
    (
        "playbook/PlaybookPublished.plays.guides.checklist.name",
        "the same for every customer",
    ),
    ("task/TaskCancelled.reason", "a short code"),
    ("task/TaskPlanned.checklist.name", "a playbook's"),
    (
        "task/TaskPlanned.name",
        "a playbook's, or what is to be done for a company",
    ),
    ("task/TaskPlanned.origin.subject_id", "an id"),
    ("alarm/AlarmRaised.subject_id", "an id"),
    (
        "commission_plan/CommissionPlanPublished.terms.spifs.name",
        "a bonus's",
    ),
    (
        "contract/ContractTerminated.reason",
        "a short code, which is counted",
    ),
    ("customer/CustomerRegistered.profile.name", "a company's"),
    ("customer/CustomerUpdated.profile.name", "a company's"),
    (
        "opportunity/OpportunityLost.reason",
        "a short code, which is counted",
    ),
    (
        "opportunity/OpportunityRegistered.name",
        "a deal's; who asked is told by e-mail and phone",
    ),
    ("fixed_cost/FixedCostRecorded.name", "a cost's"),
    ("product/ProductRegistered.name", "a product's"),
    ("product/ProductRetired.reason", "about a product"),
    ("sales_process/SalesProcessDefined.name", "a process's"),
    (
        "sales_process/SalesProcessDefined.stages.checklist.text",
        "the same for every deal",
    ),
    ("sales_process/SalesProcessDefined.stages.name", "a stage's"),
    ("sales_process/SalesProcessRevised.name", "a process's"),
    (
        "sales_process/SalesProcessRevised.stages.checklist.text",
        "the same for every deal",
    ),
    ("sales_process/SalesProcessRevised.stages.name", "a stage's"),
    ("team/TeamFormed.name", "a group's"),
];

/// Names of fields that hold what people write, which is often about people.
const TELLING: [&str; 12] = [
    "address", "comment", "email", "message", "name", "note", "phone", "reason", "remark",
    "subject", "text", "title",
];

#[test]
fn what_is_personal_is_marked() {
    let (mut marked, mut unmarked) = (BTreeSet::new(), BTreeSet::new());
    for (path, schema) in fields() {
        let name = path.rsplit('.').next().unwrap();
        if schema.get("x-personal") == Some(&Value::Bool(true)) {
            marked.insert(path);
        } else if TELLING
            .iter()
            .any(|word| name.split('_').any(|part| part == *word))
        {
            unmarked.insert(path);
        }
    }
    let known: BTreeSet<String> = PERSONAL.iter().map(|&path| path.to_owned()).collect();
    assert_eq!(marked, known);
    let known: BTreeSet<String> = NOT_PERSONAL
        .iter()
        .map(|(path, _)| (*path).to_owned())
        .collect();
    assert_eq!(
        unmarked, known,
        "what is called so is marked x-personal, or is named in NOT_PERSONAL with the reason"
    );
}

/// Every field of every event, also within its parts, by its path.
fn fields() -> Vec<(String, Value)> {
    fn gather(root: &Value, path: &str, schema: &Value, found: &mut Vec<(String, Value)>) {
        let schema = compat::resolve(root, schema);
        for part in ["anyOf", "allOf", "oneOf"] {
            for one in schema
                .get(part)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                gather(root, path, one, found);
            }
        }
        if let Some(items) = schema.get("items") {
            gather(root, path, items, found);
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            let path = format!("{path}.{name}");
            gather(root, &path, property, found);
            found.push((path, property.clone()));
        }
    }
    let mut found = Vec::new();
    for room in rooms() {
        for event in room.published {
            let path = format!("{}/{}", room.category, event.event_type);
            gather(&event.schema, &path, &event.schema, &mut found);
        }
    }
    found
}

#[test]
fn a_file_is_named_after_what_it_holds() {
    let file = File {
        room: "product".to_owned(),
        event_type: "ProductRetired".to_owned(),
        version: 12,
        kind: Kind::Sample,
    };
    assert_eq!(file.to_string(), "product/ProductRetired.v12.sample.json");
    assert_eq!(
        File::parse("product", "ProductRetired.v12.sample.json"),
        Some(file)
    );
    assert_eq!(File::parse("product", "mod.rs"), None);
}
