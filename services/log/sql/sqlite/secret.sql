SELECT secret FROM secrets WHERE tenant = ? AND name = 'claims'
