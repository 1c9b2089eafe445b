-- The log. All text is compared byte by byte, so that both backends sort alike.

-- How far each tenant's log has come. The row is the lock that makes positions gap-free: whoever
-- appends holds it until the commit, so positions become visible in order.
CREATE TABLE heads (
    tenant      TEXT COLLATE "C" PRIMARY KEY,
    position    BIGINT NOT NULL,           -- of the newest event; 0 before the first
    recorded_at BIGINT NOT NULL            -- of the newest event, microseconds since 1970 UTC
) WITH (fillfactor = 50);

CREATE TABLE events (
    tenant         TEXT COLLATE "C" NOT NULL,
    position       BIGINT NOT NULL,        -- 1, 2, 3 … within the tenant
    stream         TEXT COLLATE "C" NOT NULL,
    version        BIGINT NOT NULL,        -- 1, 2, 3 … within the stream
    event_id       UUID NOT NULL,          -- version 7
    event_type     TEXT COLLATE "C" NOT NULL,
    schema_version INTEGER NOT NULL,
    occurred_at    BIGINT NOT NULL,        -- business time, microseconds since 1970 UTC
    recorded_at    BIGINT NOT NULL,        -- system time, microseconds since 1970 UTC
    actor          TEXT COLLATE "C" NOT NULL,
    command_id     TEXT COLLATE "C" NOT NULL,
    correlation_id TEXT COLLATE "C",       -- null: the command id
    causation_id   TEXT COLLATE "C",
    trace_context  TEXT COLLATE "C",
    payload        BYTEA NOT NULL,         -- JSON, byte for byte as appended
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

-- Commands that were carried out, so that none is carried out twice.
CREATE TABLE commands (
    tenant         TEXT COLLATE "C" NOT NULL,
    command_id     TEXT COLLATE "C" NOT NULL,
    digest         BYTEA NOT NULL,         -- tells one command body from another
    first_position BIGINT NOT NULL,        -- of its first event
    last_position  BIGINT NOT NULL,        -- of its last event; first − 1 if it had none
    PRIMARY KEY (tenant, command_id)
);

-- Values that belong to one stream at a time.
CREATE TABLE claims (
    tenant TEXT COLLATE "C" NOT NULL,
    scope  TEXT COLLATE "C" NOT NULL,      -- what kind of value
    key    BYTEA NOT NULL,                 -- the value; of a personal one, its keyed hash
    holder TEXT COLLATE "C" NOT NULL,      -- the stream it belongs to
    PRIMARY KEY (tenant, scope, key)
);

-- One key a tenant, under which personal values are hashed.
CREATE TABLE secrets (
    tenant TEXT COLLATE "C" PRIMARY KEY,
    key    BYTEA NOT NULL
);

-- Appends a batch of one tenant in one round trip and one transaction, if what it was resolved on
-- still holds: the heads of its streams (a_stream, a_head), commands not carried out (a_command),
-- holders of claims (a_scope, a_key, a_holder; null: free). Otherwise changes nothing.
-- Gives whether it landed, the head before it, and the time it was recorded at.
CREATE FUNCTION land(
    p_tenant TEXT, p_now BIGINT,
    a_stream TEXT[], a_head BIGINT[], a_command TEXT[],
    a_scope TEXT[], a_key BYTEA[], a_holder TEXT[],
    e_stream TEXT[], e_version BIGINT[], e_id UUID[], e_type TEXT[], e_schema INTEGER[],
    e_occurred BIGINT[], e_actor TEXT[], e_command TEXT[], e_correlation TEXT[],
    e_causation TEXT[], e_trace TEXT[], e_payload BYTEA[],
    c_id TEXT[], c_digest BYTEA[], c_first BIGINT[], c_last BIGINT[],
    d_scope TEXT[], d_key BYTEA[], t_scope TEXT[], t_key BYTEA[], t_holder TEXT[],
    OUT landed BOOLEAN, OUT head BIGINT, OUT at BIGINT
) LANGUAGE plpgsql AS $$
BEGIN
    SELECT h.position, h.recorded_at INTO head, at FROM heads h WHERE h.tenant = p_tenant FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO heads VALUES (p_tenant, 0, 0) ON CONFLICT DO NOTHING;
        SELECT h.position, h.recorded_at INTO head, at FROM heads h WHERE h.tenant = p_tenant FOR UPDATE;
    END IF;

    landed := NOT EXISTS (
        SELECT FROM unnest(a_stream, a_head) AS a (stream, head)
        WHERE a.head <> COALESCE((
            SELECT e.version FROM events e WHERE e.tenant = p_tenant AND e.stream = a.stream
            ORDER BY e.version DESC LIMIT 1), 0)
    ) AND NOT EXISTS (
        SELECT FROM unnest(a_command) AS a (command_id)
        JOIN commands c ON c.tenant = p_tenant AND c.command_id = a.command_id
    );
    IF landed AND cardinality(a_scope) > 0 THEN
        landed := NOT EXISTS (
            SELECT FROM unnest(a_scope, a_key, a_holder) AS a (scope, key, holder)
            LEFT JOIN claims c ON c.tenant = p_tenant AND c.scope = a.scope AND c.key = a.key
            WHERE c.holder IS DISTINCT FROM a.holder
        );
    END IF;
    IF NOT landed THEN
        RETURN;
    END IF;

    at := GREATEST(at, p_now);
    IF cardinality(e_stream) > 0 THEN
        INSERT INTO events
        SELECT p_tenant, head + n, stream, version, id, type, schema, occurred, at, actor, command,
               correlation, causation, trace, payload
        FROM unnest(e_stream, e_version, e_id, e_type, e_schema, e_occurred, e_actor, e_command,
                    e_correlation, e_causation, e_trace, e_payload) WITH ORDINALITY
            AS e (stream, version, id, type, schema, occurred, actor, command, correlation,
                  causation, trace, payload, n);
        UPDATE heads h SET position = head + cardinality(e_stream), recorded_at = at
        WHERE h.tenant = p_tenant;
        PERFORM pg_notify('twinfunnel_log', p_tenant || ' ' || (head + cardinality(e_stream)));
    END IF;
    IF cardinality(c_id) > 0 THEN
        INSERT INTO commands
        SELECT p_tenant, id, digest, head + first, head + last
        FROM unnest(c_id, c_digest, c_first, c_last) AS c (id, digest, first, last);
    END IF;
    IF cardinality(d_scope) > 0 THEN
        DELETE FROM claims c USING unnest(d_scope, d_key) AS d (scope, key)
        WHERE c.tenant = p_tenant AND c.scope = d.scope AND c.key = d.key;
    END IF;
    IF cardinality(t_scope) > 0 THEN
        INSERT INTO claims
        SELECT p_tenant, scope, key, holder
        FROM unnest(t_scope, t_key, t_holder) AS t (scope, key, holder)
        ON CONFLICT (tenant, scope, key) DO UPDATE SET holder = excluded.holder;
    END IF;
END $$;
