INSERT INTO seals (tenant, size, checkpoint) VALUES (?, 0, '') ON CONFLICT (tenant) DO NOTHING
