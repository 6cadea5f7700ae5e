"""Signs calls with the PyPI package http-message-signatures and sends them over a plain socket
client: nothing of this project's own code stands between the signature and the gateway.

Reads one JSON object from standard input and prints one JSON object per case:
  {"url": ..., "credential": {...}, "other_credential": {...}, "method": ..., "body": ...,
   "cases": ["valid", "altered_path", ...]}
"""

import base64
import datetime
import hashlib
import http.client
import json
import sys
import urllib.parse
import uuid

from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms

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
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        return load_pem_private_key(self.credential["private_key_pem"].encode(), None)


def digest_of(body):
    return "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"


def sign(job, case):
    body = (job.get("body") or "").encode()
    message = Message(job["method"], job["url"], body)
    credential = job["other_credential"] if case == "wrong_key" else job["credential"]
    components = list(COMPONENTS)
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


def send(message):
    url = urllib.parse.urlsplit(message.url)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    target = url.path + ("?" + url.query if url.query else "")
    connection.request(message.method, target, message.body or None, dict(message.headers))
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    code = None
    if answer.headers.get_content_type() == "application/problem+json":
        code = json.loads(body)["code"]
    return {
        "status": answer.status,
        "code": code,
        "body": body.decode(),
        "headers": {name.lower(): value for name, value in answer.getheaders()},
    }


def main():
    job = json.load(sys.stdin)
    for case in job["cases"]:
        message = sign(job, case)
        alter(message, case)
        if case == "replayed":
            send(message)
        print(json.dumps({"case": case, **send(message)}), flush=True)


main()
