-- The Merkle tree over each tenant's log. It follows from the log alone: lost, it is built anew, and
-- comes out the same. No append ever writes here.

-- How far each tenant's log is sealed: one row, changed only by whoever knows the size that it holds.
CREATE TABLE seals (
    tenant     text   COLLATE "C" NOT NULL PRIMARY KEY,
    size       bigint NOT NULL,                  -- leaves of the tree: the last position sealed
    checkpoint text   COLLATE "C" NOT NULL       -- of that size, a signed note
);

-- The tiles of the tree. The last ones of their level are not full yet.
CREATE TABLE seal_tiles (
    tenant text     COLLATE "C" NOT NULL,
    level  smallint NOT NULL,                    -- 0 holds the hashes of leaves
    place  bigint   NOT NULL,                    -- 0 for the leftmost of its level
    hashes bytea    NOT NULL,                    -- 1 to 256 of 32 bytes each, from the left
    PRIMARY KEY (tenant, level, place)
);

-- Since when each key signs: the size of the first checkpoint that it signed.
CREATE TABLE seal_keys (
    tenant     text   COLLATE "C" NOT NULL,
    public_key bytea  NOT NULL,                  -- 32 bytes
    from_size  bigint NOT NULL,
    PRIMARY KEY (tenant, public_key)
);
