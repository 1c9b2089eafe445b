SELECT
    position, stream, version, event_id, event_type, schema_version, occurred_at, recorded_at,
    actor, command_id, correlation_id, causation_id, trace_context, payload
FROM events
WHERE tenant = ?1 AND position > ?2 AND position <= ?3
    AND (?4 IS NULL OR substr(stream, 1, instr(stream, '-') - 1) IN (SELECT value FROM json_each(?4)))
    AND (?5 IS NULL OR event_type IN (SELECT value FROM json_each(?5)))
    AND (?6 IS NULL OR stream IN (SELECT value FROM json_each(?6)))
ORDER BY position LIMIT ?7
