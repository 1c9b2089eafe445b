-- Takes the lease on what one node does at a time ($1, at version $2) for $3, until $4 microseconds from now, if
-- nobody else has it.
INSERT INTO lease (name, version, holder, token, until)
VALUES ($1, $2, $3, 1, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) + $4)
ON CONFLICT (name, version) DO UPDATE
SET holder = excluded.holder, token = lease.token + 1, until = excluded.until
WHERE lease.holder = excluded.holder
    OR lease.until < CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)
RETURNING token
