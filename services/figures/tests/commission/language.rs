//! The language of these tests: what happens in a sales team, said in one line each.

use chrono::{DateTime, Duration, NaiveDate, TimeZone as _, Utc};
use event_schemas::StreamEvents;
use event_schemas::commission_period::{
    AdjustmentApproved, AdjustmentProposed, CommissionPeriodEvent, LineKind, Statement,
    StatementClosed,
};
use event_schemas::commission_plan::{
    CommissionPlanEvent, CommissionPlanPublished, ParticipantEnrolled, ParticipantWithdrawn, Terms,
};
use event_schemas::contract::*;
use event_schemas::exchange_rate::{ExchangeRateEvent, ExchangeRateSet};
use event_schemas::fixed_cost::{FixedCostEvent, FixedCostRecorded};
use event_schemas::rep::{QuotaSet, RepEvent, TeamJoined};
use event_schemas::team::{ManagerAppointed, TeamEvent};
use event_schemas::vocabulary::*;
use serde_json::Value;
use twinfunnel_figures::commission::{Book, CalculateError, Span, Zone, digest, statement};
use uuid::Uuid;

/// A day of 2024.
pub(crate) fn on(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, month, day).unwrap()
}

pub(crate) fn noon(day: NaiveDate) -> DateTime<Utc> {
    Utc.from_utc_datetime(&day.and_hms_opt(12, 0, 0).unwrap())
}

pub(crate) fn month(month: u32) -> Span {
    let to_on = if month == 12 {
        NaiveDate::from_ymd_opt(2025, 1, 1).unwrap()
    } else {
        on(month + 1, 1)
    };
    let from_on = on(month, 1);
    Span { from_on, to_on }
}

pub(crate) fn quarter(number: u32) -> Span {
    let from_on = on(number * 3 - 2, 1);
    let to_on = month(number * 3).to_on;
    Span { from_on, to_on }
}

pub(crate) fn year() -> Span {
    let (from_on, to_on) = (on(1, 1), month(12).to_on);
    Span { from_on, to_on }
}

pub(crate) fn usd() -> Currency {
    Currency::new("USD").unwrap()
}

pub(crate) fn number(text: &str) -> Number {
    Number::parse(text).unwrap()
}

pub(crate) fn rep(id: &str) -> RepId {
    RepId::new(id).unwrap()
}

pub(crate) fn plan_id() -> CommissionPlanId {
    CommissionPlanId::new("plan").unwrap()
}

pub(crate) fn terms(json: Value) -> Terms {
    serde_json::from_value(json).unwrap()
}

/// A line of so many dollars: called as its product.
pub(crate) fn line(product: &str, amount: i64) -> Line {
    Line {
        line_id: LineId::new(product).unwrap(),
        product_id: ProductId::new(product).unwrap(),
        product_category: None,
        quantity: number("1"),
        list_price_minor: amount * 100,
        discount_percent: number("0"),
        amount_minor: amount * 100,
        revenue_type: RevenueType::New,
        monthly_recurring_minor: None,
    }
}

/// A line of so many cents.
pub(crate) fn cents(product: &str, amount_minor: i64) -> Line {
    Line {
        amount_minor,
        ..line(product, 0)
    }
}

pub(crate) fn split(id: &str, percent: u32) -> Split {
    Split {
        rep_id: rep(id),
        share: BasisPoints(percent * 100),
        overlay: false,
    }
}

pub(crate) fn overlay(id: &str, percent: u32) -> Split {
    Split {
        overlay: true,
        ..split(id, percent)
    }
}

/// What happened, in the order in which it was recorded.
#[derive(Default, Clone)]
pub(crate) struct Story {
    pub(crate) events: Vec<Recorded>,
    shift: u64,
}

impl Story {
    /// Ann takes part in a plan from the first of January on.
    pub(crate) fn of(json: Value) -> Self {
        let mut story = Self::default();
        story.publish(1, on(1, 1), json);
        story.enrol("ann", on(1, 1), None);
        story
    }

