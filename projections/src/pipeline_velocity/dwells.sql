-- How long the stays lasted that ended in the look-back.
SELECT visit.stage_id, visit.left_at - visit.entered_at AS stayed, COUNT(*)
FROM picked
JOIN visit ON visit.tenant = $1 AND visit.opportunity_id = picked.opportunity_id
WHERE $left_in_period
GROUP BY visit.stage_id, visit.left_at - visit.entered_at
