-- Appends one tenant's batch in one round trip. The writer says what it took for granted: stream
-- versions, commands never seen, holders of claims. If all of it is so, the batch is written and
-- landed is true; if not, nothing is, and landed is false.
--
-- The head is locked before anything is checked, and each statement sees what was committed before
-- it began: so what is checked stays true until the commit, positions have no gap, and they become
-- visible in order. A batch that writes nothing takes no lock: its head is read after its checks,
-- so that everything they saw is at or before it.
--
-- recorded_at is read from the database's clock, under the lock: the clocks of nodes may differ.
--
-- The notification is part of the transaction. PostgreSQL takes one lock for all commits that notify,
-- but that does not show: two nodes, 64 in flight, appends/s with and without it, in two rounds on a
-- busy 2-core machine: 1 lane and 1 tenant 2,598 and 2,655, 2,375 and 2,315; 4 lanes and 8 tenants
-- 7,667 and 7,818, 4,319 and 4,028; the same at 256 in flight 10,115 and 10,096, 5,901 and 5,422.
CREATE FUNCTION append_batch(
    p_tenant text, p_writes boolean,
    -- what is taken for granted
    p_seen_streams text[], p_seen_versions bigint[],
    p_unseen_commands text[],
    p_seen_scopes text[], p_seen_values text[], p_seen_holders text[],
    -- events
    p_streams text[], p_versions bigint[], p_event_ids uuid[], p_event_types text[],
    p_schema_versions integer[], p_occurred_at bigint[], p_actors text[], p_command_ids text[],
    p_correlation_ids text[], p_causation_ids text[], p_trace_contexts text[], p_payloads bytea[],
    -- commands to be remembered; offsets count from the head before the batch
    p_commands text[], p_digests bytea[], p_offsets bigint[], p_events bigint[],
    p_command_versions bigint[],
    -- claims; those whose holder is null are given back
    p_scopes text[], p_values text[], p_holders text[],
    OUT landed boolean, OUT head bigint
) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_head bigint;
    v_recorded_at bigint;
    v_count bigint := cardinality(p_streams);
BEGIN
    landed := false;
    IF p_writes THEN
        SELECT position, recorded_at INTO v_head, v_recorded_at
        FROM heads WHERE tenant = p_tenant FOR UPDATE;
        IF NOT FOUND THEN
            INSERT INTO heads (tenant, position, recorded_at) VALUES (p_tenant, 0, 0)
            ON CONFLICT (tenant) DO NOTHING;
            SELECT position, recorded_at INTO v_head, v_recorded_at
            FROM heads WHERE tenant = p_tenant FOR UPDATE;
        END IF;
    END IF;

    IF cardinality(p_seen_streams) > 0 AND EXISTS (
        SELECT FROM unnest(p_seen_streams, p_seen_versions) AS seen (stream, version)
        WHERE seen.version <> coalesce((
            SELECT events.version FROM events
            WHERE events.tenant = p_tenant AND events.stream = seen.stream
            ORDER BY events.version DESC LIMIT 1
        ), 0)
    ) THEN
        RETURN;
    END IF;
    IF cardinality(p_unseen_commands) > 0 AND EXISTS (
        -- Lateral, and limited: one look into the index a command, whatever the planner believes of a
        -- table that has grown since it last looked. Joined instead, it read all of the tenant's.
        SELECT FROM unnest(p_unseen_commands) AS unseen (command_id), LATERAL (
            SELECT FROM commands
            WHERE commands.tenant = p_tenant AND commands.command_id = unseen.command_id
            LIMIT 1
        ) AS found
    ) THEN
        RETURN;
    END IF;
    IF cardinality(p_seen_scopes) > 0 AND EXISTS (
        SELECT FROM unnest(p_seen_scopes, p_seen_values, p_seen_holders) AS seen (scope, value, holder)
        WHERE seen.holder IS DISTINCT FROM (
            SELECT claims.holder FROM claims
            WHERE claims.tenant = p_tenant AND claims.scope = seen.scope
                AND claims.value = seen.value
        )
    ) THEN
        RETURN;
    END IF;

    landed := true;
    IF NOT p_writes THEN
        SELECT position INTO head FROM heads WHERE tenant = p_tenant;
        head := coalesce(head, 0);
        RETURN;
    END IF;

    head := v_head + v_count;
    IF v_count > 0 THEN
        v_recorded_at := greatest(
            v_recorded_at, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
        );
        INSERT INTO events (
            tenant, position, stream, version, event_id, event_type, schema_version, occurred_at,
            recorded_at, actor, command_id, correlation_id, causation_id, trace_context, payload
        )
        SELECT
            p_tenant, v_head + ord, stream, version, event_id, event_type, schema_version,
            occurred_at, v_recorded_at, actor, command_id, correlation_id, causation_id,
            trace_context, payload
        FROM unnest(
            p_streams, p_versions, p_event_ids, p_event_types, p_schema_versions, p_occurred_at,
            p_actors, p_command_ids, p_correlation_ids, p_causation_ids, p_trace_contexts, p_payloads
        ) WITH ORDINALITY AS new (
            stream, version, event_id, event_type, schema_version, occurred_at,
            actor, command_id, correlation_id, causation_id, trace_context, payload, ord
        );
        UPDATE heads SET position = head, recorded_at = v_recorded_at WHERE tenant = p_tenant;
        PERFORM pg_notify('twinfunnel_log', p_tenant || ' ' || head);
    END IF;
    IF cardinality(p_commands) > 0 THEN
        INSERT INTO commands (tenant, command_id, digest, position, events, version)
        SELECT p_tenant, command_id, digest, v_head + position_offset, event_count, version
        FROM unnest(p_commands, p_digests, p_offsets, p_events, p_command_versions)
            AS new (command_id, digest, position_offset, event_count, version);
    END IF;
    IF cardinality(p_scopes) > 0 THEN
        DELETE FROM claims
        USING unnest(p_scopes, p_values, p_holders) AS changed (scope, value, holder)
        WHERE claims.tenant = p_tenant AND claims.scope = changed.scope
            AND claims.value = changed.value AND changed.holder IS NULL;
        INSERT INTO claims (tenant, scope, value, holder)
        SELECT p_tenant, scope, value, holder
        FROM unnest(p_scopes, p_values, p_holders) AS changed (scope, value, holder)
        WHERE holder IS NOT NULL
        ON CONFLICT (tenant, scope, value) DO UPDATE SET holder = excluded.holder;
    END IF;
END
$$;
