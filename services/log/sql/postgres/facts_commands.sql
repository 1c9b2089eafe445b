SELECT command_id, digest, position, events, version
FROM commands WHERE tenant = $1 AND command_id = ANY ($2)
