SELECT digest, position, events FROM commands WHERE tenant = ? AND command_id = ?
