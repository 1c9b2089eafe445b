-- What recurs under the contracts of a tenant ($1) in a currency ($2), and by what it is told apart.
SELECT
    c.customer_id,
    customer.name,
    COALESCE(customer.industry, ''),
    COALESCE(customer.country, ''),
    r.product_id,
    product.name,
    r.from_on,
    r.to_on,
    r.monthly_minor,
    (
        -- When the contract that goes on from this one begins, if it is ever in force.
        SELECT MIN(renewal.starts_on)
        FROM contract renewal
        WHERE renewal.tenant = $1 AND renewal.renews_contract_id = c.contract_id
            AND (renewal.ends_on IS NULL OR renewal.ends_on > renewal.starts_on)
    )
FROM contract c
JOIN recurring r ON r.tenant = $1 AND r.contract_id = c.contract_id
LEFT JOIN customer ON customer.tenant = $1 AND customer.customer_id = c.customer_id
LEFT JOIN product ON product.tenant = $1 AND product.product_id = r.product_id
WHERE c.tenant = $1 AND c.currency = $2 $conditions
