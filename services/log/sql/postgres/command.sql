SELECT digest, position, events FROM commands WHERE tenant = $1 AND command_id = $2
