DELETE FROM claims WHERE tenant = ? AND scope = ? AND value = ?
