//! Which events a statement may depend on: an auditor has to see all of them, and no others.

/// Whether a statement may depend on an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needed {
    /// It may.
    Always,
    /// It may where it says who owned the opportunity of a contract that names nobody.
    WhereUnowned,
    /// It never does.
    Never,
}

/// Whether a statement may depend on the events of a type. A type that is not known here, of a category
/// that the book takes in, may count.
pub fn needed(category: &str, event_type: &str) -> Needed {
    match (category, event_type) {
        ("opportunity", _) => Needed::WhereUnowned,
        ("rep", "RepRegistered" | "RepDeactivated" | "TerritoryAssigned")
        | ("team", "RegionMoved")
        | (
            "contract",
            "InvoiceIssued" | "ContractRenewed" | "ContractHandedOver" | "MilestoneReached"
            | "RenewalOpened",
        )
        | (
            "commission_period",
            "StatementApproved" | "StatementPaid" | "StatementDisputed" | "DisputeResolved",
        ) => Needed::Never,
        (
            "commission_period" | "commission_plan" | "contract" | "exchange_rate" | "fixed_cost"
            | "rep" | "team" | "tenant",
            _,
        ) => Needed::Always,
        // The book takes in nothing else that a statement depends on.
        _ => Needed::Never,
    }
}
