"""Reads what a network wrote with other people's tools: DuckDB, pandas, warcio. Prints one JSON object."""
import glob, gzip, json, sys
import duckdb, pandas
from warcio.archiveiterator import ArchiveIterator

release, records, evidence = sys.argv[1:4]
parquet = sorted(glob.glob(release + "/data/*.parquet"))
frame = pandas.concat([pandas.read_parquet(p) for p in parquet])
rows = duckdb.sql(f"select count(*) from read_parquet('{release}/data/*.parquet')").fetchall()[0][0]
languages = duckdb.sql(f"select lang, count(*) from read_parquet('{release}/data/*.parquet') group by 1 order by 2 desc").fetchall()
with gzip.open(records, "rt", encoding="utf-8") as lines:
    texts = [json.loads(line) for line in lines]
kinds, failed = {}, 0
with open(evidence, "rb") as stream:
    for record in ArchiveIterator(stream, check_digests=True):
        kinds[record.rec_type] = kinds.get(record.rec_type, 0) + 1
        record.content_stream().read()
        if record.digest_checker is not None and record.digest_checker.passed is False:
            failed += 1
print(json.dumps({
    "pandas": len(frame), "duckdb": rows, "columns": list(frame.columns), "unique": int(frame["id"].nunique()),
    "languages": len([l for l, n in languages if n >= 10]), "top": languages[:5], "records": len(texts),
    "titled": sum(1 for t in texts if t["title"]), "warc": kinds, "badDigests": failed,
}))
