SELECT
    position, stream, version, event_id, event_type, schema_version, occurred_at, recorded_at,
    actor, command_id, correlation_id, causation_id, trace_context, payload
FROM events
WHERE tenant = ? AND stream = ? AND version > ?
ORDER BY version LIMIT ?
