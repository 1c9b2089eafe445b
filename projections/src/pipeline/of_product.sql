(
    -- One of its products is asked for; or it has none, and empty text is asked for.
    EXISTS (
        SELECT 1 FROM opportunity_product op
        WHERE op.tenant = $1 AND op.opportunity_id = placed.opportunity_id
            AND op.product_id IN ($keys)
    )
    OR ('' IN ($keys) AND NOT EXISTS (
        SELECT 1 FROM opportunity_product op
        WHERE op.tenant = $1 AND op.opportunity_id = placed.opportunity_id
    ))
)