    pub(crate) fn record<E: StreamEvents>(
        &mut self,
        id: &str,
        at: DateTime<Utc>,
        actor: &str,
        event: impl Into<E>,
    ) -> &mut Self {
        let event = event.into();
        let position = self.events.len() as u64 + 1 + self.shift;
        self.events.push(Recorded {
            tenant: TenantId::new("acme").unwrap(),
            position: Position(position),
            stream: StreamName::new(E::CATEGORY, id).unwrap(),
            version: Version(1),
            event_id: Uuid::from_u128(u128::from(position)),
            event_type: event.event_type().to_owned(),
            schema_version: event.schema_version(),
            occurred_at: at,
            recorded_at: at,
            actor: actor.to_owned(),
            command_id: String::new(),
            correlation_id: String::new(),
            causation_id: None,
            trace_context: None,
            payload: event.encode().unwrap(),
        });
        self
    }

    pub(crate) fn publish(&mut self, version: u32, from: NaiveDate, json: Value) -> &mut Self {
        self.publish_as("plan", version, from, json)
    }

    pub(crate) fn publish_as(
        &mut self,
        plan: &str,
        version: u32,
        effective_from: NaiveDate,
        json: Value,
    ) -> &mut Self {
        let terms = terms(json);
        twinfunnel_figures::commission::validate(&terms).unwrap();
        let published = CommissionPlanPublished {
            plan_id: CommissionPlanId::new(plan).unwrap(),
            version,
            effective_from,
            terms: Box::new(terms),
        };
        self.record::<CommissionPlanEvent>(plan, noon(effective_from), "boss", published)
    }

    pub(crate) fn enrol(&mut self, who: &str, from: NaiveDate, to: Option<NaiveDate>) -> &mut Self {
        self.enrol_in("plan", who, from, to)
    }

    pub(crate) fn enrol_in(
        &mut self,
        plan: &str,
        who: &str,
        from_on: NaiveDate,
        to_on: Option<NaiveDate>,
    ) -> &mut Self {
        let enrolled = ParticipantEnrolled {
            rep_id: rep(who),
            from_on,
            to_on,
        };
        self.record::<CommissionPlanEvent>(plan, noon(from_on), "boss", enrolled)
    }

    pub(crate) fn withdraw(
        &mut self,
        who: &str,
        from_on: NaiveDate,
        to_on: NaiveDate,
    ) -> &mut Self {
        let withdrawn = ParticipantWithdrawn {
            rep_id: rep(who),
            from_on,
            to_on,
        };
        self.record::<CommissionPlanEvent>("plan", noon(to_on), "boss", withdrawn)
    }

    /// A contract of a year, from the day on which it is signed.
    pub(crate) fn signing(id: &str, day: NaiveDate, lines: Vec<Line>) -> ContractSigned {
        ContractSigned {
            contract_id: ContractId::new(id).unwrap(),
            customer_id: CustomerId::new("customer").unwrap(),
            opportunity_id: None,
            quote_id: None,
            renews_contract_id: None,
            currency: usd(),
            starts_on: day,
            ends_on: day.checked_add_months(chrono::Months::new(12)),
            billing: BillingTerms {
                frequency: BillingFrequency::Once,
                payment_days: 30,
            },
            lines,
            rep_id: Some(rep("ann")),
            splits: Vec::new(),
        }
    }

    pub(crate) fn contract(
        &mut self,
        id: &str,
        day: NaiveDate,
        event: impl Into<ContractEvent>,
    ) -> &mut Self {
        self.record::<ContractEvent>(id, noon(day), "clerk", event)
    }

    /// Ann wins so many dollars.
    pub(crate) fn signs(&mut self, id: &str, day: NaiveDate, amount: i64) -> &mut Self {
        self.contract(id, day, Self::signing(id, day, vec![line("it", amount)]))
    }

    /// Somebody wins so many dollars.
    pub(crate) fn signs_for(
        &mut self,
        who: &[Split],
        id: &str,
        day: NaiveDate,
        amount: i64,
    ) -> &mut Self {
        let signed = ContractSigned {
            splits: who.to_vec(),
            ..Self::signing(id, day, vec![line("it", amount)])
        };
        self.contract(id, day, signed)
    }

