-- all.sql - a walk through SQLite: types, indexes, joins, windows, JSON, FTS5, R-tree, triggers.
.bail on
PRAGMA foreign_keys = ON;
CREATE TABLE numbers(n INTEGER PRIMARY KEY, square INT, root REAL, name TEXT, blob BLOB);
WITH RECURSIVE c(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM c WHERE n < 5000)
INSERT INTO numbers SELECT n, n * n, sqrt(n), printf('%05d-%s', n, hex(n * 7919 % 1000)), zeroblob(n % 17) FROM c;
SELECT count(*), sum(square), round(sum(root), 6), min(name), max(name), sum(length(blob)) FROM numbers;
CREATE INDEX by_name ON numbers(name DESC, square);
CREATE INDEX part ON numbers(square) WHERE n % 3 = 0;
ANALYZE;
SELECT n, name FROM numbers WHERE name BETWEEN '00100' AND '00110' ORDER BY name DESC;
SELECT count(*) FROM numbers WHERE name LIKE '%9%1' AND square % 7 = 3;
SELECT n FROM numbers WHERE n % 3 = 0 AND square > 24000000 ORDER BY square LIMIT 5;
EXPLAIN QUERY PLAN SELECT * FROM numbers a JOIN numbers b ON a.square = b.n WHERE a.name > '04990';

CREATE TABLE dept(id INTEGER PRIMARY KEY, name TEXT UNIQUE COLLATE NOCASE);
CREATE TABLE emp(id INTEGER PRIMARY KEY, dept INT REFERENCES dept ON DELETE CASCADE, boss INT, pay NUMERIC CHECK(pay > 0));
INSERT INTO dept(name) VALUES ('Sales'), ('Research'), ('Works'), ('Empty');
INSERT INTO emp(dept, boss, pay) SELECT n % 3 + 1, CASE WHEN n > 1 THEN n / 2 END, 1000 + n * 37 % 911 FROM numbers WHERE n <= 300;
SELECT d.name, count(e.id), round(avg(pay), 3), group_concat(e.id % 10, '') FROM dept d LEFT JOIN emp e ON e.dept = d.id AND e.id < 40 GROUP BY d.id ORDER BY 2 DESC, 1;
WITH RECURSIVE chain(id, level) AS (SELECT id, 0 FROM emp WHERE boss IS NULL UNION ALL SELECT e.id, level + 1 FROM emp e JOIN chain ON e.boss = chain.id)
SELECT level, count(*), sum(id) FROM chain GROUP BY level;
SELECT id, dept, rank() OVER w, row_number() OVER w, sum(pay) OVER (w ROWS BETWEEN 2 PRECEDING AND CURRENT ROW),
       lag(pay, 1, -1) OVER w, ntile(4) OVER w, round(percent_rank() OVER w, 4)
FROM emp WHERE id <= 24 WINDOW w AS (PARTITION BY dept ORDER BY pay DESC, id) ORDER BY dept, 3, id;
SELECT a.id FROM emp a WHERE EXISTS (SELECT 1 FROM emp b WHERE b.boss = a.id AND b.pay > a.pay) AND a.dept IN (SELECT id FROM dept WHERE name = 'sALES') ORDER BY 1 LIMIT 7;
SELECT id FROM emp WHERE id < 20 EXCEPT SELECT boss FROM emp INTERSECT SELECT id FROM emp WHERE id > 3 ORDER BY 1;

CREATE TABLE log(what TEXT, id INT);
CREATE TRIGGER pay_up AFTER UPDATE OF pay ON emp WHEN new.pay > old.pay BEGIN INSERT INTO log VALUES ('raise', new.id); END;
CREATE TRIGGER gone BEFORE DELETE ON emp BEGIN INSERT INTO log VALUES ('gone', old.id); END;
UPDATE emp SET pay = pay + CASE WHEN id % 5 = 0 THEN 100 ELSE -1 END WHERE dept = 2;
BEGIN; DELETE FROM dept WHERE id = 1; SAVEPOINT s; DELETE FROM emp; ROLLBACK TO s; COMMIT;
SELECT what, count(*), sum(id) FROM log GROUP BY what;
INSERT INTO dept(id, name) VALUES (2, 'x') ON CONFLICT(id) DO UPDATE SET name = excluded.name || '!' RETURNING id, name;
CREATE VIEW rich AS SELECT id, pay FROM emp WHERE pay > 1800;
SELECT count(*), max(pay) FROM rich;

