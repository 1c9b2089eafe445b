-- What contracts bring each month, and whose they are. Days are days since 1970-01-01, money is in
-- minor units. Nothing here depends on the order in which streams arrive: names, and when a renewal
-- begins, are joined when asked.

-- In force from starts_on on, before ends_on.
CREATE TABLE contract (
    tenant TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    -- The contract it goes on from, if it renews one.
    renews_contract_id TEXT,
    starts_on BIGINT NOT NULL,
    -- As agreed, or as terminated if that is earlier; none while it is open.
    ends_on BIGINT,
    PRIMARY KEY (tenant, contract_id)
);
CREATE INDEX contract_by_renewal ON contract (tenant, renews_contract_id);
CREATE INDEX contract_by_currency ON contract (tenant, currency);

-- What a line of a contract brings each month for a time: [from_on, to_on).
CREATE TABLE recurring (
    tenant TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    line_id TEXT NOT NULL,
    from_on BIGINT NOT NULL,
    -- None where it is open.
    to_on BIGINT,
    product_id TEXT NOT NULL,
    -- More than 0.
    monthly_minor BIGINT NOT NULL,
    PRIMARY KEY (tenant, contract_id, line_id, from_on)
);

CREATE TABLE customer (
    tenant TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    name TEXT NOT NULL,
    industry TEXT,
    country TEXT,
    PRIMARY KEY (tenant, customer_id)
);

CREATE TABLE product (
    tenant TEXT NOT NULL,
    product_id TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant, product_id)
);

-- How the tenant's days are cut and its figures told.
CREATE TABLE setting (
    tenant TEXT NOT NULL,
    -- Of the stream: there is one.
    setting_id TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (tenant, setting_id)
);
