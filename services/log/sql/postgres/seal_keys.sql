SELECT public_key, from_size FROM seal_keys WHERE tenant = $1 ORDER BY from_size DESC
