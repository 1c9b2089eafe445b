SELECT
    position, stream, version, event_id, event_type, schema_version, occurred_at, recorded_at,
    actor, command_id, correlation_id, causation_id, trace_context, payload
FROM events
WHERE tenant = $1 AND position > $2 AND position <= $3
    AND ($4::text[] IS NULL OR split_part(stream, '-', 1) = ANY ($4))
    AND ($5::text[] IS NULL OR event_type = ANY ($5))
    AND ($6::text[] IS NULL OR stream = ANY ($6))
ORDER BY position LIMIT $7
