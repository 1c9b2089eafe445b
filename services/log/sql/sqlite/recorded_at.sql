SELECT recorded_at FROM events WHERE tenant = ? AND position = ?
