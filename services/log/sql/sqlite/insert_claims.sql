INSERT INTO claims (tenant, scope, value, holder) VALUES
