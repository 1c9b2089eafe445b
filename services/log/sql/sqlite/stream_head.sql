SELECT version FROM events WHERE tenant = ? AND stream = ? ORDER BY version DESC LIMIT 1
