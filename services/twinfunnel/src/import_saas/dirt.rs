//! What of the export of a subscription business is odd.

use std::fmt;

use crate::export;

/// What was found.
pub(crate) type Dirt = export::Dirt<Oddity>;

/// What a row says that does not fit the others, and what is made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Oddity {
    /// A subscription ends on the day on which it starts: nothing can be signed of it.
    NoDay,
    /// A usage id is there a second time: it is the same record, and the first counts.
    SeenAgain,
    /// Usage of a day before the subscription starts: it counts on its day.
    UsageBeforeStart,
    /// Usage of a day on which the subscription has ended: it counts on its day.
    UsageAfterEnd,
    /// A ticket of a day before the customer's: it is told as it is.
    TicketBeforeCustomer,
    /// A ticket was closed before it was answered: it is told as it is.
    AnsweredAfterClosing,
    /// A ticket that is closed has no satisfaction: it is not rated.
    NotRated,
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoDay => "subscription that ends on the day it starts: left out",
            Self::SeenAgain => "usage id that was there before: the first row counts",
            Self::UsageBeforeStart => "usage before its subscription starts: counted on its day",
            Self::UsageAfterEnd => "usage after its subscription ended: counted on its day",
            Self::TicketBeforeCustomer => "ticket before its account signed up: told as it is",
            Self::AnsweredAfterClosing => "ticket answered after it was closed: told as it is",
            Self::NotRated => "closed ticket without satisfaction: not rated",
        })
    }
}
