-- Following customers up: which streams are about whom, and what is asked of them often. Instants are
-- microseconds since 1970 (UTC), days are counted from 1970. How things stood at an instant follows
-- from the facts of the streams, which the engine keeps beside these tables, in `history`.

-- How the tenant's days are cut and its figures told.
CREATE TABLE setting (
    tenant TEXT NOT NULL,
    -- Of the stream: there is one.
    setting_id TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (tenant, setting_id)
);

-- How far the tenant's days have been worked through.
CREATE TABLE clock (
    tenant TEXT NOT NULL,
    -- Of the stream: there is one.
    clock_id TEXT NOT NULL,
    -- The day that ended last.
    ended_on BIGINT NOT NULL,
    PRIMARY KEY (tenant, clock_id)
);

-- A stream about what holds for all customers: playbooks, sales processes, products, reps, teams.
CREATE TABLE company (
    tenant TEXT NOT NULL,
    stream TEXT NOT NULL,
    PRIMARY KEY (tenant, stream)
);

-- A stream about a customer: itself, its contracts, tasks, alarms and renewals.
CREATE TABLE subject (
    tenant TEXT NOT NULL,
    stream TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    PRIMARY KEY (tenant, stream)
);
CREATE INDEX subject_by_customer ON subject (tenant, customer_id);

-- When something happened to a customer that something may follow from.
CREATE TABLE touch (
    tenant TEXT NOT NULL,
    touched_at BIGINT NOT NULL,
    customer_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    PRIMARY KEY (tenant, touched_at, customer_id, stream)
) /* clustered */;

CREATE TABLE task (
    tenant TEXT NOT NULL,
    task_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    contract_id TEXT,
    name TEXT NOT NULL,
    -- Why it was raised, of an event task.
    cause TEXT,
    -- As it is now.
    due_on BIGINT NOT NULL,
    rep_id TEXT,
    -- OPEN, DONE or CANCELLED.
    state TEXT NOT NULL,
    planned_at BIGINT NOT NULL,
    -- When it went to a manager, and to whom.
    escalated_at BIGINT,
    escalated_to_rep_id TEXT,
    -- When it was done or cancelled.
    closed_at BIGINT,
    PRIMARY KEY (tenant, task_id)
);
CREATE INDEX task_by_customer ON task (tenant, customer_id);
CREATE INDEX task_by_closing ON task (tenant, closed_at);

-- One row a raising of an alarm.
CREATE TABLE alarm (
    tenant TEXT NOT NULL,
    alarm_id TEXT NOT NULL,
    -- The day whose figures show it, and the day whose figures show that it is over.
    raised_on BIGINT NOT NULL,
    customer_id TEXT NOT NULL,
    cause TEXT NOT NULL,
    subject_id TEXT,
    contract_id TEXT,
    value TEXT,
    threshold TEXT,
    explanation TEXT NOT NULL,
    task_id TEXT NOT NULL,
    raised_at BIGINT NOT NULL,
    cleared_on BIGINT,
    cleared_at BIGINT,
    PRIMARY KEY (tenant, alarm_id, raised_on)
);
CREATE INDEX alarm_by_customer ON alarm (tenant, customer_id);
