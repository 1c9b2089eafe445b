SELECT named.value, (
    SELECT version FROM events
    WHERE tenant = ? AND stream = named.value
    ORDER BY version DESC LIMIT 1
) AS version
FROM json_each(?) AS named
WHERE version IS NOT NULL
