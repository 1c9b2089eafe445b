-- The head of each tenant's log: the one row that a writer locks, and changes once per transaction.
CREATE TABLE heads (
    tenant      text   COLLATE "C" NOT NULL PRIMARY KEY,
    position    bigint NOT NULL,
    recorded_at bigint NOT NULL                  -- of the last event, microseconds since 1970, UTC
) WITH (fillfactor = 10);                        -- room to change it in place

-- The log itself. Rows are added, never changed.
CREATE TABLE events (
    tenant         text    COLLATE "C" NOT NULL,
    position       bigint  NOT NULL,             -- 1, 2, 3 … within the tenant
    stream         text    COLLATE "C" NOT NULL,
    version        bigint  NOT NULL,             -- 1, 2, 3 … within the stream
    event_id       uuid    NOT NULL,             -- UUIDv7
    event_type     text    COLLATE "C" NOT NULL,
    schema_version integer NOT NULL,
    occurred_at    bigint  NOT NULL,             -- microseconds since 1970, UTC
    recorded_at    bigint  NOT NULL,             -- the same; never runs backwards within a tenant
    actor          text    COLLATE "C" NOT NULL,
    command_id     text    COLLATE "C" NOT NULL, -- empty where there was none
    correlation_id text    COLLATE "C",          -- the command id where there is none
    causation_id   text    COLLATE "C",
    trace_context  text    COLLATE "C",
    payload        bytea   NOT NULL,
    PRIMARY KEY (tenant, position),
    UNIQUE (tenant, stream, version)
) PARTITION BY HASH (tenant);

CREATE TABLE events_0 PARTITION OF events FOR VALUES WITH (MODULUS 8, REMAINDER 0);
CREATE TABLE events_1 PARTITION OF events FOR VALUES WITH (MODULUS 8, REMAINDER 1);
CREATE TABLE events_2 PARTITION OF events FOR VALUES WITH (MODULUS 8, REMAINDER 2);
CREATE TABLE events_3 PARTITION OF events FOR VALUES WITH (MODULUS 8, REMAINDER 3);
CREATE TABLE events_4 PARTITION OF events FOR VALUES WITH (MODULUS 8, REMAINDER 4);
CREATE TABLE events_5 PARTITION OF events FOR VALUES WITH (MODULUS 8, REMAINDER 5);
CREATE TABLE events_6 PARTITION OF events FOR VALUES WITH (MODULUS 8, REMAINDER 6);
CREATE TABLE events_7 PARTITION OF events FOR VALUES WITH (MODULUS 8, REMAINDER 7);

-- Every command that was carried out, so that it is carried out once.
CREATE TABLE commands (
    tenant     text    COLLATE "C" NOT NULL,
    command_id text    COLLATE "C" NOT NULL,
    digest     bytea   NOT NULL,                 -- of the command's body, 32 bytes
    position   bigint  NOT NULL,                 -- of its last event; without events the head then
    events     bigint  NOT NULL,                 -- how many it added: they are the ones up to position
    version    bigint  NOT NULL,                 -- of the first stream it wrote, after it; 0 if none
    PRIMARY KEY (tenant, command_id)
);

-- Who holds which unique value.
CREATE TABLE claims (
    tenant text COLLATE "C" NOT NULL,
    scope  text COLLATE "C" NOT NULL,
    value  text COLLATE "C" NOT NULL,            -- '=' and the value, or '#' and its keyed hash
    holder text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, scope, value)
);

-- Keys of the hashes of personal values.
CREATE TABLE secrets (
    tenant text  COLLATE "C" NOT NULL,
    name   text  COLLATE "C" NOT NULL,
    secret bytea NOT NULL,
    PRIMARY KEY (tenant, name)
);