    fn amounts(amount: i64) -> Vec<LineAmount> {
        vec![LineAmount {
            line_id: LineId::new("it").unwrap(),
            amount_minor: amount * 100,
        }]
    }

    fn next(&self, what: &str) -> String {
        format!("{what}-{}", self.events.len())
    }

    pub(crate) fn pays(&mut self, id: &str, day: NaiveDate, amount: i64) -> &mut Self {
        let received = PaymentReceived {
            payment_id: PaymentId::new(&self.next("p")).unwrap(),
            invoice_id: InvoiceId::new("i").unwrap(),
            amounts: Self::amounts(amount),
        };
        self.contract(id, day, received)
    }

    pub(crate) fn refunds(&mut self, id: &str, day: NaiveDate, amount: i64) -> &mut Self {
        let refunded = PaymentRefunded {
            refund_id: RefundId::new(&self.next("r")).unwrap(),
            payment_id: PaymentId::new("p").unwrap(),
            amounts: Self::amounts(amount),
        };
        self.contract(id, day, refunded)
    }

    pub(crate) fn delivers(&mut self, id: &str, day: NaiveDate, amount: i64) -> &mut Self {
        let recognized = RevenueRecognized {
            delivery_id: DeliveryId::new(&self.next("d")).unwrap(),
            amounts: Self::amounts(amount),
        };
        self.contract(id, day, recognized)
    }

    pub(crate) fn costs(&mut self, id: &str, day: NaiveDate, amount: i64) -> &mut Self {
        let recorded = DirectCostRecorded {
            cost_id: CostId::new(&self.next("k")).unwrap(),
            amounts: Self::amounts(amount),
        };
        self.contract(id, day, recorded)
    }

    pub(crate) fn amends(&mut self, id: &str, day: NaiveDate, from: i64, to: i64) -> &mut Self {
        let kind = if to > from {
            AmendmentKind::Expansion
        } else {
            AmendmentKind::Contraction
        };
        let amended = ContractAmended {
            amendment_id: AmendmentId::new(&self.next("a")).unwrap(),
            kind,
            effective_on: day,
            ends_on: None,
            changes: vec![LineChange {
                line: line("it", to),
                amount_before_minor: from * 100,
            }],
            splits: Vec::new(),
        };
        self.contract(id, day, amended)
    }

    pub(crate) fn moves_end(&mut self, id: &str, day: NaiveDate, ends_on: NaiveDate) -> &mut Self {
        let amended = serde_json::json!({
            "amendment_id": self.next("a"), "kind": "TERM", "effective_on": day,
            "ends_on": ends_on, "changes": [],
        });
        let amended: ContractAmended = serde_json::from_value(amended).unwrap();
        self.contract(id, day, amended)
    }

    pub(crate) fn terminates(&mut self, id: &str, day: NaiveDate) -> &mut Self {
        let terminated = ContractTerminated {
            effective_on: day,
            reason: "CHURN".into(),
            note: None,
        };
        self.contract(id, day, terminated)
    }

    pub(crate) fn reassigns(&mut self, id: &str, day: NaiveDate, to: &str) -> &mut Self {
        let reassigned = ContractReassigned {
            rep_id: rep(to),
            previous_rep_id: None,
            splits: Vec::new(),
            reason: None,
        };
        self.contract(id, day, reassigned)
    }

    pub(crate) fn quota(
        &mut self,
        who: &str,
        span: Span,
        amount: i64,
        weights: &[u32],
    ) -> &mut Self {
        let set = QuotaSet {
            from_on: span.from_on,
            to_on: span.to_on,
            amount: Money {
                currency: usd(),
                amount_minor: amount * 100,
            },
            weights: weights
                .iter()
                .map(|share| BasisPoints(share * 100))
                .collect(),
        };
        self.record::<RepEvent>(who, noon(span.from_on), "boss", set)
    }

    pub(crate) fn joins(
        &mut self,
        who: &str,
        team: &str,
        from: NaiveDate,
        to: Option<NaiveDate>,
    ) -> &mut Self {
        let start = |day: NaiveDate| noon(day) - Duration::hours(12);
        let joined = TeamJoined {
            team_id: TeamId::new(team).unwrap(),
            from_at: start(from),
            to_at: to.map(start),
        };
        self.record::<RepEvent>(who, start(from), "boss", joined)
    }

