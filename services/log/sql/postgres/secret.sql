SELECT secret FROM secrets WHERE tenant = $1 AND name = 'claims'
