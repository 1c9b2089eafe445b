-- Lets the lease on $1 at version $2 last $4 microseconds more, if $3 is its token.
UPDATE lease
SET until = CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) + $4
WHERE name = $1 AND version = $2 AND token = $3
