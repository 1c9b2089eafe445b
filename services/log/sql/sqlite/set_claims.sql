INSERT INTO claims (tenant, scope, value, holder) VALUES
ON CONFLICT (tenant, scope, value) DO UPDATE SET holder = excluded.holder
