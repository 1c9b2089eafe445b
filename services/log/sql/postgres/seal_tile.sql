SELECT hashes FROM seal_tiles WHERE tenant = $1 AND level = $2 AND place = $3
