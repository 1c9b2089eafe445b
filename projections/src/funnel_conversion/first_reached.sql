, entry AS (
    -- When an opportunity entered a stage; a won one entered the last when it was won.
    SELECT visit.opportunity_id, stage.stage_rank, visit.entered_at
    FROM visit
    JOIN stage ON stage.tenant = $1 AND stage.sales_process_id = $2
        AND stage.stage_id = visit.stage_id
    WHERE visit.tenant = $1
    UNION ALL
    SELECT
        picked.opportunity_id,
        (SELECT MAX(stage_rank) FROM stage WHERE tenant = $1 AND sales_process_id = $2),
        picked.closed_at
    FROM picked
    WHERE picked.outcome = 'WON'
),
first_reached AS (
    -- When it first was in a stage or a later one.
    SELECT entry.opportunity_id, stage.stage_rank, MIN(entry.entered_at) AS reached_at
    FROM entry
    JOIN stage ON stage.tenant = $1 AND stage.sales_process_id = $2
        AND stage.stage_rank <= entry.stage_rank
    GROUP BY entry.opportunity_id, stage.stage_rank
)
