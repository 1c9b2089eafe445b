SELECT version FROM events WHERE tenant = $1 AND stream = $2 ORDER BY version DESC LIMIT 1
