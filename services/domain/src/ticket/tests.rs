//! Given what happened, when asked, then.
