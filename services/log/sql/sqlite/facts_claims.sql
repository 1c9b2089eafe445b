SELECT scope, claims.value, holder
FROM json_each(?) AS named
CROSS JOIN claims ON scope = named.value ->> 0 AND claims.value = named.value ->> 1
WHERE tenant = ?
