SELECT public_key, from_size FROM seal_keys WHERE tenant = ? ORDER BY from_size DESC
