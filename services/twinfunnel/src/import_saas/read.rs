//! The five files of the export of a subscription business, read row by row as text; what a cell means
//! is not decided here.

use std::path::Path;

use serde::Deserialize;

use crate::export::{BadRow, Row, Source, rows};

/// The files of the export.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    /// `ravenstack_accounts.csv`.
    pub(crate) accounts: Source,
    /// `ravenstack_subscriptions.csv`.
    pub(crate) subscriptions: Source,
    /// `ravenstack_feature_usage.csv`.
    pub(crate) usage: Source,
    /// `ravenstack_support_tickets.csv`.
    pub(crate) tickets: Source,
    /// `ravenstack_churn_events.csv`.
    pub(crate) churns: Source,
}

impl Sources {
    /// Reads the files of a folder.
    pub(crate) fn of_folder(folder: &Path) -> anyhow::Result<Self> {
        let source = |name| Source::of_folder(folder, name);
        Ok(Self {
            accounts: source("ravenstack_accounts.csv")?,
            subscriptions: source("ravenstack_subscriptions.csv")?,
            usage: source("ravenstack_feature_usage.csv")?,
            tickets: source("ravenstack_support_tickets.csv")?,
            churns: source("ravenstack_churn_events.csv")?,
        })
    }
}

/// Says once which columns are read, so that a row and what its file must have cannot drift.
macro_rules! row {
    ($(#[$doc:meta])* $name:ident as $columns:ident { $($(#[$of:meta])* $column:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, Deserialize)]
        pub(crate) struct $name {
            $($(#[$of])* pub(crate) $column: String),+
        }

        const $columns: &[&str] = &[$(stringify!($column)),+];
    };
}

row! {
    /// A row of the accounts.
    Account as ACCOUNT {
        /// Its id.
        account_id,
        /// For people.
        account_name,
        /// Its line of trade.
        industry,
        /// Where it is.
        country,
        /// Day on which it became a customer.
        signup_date,
    }
}

row! {
    /// A row of the subscriptions.
    Subscription as SUBSCRIPTION {
        /// Its id.
        subscription_id,
        /// Whose it is.
        account_id,
        /// First day.
        start_date,
        /// Day on which it has ended; empty while it goes on.
        end_date,
        /// What is subscribed to.
        plan_tier,
        /// US dollars a month; 0 for a trial.
        mrr_amount,
        /// US dollars a year.
        arr_amount,
        /// monthly or annual.
        billing_frequency,
    }
}

row! {
    /// A row of the usage.
    Usage as USAGE {
        /// Its id.
        usage_id,
        /// What was used.
        subscription_id,
        /// Day.
        usage_date,
        /// Which part of it.
        feature_name,
        /// How often.
        usage_count,
    }
}

row! {
    /// A row of the tickets.
    Ticket as TICKET {
        /// Its id.
        ticket_id,
        /// Whose it is.
        account_id,
        /// Day.
        submitted_at,
        /// Instant; empty while it is open.
        closed_at,
        /// low, medium, high or urgent.
        priority,
        /// From its submission.
        first_response_time_minutes,
        /// 1 to 5; empty if nobody said.
        satisfaction_score,
        /// True or False.
        escalation_flag,
    }
}

row! {
    /// A row of the churn events.
    Churn as CHURN {
        /// Its id.
        churn_event_id,
        /// Who leaves.
        account_id,
        /// Day.
        churn_date,
        /// Why, as a word.
        reason_code,
        /// What was said.
        feedback_text,
    }
}

/// The rows of the export.
#[derive(Debug, Clone, Default)]
pub(crate) struct Export {
    /// Rows of the accounts.
    pub(crate) accounts: Vec<Row<Account>>,
    /// Rows of the subscriptions.
    pub(crate) subscriptions: Vec<Row<Subscription>>,
    /// Rows of the usage.
    pub(crate) usage: Vec<Row<Usage>>,
    /// Rows of the tickets.
    pub(crate) tickets: Vec<Row<Ticket>>,
    /// Rows of the churn events.
    pub(crate) churns: Vec<Row<Churn>>,
    /// What stands among them and is none.
    pub(crate) bad_rows: Vec<BadRow>,
}

impl Export {
    /// Reads the rows of the files. An error means that a file is not of this kind.
    pub(crate) fn read(sources: &Sources) -> anyhow::Result<Self> {
        let mut bad_rows = Vec::new();
        Ok(Self {
            accounts: rows(&sources.accounts, ACCOUNT, &mut bad_rows)?,
            subscriptions: rows(&sources.subscriptions, SUBSCRIPTION, &mut bad_rows)?,
            usage: rows(&sources.usage, USAGE, &mut bad_rows)?,
            tickets: rows(&sources.tickets, TICKET, &mut bad_rows)?,
            churns: rows(&sources.churns, CHURN, &mut bad_rows)?,
            bad_rows,
        })
    }
}
