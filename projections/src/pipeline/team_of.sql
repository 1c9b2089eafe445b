(
    -- The team its owner was in when it closed; while it is open, is in at the instant asked about.
    SELECT m.team_id
    FROM membership m
    WHERE m.tenant = $1 AND m.rep_id = o.rep_id
        AND m.from_at <= COALESCE(o.closed_at, $3)
        AND (m.to_at IS NULL OR m.to_at > COALESCE(o.closed_at, $3))
    ORDER BY m.from_at DESC, m.team_id
    LIMIT 1
)
