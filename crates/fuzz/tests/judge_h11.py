"""Reads requests as h11 does. Each line on stdin is one, in hex; each line on stdout is what it
means, as JSON, or null where h11 refuses it or does not see it end."""

import json
import sys

import h11


def read(data):
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    connection.receive_data(data)
    request, body = None, b""
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            return {
                "method": request.method.decode(),
                "target": request.target.decode(),
                "fields": [[n.decode("latin-1"), v.hex()] for n, v in request.headers],
                "body": body.hex(),
                "rest": len(connection.trailing_data[0]),
            }
        else:
            return None


for line in sys.stdin:
    try:
        meaning = read(bytes.fromhex(line))
    except h11.RemoteProtocolError:
        meaning = None
    print(json.dumps(meaning), flush=True)
