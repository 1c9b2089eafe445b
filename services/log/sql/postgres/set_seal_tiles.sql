INSERT INTO seal_tiles (tenant, level, place, hashes)
SELECT $1, level, place, hashes FROM unnest($2::smallint[], $3::bigint[], $4::bytea[]) AS new (level, place, hashes)
ON CONFLICT (tenant, level, place) DO UPDATE SET hashes = excluded.hashes
