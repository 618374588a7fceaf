"""Holds every operation of IAM, STS and Organizations against AWS's own service model, as botocore has it.

For each operation: every required member left out, each constraint one below and one above its bounds and at them, and a value
that no enumeration has. What breaks the model must be refused as AWS refuses it; what keeps to it may fail for any other
reason, but not for that one. Calls are signed and sent raw, since botocore's client would refuse them itself.

Reads operations.json, a list of [service, operation]; prints one line of JSON: how many calls, what was wrong.
"""

import http.client
import json
import os
import re
import sys
from urllib.parse import urlencode, urlsplit

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.serialize
import botocore.session

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
HOST = urlsplit(ENDPOINT).netloc
CREDENTIALS = botocore.credentials.Credentials(
    os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
)
#: Longer texts and lists are not tried: some limits of the model are larger than any request may be.
LENGTH_MAX = 200_000
ITEMS_MAX = 300
DEPTH_MAX = 4

session = botocore.session.get_session()
connection = http.client.HTTPConnection(HOST)
calls = 0


def send(service, operation, parameters):
    """Signs and sends one call: status, error code and message."""
    global calls
    calls += 1
    model = session.get_service_model(service)
    request = SERIALIZERS[service].serialize_to_request(
        parameters, model.operation_model(operation)
    )
    body = request["body"]
    headers = dict(request["headers"])
    if isinstance(body, dict):
        body = urlencode(body)
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
    signed = botocore.awsrequest.AWSRequest("POST", ENDPOINT + "/", headers, body)
    botocore.auth.SigV4Auth(CREDENTIALS, service, "us-east-1").add_auth(signed)
    connection.request("POST", "/", body=body, headers=dict(signed.headers))
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status == 200:
        return 200, "", ""
    if service == "organizations":
        fault = json.loads(text)
        return answer.status, fault.get("__type", "").split("#")[-1], json.dumps(fault)
    code = re.search("<Code>(.*?)</Code>", text, re.S)
    message = re.search("<Message>(.*?)</Message>", text, re.S)
    return answer.status, code and code[1] or "", message and message[1] or text


SERIALIZERS = {
    name: botocore.serialize.create_serializer(
        session.get_service_model(name).metadata["protocol"], include_validation=False
    )
    for name in ("iam", "sts", "organizations")
}


def java(pattern):
    """A pattern of the model as Python has it, with the ASCII part of Unicode's classes."""
    classes = {"L": "a-zA-Z", "Z": " ", "N": "0-9", "M": "", "S": "$+<=>^`|~", "P": "!-#%-*,-/:;?@_{}"}
    pattern = re.sub(r"\\p\{(\w)\}", lambda found: classes[found[1]], pattern)
    return re.compile(pattern, re.ASCII)


def matches(shape, text):
    pattern = shape.metadata.get("pattern")
    return pattern is None or java(pattern).fullmatch(text) is not None


KNOWN = [
    "arn:aws:iam::123456789012:policy/name",
    "arn:aws:iam::123456789012:role/name",
    "123456789012",
    "o-abcdefghij",
    "r-abcd",
    "ou-abcd-abcdefgh",
    "p-abcdefgh",
    "h-abcdefgh",
    "car-abcdefgh",
    "rt-abcdefgh",
    "account@example.com",
    "https://example.com",
    "arn:aws:organizations::123456789012:policy/o-abcdefghij/service_control_policy/p-abcdefgh",
    "o-abcdefghij/r-abcd/ou-abcd-abcdefgh",
    "v1",
    # The model says in words only which algorithms there are.
    "RS256",
]


def text(shape, length=None):
    """A text of this shape, of a length if one is given; none if none can be thought of."""
    if shape.enum:
        return shape.enum[0] if length is None else None
    low = shape.metadata.get("min", 0)
    if length is None:
        candidates = [known for known in KNOWN if low <= len(known) <= shape.metadata.get("max", 9**9)]
        lengths = [low, low + 1, max(low, 8)]
    else:
        candidates, lengths = [known for known in KNOWN if len(known) == length], [length]
    for size in lengths:
        candidates += ["a" * size, "1" * size, "A" * size]
        if size > 1:
            candidates += ["/" + "a" * (size - 2) + "/", "a" * (size - 2) + ":a", "/" * size]
        for start in ("o-", "r-", "p-", "h-", "car-", "arn:aws:iam::123456789012:user/", "a@a.", "d-", "https://"):
            if size > len(start):
                candidates.append(start + "a" * (size - len(start)))
    return next((text for text in candidates if matches(shape, text)), None)


def example(shape, depth=0):
    """A value that keeps to the model: its required members only."""
    kind = shape.type_name
    if kind == "structure":
        if shape.metadata.get("union") or not shape.required_members and depth:
            members = list(shape.members)[:1]
        else:
            members = shape.required_members
        return {name: example(shape.members[name], depth + 1) for name in members}
    if kind == "list":
        return [example(shape.member, depth + 1) for _ in range(max(1, shape.metadata.get("min", 1)))]
    if kind == "map":
        return {example(shape.key, depth + 1): example(shape.value, depth + 1)}
    if kind == "string":
        return text(shape)
    if kind in ("integer", "long"):
        return shape.metadata.get("min", 1)
    if kind in ("double", "float"):
        return float(shape.metadata.get("min", 1))
    if kind == "boolean":
        return False
    if kind == "blob":
        return b"a" * max(1, shape.metadata.get("min", 1))
    if kind == "timestamp":
        return "2026-01-01T00:00:00Z"
    raise ValueError(kind)


