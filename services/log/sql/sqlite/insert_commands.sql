INSERT INTO commands (tenant, command_id, digest, position, events, version) VALUES
