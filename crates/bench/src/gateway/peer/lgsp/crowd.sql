-- A city's worth of rows, each like the one that was registered through the API: 200 organisations
-- with a system and a credential each, 100 services, and so many connections between them.
-- ':connections' is replaced before this is run.
BEGIN;

CREATE TEMP TABLE consumer AS
WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 200)
SELECT n, 'H24.' || (1000 + n) AS organisation FROM number;

CREATE TEMP TABLE offer AS SELECT n, 'H24.12/dien-tap/dich-vu-' || n || '/v1' AS service
FROM consumer WHERE n <= 100;

INSERT INTO organisation (code, parent, name, name_en, legacy_code, registered_at)
SELECT consumer.organisation, like_it.parent, like_it.name, NULL, NULL, like_it.registered_at
FROM organisation AS like_it, consumer WHERE like_it.code = 'H24.14';

INSERT INTO system (id, organisation, name, registered_at)
SELECT consumer.organisation || '/mot-cua', consumer.organisation, like_it.name, like_it.registered_at
FROM system AS like_it, consumer WHERE like_it.id = 'H24.14/mot-cua';

INSERT INTO credential
    (keyid, system, algorithm, public_key, sealed_secret, not_before, not_after, made_at, revoked_at,
     replaces)
SELECT 'like-' || n, organisation || '/mot-cua', algorithm, public_key, NULL, not_before, not_after,
    made_at, NULL, NULL
FROM (SELECT * FROM credential WHERE algorithm = 'ed25519' LIMIT 1), consumer;

INSERT INTO service
    (id, system, title, upstream, timeout_ms, record_mode, max_body_bytes, published_at, changed_at,
     signed_answers, signed_requests)
SELECT offer.service, system, title, upstream, timeout_ms, record_mode, max_body_bytes, published_at,
    changed_at, signed_answers, signed_requests
FROM service, offer;

INSERT INTO connection (id, consumer, service, state, amends, asked, requested_at)
SELECT printf('00000000-0000-7000-8000-%012x', consumer.n * 100 + offer.n),
    consumer.organisation || '/mot-cua', offer.service, state, amends, asked, requested_at
FROM connection, consumer, offer
LIMIT :connections - 1;

COMMIT;
