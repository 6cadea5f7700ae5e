"""Signs calls with the PyPI package http-message-signatures and sends them over a plain socket
client: nothing of this project's own code stands between the signature and the gateway.

Reads one JSON object from standard input and prints one JSON object per case:
  {"url": ..., "credential": {...}, "other_credential": {...}, "method": ..., "body": ...,
   "platform_keys": {keyid: PEM}, "ca": path of a root certificate or null, "cases": ["valid", "altered_path", ...]}
Asks for signed answers, and says of each whether the platform's signature over it verifies
("answer") and whether it still does after each alteration of the answer ("altered_answers").
"""

import base64
import datetime
import hashlib
import http.client
import json
import ssl
import sys
import urllib.parse
import uuid

from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)

ALGORITHMS = {
    "hmac-sha256": algorithms.HMAC_SHA256,
    "rsa-pss-sha512": algorithms.RSA_PSS_SHA512,
    "rsa-v1_5-sha256": algorithms.RSA_V1_5_SHA256,
    "ecdsa-p256-sha256": algorithms.ECDSA_P256_SHA256,
    "ecdsa-p384-sha384": algorithms.ECDSA_P384_SHA384,
    "ed25519": algorithms.ED25519,
}
COMPONENTS = ["@method", "@target-uri"]


class Message:
    """What the signer asks of a request: method, url, headers."""

    def __init__(self, method, url, body):
        self.method, self.url, self.body, self.headers = method, url, body, {}


class Key(HTTPSignatureKeyResolver):
    """Always the same key, under whichever id the call names."""

    def __init__(self, credential):
        self.credential = credential

    def resolve_private_key(self, key_id):
        if "secret_base64" in self.credential:
            return base64.b64decode(self.credential["secret_base64"])
        return load_pem_private_key(self.credential["private_key_pem"].encode(), None)


class PlatformKeys(HTTPSignatureKeyResolver):
    """The platform's public keys, from its trust file."""

    def __init__(self, keys):
        self.keys = keys

    def resolve_public_key(self, key_id):
        return load_pem_public_key(self.keys[key_id].encode())


class Answer:
    """What the verifier asks of an answer."""

    def __init__(self, request, status, headers):
        self.request, self.status_code, self.headers = request, status, headers


ANSWER_COMPONENTS = [
    '"@status"',
    '"content-digest"',
    '"lgsp-entry"',
    '"lgsp-request-id"',
    '"@method";req',
    '"@target-uri";req',
    '"signature";req;key="stranger"',
]


def is_signed(job, answer, body):
    verifier = HTTPMessageVerifier(
        signature_algorithm=algorithms.ED25519, key_resolver=PlatformKeys(job["platform_keys"])
    )
    try:
        verifier.verify(answer, expect_tag="lgsp", require_components=ANSWER_COMPONENTS, body=body)
    except InvalidSignature:
        return False
    return True


def altered_answers(message, status, headers, body):
    """One after another: status, body, digest, entry, request id, and what was asked."""
    other = Message("DELETE", message.url, b"")
    other.headers = dict(message.headers)
    elsewhere = Message(message.method, message.url + "?x", b"")
    elsewhere.headers = dict(message.headers)
    unsigned = Message(message.method, message.url, b"")
    unsigned.headers = {**message.headers, "Signature": "stranger=:AAAA:"}
    yield Answer(message, 201, headers), body
    yield Answer(message, status, headers), body + b" "
    yield Answer(message, status, {**headers, "content-digest": digest_of(body + b" ")}), body + b" "
    yield Answer(message, status, {**headers, "lgsp-entry": "other/1"}), body
    yield Answer(message, status, {**headers, "lgsp-request-id": "other"}), body
    for request in (other, elsewhere, unsigned):
        yield Answer(request, status, headers), body


def digest_of(body):
    return "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"


def sign(job, case):
    body = (job.get("body") or "").encode()
    message = Message(job["method"], job["url"], body)
    credential = job["other_credential"] if case == "wrong_key" else job["credential"]
    components = list(COMPONENTS)
    message.headers["Accept-Signature"] = 'answer=("@status");created;keyid;tag="lgsp"'
    if case == "not_permitted":
        message.method = "PUT"
    if body:
        message.headers["Content-Digest"] = digest_of(body)
        message.headers["Content-Type"] = "application/json"
        components.append("content-digest")
    if case == "missing_component":
        components.remove("@method")
    now = datetime.datetime.now(datetime.timezone.utc)
    shift = {"expired": -400, "future": 400}.get(case, 0)
    created = now + datetime.timedelta(seconds=shift)
    life = 900 if case == "too_long_a_life" else 120
    signer = HTTPMessageSigner(
        signature_algorithm=ALGORITHMS[job["credential"]["alg"]], key_resolver=Key(credential)
    )
    signer.sign(
        message,
        key_id="no-such-key" if case == "unknown_key" else job["credential"]["keyid"],
        created=created,
        expires=created + datetime.timedelta(seconds=life),
        nonce=uuid.uuid4().hex,
        tag="lgsp",
        label="stranger",
        covered_component_ids=components,
        use_existing_digest=bool(body),
    )
    return message


def alter(message, case):
    if case == "altered_method":
        message.method = "DELETE"
    elif case == "altered_path":
        message.url += "x"
    elif case == "altered_query":
        message.url += "?more=1"
    elif case == "altered_body":
        message.body = message.body.replace(b"0", b"1", 1)
    elif case == "altered_digest":
        message.headers["Content-Digest"] = digest_of(message.body + b"!")


def send(job, message):
    url = urllib.parse.urlsplit(message.url)
    if job.get("ca"):
        context = ssl.create_default_context(cafile=job["ca"])
        connection = http.client.HTTPSConnection(
            url.hostname, url.port, timeout=30, context=context
        )
    else:
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    target = url.path + ("?" + url.query if url.query else "")
    connection.request(message.method, target, message.body or None, dict(message.headers))
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    code = None
    if answer.headers.get_content_type() == "application/problem+json":
        code = json.loads(body)["code"]
    headers = {name.lower(): value for name, value in answer.getheaders()}
    told = {"status": answer.status, "code": code, "body": body.decode(), "headers": headers}
    if "signature" in headers:
        told["answer"] = is_signed(job, Answer(message, answer.status, headers), body)
        altered = altered_answers(message, answer.status, headers, body)
        told["altered_answers"] = [is_signed(job, *one) for one in altered]
    return told


def main():
    job = json.load(sys.stdin)
    for case in job["cases"]:
        message = sign(job, case)
        alter(message, case)
        if case == "replayed":
            send(job, message)
        print(json.dumps({"case": case, **send(job, message)}), flush=True)


main()
