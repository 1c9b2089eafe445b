-- Appends one tenant's batch in one round trip, as in 4, but takes rows where that took columns: of
-- twelve arrays that are unnested together PostgreSQL makes twelve tables first, and of one array one.
-- CPU of the server, 32 commands a batch: 504 µs instead of 574.
--
-- The writer says what it took for granted: stream versions, commands never seen, holders of claims. If
-- all of it is so, the batch is written and landed is true; if not, nothing is, and landed is false.
--
-- That a stream is new, or a command, is not asked for where the batch writes it: the unique indexes
-- find out.
--
-- The head is changed before anything is checked, which locks it, and each statement sees what was
-- committed before it began: so what is checked stays true until the commit, positions have no gap, and
-- they become visible in order. A batch that writes nothing takes no lock: its head is read after its
-- checks, so that everything they saw is at or before it.
--
-- recorded_at is read from the database's clock, under the lock: the clocks of nodes may differ.
--
-- The notification is part of the transaction.
--
-- The function of 4 stays beside it, for nodes that have not been replaced yet.
CREATE TYPE stream_version AS (stream text, version bigint);
CREATE TYPE claim_holder AS (scope text, value text, holder text);
CREATE TYPE new_event AS (
    stream text, version bigint, event_id uuid, event_type text, schema_version integer,
    occurred_at bigint, actor text, command_id text, correlation_id text, causation_id text,
    trace_context text, payload bytea
);
-- The position counts from the head before the batch.
CREATE TYPE new_command AS (
    command_id text, digest bytea, position_offset bigint, events bigint, version bigint
);

CREATE FUNCTION append_batch(
    p_tenant text, p_writes boolean,
    -- what is taken for granted
    p_seen_streams stream_version[], p_unseen_commands text[], p_seen_claims claim_holder[],
    -- what is written; claims whose holder is null are given back
    p_events new_event[], p_commands new_command[], p_claims claim_holder[],
    OUT landed boolean, OUT head bigint
) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_before bigint;
    v_recorded_at bigint;
    v_count bigint := cardinality(p_events);
BEGIN
    -- A block of its own: what contradicts the batch takes back all of it.
    BEGIN
        WHILE p_writes LOOP
            UPDATE heads SET
                position = position + v_count,
                recorded_at = CASE WHEN v_count = 0 THEN recorded_at ELSE greatest(
                    recorded_at, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
                ) END
            WHERE tenant = p_tenant
            RETURNING position, position - v_count, recorded_at INTO head, v_before, v_recorded_at;
            EXIT WHEN FOUND;
            INSERT INTO heads (tenant, position, recorded_at) VALUES (p_tenant, 0, 0)
            ON CONFLICT (tenant) DO NOTHING;
        END LOOP;

        IF cardinality(p_seen_streams) > 0 AND EXISTS (
            SELECT FROM unnest(p_seen_streams) AS seen
            WHERE seen.version <> coalesce((
                SELECT events.version FROM events
                WHERE events.tenant = p_tenant AND events.stream = seen.stream
                ORDER BY events.version DESC LIMIT 1
            ), 0)
        ) THEN
            RAISE SQLSTATE 'TF001';
        END IF;
        IF cardinality(p_unseen_commands) > 0 AND EXISTS (
            -- Lateral, and limited: one look into the index a command, whatever the planner believes of
            -- a table that has grown since it last looked. Joined instead, it read all of the tenant's.
            SELECT FROM unnest(p_unseen_commands) AS unseen (command_id), LATERAL (
                SELECT FROM commands
                WHERE commands.tenant = p_tenant AND commands.command_id = unseen.command_id
                LIMIT 1
            ) AS found
        ) THEN
            RAISE SQLSTATE 'TF001';
        END IF;
        IF cardinality(p_seen_claims) > 0 AND EXISTS (
            SELECT FROM unnest(p_seen_claims) AS seen
            WHERE seen.holder IS DISTINCT FROM (
                SELECT claims.holder FROM claims
                WHERE claims.tenant = p_tenant AND claims.scope = seen.scope
                    AND claims.value = seen.value
            )
        ) THEN
            RAISE SQLSTATE 'TF001';
        END IF;

        IF v_count > 0 THEN
            INSERT INTO events (
                tenant, position, stream, version, event_id, event_type, schema_version, occurred_at,
                recorded_at, actor, command_id, correlation_id, causation_id, trace_context, payload
            )
            SELECT
                p_tenant, v_before + ord, stream, version, event_id, event_type, schema_version,
                occurred_at, v_recorded_at, actor, command_id, correlation_id, causation_id,
                trace_context, payload
            FROM unnest(p_events) WITH ORDINALITY AS new (
                stream, version, event_id, event_type, schema_version, occurred_at, actor, command_id,
                correlation_id, causation_id, trace_context, payload, ord
            );
        END IF;
        IF cardinality(p_commands) > 0 THEN
            INSERT INTO commands (tenant, command_id, digest, position, events, version)
            SELECT p_tenant, command_id, digest, v_before + position_offset, events, version
            FROM unnest(p_commands);
        END IF;
        IF cardinality(p_claims) > 0 THEN
            DELETE FROM claims USING unnest(p_claims) AS changed
            WHERE claims.tenant = p_tenant AND claims.scope = changed.scope
                AND claims.value = changed.value AND changed.holder IS NULL;
            INSERT INTO claims (tenant, scope, value, holder)
            SELECT p_tenant, scope, value, holder FROM unnest(p_claims) WHERE holder IS NOT NULL
            ON CONFLICT (tenant, scope, value) DO UPDATE SET holder = excluded.holder;
        END IF;
    EXCEPTION WHEN unique_violation OR SQLSTATE 'TF001' THEN
        landed := false;
        head := NULL;
        RETURN;
    END;

    landed := true;
    IF v_count > 0 THEN
        PERFORM pg_notify('twinfunnel_log', p_tenant || ' ' || head);
    ELSIF NOT p_writes THEN
        SELECT position INTO head FROM heads WHERE tenant = p_tenant;
        head := coalesce(head, 0);
    END IF;
END
$$;
