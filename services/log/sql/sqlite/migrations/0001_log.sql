-- The log. One writer at a time holds the database's write lock until its commit, so positions are
-- gap-free and become visible in order.

-- How far each tenant's log has come.
CREATE TABLE heads (
    tenant      TEXT PRIMARY KEY,
    position    INTEGER NOT NULL,          -- of the newest event; 0 before the first
    recorded_at INTEGER NOT NULL           -- of the newest event, microseconds since 1970 UTC
) WITHOUT ROWID;

CREATE TABLE events (
    tenant         TEXT NOT NULL,
    position       INTEGER NOT NULL,       -- 1, 2, 3 … within the tenant
    stream         TEXT NOT NULL,
    version        INTEGER NOT NULL,       -- 1, 2, 3 … within the stream
    event_id       BLOB NOT NULL,          -- UUID, version 7
    event_type     TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    occurred_at    INTEGER NOT NULL,       -- business time, microseconds since 1970 UTC
    recorded_at    INTEGER NOT NULL,       -- system time, microseconds since 1970 UTC
    actor          TEXT NOT NULL,
    command_id     TEXT NOT NULL,
    correlation_id TEXT,                   -- null: the command id
    causation_id   TEXT,
    trace_context  TEXT,
    payload        BLOB NOT NULL,          -- JSON, byte for byte as appended
    PRIMARY KEY (tenant, position)
) WITHOUT ROWID;

CREATE UNIQUE INDEX events_by_stream ON events (tenant, stream, version);

-- Commands that were carried out, so that none is carried out twice.
CREATE TABLE commands (
    tenant         TEXT NOT NULL,
    command_id     TEXT NOT NULL,
    digest         BLOB NOT NULL,          -- tells one command body from another
    first_position INTEGER NOT NULL,       -- of its first event
    last_position  INTEGER NOT NULL,       -- of its last event; first − 1 if it had none
    PRIMARY KEY (tenant, command_id)
) WITHOUT ROWID;

-- Values that belong to one stream at a time.
CREATE TABLE claims (
    tenant TEXT NOT NULL,
    scope  TEXT NOT NULL,                  -- what kind of value
    key    BLOB NOT NULL,                  -- the value; of a personal one, its keyed hash
    holder TEXT NOT NULL,                  -- the stream it belongs to
    PRIMARY KEY (tenant, scope, key)
) WITHOUT ROWID;

-- One key a tenant, under which personal values are hashed.
CREATE TABLE secrets (
    tenant TEXT PRIMARY KEY,
    key    BLOB NOT NULL
) WITHOUT ROWID;
