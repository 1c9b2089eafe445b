SELECT tenant, position FROM heads WHERE position > 0
