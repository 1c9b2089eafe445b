-- Instants are microseconds since 1970, days are days since 1970-01-01, money is in minor units.
-- (stream, version) names the event that a row follows from. [personal] marks what a person may have
-- erased.

-- How the tenant's days are cut and its figures told.
CREATE TABLE setting (
    tenant TEXT NOT NULL,
    -- Of the stream: there is one.
    setting_id TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (tenant, setting_id)
);

CREATE TABLE rep (
    tenant TEXT NOT NULL,
    rep_id TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant, rep_id)
);

CREATE TABLE customer (
    tenant TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    name TEXT NOT NULL,
    industry TEXT,
    country TEXT,
    employees BIGINT,
    parent_customer_id TEXT,
    registered_at BIGINT NOT NULL,
    -- Who looks after it; none while nobody does.
    csm_id TEXT,
    csm_since BIGINT,
    PRIMARY KEY (tenant, customer_id)
);

-- What was known of a person at a customer: [from_at, until_at).
CREATE TABLE contact (
    tenant TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    -- The event it was known from.
    from_version BIGINT NOT NULL,
    from_at BIGINT NOT NULL,
    -- None while it holds; with the event that ended it.
    until_at BIGINT,
    until_version BIGINT,
    -- [personal]
    name TEXT NOT NULL,
    -- [personal]
    email TEXT,
    -- [personal]
    phone TEXT,
    -- [personal]
    title TEXT,
    -- Comma-separated: DECISION_MAKER, CHAMPION, USER, BILLING.
    roles TEXT NOT NULL,
    -- 1 if one of them is DECISION_MAKER.
    decides BIGINT NOT NULL,
    PRIMARY KEY (tenant, customer_id, contact_id, from_version)
);
CREATE INDEX contact_by_decision ON contact (tenant, decides, customer_id);

-- What was said about a customer's leaving.
CREATE TABLE churn (
    tenant TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    churn_id TEXT NOT NULL,
    told_at BIGINT NOT NULL,
    churned_on BIGINT NOT NULL,
    reason TEXT NOT NULL,
    -- [personal]
    feedback TEXT,
    PRIMARY KEY (tenant, customer_id, churn_id)
);

-- In force from starts_on on, before ends_on and before terminated_on.
CREATE TABLE contract (
    tenant TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    signed_at BIGINT NOT NULL,
    starts_on BIGINT NOT NULL,
    -- None where it is open.
    ends_on BIGINT,
    -- When it was said that it ends before its time, and on which day.
    terminated_at BIGINT,
    terminated_on BIGINT,
    renewed_by_contract_id TEXT,
    rep_id TEXT,
    -- What was agreed altogether, amendments included.
    value_minor BIGINT NOT NULL,
    PRIMARY KEY (tenant, contract_id)
);
CREATE INDEX contract_by_customer ON contract (tenant, customer_id);

-- What a contract changes of the money that recurs each month, from a day on.
CREATE TABLE recurring (
    tenant TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    customer_id TEXT NOT NULL,
    told_at BIGINT NOT NULL,
    from_on BIGINT NOT NULL,
    monthly_minor BIGINT NOT NULL,
    PRIMARY KEY (tenant, contract_id, version)
);
CREATE INDEX recurring_by_customer ON recurring (tenant, customer_id);

CREATE TABLE invoice (
    tenant TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    invoice_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    issued_at BIGINT NOT NULL,
    due_on BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    -- When what was paid for it reached its sum; none while it has not.
    settled_at BIGINT,
    PRIMARY KEY (tenant, contract_id, invoice_id)
);
CREATE INDEX invoice_by_customer ON invoice (tenant, customer_id);
CREATE INDEX invoice_by_settlement ON invoice (tenant, settled_at, due_on);

-- What was paid, and, negative, what went back.
CREATE TABLE payment (
    tenant TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    customer_id TEXT NOT NULL,
    invoice_id TEXT,
    paid_at BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    PRIMARY KEY (tenant, contract_id, version)
);
CREATE INDEX payment_by_customer ON payment (tenant, customer_id);

CREATE TABLE metric (
    tenant TEXT NOT NULL,
    metric_id TEXT NOT NULL,
    name TEXT NOT NULL,
    unit TEXT NOT NULL,
    -- SUM, LAST or DISTINCT.
    aggregation TEXT NOT NULL,
    declared_at BIGINT NOT NULL,
    retired_at BIGINT,
    PRIMARY KEY (tenant, metric_id)
);

