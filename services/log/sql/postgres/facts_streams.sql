SELECT named.stream, last.version
FROM unnest($2::text[]) AS named (stream)
CROSS JOIN LATERAL (
    SELECT version FROM events
    WHERE tenant = $1 AND events.stream = named.stream COLLATE "C"
    ORDER BY version DESC LIMIT 1
) AS last
