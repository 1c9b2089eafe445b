INSERT INTO seal_keys (tenant, public_key, from_size) VALUES (?, ?, ?)
ON CONFLICT (tenant, public_key) DO NOTHING
