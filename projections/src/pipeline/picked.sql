-- The opportunities of a sales process ($2) of a tenant ($1) that a request picks, asked about at an
-- instant ($3).
WITH base AS (
    SELECT
        o.*,
        $team_of AS team_id,
        $industry_of AS industry
    FROM opportunity o
    WHERE o.tenant = $1 AND o.sales_process_id = $2
),
placed AS (
    SELECT
        base.*,
        $region_of AS region
    FROM base
),
picked AS (
    SELECT
        placed.*,
        -- How long it took; none while it is open.
        placed.closed_at - placed.created_at AS cycle
    FROM placed
    WHERE placed.created_at < $3 $conditions
)
