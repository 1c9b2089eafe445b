INSERT INTO secrets (tenant, name, secret) VALUES (?, 'claims', randomblob(32))
ON CONFLICT (tenant, name) DO NOTHING
