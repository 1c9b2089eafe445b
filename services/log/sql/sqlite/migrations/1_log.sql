-- The head of each tenant's log: the one row that a writer changes once per transaction.
CREATE TABLE heads (
    tenant      TEXT    NOT NULL PRIMARY KEY,
    position    INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL          -- of the last event, microseconds since 1970, UTC
) STRICT, WITHOUT ROWID;

-- The log itself. Rows are added, never changed.
CREATE TABLE events (
    tenant         TEXT    NOT NULL,
    position       INTEGER NOT NULL,      -- 1, 2, 3 … within the tenant
    stream         TEXT    NOT NULL,
    version        INTEGER NOT NULL,      -- 1, 2, 3 … within the stream
    event_id       BLOB    NOT NULL,      -- UUIDv7, 16 bytes
    event_type     TEXT    NOT NULL,
    schema_version INTEGER NOT NULL,
    occurred_at    INTEGER NOT NULL,      -- microseconds since 1970, UTC
    recorded_at    INTEGER NOT NULL,      -- the same; never runs backwards within a tenant
    actor          TEXT    NOT NULL,
    command_id     TEXT    NOT NULL,      -- empty where there was none
    correlation_id TEXT,                  -- the command id where there is none
    causation_id   TEXT,
    trace_context  TEXT,
    payload        BLOB    NOT NULL,
    PRIMARY KEY (tenant, position)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX events_by_stream ON events (tenant, stream, version);

-- Every command that was carried out, so that it is carried out once.
CREATE TABLE commands (
    tenant     TEXT    NOT NULL,
    command_id TEXT    NOT NULL,
    digest     BLOB    NOT NULL,          -- of the command's body, 32 bytes
    position   INTEGER NOT NULL,          -- of its last event; without events the head at that time
    events     INTEGER NOT NULL,          -- how many it added: they are the ones up to position
    version    INTEGER NOT NULL,          -- of the first stream it wrote, after it; 0 if it wrote none
    PRIMARY KEY (tenant, command_id)
) STRICT, WITHOUT ROWID;

-- Who holds which unique value.
CREATE TABLE claims (
    tenant TEXT NOT NULL,
    scope  TEXT NOT NULL,
    value  TEXT NOT NULL,                 -- '=' and the value, or '#' and its keyed hash
    holder TEXT NOT NULL,
    PRIMARY KEY (tenant, scope, value)
) STRICT, WITHOUT ROWID;

-- Keys of the hashes of personal values.
CREATE TABLE secrets (
    tenant TEXT NOT NULL,
    name   TEXT NOT NULL,
    secret BLOB NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;
