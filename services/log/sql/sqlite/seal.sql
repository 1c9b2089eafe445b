SELECT size, checkpoint FROM seals WHERE tenant = ?
