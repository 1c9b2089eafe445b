INSERT INTO heads (tenant, position, recorded_at) VALUES (?, ?, ?)
ON CONFLICT (tenant) DO UPDATE SET position = excluded.position, recorded_at = excluded.recorded_at
