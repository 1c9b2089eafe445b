INSERT INTO secrets (tenant, name, secret)
VALUES ($1, 'claims', sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())))
ON CONFLICT (tenant, name) DO NOTHING
