UPDATE seals SET size = ?, checkpoint = ? WHERE tenant = ? AND size = ? AND checkpoint = ?
