INSERT INTO commands (tenant, command_id, digest, first_position, last_position)
VALUES
