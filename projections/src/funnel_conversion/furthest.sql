, furthest AS (
    -- The highest rank of the stages an opportunity has been in.
    SELECT visit.opportunity_id, MAX(stage.stage_rank) AS stage_rank
    FROM visit
    JOIN stage ON stage.tenant = $1 AND stage.sales_process_id = $2
        AND stage.stage_id = visit.stage_id
    WHERE visit.tenant = $1
    GROUP BY visit.opportunity_id
)
