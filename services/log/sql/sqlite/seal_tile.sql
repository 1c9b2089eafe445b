SELECT hashes FROM seal_tiles WHERE tenant = ? AND level = ? AND place = ?
