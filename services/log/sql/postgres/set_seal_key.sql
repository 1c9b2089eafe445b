INSERT INTO seal_keys (tenant, public_key, from_size) VALUES ($1, $2, $3)
ON CONFLICT (tenant, public_key) DO NOTHING
