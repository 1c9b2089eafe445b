(
    -- Where that team sold then.
    SELECT r.region
    FROM team_region r
    WHERE r.tenant = $1 AND r.team_id = base.team_id
        AND r.from_at <= COALESCE(base.closed_at, $3)
    ORDER BY r.from_at DESC
    LIMIT 1
)
