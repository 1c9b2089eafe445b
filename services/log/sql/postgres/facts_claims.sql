SELECT scope, value, holder
FROM unnest($2::text[], $3::text[]) AS named (named_scope, named_value)
JOIN claims ON tenant = $1 AND scope = named_scope COLLATE "C" AND value = named_value COLLATE "C"
