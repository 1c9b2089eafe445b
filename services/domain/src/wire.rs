//! From messages to commands that cannot be malformed: every field is checked, every bad one is
//! named, and what is text is normalised.

use chrono::{DateTime, Datelike as _, NaiveDate, SubsecRound as _, Utc};
use event_schemas::vocabulary::{Currency, ExternalId, Invalid, Money, Number, TaskItem};
use rust_decimal::Decimal;

/// Longest name, in characters.
pub const NAME_MAX: usize = 200;
/// Longest short code, such as a source or a reason, in characters.
pub const CODE_MAX: usize = 100;
/// Longest note, in characters.
pub const NOTE_MAX: usize = 4_000;
/// Largest sum of money, in minor units: ten million millions of a currency with cents, so that the
/// sum of thousands of them still fits.
pub const AMOUNT_MINOR_MAX: i64 = 1_000_000_000_000_000;
/// Most elements of a list.
pub const LIST_MAX: usize = 100;
/// Most days of a span that is told in days: ten years.
pub const DAYS_MAX: u32 = 3_660;
/// Most fields of one command that are told to be wrong.
pub const VIOLATIONS_MAX: usize = 100;

/// Years that every database and every format of ours can tell.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;

/// One field that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldViolation {
    /// Its path in the message, such as `stages[2].stage_id`.
    pub field: String,
    /// What a good value looks like.
    pub description: String,
}

/// A command of which fields cannot be taken. Names every one of them, up to [`VIOLATIONS_MAX`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", told(.violations))]
pub struct InvalidCommand {
    /// At least one.
    pub violations: Vec<FieldViolation>,
}

fn told(violations: &[FieldViolation]) -> String {
    let each = violations
        .iter()
        .map(|v| format!("{} {}", v.field, v.description));
    each.collect::<Vec<_>>().join("; ")
}

/// Reads the fields of a message and gathers what is wrong with them.
///
/// A reader gives `None` for a value that is wrong (and notes why) or optional and absent; `finish`
/// builds the command only if nothing was wrong.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    violations: Vec<FieldViolation>,
}

impl Fields {
    pub(crate) fn wrong(&mut self, field: &str, why: impl Into<String>) {
        if self.violations.len() >= VIOLATIONS_MAX {
            return;
        }
        self.violations.push(FieldViolation {
            field: field.to_owned(),
            description: why.into(),
        });
    }

    fn taken<T>(&mut self, field: &str, value: Result<T, Invalid>) -> Option<T> {
        value
            .map_err(|error| self.wrong(field, format!("is wrong: {error}")))
            .ok()
    }

    /// A required identifier.
    pub(crate) fn id<T>(&mut self, field: &str, text: &str) -> Option<T>
    where
        T: TryFrom<String, Error = Invalid>,
    {
        self.taken(field, T::try_from(text.to_owned()))
    }

    /// An identifier that may be absent.
    pub(crate) fn optional_id<T>(&mut self, field: &str, text: &str) -> Option<T>
    where
        T: TryFrom<String, Error = Invalid>,
    {
        if text.is_empty() {
            None
        } else {
            self.id(field, text)
        }
    }

    /// Identifiers without repetition, in the order given.
    pub(crate) fn ids<T>(&mut self, field: &str, texts: &[String]) -> Vec<T>
    where
        T: TryFrom<String, Error = Invalid> + PartialEq,
    {
        let mut ids = Vec::new();
        if !self.fits(field, texts.len(), LIST_MAX) {
            return ids;
        }
        for (at, text) in texts.iter().enumerate() {
            match self.id(&format!("{field}[{at}]"), text) {
                Some(id) if !ids.contains(&id) => ids.push(id),
                _ => {}
            }
        }
        ids
    }

    /// Whether a list is short enough to be looked at.
    pub(crate) fn fits(&mut self, field: &str, len: usize, max: usize) -> bool {
        if len > max {
            self.wrong(
                field,
                format!("has {len} elements, at most {max} are taken"),
            );
        }
        len <= max
    }

    /// A required text on one line.
    pub(crate) fn text(&mut self, field: &str, text: &str, max: usize) -> Option<String> {
        let taken = self.line(field, text, max);
        if taken.is_none() && text.trim().is_empty() {
            self.wrong(field, "is missing");
        }
        taken
    }

    /// A text on one line that may be absent.
    pub(crate) fn line(&mut self, field: &str, text: &str, max: usize) -> Option<String> {
        self.free(field, text, max, |c| c.is_control())
    }

