SELECT a.value AS stream, COALESCE((
    SELECT e.version FROM events e WHERE e.tenant = ?1 AND e.stream = a.value
    ORDER BY e.version DESC LIMIT 1), 0) AS version
FROM json_each(?2) AS a
