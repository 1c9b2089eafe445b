-- The same as advance.sql, on PostgreSQL, and only while $7 is the token of the lease on the read model
-- ($5, at version $6).
INSERT INTO checkpoint (tenant, position, occurred_to)
SELECT $1, $2, $3
FROM read_models.lease
WHERE name = $5 AND version = $6 AND token = $7
ON CONFLICT (tenant) DO UPDATE
SET position = excluded.position,
    occurred_to = CASE
        WHEN excluded.occurred_to > checkpoint.occurred_to THEN excluded.occurred_to
        ELSE checkpoint.occurred_to
    END
WHERE checkpoint.position = $4
