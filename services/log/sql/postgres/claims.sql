SELECT c.scope, c.key, c.holder FROM unnest($2::TEXT[], $3::BYTEA[]) AS a (scope, key)
JOIN claims c ON c.tenant = $1 AND c.scope = a.scope AND c.key = a.key
