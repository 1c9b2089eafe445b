SELECT position, recorded_at FROM heads WHERE tenant = ?
