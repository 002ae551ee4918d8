/** Tables of the ledger index. Amounts are decimal text, because a column of SQLite ends at 2^63; nothing is REAL. */

/** Raised with any change below: an index of another version is thrown away and built again. */
export const INDEX_VERSION = 2

export const TABLES = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE epochs (epoch INTEGER PRIMARY KEY);
CREATE TABLE batches (
  commitment INTEGER PRIMARY KEY, manifest TEXT NOT NULL UNIQUE, contributor TEXT NOT NULL, epoch INTEGER NOT NULL, records INTEGER NOT NULL,
  schema TEXT NOT NULL, pipeline TEXT NOT NULL, settled INTEGER, voided TEXT, isOpen INTEGER NOT NULL
);
CREATE INDEX batches_contributor ON batches (contributor, commitment);
CREATE INDEX batches_open ON batches (commitment) WHERE isOpen = 1;
CREATE TABLE records (
  id INTEGER PRIMARY KEY, record TEXT NOT NULL, manifest TEXT NOT NULL, row INTEGER NOT NULL, contributor TEXT NOT NULL, epoch INTEGER NOT NULL,
  host TEXT NOT NULL, language TEXT NOT NULL, tokens INTEGER NOT NULL, bytes INTEGER NOT NULL, quality INTEGER NOT NULL,
  value TEXT NOT NULL, novelty INTEGER NOT NULL
);
CREATE INDEX records_record ON records (record);
CREATE INDEX records_host ON records (host, id);
CREATE INDEX records_language ON records (language, id);
CREATE INDEX records_contributor ON records (contributor, id);
`
