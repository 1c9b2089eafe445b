//! Checking a bundle, step by step: is it what was signed, is it whole, does the statement follow.

use std::collections::{BTreeSet, HashMap};

use event_schemas::commission_period::Statement;
use event_schemas::vocabulary::Recorded;
use merkle::{Checkpoint, DatedKey, Edge, Hash};

use crate::bundle::{Bundle, FORMAT, is_needed, unowned};
use crate::entry::Read;
use crate::recompute;
use crate::report::{Check, Report};

/// Most findings of one kind that are told one by one.
const FINDINGS_MAX: usize = 20;

/// Checks a bundle against the keys that are trusted. It never fails: what does not hold is told.
pub fn verify(bundle: &Bundle, trusted: &[DatedKey]) -> Report {
    let mut checks = Vec::new();
    if bundle.format != FORMAT {
        checks.push(Check {
            claim: "the file is an audit bundle of this version",
            seen: bundle.format.clone(),
            findings: vec![format!("it should be {FORMAT}")],
        });
        return Report::of(checks, None);
    }
    let checkpoint = signature(bundle, trusted, &mut checks);
    let entries = contents(bundle, &mut checks);
    inclusion(bundle, &entries, checkpoint.as_ref(), &mut checks);
    order(&entries, &mut checks);
    let events: Vec<&Recorded> = entries
        .iter()
        .filter_map(|entry| entry.as_ref()?.event.as_ref())
        .collect();
    completeness(&entries, &events, &mut checks);
    let statement = statement(bundle, &events, &mut checks);
    Report::of(checks, statement)
}

fn signature(bundle: &Bundle, trusted: &[DatedKey], checks: &mut Vec<Check>) -> Option<Checkpoint> {
    let names: Vec<String> = trusted.iter().map(|dated| dated.key.to_string()).collect();
    let mut check = Check {
        claim: "the checkpoint is signed by a key that is trusted",
        seen: format!("trusted: {}", names.join(", ")),
        findings: Vec::new(),
    };
    let opened = match Checkpoint::open_dated(&bundle.checkpoint, trusted) {
        Ok(checkpoint) => {
            let tenant = checkpoint.origin.rsplit('/').next().unwrap_or_default();
            if tenant != bundle.tenant.as_str() {
                check.findings.push(format!(
                    "it is of the log {}, and the bundle of tenant {}",
                    checkpoint.origin, bundle.tenant
                ));
            }
            let (size, root) = (checkpoint.size, checkpoint.root);
            check.seen = format!("{}, {size} events, root {root}", checkpoint.origin);
            Some(checkpoint)
        }
        Err(error) => {
            check.findings.push(error.to_string());
            None
        }
    };
    checks.push(check);
    opened
}

/// Reads every entry; where one cannot be read, nothing stands in its place.
fn contents(bundle: &Bundle, checks: &mut Vec<Check>) -> Vec<Option<Read>> {
    let mut findings = Vec::new();
    let mut entries = Vec::with_capacity(bundle.entries.len());
    let all = bundle.entries.iter();
    let all: Vec<_> = all.map(|entry| entry.read(&bundle.tenant)).collect();
    let positions = all.iter().flatten().map(|read| read.header.position);
    let there: BTreeSet<u64> = positions.collect();
    let mut place = 1;
    for (entry, read) in bundle.entries.iter().zip(all) {
        match read {
            Ok(read) => {
                let position = read.header.position;
                // Only where nothing between is elsewhere, it is gone; else they stand in another order.
                if position > place && there.range(place..position).next().is_none() {
                    findings.push(match position - place {
                        1 => format!("position {place}: the event is missing"),
                        _ => format!(
                            "positions {place} to {}: the events are missing",
                            position - 1
                        ),
                    });
                    place = position;
                }
                if read.hash.to_string() != entry.hash {
                    let (stream, what) = (&read.header.stream, &read.header.event_type);
                    findings.push(format!(
                        "position {place} ({what} of {stream}): it was changed, its hash is {}, \
                         and {} was sealed",
                        read.hash, entry.hash
                    ));
                }
                if position != place {
                    findings.push(format!(
                        "position {place}: here stands the event of position {position}"
                    ));
                }
                entries.push(Some(read));
            }
            Err(error) => {
                findings.push(format!("position {place}: {error}"));
                entries.push(None);
            }
        }
        place = place.saturating_add(1);
    }
    checks.push(Check {
        claim: "every event is as it was when it was sealed, at its position",
        seen: format!("{} entries", bundle.entries.len()),
        findings: shortened(findings),
    });
    entries
}

