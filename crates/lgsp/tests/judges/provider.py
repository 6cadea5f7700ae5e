"""A provider that speaks RFC 9421 with the PyPI package http-message-signatures alone: it checks the
platform's signature over each request and signs its answers, rightly or as the case says.

Prints its port, reads one JSON object from standard input, then serves:
  {"platform_keys": {keyid: PEM}, "keys": {keyid: {"alg": ..., "private_key_pem": PEM}}}
Paths are /{keyid}/{case}. An answer of 500 says what was wrong with the request's signature.
"""

import base64
import datetime
import hashlib
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)

ALGORITHMS = {
    "rsa-pss-sha512": algorithms.RSA_PSS_SHA512,
    "rsa-v1_5-sha256": algorithms.RSA_V1_5_SHA256,
    "ecdsa-p256-sha256": algorithms.ECDSA_P256_SHA256,
    "ecdsa-p384-sha384": algorithms.ECDSA_P384_SHA384,
    "ed25519": algorithms.ED25519,
}
ASKED = [
    "@method",
    "@path",
    "@query",
    "lgsp-consumer-organisation",
    "lgsp-consumer-system",
    "lgsp-purpose",
    "lgsp-request-id",
]
ANSWERED = [
    '"@status"',
    '"content-digest"',
    '"@method";req',
    '"@path";req',
    '"@query";req',
    '"lgsp-request-id";req',
]
config = {}


class Keys(HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id):
        return load_pem_public_key(config["platform_keys"][key_id].encode())

    def resolve_private_key(self, key_id):
        return load_pem_private_key(config["keys"][key_id]["private_key_pem"].encode(), None)


class Request:
    def __init__(self, method, url, headers):
        self.method, self.url, self.headers = method, url, headers


class Answer:
    def __init__(self, request, status, headers):
        self.request, self.status_code, self.headers = request, status, headers


def digest_of(body):
    return "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"


def is_signed(request, body):
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Keys())
    components = ASKED + (["content-digest"] if body else [])
    try:
        verifier.verify(
            request, expect_tag="lgsp", require_components=components, body=body or None
        )
    except InvalidSignature as why:
        return str(why) or "invalid"
    return None


def altered(request, body):
    def with_(name, value):
        return Request(request.method, request.url, {**request.headers, name: value})

    yield Request("PATCH", request.url, request.headers), body
    yield Request(request.method, request.url + "x", request.headers), body
    for name in ASKED[3:]:
        yield with_(name, "other"), body
    if body:
        yield request, body + b" "
        yield with_("content-digest", digest_of(body + b" ")), body + b" "


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, f"http://{headers['host']}{self.path}", headers)
        why = is_signed(request, body)
        if why is None and any(is_signed(*one) is None for one in altered(request, body)):
            why = "an altered request verifies too"
        if why is not None:
            return self.send(500, {}, why.encode())
        _, keyid, case = self.path.split("?")[0].split("/")
        answer, sent = self.signed(request, keyid, case)
        self.send(answer.status_code, answer.headers, sent)

    def signed(self, request, keyid, case):
        is_long = case.startswith("long")
        body = b"" if case == "no_content" else b"0123456789" * (20_000 if is_long else 1)
        answer = Answer(request, 204 if case == "no_content" else 200, {})
        if body:
            answer.headers["content-digest"] = digest_of(body)
        components = [name for name in ANSWERED if body or name != '"content-digest"']
        if case == "missing_component":
            components.remove('"lgsp-request-id";req')
        if case == "missing_digest":
            components.remove('"content-digest"')
        if case == "another_call":
            other = {**request.headers, "lgsp-request-id": "another"}
            answer.request = Request(request.method, request.url, other)
        if case == "another_path":
            answer.request = Request(request.method, request.url + "x", request.headers)
        age = datetime.timedelta(seconds=400 if case == "old" else 0)
        signer = HTTPMessageSigner(
            signature_algorithm=ALGORITHMS[config["keys"][keyid]["alg"]], key_resolver=Keys()
        )
        if case != "unsigned":
            signer.sign(
                answer,
                key_id=keyid,
                created=datetime.datetime.now(datetime.timezone.utc) - age,
                label="provider",
                tag="lgsp",
                covered_component_ids=components,
                use_existing_digest=bool(body),
            )
        if case == "altered_status":
            answer.status_code = 201
        if case.endswith("altered_body"):
            body = body[:-1] + b"!"
        if case == "altered_digest":
            body = body[:-1] + b"!"
            answer.headers["content-digest"] = digest_of(body)
        return answer, body

    def send(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = serve

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
config.update(json.loads(sys.stdin.readline()))
print("ready", flush=True)
server.serve_forever()
