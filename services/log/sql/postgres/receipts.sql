SELECT position, stream, version, event_type
FROM events WHERE tenant = $1 AND position = ANY ($2)
