//! Reading the bytes of a leaf back, as [`merkle::leaf`] writes them: of an event that is not shown, they
//! tell where it stands and what it is about.

use event_schemas::vocabulary::{StreamName, TenantId};

/// What a leaf says of its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) tenant: TenantId,
    pub(crate) position: u64,
    pub(crate) stream: StreamName,
    pub(crate) version: u64,
    pub(crate) event_type: String,
}

/// Reads a leaf; nothing if it is none.
pub(crate) fn header(leaf: &[u8]) -> Option<Header> {
    let mut rest = leaf;
    if text(&mut rest)? != "twinfunnel-event/v1" {
        return None;
    }
    let tenant = TenantId::new(text(&mut rest)?).ok()?;
    let position = number(&mut rest)?;
    let stream = StreamName::parse(text(&mut rest)?).ok()?;
    let version = number(&mut rest)?;
    take(&mut rest, 16)?;
    let event_type = text(&mut rest)?.to_owned();
    // Schema version, when it occurred, when it was recorded.
    take(&mut rest, 3 * 8)?;
    // Actor, command, correlation, cause, trace context.
    for _ in 0..5 {
        text(&mut rest)?;
    }
    // The hash of the payload, and nothing more.
    take(&mut rest, 32)?;
    rest.is_empty().then_some(Header {
        tenant,
        position,
        stream,
        version,
        event_type,
    })
}

fn take<'l>(rest: &mut &'l [u8], len: usize) -> Option<&'l [u8]> {
    let (taken, left) = rest.split_at_checked(len)?;
    *rest = left;
    Some(taken)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let bytes = take(rest, 8)?;
    Some(u64::from_be_bytes(bytes.try_into().ok()?))
}

fn text<'l>(rest: &mut &'l [u8]) -> Option<&'l str> {
    let len = u32::from_be_bytes(take(rest, 4)?.try_into().ok()?);
    std::str::from_utf8(take(rest, usize::try_from(len).ok()?)?).ok()
}
