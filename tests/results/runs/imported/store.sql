BEGIN TRANSACTION;
CREATE TABLE episodes (
    id INTEGER PRIMARY KEY,
    arena TEXT NOT NULL, instance TEXT NOT NULL, repetition INTEGER NOT NULL, "cast" TEXT NOT NULL,
    experiment TEXT NOT NULL, version INTEGER NOT NULL,
    data TEXT NOT NULL,                     -- the instance as JSON
    status TEXT NOT NULL DEFAULT 'waiting', -- waiting, playing, done, unfinished
    outcome TEXT, reason TEXT, blame TEXT, quality REAL,
    cause TEXT, detail TEXT,                -- why it is unfinished
    started REAL, ended REAL,               -- seconds since the epoch
    UNIQUE (arena, instance, repetition, "cast"));
INSERT INTO "episodes" VALUES(1,'privateshared','job-interview/0',0,'fake-t0.0','job-interview',1,'{}','done','aborted','',NULL,NULL,NULL,NULL,NULL,1.79558066185705590247e+09);
INSERT INTO "episodes" VALUES(2,'privateshared','letter-number/0',0,'fake-t0.0','letter-number',1,'{}','done','aborted','',NULL,NULL,NULL,NULL,NULL,1.79558066185833549496e+09);
INSERT INTO "episodes" VALUES(3,'privateshared','restaurant/0',0,'fake-t0.0','restaurant',1,'{}','done','aborted','',NULL,NULL,NULL,NULL,NULL,1.79558066185907530781e+09);
INSERT INTO "episodes" VALUES(4,'privateshared','things-places/0',0,'fake-t0.0','things-places',1,'{}','done','aborted','',NULL,NULL,NULL,NULL,NULL,1.79558066186076712607e+09);
INSERT INTO "episodes" VALUES(5,'privateshared','travel-booking/0',0,'fake-t0.0','travel-booking',1,'{}','done','aborted','',NULL,NULL,NULL,NULL,NULL,1.79558066186153602594e+09);
INSERT INTO "episodes" VALUES(6,'taboo','high_en/0',0,'fake-t0.0','high_en',1,'{}','done','aborted','',NULL,NULL,NULL,NULL,NULL,1.79558066186212658883e+09);
INSERT INTO "episodes" VALUES(7,'taboo','low_en/0',0,'fake-t0.0','low_en',1,'{}','done','aborted','',NULL,NULL,NULL,NULL,NULL,1.79558066186233282086e+09);
INSERT INTO "episodes" VALUES(8,'taboo','medium_en/0',0,'fake-t0.0','medium_en',1,'{}','done','aborted','',NULL,NULL,NULL,NULL,NULL,1.79558066186254739761e+09);
CREATE TABLE events (
    episode INTEGER NOT NULL REFERENCES episodes, number INTEGER NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (episode, number)) WITHOUT ROWID;
