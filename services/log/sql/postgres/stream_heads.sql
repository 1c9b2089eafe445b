SELECT a.stream, COALESCE((
    SELECT e.version FROM events e WHERE e.tenant = $1 AND e.stream = a.stream
    ORDER BY e.version DESC LIMIT 1), 0) AS version
FROM unnest($2::TEXT[]) AS a (stream)