fn inclusion(
    bundle: &Bundle,
    entries: &[Option<Read>],
    checkpoint: Option<&Checkpoint>,
    checks: &mut Vec<Check>,
) {
    let mut check = Check {
        claim: "the events are those of the signed checkpoint, all of them",
        seen: String::new(),
        findings: Vec::new(),
    };
    let Some(checkpoint) = checkpoint else {
        check
            .findings
            .push("there is no checkpoint to compare with".to_owned());
        checks.push(check);
        return;
    };
    let root = root(
        entries
            .iter()
            .map(|entry| entry.as_ref().map(|read| read.hash)),
    );
    let told = bundle.entries.iter().map(|entry| Hash::parse(&entry.hash));
    let told_root = self::root(told);
    let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
    if count != checkpoint.size {
        check.findings.push(format!(
            "the checkpoint covers {} events, and there are {count}",
            checkpoint.size
        ));
    } else if root != Some(checkpoint.root) {
        check.findings.push(if told_root == Some(checkpoint.root) {
            "the events named above are not those that were sealed".to_owned()
        } else {
            "the events do not give the root that was signed: one was exchanged, and its hash with it"
                .to_owned()
        });
    }
    check.seen = format!("{count} events");
    checks.push(check);
}

fn root(hashes: impl Iterator<Item = Option<Hash>>) -> Option<Hash> {
    let mut edge = Edge::default();
    for hash in hashes {
        edge.push(hash?);
    }
    Some(edge.root())
}

fn order(entries: &[Option<Read>], checks: &mut Vec<Check>) {
    let mut versions: HashMap<&str, u64> = HashMap::new();
    let mut findings = Vec::new();
    for header in entries.iter().flatten().map(|read| &read.header) {
        let version = versions.entry(header.stream.as_str()).or_default();
        *version += 1;
        if header.version != *version {
            findings.push(format!(
                "position {}: version {} of {}, where version {version} belongs",
                header.position, header.version, header.stream
            ));
            *version = header.version;
        }
    }
    checks.push(Check {
        claim: "each stream runs from its first event to its last, without a gap",
        seen: format!("{} streams", versions.len()),
        findings: shortened(findings),
    });
}

fn completeness(entries: &[Option<Read>], events: &[&Recorded], checks: &mut Vec<Check>) {
    let unowned = unowned(events.iter().copied());
    let hidden = entries.iter().flatten().filter(|read| read.event.is_none());
    let mut findings = Vec::new();
    for header in hidden.map(|read| &read.header) {
        let (stream, what) = (&header.stream, &header.event_type);
        if is_needed(&unowned, stream.category(), stream.id(), what) {
            let position = header.position;
            findings.push(format!(
                "position {position}: {what} of {stream} is not shown"
            ));
        }
    }
    checks.push(Check {
        claim: "nothing is left out that the statement may depend on",
        seen: format!("{} of {} events shown", events.len(), entries.len()),
        findings: shortened(findings),
    });
}

fn statement(bundle: &Bundle, events: &[&Recorded], checks: &mut Vec<Check>) -> Option<Statement> {
    let mut check = Check {
        claim: "the frozen statement is what the plan pays for what it knew",
        seen: String::new(),
        findings: Vec::new(),
    };
    let Bundle {
        commission_plan_id,
        rep_id,
        from_on,
        ..
    } = bundle;
    let found = recompute::find(events.iter().copied(), commission_plan_id, rep_id, *from_on);
    let Some((position, closed)) = found else {
        check.findings.push(format!(
            "no statement of {rep_id} by {commission_plan_id} from {from_on} was closed"
        ));
        checks.push(check);
        return None;
    };
    check.seen = format!(
        "statement {}, closed at position {position}, knowing {}",
        closed.statement_id, closed.at_position
    );
    let mut book = recompute::book();
    for event in events
        .iter()
        .filter(|event| event.position.0 <= closed.at_position)
    {
        if let Err(error) = book.fold(event) {
            check
                .findings
                .push(format!("position {}: {error}", event.position));
        }
    }
    if closed.at_position >= position {
        check
            .findings
            .push("it claims to know what was recorded after it".to_owned());
    }
    let (statement, differences) = recompute::check(&book, &closed);
    check
        .findings
        .extend(differences.iter().map(ToString::to_string));
    check.findings = shortened(check.findings);
    checks.push(check);
    statement
}

fn shortened(mut findings: Vec<String>) -> Vec<String> {
    if findings.len() > FINDINGS_MAX {
        let more = findings.len() - FINDINGS_MAX;
        findings.truncate(FINDINGS_MAX);
        findings.push(format!("and {more} more"));
    }
    findings
}
