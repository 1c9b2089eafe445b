-- Which generations there are.
CREATE TABLE IF NOT EXISTS generation (
    -- Of the read model.
    name TEXT NOT NULL,
    -- How often it has been built.
    number BIGINT NOT NULL,
    -- Version of its fold and tables.
    version BIGINT NOT NULL,
    -- 1 if it is the one of its version that answers.
    live BIGINT NOT NULL,
    -- 1 if it has once caught up with the log.
    ready BIGINT NOT NULL,
    PRIMARY KEY (name, number)
)
