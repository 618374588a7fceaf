"""Makes boto3 calls for the stories: one JSON request a line on stdin, one JSON answer a line on stdout.

A request names endpoint, keys, service, operation (as boto3 spells it) and parameters. `generate_presigned_url` and
`generate_presigned_post` are operations like others; `url` and `post` of the service `http` then use the result as any
HTTP client would. Blobs are text in, and text out (Latin-1, so that no byte is lost).
"""

import datetime
import functools
import json
import socket
import sys
import urllib.error
import urllib.request
import uuid

import boto3
import botocore
import botocore.auth
import botocore.config
import botocore.exceptions


resolve = socket.getaddrinfo


def resolve_localhost(host, *arguments, **more):
    """Every name below localhost is this machine (RFC 6761), which not every resolver knows."""
    below = isinstance(host, str) and host.endswith(".localhost")
    return resolve("127.0.0.1" if below else host, *arguments, **more)


socket.getaddrinfo = resolve_localhost


passed = datetime.timedelta()
real_clock = botocore.auth.get_current_datetime


def advance(parameters):
    """Lets time pass for whoever signs."""
    global passed
    passed += datetime.timedelta(milliseconds=parameters["millis"])
    botocore.auth.get_current_datetime = lambda **options: real_clock(**options) + passed
    return {}


@functools.lru_cache(maxsize=None)
def client(service, endpoint, key_id, secret, token, settings):
    signature = {"signature_version": botocore.UNSIGNED} if not key_id else {}
    # Not checked by the client: what it would refuse is the server's to refuse.
    options = {"retries": {"total_max_attempts": 1}, "read_timeout": 120, "parameter_validation": False}
    options |= {**signature, **json.loads(settings)}
    return boto3.session.Session().client(
        service,
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id=key_id or None,
        aws_secret_access_key=secret or None,
        aws_session_token=token,
        config=botocore.config.Config(**options),
    )


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return value.decode("latin-1")
    if hasattr(value, "read"):
        return value.read().decode("latin-1")
    raise TypeError(type(value))


def http(operation, parameters):
    """Plain HTTP: `url` fetches (or sends `body` to) a URL; `post` sends a form with a file, as a browser does."""
    headers = dict(parameters.get("headers", {}))
    body = parameters.get("body")
    body = body.encode("latin-1") if body is not None else None
    method = parameters.get("method", "GET")
    if operation == "post":
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in parameters["fields"].items()
        ]
        file = parameters["file"]
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
            f"Content-Type: text/plain\r\n\r\n{file}\r\n--{boundary}--\r\n"
        )
        body, method = "".join(parts).encode("latin-1"), "POST"
        headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
    request = urllib.request.Request(parameters["url"], data=body, headers=headers, method=method)
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    return {
        "status": answer.status,
        "headers": {name.lower(): value for name, value in answer.headers.items()},
        "body": answer.read(),
    }


def call(request):
    operation, parameters = request["operation"], request["parameters"]
    if request["service"] == "http":
        return http(operation, parameters)
    if request["service"] == "clock":
        return advance(parameters)
    if request["service"] == "saml":
        import saml_idp  # here, because one story needs it and loading it takes a while

        return getattr(saml_idp, operation)(**parameters)
    settings = json.dumps(parameters.pop("$config", {}))
    endpoint = parameters.pop("$endpoint", request["endpoint"])
    keys = request["key_id"], request["secret"], request["token"]
    service = client(request["service"], endpoint, *keys, settings)
    if operation.startswith("every_"):
        # All pages of a list: every_list_users, with the name of the member that holds the items.
        member = parameters.pop("$member")
        pages = service.get_paginator(operation.removeprefix("every_")).paginate(**parameters)
        return [item for page in pages for item in page.get(member, [])]
    return getattr(service, operation)(**parameters)


for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"ok": call(request)}
        answer = json.dumps(answer, default=plain)
    except botocore.exceptions.ClientError as error:
        details = error.response
        answer = json.dumps(
            {
                "error": {
                    "code": details["Error"].get("Code"),
                    "message": details["Error"].get("Message"),
                    "status": details["ResponseMetadata"]["HTTPStatusCode"],
                    "fields": {k: v for k, v in details["Error"].items() if k not in ("Code", "Message")},
                }
            },
            default=str,
        )
    except Exception as error:  # whatever the client itself refuses or cannot parse
        answer = json.dumps({"error": {"code": type(error).__name__, "message": str(error), "status": 0}})
    print(answer, flush=True)
