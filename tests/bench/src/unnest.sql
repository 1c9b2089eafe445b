INSERT INTO events (tenant, position, stream, version, event_id, event_type, schema_version,
                    occurred_at, recorded_at, actor, command_id, payload)
SELECT 'bare', $1 + n, stream, 1, id, 'OpportunityRegistered', 1, 1700000000000000,
       1700000000000000, 'bench', command, payload
FROM unnest($2::TEXT[], $3::UUID[], $4::TEXT[], $5::BYTEA[]) WITH ORDINALITY
    AS e (stream, id, command, payload, n)
