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
INSERT INTO "episodes" VALUES(1,'taboo','high_en/0',0,'fake','high_en',1,'{}','done','aborted','the reply does not start with ''CLUE:''','describer',NULL,NULL,NULL,1.79558065809396767611e+09,1.79558065888423895833e+09);
INSERT INTO "episodes" VALUES(2,'taboo','high_en/1',0,'fake','high_en',1,'{}','done','aborted','the reply does not start with ''CLUE:''','describer',NULL,NULL,NULL,1.79558065809489679335e+09,1.79558065848471903802e+09);
INSERT INTO "episodes" VALUES(3,'taboo','medium_en/0',0,'fake','medium_en',1,'{}','done','aborted','the reply does not start with ''CLUE:''','describer',NULL,NULL,NULL,1.79558065809553337095e+09,1795580658.94524);
INSERT INTO "episodes" VALUES(4,'taboo','medium_en/1',0,'fake','medium_en',1,'{}','done','aborted','the reply does not start with ''CLUE:''','describer',NULL,NULL,NULL,1.79558065809600305557e+09,1.7955806589075734615e+09);
INSERT INTO "episodes" VALUES(5,'taboo','low_en/0',0,'fake','low_en',1,'{}','done','aborted','the reply does not start with ''CLUE:''','describer',NULL,NULL,NULL,1.79558065809644627568e+09,1.79558065896568727496e+09);
INSERT INTO "episodes" VALUES(6,'taboo','low_en/1',0,'fake','low_en',1,'{}','done','aborted','the reply does not start with ''CLUE:''','describer',NULL,NULL,NULL,1.79558065809686279298e+09,1.79558065890786576271e+09);
INSERT INTO "episodes" VALUES(7,'wordle','high_frequency/0',0,'fake','high_frequency',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.79558065809743642809e+09,NULL);
INSERT INTO "episodes" VALUES(8,'wordle','high_frequency/1',0,'fake','high_frequency',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.7955806580976228714e+09,NULL);
INSERT INTO "episodes" VALUES(9,'wordle','medium_frequency/0',0,'fake','medium_frequency',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.79558065809774708744e+09,NULL);
INSERT INTO "episodes" VALUES(10,'wordle','medium_frequency/1',0,'fake','medium_frequency',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.79558065809783577921e+09,NULL);
INSERT INTO "episodes" VALUES(11,'wordle_withclue','high_frequency/0',0,'fake','high_frequency',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.79558065809809517861e+09,NULL);
INSERT INTO "episodes" VALUES(12,'wordle_withclue','high_frequency/1',0,'fake','high_frequency',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.795580658098205328e+09,NULL);
INSERT INTO "episodes" VALUES(13,'wordle_withclue','medium_frequency/0',0,'fake','medium_frequency',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.7955806580982961655e+09,NULL);
INSERT INTO "episodes" VALUES(14,'wordle_withclue','medium_frequency/1',0,'fake','medium_frequency',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.79558065809838843349e+09,NULL);
INSERT INTO "episodes" VALUES(15,'wordle_withcritic','high_frequency/0',0,'fake','high_frequency',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.79558065809869647029e+09,NULL);
INSERT INTO "episodes" VALUES(16,'wordle_withcritic','medium_frequency/0',0,'fake','medium_frequency',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.79558065809880471226e+09,NULL);
INSERT INTO "episodes" VALUES(17,'imagegame','compact_grids/0',0,'fake','compact_grids',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.79558065809909486775e+09,NULL);
INSERT INTO "episodes" VALUES(18,'imagegame','compact_grids/1',0,'fake','compact_grids',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.79558065809928202628e+09,NULL);
INSERT INTO "episodes" VALUES(19,'imagegame','random_grids/0',0,'fake','random_grids',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.79558065809938526154e+09,NULL);
INSERT INTO "episodes" VALUES(20,'referencegame','rows/0',0,'fake','rows',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.79558065809966588017e+09,NULL);
INSERT INTO "episodes" VALUES(21,'referencegame','columns/0',0,'fake','columns',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.79558065809977269178e+09,NULL);
INSERT INTO "episodes" VALUES(22,'referencegame','diagonals/0',0,'fake','diagonals',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.79558065809985303883e+09,NULL);
INSERT INTO "episodes" VALUES(23,'referencegame','letters/0',0,'fake','letters',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.79558065809993124004e+09,NULL);
INSERT INTO "episodes" VALUES(24,'referencegame','shapes/0',0,'fake','shapes',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.79558065810001850131e+09,NULL);
INSERT INTO "episodes" VALUES(25,'referencegame','random/0',0,'fake','random',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.79558065810009908681e+09,NULL);
INSERT INTO "episodes" VALUES(26,'privateshared','travel-booking/0',0,'fake','travel-booking',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.79558065810072016712e+09,NULL);
INSERT INTO "episodes" VALUES(27,'privateshared','restaurant/0',0,'fake','restaurant',1,'{}','unfinished',NULL,NULL,NULL,NULL,'request limit','6 requests were made, and no more are allowed',1.79558065810109949113e+09,NULL);
CREATE TABLE events (
    episode INTEGER NOT NULL REFERENCES episodes, number INTEGER NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (episode, number)) WITHOUT ROWID;
