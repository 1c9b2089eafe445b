-- Events at the positions $1 to $2, five a stream, each of a command of its own.
INSERT INTO events (tenant, position, stream, version, event_id, event_type, schema_version,
                    occurred_at, recorded_at, actor, command_id, payload)
SELECT 'bench', n, 'opportunity-' || md5(((n - 1) / 5)::text), (n - 1) % 5 + 1, gen_random_uuid(),
       'ActivityLogged', 1, 1700000000000000 + n, 1700000000000000 + n, 'bench', md5('c' || n),
       convert_to('{"opportunity_id":"' || md5(((n - 1) / 5)::text)
           || '","kind":"CALL","note":"A call of some length about what is to be bought, and when"}', 'UTF8')
FROM generate_series($1, $2) AS n;

INSERT INTO commands (tenant, command_id, digest, position, events, version)
SELECT 'bench', md5('c' || n), sha256(n::text::bytea), n, 1, (n - 1) % 5 + 1
FROM generate_series($1, $2) AS n;

INSERT INTO heads (tenant, position, recorded_at) VALUES ('bench', $2, 1700000000000000 + $2)
ON CONFLICT (tenant) DO UPDATE SET position = excluded.position, recorded_at = excluded.recorded_at;
