SELECT command_id, digest, position, events, version
FROM json_each(?) AS named
CROSS JOIN commands ON command_id = named.value
WHERE tenant = ?