INSERT INTO "events" VALUES(1,2,'replied','{}');
INSERT INTO "events" VALUES(2,2,'replied','{}');
INSERT INTO "events" VALUES(3,2,'replied','{}');
INSERT INTO "events" VALUES(4,2,'replied','{}');
INSERT INTO "events" VALUES(5,2,'replied','{}');
INSERT INTO "events" VALUES(6,2,'replied','{}');
CREATE TABLE loads (                        -- the history of the width
    at REAL NOT NULL, agent TEXT NOT NULL, width INTEGER NOT NULL, started INTEGER, in_flight INTEGER,
    tokens_per_second REAL, why TEXT,
    running INTEGER, waiting INTEGER, kv_usage REAL, preemptions INTEGER, prefix_hits REAL);
INSERT INTO "loads" VALUES(1.79558065809330105778e+09,'fake',64,27,0,NULL,'start',NULL,NULL,NULL,NULL,NULL);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('run','"unfinished"');
INSERT INTO "meta" VALUES('session 1795580658.093','{"seconds":0.8733856769999875,"peak_in_flight":6,"turns":6,"cpu":0.016135389,"lag_p99":0.003990962712474909,"lag_max":0.0039999999999054126}');
CREATE TABLE requests (
    episode INTEGER NOT NULL REFERENCES episodes, turn INTEGER NOT NULL, seat TEXT NOT NULL, agent TEXT NOT NULL,
    model TEXT, seed INTEGER, started REAL, seconds REAL, tokens_in INTEGER, tokens_out INTEGER,
    tokens_cached INTEGER, retries INTEGER, stop TEXT, fingerprint TEXT,
    prefix INTEGER,                         -- tokens of this conversation that were sent before
    replica TEXT,                           -- which of several servers answered
    queued REAL, first_token REAL,          -- seconds, as the server itself measured, where it says so
    PRIMARY KEY (episode, turn)) WITHOUT ROWID;
INSERT INTO "requests" VALUES(1,1,'describer','fake','fake',595652507,1.79558065809411287311e+09,7.89682638000158476643e-01,166,36,160,0,'stop','',0,'',0.0,7.99999999999272404238e-02);
INSERT INTO "requests" VALUES(2,1,'describer','fake','fake',985502246,1.79558065809499192233e+09,3.89269642000272142468e-01,164,16,128,0,'stop','',0,'',0.0,7.99999999999272404238e-02);
INSERT INTO "requests" VALUES(3,1,'describer','fake','fake',1262070721,1795580658.0956,8.49228029999721911735e-01,165,39,160,0,'stop','',0,'',0.0,7.99999999999272404238e-02);
INSERT INTO "requests" VALUES(4,1,'describer','fake','fake',1683667793,1.79558065809606599806e+09,8.11006178999832627596e-01,166,37,128,0,'stop','',0,'',0.0,7.99999999999272404238e-02);
INSERT INTO "requests" VALUES(5,1,'describer','fake','fake',492059169,1.79558065809651041027e+09,8.68830002999857242684e-01,165,40,160,0,'stop','',0,'',0.0,7.99999999999272404238e-02);
INSERT INTO "requests" VALUES(6,1,'describer','fake','fake',480936048,1.7955806580969185829e+09,8.10725007999735680641e-01,165,37,128,0,'stop','',0,'',0.0,7.99999999999272404238e-02);
CREATE TABLE scores (
    episode INTEGER NOT NULL REFERENCES episodes, round INTEGER NOT NULL, -- 0: of the whole episode
    metric TEXT NOT NULL, value REAL,
    PRIMARY KEY (episode, round, metric)) WITHOUT ROWID;
COMMIT;
PRAGMA user_version=2;
