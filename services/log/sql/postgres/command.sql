SELECT digest, position, events, version FROM commands WHERE tenant = $1 AND command_id = $2