-- What was told of a customer's usage of a day, by when it was told. A day's sum, or its count of
-- different subjects, as known by an instant is the sum of the rows told before it; its last value is
-- that of the latest of them.
CREATE TABLE usage (
    tenant TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    metric_id TEXT NOT NULL,
    used_on BIGINT NOT NULL,
    -- Cut to quarters of an hour, which every zone's midnight falls on. What was told before that day
    -- ends anywhere on earth counts as told just before that.
    told_at BIGINT NOT NULL,
    -- What it adds to the day's sum: a whole, and its millionths of a millionth. Held within ±10^15.
    whole BIGINT NOT NULL,
    part BIGINT NOT NULL,
    -- What it adds to the count of different subjects.
    subjects BIGINT NOT NULL,
    -- The last quantity told by then.
    last_whole BIGINT NOT NULL,
    last_part BIGINT NOT NULL,
    -- The last event behind it, in the stream of the customer's day.
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, customer_id, metric_id, used_on, told_at)
) /* clustered */;

CREATE TABLE ticket (
    tenant TEXT NOT NULL,
    ticket_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    contact_id TEXT,
    -- [personal]
    subject TEXT,
    -- LOW, MEDIUM, HIGH or URGENT.
    priority TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    answered_at BIGINT,
    -- When it was closed last; none while it is open.
    closed_at BIGINT,
    -- From 1 to 5.
    satisfaction BIGINT,
    PRIMARY KEY (tenant, ticket_id)
);
CREATE INDEX ticket_by_customer ON ticket (tenant, customer_id, opened_at);

-- One row a time that a ticket was open: [opened_at, closed_at).
CREATE TABLE ticket_stay (
    tenant TEXT NOT NULL,
    ticket_id TEXT NOT NULL,
    -- 0 is the first.
    seq BIGINT NOT NULL,
    customer_id TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    opened_version BIGINT NOT NULL,
    escalated_at BIGINT,
    escalated_version BIGINT,
    closed_at BIGINT,
    PRIMARY KEY (tenant, ticket_id, seq)
);
CREATE INDEX ticket_stay_by_customer ON ticket_stay (tenant, customer_id);

CREATE TABLE survey_answer (
    tenant TEXT NOT NULL,
    survey_answer_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    contact_id TEXT,
    answered_at BIGINT NOT NULL,
    -- From 0 to 10.
    score BIGINT NOT NULL,
    -- [personal]
    comment TEXT,
    PRIMARY KEY (tenant, survey_answer_id)
);
CREATE INDEX survey_answer_by_customer ON survey_answer (tenant, customer_id, answered_at);

CREATE TABLE interaction (
    tenant TEXT NOT NULL,
    interaction_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    held_at BIGINT NOT NULL,
    -- CALL, EMAIL, MEETING, CHAT, VISIT or OTHER.
    channel TEXT NOT NULL,
    rep_id TEXT,
    -- [personal]
    note TEXT,
    PRIMARY KEY (tenant, interaction_id)
);
CREATE INDEX interaction_by_customer ON interaction (tenant, customer_id, held_at);

-- When we were in contact: interactions, completed tasks, answered surveys.
CREATE TABLE touch (
    tenant TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    touched_at BIGINT NOT NULL,
    stream TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, customer_id, touched_at, stream, version)
) /* clustered */;

CREATE TABLE task (
    tenant TEXT NOT NULL,
    task_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    contract_id TEXT,
    name TEXT NOT NULL,
    -- Why it was raised, of an event task.
    cause TEXT,
    due_on BIGINT NOT NULL,
    rep_id TEXT,
    -- OPEN, DONE or CANCELLED.
    state TEXT NOT NULL,
    PRIMARY KEY (tenant, task_id)
);
CREATE INDEX task_by_customer ON task (tenant, customer_id, state);

-- A version of a health model.
CREATE TABLE health_model (
    tenant TEXT NOT NULL,
    health_model_id TEXT NOT NULL,
    model_version BIGINT NOT NULL,
    published_at BIGINT NOT NULL,
    effective_from BIGINT NOT NULL,
    -- JSON, as published.
    terms TEXT NOT NULL,
    PRIMARY KEY (tenant, health_model_id, model_version)
);

-- What happened at a customer, told without personal text. Usage is not in it.
CREATE TABLE time_line (
    tenant TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    stream TEXT NOT NULL,
    version BIGINT NOT NULL,
    event_type TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (tenant, customer_id, occurred_at, stream, version)
) /* clustered */;
