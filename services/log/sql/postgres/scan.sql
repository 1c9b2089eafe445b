SELECT
    position, stream, version, event_id, event_type, schema_version, occurred_at, recorded_at,
    actor, command_id, correlation_id, causation_id, trace_context, payload
FROM events
WHERE tenant = $1 AND position > $2 AND position <= $3
ORDER BY position LIMIT $4
