-- What the engine keeps in every generation, beside the read model's own tables.

-- How far each tenant's log has been folded.
CREATE TABLE checkpoint (
    tenant TEXT NOT NULL PRIMARY KEY,
    -- The last position folded.
    position BIGINT NOT NULL,
    -- When the latest of the folded events happened, in microseconds.
    occurred_to BIGINT NOT NULL
);

-- The facts of each stream, as they came.
CREATE TABLE history (
    tenant TEXT NOT NULL,
    stream TEXT NOT NULL,
    -- JSON: [[happened at, version, type, schema version, payload], ...]
    facts TEXT NOT NULL,
    PRIMARY KEY (tenant, stream)
);
