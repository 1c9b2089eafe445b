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
);

-- Which node does what one at a time does. Empty where one process owns the home.
CREATE TABLE IF NOT EXISTS lease (
    -- Of what is done, such as a read model that is folded.
    name TEXT NOT NULL,
    -- Of how: nodes of an older program fold their own.
    version BIGINT NOT NULL,
    -- The node that has it, or had it last.
    holder TEXT NOT NULL,
    -- Grows with each holder; nothing is written under an older one.
    token BIGINT NOT NULL,
    -- When it ends if it is not renewed, in microseconds.
    until BIGINT NOT NULL,
    PRIMARY KEY (name, version)
)
