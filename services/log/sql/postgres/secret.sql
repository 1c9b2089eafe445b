SELECT key FROM secrets WHERE tenant = $1
