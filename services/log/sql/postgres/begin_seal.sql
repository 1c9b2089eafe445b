INSERT INTO seals (tenant, size, checkpoint) VALUES ($1, 0, '') ON CONFLICT (tenant) DO NOTHING
