-- Commits are answered before they are on disk (synchronous_commit off).
-- scenario: crash
-- sql
alter role tradepost_api in database :database set synchronous_commit = off;
alter role postgres in database :database set synchronous_commit = off;
alter role tradepost_worker in database :database set synchronous_commit = off;
