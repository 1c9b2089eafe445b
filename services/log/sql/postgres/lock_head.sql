SELECT position FROM heads WHERE tenant = $1 FOR UPDATE
