DELETE FROM claims WHERE tenant = ?1 AND scope = ?2 AND key = ?3
