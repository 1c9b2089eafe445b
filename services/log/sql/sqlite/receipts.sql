SELECT position, stream, version, event_type
FROM json_each(?) AS named
CROSS JOIN events ON position = named.value
WHERE tenant = ?
