-- The Merkle tree over each tenant's log. It follows from the log alone: lost, it is built anew, and
-- comes out the same. It is kept in a file of its own, so that its commits and those of appends never
-- wait for one another.

-- How far each tenant's log is sealed: one row, changed only by whoever knows the size that it holds.
CREATE TABLE seals (
    tenant     TEXT    NOT NULL PRIMARY KEY,
    size       INTEGER NOT NULL,          -- leaves of the tree: the last position sealed
    checkpoint TEXT    NOT NULL           -- of that size, a signed note
) STRICT, WITHOUT ROWID;

-- The tiles of the tree. The last ones of their level are not full yet.
CREATE TABLE seal_tiles (
    tenant TEXT    NOT NULL,
    level  INTEGER NOT NULL,              -- 0 holds the hashes of leaves
    place  INTEGER NOT NULL,              -- 0 for the leftmost of its level
    hashes BLOB    NOT NULL,              -- 1 to 256 of 32 bytes each, from the left
    PRIMARY KEY (tenant, level, place)
) STRICT;

-- Since when each key signs: the size of the first checkpoint that it signed.
CREATE TABLE seal_keys (
    tenant     TEXT    NOT NULL,
    public_key BLOB    NOT NULL,          -- 32 bytes
    from_size  INTEGER NOT NULL,
    PRIMARY KEY (tenant, public_key)
) STRICT, WITHOUT ROWID;
