//! The questions, as they are computed here and as the program is asked them.

use chrono::{DateTime, Days, Utc};

use crate::export::midnight;

/// By what opportunities are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dimension {
    Rep,
    Team,
    Source,
    Product,
    Region,
    Industry,
    Kind,
}

impl Dimension {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::Rep,
        Self::Team,
        Self::Source,
        Self::Product,
        Self::Region,
        Self::Industry,
        Self::Kind,
    ];

    /// As an option says it.
    pub(crate) fn option(self) -> &'static str {
        match self {
            Self::Rep => "rep",
            Self::Team => "team",
            Self::Source => "source",
            Self::Product => "product",
            Self::Region => "region",
            Self::Industry => "industry",
            Self::Kind => "kind",
        }
    }

    /// As an answer says it.
    pub(crate) fn name(self) -> String {
        format!("DIMENSION_{}", self.option().to_ascii_uppercase())
    }
}

/// Which opportunities a period picks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Those created in it.
    Cohort,
    /// Those to which something happened in it.
    Period,
}

impl Mode {
    fn option(self) -> &'static str {
        match self {
            Self::Cohort => "cohort",
            Self::Period => "period",
        }
    }

    /// As an answer says it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cohort => "CONVERSION_MODE_COHORT",
            Self::Period => "CONVERSION_MODE_PERIOD",
        }
    }
}

/// A time, [from, to), open where nothing is said.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Period {
    pub(crate) from: Option<DateTime<Utc>>,
    pub(crate) to: Option<DateTime<Utc>>,
}

impl Period {
    /// Between two days.
    pub(crate) fn between(from: &str, to: &str) -> Self {
        Self {
            from: Some(midnight(from)),
            to: Some(midnight(to)),
        }
    }

    /// The second quarter of 2017.
    pub(crate) fn quarter() -> Self {
        Self::between("2017-04-01", "2017-07-01")
    }

    /// The days before an instant.
    pub(crate) fn days_before(days: u64, at: DateTime<Utc>) -> Self {
        Self {
            from: Some(at - Days::new(days)),
            to: Some(at),
        }
    }

    /// Whether an instant lies in it.
    pub(crate) fn holds(&self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

/// How many opportunities get how far.
#[derive(Debug, Clone)]
pub(crate) struct FunnelQuestion {
    pub(crate) mode: Mode,
    pub(crate) period: Period,
    pub(crate) by: Vec<Dimension>,
}

impl FunnelQuestion {
    /// About all time, cut by everything.
    pub(crate) fn new(mode: Mode) -> Self {
        Self {
            mode,
            period: Period::default(),
            by: Dimension::ALL.to_vec(),
        }
    }

    /// About a period.
    pub(crate) fn in_period(self, period: Period) -> Self {
        Self { period, ..self }
    }

    /// As a command line.
    pub(crate) fn command_line(&self) -> Vec<String> {
        let mut words: Vec<String> = ["show", "funnel", "--mode", self.mode.option()]
            .map(str::to_owned)
            .into();
        for (option, instant) in [("--from", self.period.from), ("--to", self.period.to)] {
            if let Some(instant) = instant {
                words.extend([option.to_owned(), instant.to_rfc3339()]);
            }
        }
        words.extend(cut(&self.by));
        words
    }
}

/// What the open pipeline is worth and how fast it flows.
#[derive(Debug, Clone)]
pub(crate) struct VelocityQuestion {
    pub(crate) look_back_days: u32,
    pub(crate) stalled_max: usize,
    pub(crate) by: Vec<Dimension>,
}

impl VelocityQuestion {
    /// With as many stalled opportunities as are ever listed, cut by everything.
    pub(crate) fn new(look_back_days: u32) -> Self {
        Self {
            look_back_days,
            stalled_max: 1000,
            by: Dimension::ALL.to_vec(),
        }
    }

    /// As a command line.
    pub(crate) fn command_line(&self) -> Vec<String> {
        let mut words = vec![
            "show".to_owned(),
            "velocity".to_owned(),
            "--look-back-days".to_owned(),
            self.look_back_days.to_string(),
            "--max-stalled".to_owned(),
            self.stalled_max.to_string(),
        ];
        words.extend(cut(&self.by));
        words
    }
}

fn cut(by: &[Dimension]) -> [String; 2] {
    let names: Vec<_> = by.iter().map(|dimension| dimension.option()).collect();
    ["--by".to_owned(), names.join(",")]
}
