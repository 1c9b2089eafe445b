, furthest AS (
    -- The highest rank of the stages that a closed opportunity has been in.
    SELECT picked.opportunity_id, picked.outcome, MAX(stage.stage_rank) AS stage_rank
    FROM picked
    LEFT JOIN visit ON visit.tenant = $1 AND visit.opportunity_id = picked.opportunity_id
    LEFT JOIN stage ON stage.tenant = $1 AND stage.sales_process_id = $2
        AND stage.stage_id = visit.stage_id
    WHERE picked.outcome <> 'OPEN' AND $closed_in_period
    GROUP BY picked.opportunity_id, picked.outcome
)
SELECT outcome, stage_rank, COUNT(*) FROM furthest GROUP BY outcome, stage_rank
