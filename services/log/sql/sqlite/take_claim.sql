INSERT INTO claims (tenant, scope, key, holder) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (tenant, scope, key) DO UPDATE SET holder = excluded.holder