SELECT 1 / 2, 1.0 / 2, 7 % -3, -7 / 2, 9223372036854775807 + 1, typeof(9223372036854775807 + 0), 1 << 62, -1 >> 3, ~5, 5 & 3 | 8;
SELECT CAST('12abc' AS INT), CAST(1e30 AS INT), CAST(-1.9 AS INT), '10' + 5, 'a' || 1.0, x'4142', quote(x'00ff'), quote('it''s'), NULL IS NULL, 1 = '1', 0.1 + 0.2 = 0.3;
SELECT round(2.5), round(-2.675, 2), abs(-5), max(1, 'a', NULL), coalesce(NULL, 3), nullif(1, 1), iif(2 > 1, 'y', 'n'), sign(-3.5), printf('%.15g %e %08.3f %x %,d %!.20f', 0.1, 12345.678, 3.14159, 255, 1234567, 0.1);
SELECT substr('abcdef', -3, 2), instr('hello', 'l'), replace('aXbX', 'X', '--'), trim('  x '), upper('äb'), unicode('€'), char(8364, 65), hex('ab'), length('€a'), 'abc' GLOB 'a*', 'ABC' LIKE 'a_c';
SELECT date('2024-02-29', '+1 year'), julianday('2000-01-01'), strftime('%Y-%j-%W %H:%M:%f', '2021-07-04 12:34:56.789'), datetime(1234567890, 'unixepoch'), time('12:00', '-90 minutes');
SELECT sin(1), cos(2), exp(3), ln(10), pow(2, 0.5), atan2(1, -1), 5.0 % 3, ceil(1.2), floor(-1.2), trunc(-1.7);

SELECT json_extract('{"a":[1,2,{"b":null}],"c":"\u20ac"}', '$.a[2]', '$.c'), json_set('{"a":1}', '$.b', json('[1,2]')), json_valid('{x}'), json_type('[1.5]', '$[0]');
SELECT key, value, type, fullkey FROM json_tree('{"x":{"y":[true,null,1e3]},"z":"s"}');
SELECT json_group_array(n), json_group_object(name, n) FROM numbers WHERE n < 5;
CREATE VIRTUAL TABLE doc USING fts5(title, body, tokenize = 'porter');
INSERT INTO doc SELECT name, 'the number ' || n || ' is ' || CASE WHEN n % 2 THEN 'odd and running' ELSE 'even, it runs' END || ' with square ' || square FROM numbers WHERE n < 400;
SELECT rowid, highlight(doc, 1, '[', ']') FROM doc WHERE doc MATCH 'run AND (square NEAR 14*) NOT odd' ORDER BY rank LIMIT 4;
SELECT rowid, round(bm25(doc), 4) FROM doc WHERE doc MATCH 'even AND 1*' ORDER BY 2, 1 LIMIT 3;
INSERT INTO doc(doc) VALUES ('integrity-check'); INSERT INTO doc(doc) VALUES ('optimize');
CREATE VIRTUAL TABLE box USING rtree(id, x0, x1, y0, y1);
INSERT INTO box SELECT n, n % 71, n % 71 + n % 5, n % 53, n % 53 + n % 7 FROM numbers;
SELECT count(*), sum(id) FROM box WHERE x0 >= 10 AND x1 <= 20 AND y0 > 30 AND y1 < 45;
DELETE FROM box WHERE id % 2; SELECT count(*) FROM box WHERE x1 > 40;

CREATE TABLE wide(a, b, c, d, PRIMARY KEY(a, b)) WITHOUT ROWID;
INSERT INTO wide SELECT n % 40, n, name, CASE n % 4 WHEN 0 THEN n WHEN 1 THEN n / 3.0 WHEN 2 THEN name ELSE NULL END FROM numbers;
SELECT a, count(d), min(d), max(d), total(d) FROM wide WHERE a IN (3, 5, 17, 39) GROUP BY a HAVING count(*) > 10 ORDER BY a DESC;
SELECT typeof(d), count(*) FROM wide GROUP BY 1 ORDER BY 1;
ALTER TABLE wide ADD COLUMN e DEFAULT 'new'; ALTER TABLE wide RENAME COLUMN d TO dd; UPDATE wide SET dd = e WHERE dd IS NULL OR a = 1;
SELECT sum(length(dd)), sum(length(e)) FROM wide;
CREATE TABLE gen(x, y AS (x * 2) STORED, z AS (y || 'z'));
INSERT INTO gen VALUES (1), (2.5), ('3'); SELECT * FROM gen;
VACUUM; PRAGMA integrity_check; PRAGMA page_count;
.bail off
SELECT * FROM nowhere;
INSERT INTO emp(dept, pay) VALUES (99, 5);
INSERT INTO emp(dept, pay) VALUES (2, -5);
SELECT (SELECT 1, 2);
