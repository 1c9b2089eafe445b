//! Calls as they go over the wire: what the typed client does for its callers, or hides from them.

use std::time::Duration;

use support::Node;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// A connection of its own. It takes what the node sends, however large.
pub(crate) fn channel(node: &Node) -> Channel {
    Endpoint::from_shared(node.url())
        .unwrap()
        .connect_timeout(Duration::from_secs(5))
        .connect_lazy()
}

/// A call with these metadata.
pub(crate) fn request<M>(message: M, metadata: &[(&'static str, &str)]) -> Request<M> {
    let mut request = Request::new(message);
    for &(key, value) in metadata {
        request.metadata_mut().insert(key, value.parse().unwrap());
    }
    request
}

/// A call of Ann's, of a tenant.
pub(crate) fn of<M>(tenant: &str, message: M) -> Request<M> {
    request(message, &[("x-tenant", tenant), ("x-actor", "ann")])
}

/// A call with a token.
pub(crate) fn bearing<M>(token: &str, message: M) -> Request<M> {
    request(message, &[("authorization", &format!("Bearer {token}"))])
}

/// The same metadata, changed.
pub(crate) fn with<M>(
    mut request: Request<M>,
    change: impl FnOnce(&mut MetadataMap),
) -> Request<M> {
    change(request.metadata_mut());
    request
}

/// The rule that a status names. Fails unless it is one of ours.
pub(crate) fn reason(status: &Status) -> String {
    let details: ErrorDetails = status.get_error_details();
    let info = details
        .error_info()
        .unwrap_or_else(|| panic!("no details: {status:?}"));
    assert_eq!(info.domain, "twinfunnel", "{status:?}");
    info.reason.clone()
}

/// The fields that a status names.
pub(crate) fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let bad = details
        .bad_request()
        .unwrap_or_else(|| panic!("no details: {status:?}"));
    bad.field_violations
        .iter()
        .map(|violation| violation.field.clone())
        .collect()
}
