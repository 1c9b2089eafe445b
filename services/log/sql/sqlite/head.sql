SELECT position FROM heads WHERE tenant = ?1
