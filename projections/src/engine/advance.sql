-- Moves a tenant's checkpoint from $4 to $2, unless another node has moved it; $3 is when the latest
-- of the events between them happened.
INSERT INTO checkpoint (tenant, position, occurred_to) VALUES ($1, $2, $3)
ON CONFLICT (tenant) DO UPDATE
SET position = excluded.position,
    occurred_to = CASE
        WHEN excluded.occurred_to > checkpoint.occurred_to THEN excluded.occurred_to
        ELSE checkpoint.occurred_to
    END
WHERE checkpoint.position = $4
