UPDATE seals SET size = $1, checkpoint = $2 WHERE tenant = $3 AND size = $4 AND checkpoint = $5
