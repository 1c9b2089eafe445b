-- Events at the positions ?1 to ?2, five a stream, each of a command of its own.
PRAGMA synchronous = OFF;
PRAGMA cache_size = -1000000;
BEGIN;
CREATE TEMP TABLE stretch (n INTEGER PRIMARY KEY, stream TEXT, command TEXT);
INSERT INTO stretch (n, stream, command)
WITH RECURSIVE counted (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM counted WHERE n < ?2)
SELECT n, NULL, lower(hex(randomblob(16))) FROM counted;
UPDATE stretch SET stream = lower(hex(randomblob(16))) WHERE n % 5 = 1;
UPDATE stretch SET stream =
    (SELECT first.stream FROM stretch first WHERE first.n = stretch.n - (stretch.n - 1) % 5)
WHERE n % 5 <> 1;

INSERT INTO events (tenant, position, stream, version, event_id, event_type, schema_version,
                    occurred_at, recorded_at, actor, command_id, payload)
SELECT 'bench', n, 'opportunity-' || stream, (n - 1) % 5 + 1, randomblob(16), 'ActivityLogged', 1,
       1700000000000000 + n, 1700000000000000 + n, 'bench', command,
       CAST('{"opportunity_id":"' || stream
           || '","kind":"CALL","note":"A call of some length about what is to be bought, and when"}' AS BLOB)
FROM stretch ORDER BY n;

INSERT INTO commands (tenant, command_id, digest, position, events, version)
SELECT 'bench', command, randomblob(32), n, 1, (n - 1) % 5 + 1 FROM stretch ORDER BY command;

INSERT INTO heads (tenant, position, recorded_at) VALUES ('bench', ?2, 1700000000000000 + ?2)
ON CONFLICT (tenant) DO UPDATE SET position = excluded.position, recorded_at = excluded.recorded_at;
DROP TABLE stretch;
COMMIT;
