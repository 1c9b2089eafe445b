SELECT
    position, stream, version, event_id, event_type, schema_version, occurred_at, recorded_at,
    actor, command_id, correlation_id, causation_id, trace_context, payload
FROM events
WHERE tenant = $1 AND stream = $2 AND version > $3
ORDER BY version LIMIT $4
