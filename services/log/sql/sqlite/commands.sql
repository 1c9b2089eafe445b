SELECT command_id, digest, first_position, last_position FROM commands
WHERE tenant = ?1 AND command_id IN (SELECT value FROM json_each(?2))
