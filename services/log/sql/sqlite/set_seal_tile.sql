INSERT INTO seal_tiles (tenant, level, place, hashes) VALUES (?, ?, ?, ?)
ON CONFLICT (tenant, level, place) DO UPDATE SET hashes = excluded.hashes