def lower(name):
    return name[:1].lower() + name[1:]


def bounds(low, high, of):
    """One below and at the lower bound, at and one above the upper one, and what is broken by it, if anything."""
    if low is not None:
        yield low - 1, f"MIN_{of}_EXCEEDED"
        yield low, None
    if high is not None:
        yield high, None
        yield high + 1, f"MAX_{of}_EXCEEDED"


def cases(shape, build, path, depth=0):
    """Yields (path, what, value, broken) for every constraint at and below a shape.

    `build` puts a value of the shape into the whole of the parameters; `broken` is the rule that must be told, as Organizations
    calls it, or none if the value is good.
    """
    kind = shape.type_name
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if kind == "structure" and depth <= DEPTH_MAX:
        base = example(shape, depth)
        for name in shape.required_members:
            whole = {key: value for key, value in base.items() if key != name}
            yield f"{path}.{lower(name)}", "missing", build(whole), "INPUT_REQUIRED"
        if shape.metadata.get("union"):
            return
        for name, member in shape.members.items():
            def inside(value, name=name):
                return build({**base, name: value})
            yield from cases(member, inside, f"{path}.{lower(name)}", depth + 1)
    elif kind == "list":
        item = example(shape.member, depth + 1)
        for count, broken in bounds(low or None, high, "LENGTH"):
            if count <= ITEMS_MAX:
                yield path, f"{count} items", build([item] * count), broken
        if depth <= DEPTH_MAX and shape.member.type_name in ("structure", "list"):
            yield from cases(shape.member, lambda value: build([value]), f"{path}.1.member", depth + 1)
        elif shape.member.type_name == "string":
            for _, what, value, broken in cases(shape.member, lambda value: build([value]), path, depth + 1):
                yield path, what, value, broken
    elif kind == "string" and shape.enum:
        yield path, "no such value", build("no-such-value"), "INVALID_ENUM"
        yield path, "the last value", build(shape.enum[-1]), None
    elif kind == "string":
        for length, broken in bounds(low or None, high, "LENGTH"):
            if length > LENGTH_MAX:
                continue
            value = "a" * length if broken else text(shape, length)
            if value is not None:
                yield path, f"{length} characters", build(value), broken
        if shape.metadata.get("pattern") and shape.name not in DOCUMENTS:
            size = max(low or 1, 1)
            wrong = next((c * size for c in "\u2603 \u0001|" if not matches(shape, c * size)), None)
            if wrong and size < LENGTH_MAX:
                yield path, "characters that the pattern forbids", build(wrong), "INVALID_PATTERN"
    elif kind in ("integer", "long"):
        for value, broken in bounds(low, high, "VALUE"):
            yield path, str(value), build(value), broken


#: Characters of documents are looked at when the document is read, where the place of the wrong one can be told.
DOCUMENTS = {
    "policyDocumentType",
    "sessionPolicyDocumentType",
    "unrestrictedSessionPolicyDocumentType",
    "PolicyContent",
    "SAMLMetadataDocumentType",
}

CODES = {"iam": "ValidationError", "sts": "ValidationError", "organizations": "InvalidInputException"}

#: What Organizations calls the kinds of rules that a model has; which member it was it does not say.
REASONS = {"INPUT_REQUIRED", "INVALID_ENUM", "INVALID_PATTERN"} | {
    f"{side}_{of}_EXCEEDED" for side in ("MIN", "MAX") for of in ("LENGTH", "VALUE")
}


def check(service, operation, path, what, parameters, broken):
    try:
        status, code, message = send(service, operation, parameters)
    except (http.client.HTTPException, OSError) as error:
        connection.close()
        return f"{service}:{operation} {path}: {what}: {error!r}"
    where = f"{service}:{operation} {path}: {what}"
    if status >= 500:
        return f"{where}: {status} {code} {message}"
    constraint = code == CODES[service]
    reason = json.loads(message).get("Reason") if service == "organizations" and message else None
    if broken:
        # A text of the wrong length may have the wrong characters, too.
        named = reason in (broken, "INVALID_PATTERN") if reason else f"'{path}'" in message or f"for {path} " in message
        if not constraint or status != 400:
            return f"{where}: not refused: {status} {code} {message[:200]}"
        if not named:
            return f"{where}: refused for something else: {message[:200]}"
    elif constraint and (reason in REASONS or f"'{path}' failed" in message):
        return f"{where}: refused: {message[:200]}"
    return None


def main():
    wrong = []
    operations = json.load(open("operations.json"))
    for service, operation in operations:
        shape = session.get_service_model(service).operation_model(operation).input_shape
        if shape is None:
            continue
        if '": null' in json.dumps(example(shape), default=str):
            wrong.append(f"{service}:{operation}: no good value can be thought of: {example(shape)}")
        for path, what, parameters, broken in cases(shape, lambda value: value, ""):
            found = check(service, operation, path.removeprefix("."), what, parameters, broken)
            if found:
                wrong.append(found)
    print(json.dumps({"calls": calls, "wrong": wrong}))


if __name__ == "__main__":
    sys.exit(main())
