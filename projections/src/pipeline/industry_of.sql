(
    SELECT c.industry
    FROM customer c
    WHERE c.tenant = $1 AND c.customer_id = o.customer_id
)