    /// A text of several lines that may be absent.
    pub(crate) fn note(&mut self, field: &str, text: &str) -> Option<String> {
        self.free(field, text, NOTE_MAX, |c| {
            c.is_control() && !matches!(c, '\n' | '\r' | '\t')
        })
    }

    fn free(
        &mut self,
        field: &str,
        text: &str,
        max: usize,
        bad: fn(char) -> bool,
    ) -> Option<String> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        if text.chars().any(|c| bad(c) || reorders(c)) {
            self.wrong(field, "holds control characters");
            return None;
        }
        if text.chars().count() > max {
            self.wrong(field, format!("is longer than {max} characters"));
            return None;
        }
        Some(text.to_owned())
    }

    /// An e-mail address that may be absent: lower case, without spaces around.
    pub(crate) fn email(&mut self, field: &str, text: &str) -> Option<String> {
        let email = self.line(field, text, 254)?.to_lowercase();
        let good = email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        });
        if good && !email.contains(char::is_whitespace) {
            return Some(email);
        }
        self.wrong(field, "is not an e-mail address");
        None
    }

    /// A telephone number that may be absent: digits, with a `+` before a country code.
    ///
    /// Equal are numbers that differ in how they are set (spaces, dots, hyphens, slashes,
    /// brackets), in `00` or `+` before the country code, and in the `(0)` which some write after
    /// it. Not equal are a number with and without its country code (`+49 30 1234`, `030 1234`),
    /// since nothing here says which country is meant; one with the trunk `0` after the country
    /// code but no brackets around it (`+49 030 1234`); and one with and without its extension.
    pub(crate) fn phone(&mut self, field: &str, text: &str) -> Option<String> {
        let line = self.line(field, text, 40)?;
        let mut bare: String = line.chars().filter(|c| !" -./".contains(*c)).collect();
        let begin = bare.trim_start_matches('(');
        if begin.starts_with('+') || begin.starts_with("00") {
            bare = bare.replacen("(0)", "", 1);
        }
        bare.retain(|c| !"()".contains(c));
        let (plus, digits) = match (bare.strip_prefix('+'), bare.strip_prefix("00")) {
            (Some(rest), _) | (None, Some(rest)) => ("+", rest),
            (None, None) => ("", bare.as_str()),
        };
        if (5..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
            return Some(format!("{plus}{digits}"));
        }
        self.wrong(field, "is not a telephone number");
        None
    }

    /// A currency code.
    pub(crate) fn currency(&mut self, field: &str, code: &str) -> Option<Currency> {
        self.taken(field, Currency::new(code))
    }

    /// A sum of money that may be absent; never negative.
    pub(crate) fn money(&mut self, field: &str, money: Option<&proto::v1::Money>) -> Option<Money> {
        let money = self.signed_money(field, money)?;
        if money.amount_minor < 0 {
            self.wrong(&format!("{field}.amount"), "is negative");
            return None;
        }
        Some(money)
    }

    /// A sum of money that may be absent, and may be negative.
    pub(crate) fn signed_money(
        &mut self,
        field: &str,
        money: Option<&proto::v1::Money>,
    ) -> Option<Money> {
        let money = money?;
        let currency = self.currency(&format!("{field}.currency_code"), &money.currency_code)?;
        self.signed_amount(&format!("{field}.amount"), &money.amount, currency)
    }

    fn signed_amount(&mut self, field: &str, text: &str, currency: Currency) -> Option<Money> {
        let parsed = self.taken(field, Money::parse(text, currency))?;
        if !(-AMOUNT_MINOR_MAX..=AMOUNT_MINOR_MAX).contains(&parsed.amount_minor) {
            self.wrong(field, "is larger than any deal");
            return None;
        }
        Some(parsed)
    }

    /// A required sum in a currency that was said before, in its minor units; never negative.
    pub(crate) fn amount_minor(
        &mut self,
        field: &str,
        text: &str,
        currency: Currency,
    ) -> Option<i64> {
        let Money { amount_minor, .. } = self.signed_amount(field, text, currency)?;
        if amount_minor < 0 {
            self.wrong(field, "is negative");
            return None;
        }
        Some(amount_minor)
    }

    /// An exact number that may be absent, of a range.
    pub(crate) fn number(
        &mut self,
        field: &str,
        text: &str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<Number> {
        if text.is_empty() {
            return None;
        }
        let number = self.taken(field, Number::parse(text))?;
        let (least, most) = range.into_inner();
        if !(Decimal::from(least)..=Decimal::from(most)).contains(&number.decimal()) {
            self.wrong(field, format!("is not from {least} to {most}"));
            return None;
        }
        Some(number)
    }

    /// A grade of a scale.
    pub(crate) fn grade(
        &mut self,
        field: &str,
        grade: u32,
        scale: std::ops::RangeInclusive<u32>,
    ) -> Option<u8> {
        let (least, most) = (*scale.start(), *scale.end());
        let good = scale.contains(&grade).then(|| u8::try_from(grade).ok());
        if good.is_none() {
            self.wrong(field, format!("is not from {least} to {most}"));
        }
        good.flatten()
    }

    /// A required sum of money.
    pub(crate) fn some_money(
        &mut self,
        field: &str,
        money: Option<&proto::v1::Money>,
    ) -> Option<Money> {
        if money.is_none() {
            self.wrong(field, "is missing");
        }
        self.money(field, money)
    }

    /// A day that may be absent, of the years 1 to 9999.
    pub(crate) fn date(&mut self, field: &str, text: &str) -> Option<NaiveDate> {
        if text.is_empty() {
            return None;
        }
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        let date = date.filter(|date| YEARS.contains(&date.year()));
        if date.is_none() {
            self.wrong(field, "is not a date, such as 2017-12-31");
        }
        date
    }

    /// A required day.
    pub(crate) fn some_date(&mut self, field: &str, text: &str) -> Option<NaiveDate> {
        if text.is_empty() {
            self.wrong(field, "is missing");
        }
        self.date(field, text)
    }

    /// An instant that may be absent, of the years 1 to 9999; whole microseconds.
    pub(crate) fn instant(
        &mut self,
        field: &str,
        at: Option<&prost_types::Timestamp>,
    ) -> Option<DateTime<Utc>> {
        let at = at?;
        // A leap second is no instant of the log's, which counts microseconds.
        let counted = Some(at).filter(|at| at.nanos < 1_000_000_000);
        let instant = counted.and_then(proto::instant::from_timestamp);
        let instant = instant.map(|instant| instant.trunc_subsecs(6));
        if instant.is_none() {
            self.wrong(field, "is not an instant");
        }
        instant
    }

    /// A number of days that may be absent, ten years at most.
    pub(crate) fn days(&mut self, field: &str, days: Option<u32>) -> Option<u32> {
        if days.is_some_and(|days| days > DAYS_MAX) {
            self.wrong(field, format!("is more than {DAYS_MAX}"));
            return None;
        }
        days
    }

    /// What is to be ticked off in a task, each id once.
    pub(crate) fn task_items(
        &mut self,
        field: &str,
        items: &[proto::v1::TaskItem],
    ) -> Vec<TaskItem> {
        let mut taken: Vec<TaskItem> = Vec::new();
        if !self.fits(field, items.len(), LIST_MAX) {
            return taken;
        }
        for (at, item) in items.iter().enumerate() {
            let path = format!("{field}[{at}]");
            let item_id = self.id(&format!("{path}.item_id"), &item.item_id);
            let name = self.text(&format!("{path}.name"), &item.name, NAME_MAX);
            let (Some(item_id), Some(name)) = (item_id, name) else {
                continue;
            };
            if taken.iter().any(|known| known.item_id == item_id) {
                self.wrong(&format!("{path}.item_id"), "is there twice");
            }
            taken.push(TaskItem { item_id, name });
        }
        taken
    }

    /// The same thing in another system; both parts or none.
    pub(crate) fn external_id(
        &mut self,
        field: &str,
        external: Option<&proto::v1::ExternalId>,
    ) -> Option<ExternalId> {
        let external = external?;
        let system = self.text(&format!("{field}.system"), &external.system, CODE_MAX);
        let id = self.text(&format!("{field}.id"), &external.id, CODE_MAX);
        Some(ExternalId {
            system: system?,
            id: id?,
        })
    }

    /// Builds the command if nothing was wrong.
    pub(crate) fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, InvalidCommand> {
        let Self { mut violations } = self;
        if violations.is_empty() {
            if let Some(built) = build() {
                return Ok(built);
            }
            let field = "command".to_owned();
            violations.push(FieldViolation {
                field,
                description: "is incomplete".to_owned(),
            });
        }
        Err(InvalidCommand { violations })
    }
}

/// Characters that turn the direction of the text around them, break its line unseen, or are not seen at
/// all: text must read as it is stored.
fn reorders(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