INSERT INTO "events" VALUES(1,6,'replied','{}');
INSERT INTO "events" VALUES(1,7,'replied','{}');
INSERT INTO "events" VALUES(1,8,'replied','{}');
INSERT INTO "events" VALUES(1,9,'replied','{}');
INSERT INTO "events" VALUES(1,10,'replied','{}');
INSERT INTO "events" VALUES(1,16,'replied','{}');
INSERT INTO "events" VALUES(1,17,'replied','{}');
INSERT INTO "events" VALUES(1,18,'replied','{}');
INSERT INTO "events" VALUES(1,19,'replied','{}');
INSERT INTO "events" VALUES(1,20,'replied','{}');
INSERT INTO "events" VALUES(1,26,'replied','{}');
INSERT INTO "events" VALUES(1,27,'replied','{}');
INSERT INTO "events" VALUES(1,28,'replied','{}');
INSERT INTO "events" VALUES(1,29,'replied','{}');
INSERT INTO "events" VALUES(1,30,'replied','{}');
INSERT INTO "events" VALUES(1,36,'replied','{}');
INSERT INTO "events" VALUES(1,37,'replied','{}');
INSERT INTO "events" VALUES(1,38,'replied','{}');
INSERT INTO "events" VALUES(1,39,'replied','{}');
INSERT INTO "events" VALUES(1,40,'replied','{}');
INSERT INTO "events" VALUES(1,46,'replied','{}');
INSERT INTO "events" VALUES(1,47,'replied','{}');
INSERT INTO "events" VALUES(1,48,'replied','{}');
INSERT INTO "events" VALUES(1,49,'replied','{}');
INSERT INTO "events" VALUES(1,50,'replied','{}');
INSERT INTO "events" VALUES(2,11,'replied','{}');
INSERT INTO "events" VALUES(2,12,'replied','{}');
INSERT INTO "events" VALUES(2,13,'replied','{}');
INSERT INTO "events" VALUES(2,14,'replied','{}');
INSERT INTO "events" VALUES(2,15,'replied','{}');
INSERT INTO "events" VALUES(2,16,'replied','{}');
INSERT INTO "events" VALUES(2,17,'replied','{}');
INSERT INTO "events" VALUES(2,18,'replied','{}');
INSERT INTO "events" VALUES(2,19,'replied','{}');
INSERT INTO "events" VALUES(2,20,'replied','{}');
INSERT INTO "events" VALUES(2,31,'replied','{}');
INSERT INTO "events" VALUES(2,32,'replied','{}');
INSERT INTO "events" VALUES(2,33,'replied','{}');
INSERT INTO "events" VALUES(2,34,'replied','{}');
INSERT INTO "events" VALUES(2,35,'replied','{}');
INSERT INTO "events" VALUES(2,36,'replied','{}');
INSERT INTO "events" VALUES(2,37,'replied','{}');
INSERT INTO "events" VALUES(2,38,'replied','{}');
INSERT INTO "events" VALUES(2,39,'replied','{}');
INSERT INTO "events" VALUES(2,40,'replied','{}');
INSERT INTO "events" VALUES(2,51,'replied','{}');
INSERT INTO "events" VALUES(2,52,'replied','{}');
INSERT INTO "events" VALUES(2,53,'replied','{}');
INSERT INTO "events" VALUES(2,54,'replied','{}');
INSERT INTO "events" VALUES(2,55,'replied','{}');
INSERT INTO "events" VALUES(2,56,'replied','{}');
INSERT INTO "events" VALUES(2,57,'replied','{}');
INSERT INTO "events" VALUES(2,58,'replied','{}');
INSERT INTO "events" VALUES(2,59,'replied','{}');
INSERT INTO "events" VALUES(2,60,'replied','{}');
INSERT INTO "events" VALUES(2,71,'replied','{}');
INSERT INTO "events" VALUES(2,72,'replied','{}');
INSERT INTO "events" VALUES(2,73,'replied','{}');
INSERT INTO "events" VALUES(2,74,'replied','{}');
INSERT INTO "events" VALUES(2,75,'replied','{}');
INSERT INTO "events" VALUES(2,76,'replied','{}');
INSERT INTO "events" VALUES(2,77,'replied','{}');
INSERT INTO "events" VALUES(2,78,'replied','{}');
INSERT INTO "events" VALUES(2,79,'replied','{}');
INSERT INTO "events" VALUES(2,80,'replied','{}');
INSERT INTO "events" VALUES(2,91,'replied','{}');
INSERT INTO "events" VALUES(2,92,'replied','{}');
INSERT INTO "events" VALUES(2,93,'replied','{}');
INSERT INTO "events" VALUES(2,94,'replied','{}');
INSERT INTO "events" VALUES(2,95,'replied','{}');
INSERT INTO "events" VALUES(2,96,'replied','{}');
INSERT INTO "events" VALUES(2,97,'replied','{}');
INSERT INTO "events" VALUES(2,98,'replied','{}');
INSERT INTO "events" VALUES(2,99,'replied','{}');
INSERT INTO "events" VALUES(2,100,'replied','{}');
INSERT INTO "events" VALUES(3,6,'replied','{}');
INSERT INTO "events" VALUES(3,7,'replied','{}');
INSERT INTO "events" VALUES(3,8,'replied','{}');
INSERT INTO "events" VALUES(3,9,'replied','{}');
INSERT INTO "events" VALUES(3,10,'replied','{}');
INSERT INTO "events" VALUES(3,16,'replied','{}');
INSERT INTO "events" VALUES(3,17,'replied','{}');
INSERT INTO "events" VALUES(3,18,'replied','{}');
INSERT INTO "events" VALUES(3,19,'replied','{}');
INSERT INTO "events" VALUES(3,20,'replied','{}');
INSERT INTO "events" VALUES(3,26,'replied','{}');
INSERT INTO "events" VALUES(3,27,'replied','{}');
INSERT INTO "events" VALUES(3,28,'replied','{}');
INSERT INTO "events" VALUES(3,29,'replied','{}');
INSERT INTO "events" VALUES(3,30,'replied','{}');
INSERT INTO "events" VALUES(3,36,'replied','{}');
INSERT INTO "events" VALUES(3,37,'replied','{}');
INSERT INTO "events" VALUES(3,38,'replied','{}');
INSERT INTO "events" VALUES(3,39,'replied','{}');
INSERT INTO "events" VALUES(3,40,'replied','{}');
INSERT INTO "events" VALUES(3,46,'replied','{}');
INSERT INTO "events" VALUES(3,47,'replied','{}');
INSERT INTO "events" VALUES(3,48,'replied','{}');
INSERT INTO "events" VALUES(3,49,'replied','{}');
INSERT INTO "events" VALUES(3,50,'replied','{}');
INSERT INTO "events" VALUES(4,16,'replied','{}');
INSERT INTO "events" VALUES(4,17,'replied','{}');
INSERT INTO "events" VALUES(4,18,'replied','{}');
INSERT INTO "events" VALUES(4,19,'replied','{}');
INSERT INTO "events" VALUES(4,20,'replied','{}');
INSERT INTO "events" VALUES(4,21,'replied','{}');
INSERT INTO "events" VALUES(4,22,'replied','{}');
INSERT INTO "events" VALUES(4,23,'replied','{}');
INSERT INTO "events" VALUES(4,24,'replied','{}');
INSERT INTO "events" VALUES(4,25,'replied','{}');
INSERT INTO "events" VALUES(4,26,'replied','{}');
INSERT INTO "events" VALUES(4,27,'replied','{}');
INSERT INTO "events" VALUES(4,28,'replied','{}');
INSERT INTO "events" VALUES(4,29,'replied','{}');
INSERT INTO "events" VALUES(4,30,'replied','{}');
INSERT INTO "events" VALUES(4,46,'replied','{}');
INSERT INTO "events" VALUES(4,47,'replied','{}');
INSERT INTO "events" VALUES(4,48,'replied','{}');
INSERT INTO "events" VALUES(4,49,'replied','{}');
INSERT INTO "events" VALUES(4,50,'replied','{}');
INSERT INTO "events" VALUES(4,51,'replied','{}');
INSERT INTO "events" VALUES(4,52,'replied','{}');
INSERT INTO "events" VALUES(4,53,'replied','{}');
INSERT INTO "events" VALUES(4,54,'replied','{}');
INSERT INTO "events" VALUES(4,55,'replied','{}');
INSERT INTO "events" VALUES(4,56,'replied','{}');
INSERT INTO "events" VALUES(4,57,'replied','{}');
INSERT INTO "events" VALUES(4,58,'replied','{}');
INSERT INTO "events" VALUES(4,59,'replied','{}');
INSERT INTO "events" VALUES(4,60,'replied','{}');
INSERT INTO "events" VALUES(4,76,'replied','{}');
INSERT INTO "events" VALUES(4,77,'replied','{}');
INSERT INTO "events" VALUES(4,78,'replied','{}');
INSERT INTO "events" VALUES(4,79,'replied','{}');
INSERT INTO "events" VALUES(4,80,'replied','{}');
INSERT INTO "events" VALUES(4,81,'replied','{}');
INSERT INTO "events" VALUES(4,82,'replied','{}');
INSERT INTO "events" VALUES(4,83,'replied','{}');
INSERT INTO "events" VALUES(4,84,'replied','{}');
INSERT INTO "events" VALUES(4,85,'replied','{}');
INSERT INTO "events" VALUES(4,86,'replied','{}');
INSERT INTO "events" VALUES(4,87,'replied','{}');
INSERT INTO "events" VALUES(4,88,'replied','{}');
INSERT INTO "events" VALUES(4,89,'replied','{}');
INSERT INTO "events" VALUES(4,90,'replied','{}');
INSERT INTO "events" VALUES(4,106,'replied','{}');
INSERT INTO "events" VALUES(4,107,'replied','{}');
INSERT INTO "events" VALUES(4,108,'replied','{}');
INSERT INTO "events" VALUES(4,109,'replied','{}');
INSERT INTO "events" VALUES(4,110,'replied','{}');
INSERT INTO "events" VALUES(4,111,'replied','{}');
INSERT INTO "events" VALUES(4,112,'replied','{}');
INSERT INTO "events" VALUES(4,113,'replied','{}');
INSERT INTO "events" VALUES(4,114,'replied','{}');
INSERT INTO "events" VALUES(4,115,'replied','{}');
INSERT INTO "events" VALUES(4,116,'replied','{}');
INSERT INTO "events" VALUES(4,117,'replied','{}');
INSERT INTO "events" VALUES(4,118,'replied','{}');
INSERT INTO "events" VALUES(4,119,'replied','{}');
INSERT INTO "events" VALUES(4,120,'replied','{}');
INSERT INTO "events" VALUES(4,136,'replied','{}');
INSERT INTO "events" VALUES(4,137,'replied','{}');
INSERT INTO "events" VALUES(4,138,'replied','{}');
INSERT INTO "events" VALUES(4,139,'replied','{}');
INSERT INTO "events" VALUES(4,140,'replied','{}');
INSERT INTO "events" VALUES(4,141,'replied','{}');
INSERT INTO "events" VALUES(4,142,'replied','{}');
INSERT INTO "events" VALUES(4,143,'replied','{}');
INSERT INTO "events" VALUES(4,144,'replied','{}');
INSERT INTO "events" VALUES(4,145,'replied','{}');
INSERT INTO "events" VALUES(4,146,'replied','{}');
INSERT INTO "events" VALUES(4,147,'replied','{}');
INSERT INTO "events" VALUES(4,148,'replied','{}');
INSERT INTO "events" VALUES(4,149,'replied','{}');
INSERT INTO "events" VALUES(4,150,'replied','{}');
INSERT INTO "events" VALUES(5,6,'replied','{}');
INSERT INTO "events" VALUES(5,7,'replied','{}');
INSERT INTO "events" VALUES(5,8,'replied','{}');
INSERT INTO "events" VALUES(5,9,'replied','{}');
INSERT INTO "events" VALUES(5,10,'replied','{}');
INSERT INTO "events" VALUES(5,16,'replied','{}');
INSERT INTO "events" VALUES(5,17,'replied','{}');
INSERT INTO "events" VALUES(5,18,'replied','{}');
INSERT INTO "events" VALUES(5,19,'replied','{}');
INSERT INTO "events" VALUES(5,20,'replied','{}');
INSERT INTO "events" VALUES(5,26,'replied','{}');
INSERT INTO "events" VALUES(5,27,'replied','{}');
INSERT INTO "events" VALUES(5,28,'replied','{}');
INSERT INTO "events" VALUES(5,29,'replied','{}');
INSERT INTO "events" VALUES(5,30,'replied','{}');
INSERT INTO "events" VALUES(5,36,'replied','{}');
INSERT INTO "events" VALUES(5,37,'replied','{}');
INSERT INTO "events" VALUES(5,38,'replied','{}');
INSERT INTO "events" VALUES(5,39,'replied','{}');
INSERT INTO "events" VALUES(5,40,'replied','{}');
INSERT INTO "events" VALUES(5,46,'replied','{}');
INSERT INTO "events" VALUES(5,47,'replied','{}');
INSERT INTO "events" VALUES(5,48,'replied','{}');
INSERT INTO "events" VALUES(5,49,'replied','{}');
INSERT INTO "events" VALUES(5,50,'replied','{}');
INSERT INTO "events" VALUES(6,2,'replied','{}');
INSERT INTO "events" VALUES(7,2,'replied','{}');
INSERT INTO "events" VALUES(8,2,'replied','{}');
CREATE TABLE loads (                        -- the history of the width
    at REAL NOT NULL, agent TEXT NOT NULL, width INTEGER NOT NULL, started INTEGER, in_flight INTEGER,
    tokens_per_second REAL, why TEXT,
    running INTEGER, waiting INTEGER, kv_usage REAL, preemptions INTEGER, prefix_hits REAL);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE requests (
    episode INTEGER NOT NULL REFERENCES episodes, turn INTEGER NOT NULL, seat TEXT NOT NULL, agent TEXT NOT NULL,
    model TEXT, seed INTEGER, started REAL, seconds REAL, tokens_in INTEGER, tokens_out INTEGER,
    tokens_cached INTEGER, retries INTEGER, stop TEXT, fingerprint TEXT,
    prefix INTEGER,                         -- tokens of this conversation that were sent before
    replica TEXT,                           -- which of several servers answered
    queued REAL, first_token REAL,          -- seconds, as the server itself measured, where it says so
    PRIMARY KEY (episode, turn)) WITHOUT ROWID;
CREATE TABLE scores (
    episode INTEGER NOT NULL REFERENCES episodes, round INTEGER NOT NULL, -- 0: of the whole episode
    metric TEXT NOT NULL, value REAL,
    PRIMARY KEY (episode, round, metric)) WITHOUT ROWID;
COMMIT;
PRAGMA user_version=2;