    pub(crate) fn leads(&mut self, who: &str, team: &str, from: NaiveDate) -> &mut Self {
        let appointed = ManagerAppointed {
            manager_id: rep(who),
            from_at: noon(from) - Duration::hours(12),
        };
        self.record::<TeamEvent>(team, noon(from), "boss", appointed)
    }

    pub(crate) fn rate(&mut self, from: &str, to: &str, day: NaiveDate, rate: &str) -> &mut Self {
        let set = ExchangeRateSet {
            from_currency: Currency::new(from).unwrap(),
            to_currency: Currency::new(to).unwrap(),
            from_on: day,
            rate: number(rate),
        };
        self.record::<ExchangeRateEvent>(&format!("{from}-{to}"), noon(day), "boss", set)
    }

    pub(crate) fn fixed_cost(&mut self, span: Span, amount: i64) -> &mut Self {
        let recorded = FixedCostRecorded {
            cost_id: CostId::new("rent").unwrap(),
            name: "Rent".into(),
            from_on: span.from_on,
            to_on: span.to_on,
            amount: Money {
                currency: usd(),
                amount_minor: amount * 100,
            },
        };
        self.record::<FixedCostEvent>("rent", noon(span.from_on), "boss", recorded)
    }

    pub(crate) fn adjusts(
        &mut self,
        id: &str,
        day: NaiveDate,
        cents: i64,
        approver: &str,
    ) -> &mut Self {
        let proposed = AdjustmentProposed {
            adjustment_id: AdjustmentId::new(id).unwrap(),
            plan_id: plan_id(),
            rep_id: rep("ann"),
            amount: Money {
                currency: usd(),
                amount_minor: cents,
            },
            reason: "forgotten".into(),
            concerns: None,
        };
        let approved = AdjustmentApproved {
            adjustment_id: AdjustmentId::new(id).unwrap(),
        };
        self.record::<CommissionPeriodEvent>("s", noon(day), "clerk", proposed);
        self.record::<CommissionPeriodEvent>("s", noon(day), approver, approved)
    }

    /// Ann's statement of a period is closed as it stands.
    pub(crate) fn close(&mut self, period: Span) -> Statement {
        let statement = self.statement("ann", period);
        let id = StatementId::new(&format!("ann-{}", period.from_on)).unwrap();
        let closed = StatementClosed {
            statement_id: id.clone(),
            plan_id: plan_id(),
            plan_version: statement.plan_version,
            rep_id: rep("ann"),
            from_on: period.from_on,
            to_on: period.to_on,
            at_position: self.events.len() as u64,
            digest: digest(&statement).unwrap(),
            statement: Box::new(statement.clone()),
        };
        let at = noon(period.to_on);
        self.record::<CommissionPeriodEvent>(id.as_str(), at, "boss", closed);
        statement
    }

    pub(crate) fn book(&self) -> Book {
        let mut book = Book::new(|name| (name == "UTC").then(|| Zone::of(Utc)));
        for event in &self.events {
            book.fold(event).unwrap();
        }
        book
    }

    pub(crate) fn ask(&self, who: &str, period: Span) -> Result<Statement, CalculateError> {
        statement(&self.book(), &plan_id(), &rep(who), period)
    }

    pub(crate) fn statement(&self, who: &str, period: Span) -> Statement {
        let statement = self.ask(who, period).unwrap();
        let sum: i64 = statement.lines.iter().map(|line| line.amount_minor).sum();
        assert_eq!(
            sum, statement.total_minor,
            "a statement is the sum of its lines"
        );
        statement
    }

    /// What somebody is paid for a period, in cents.
    pub(crate) fn total(&self, who: &str, period: Span) -> i64 {
        self.statement(who, period).total_minor
    }
}

/// The amounts of the lines of a kind, in cents.
pub(crate) fn amounts(statement: &Statement, kind: LineKind) -> Vec<i64> {
    let lines = statement.lines.iter().filter(|line| line.kind == kind);
    lines.map(|line| line.amount_minor).collect()
}
