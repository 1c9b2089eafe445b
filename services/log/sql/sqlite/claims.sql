SELECT c.scope, c.key, c.holder FROM json_each(?2) AS a
JOIN claims c ON c.tenant = ?1 AND c.scope = a.value ->> 0 AND c.key = unhex(a.value ->> 1)
