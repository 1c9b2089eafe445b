SELECT tenant FROM heads WHERE position > 0 ORDER BY tenant
