-- The pipeline: every opportunity's course, and what it is cut by. Instants are microseconds since
-- 1970 (UTC), money is in minor units. Nothing here depends on the order in which streams arrive:
-- ranks of stages, teams of reps and names are joined when asked.

-- One row an opportunity.
CREATE TABLE opportunity (
    tenant TEXT NOT NULL,
    opportunity_id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- NEW, RENEWAL or EXPANSION.
    kind TEXT NOT NULL,
    sales_process_id TEXT NOT NULL,
    source TEXT,
    customer_id TEXT,
    -- Its owner.
    rep_id TEXT,
    -- What it is worth; the sum it was won at.
    amount_minor BIGINT,
    currency TEXT,
    -- When it was registered.
    created_at BIGINT NOT NULL,
    -- OPEN, WON or LOST.
    outcome TEXT NOT NULL,
    -- When it was won or lost.
    closed_at BIGINT,
    -- The stage it is in, or was closed in, and since when.
    stage_id TEXT NOT NULL,
    in_stage_since BIGINT NOT NULL,
    PRIMARY KEY (tenant, opportunity_id)
);
CREATE INDEX opportunity_by_process ON opportunity (tenant, sales_process_id, outcome);

-- One row a stay of an opportunity in a stage.
CREATE TABLE visit (
    tenant TEXT NOT NULL,
    opportunity_id TEXT NOT NULL,
    -- 0 is the first.
    seq BIGINT NOT NULL,
    stage_id TEXT NOT NULL,
    entered_at BIGINT NOT NULL,
    -- When it ended; none while it lasts.
    left_at BIGINT,
    PRIMARY KEY (tenant, opportunity_id, seq)
);

-- What an opportunity is to sell.
CREATE TABLE opportunity_product (
    tenant TEXT NOT NULL,
    opportunity_id TEXT NOT NULL,
    product_id TEXT NOT NULL,
    PRIMARY KEY (tenant, opportunity_id, product_id)
);

CREATE TABLE sales_process (
    tenant TEXT NOT NULL,
    sales_process_id TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant, sales_process_id)
);

-- The stages of a sales process.
CREATE TABLE stage (
    tenant TEXT NOT NULL,
    sales_process_id TEXT NOT NULL,
    stage_id TEXT NOT NULL,
    -- 0 is the first.
    stage_rank BIGINT NOT NULL,
    name TEXT NOT NULL,
    -- What the team wants to have open in it.
    target_open_count BIGINT,
    target_open_minor BIGINT,
    target_currency TEXT,
    PRIMARY KEY (tenant, sales_process_id, stage_id)
);

CREATE TABLE customer (
    tenant TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    name TEXT NOT NULL,
    industry TEXT,
    PRIMARY KEY (tenant, customer_id)
);

CREATE TABLE product (
    tenant TEXT NOT NULL,
    product_id TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant, product_id)
);

CREATE TABLE rep (
    tenant TEXT NOT NULL,
    rep_id TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant, rep_id)
);

-- When a rep was in a team: [from_at, to_at).
CREATE TABLE membership (
    tenant TEXT NOT NULL,
    rep_id TEXT NOT NULL,
    from_at BIGINT NOT NULL,
    team_id TEXT NOT NULL,
    -- None while it lasts.
    to_at BIGINT,
    PRIMARY KEY (tenant, rep_id, from_at, team_id)
);

CREATE TABLE team (
    tenant TEXT NOT NULL,
    team_id TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant, team_id)
);

-- Where a team sells, from an instant on.
CREATE TABLE team_region (
    tenant TEXT NOT NULL,
    team_id TEXT NOT NULL,
    from_at BIGINT NOT NULL,
    region TEXT NOT NULL,
    PRIMARY KEY (tenant, team_id, from_at)
);

-- How the tenant's figures are told.
CREATE TABLE setting (
    tenant TEXT NOT NULL,
    -- Of the stream: there is one.
    setting_id TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (tenant, setting_id)
);
