SELECT digest, position, events, version FROM commands WHERE tenant = ? AND command_id = ?
