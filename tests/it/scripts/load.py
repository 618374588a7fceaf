"""Writes users and objects as fast as the server takes them, and prints a line for each one acknowledged.

It goes on while the server is killed and started again: what was not acknowledged is simply not printed. Ends when its
standard output is closed, when nothing has been acknowledged for a while, or when it is killed itself.
"""

import hashlib
import os
import sys
import threading
import time

import boto3
import botocore.config

OPTIONS = botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10)
PATIENCE_SECONDS = 30
printing = threading.Lock()
last = time.monotonic()


def acknowledged(*words):
    global last
    with printing:
        print(*words, flush=True)
        last = time.monotonic()


def writer(number):
    session = boto3.session.Session()
    iam = session.client("iam", config=OPTIONS)
    s3 = session.client("s3", config=OPTIONS)
    for count in range(1_000_000):
        name = f"w{number}-{count}"
        try:
            iam.create_user(UserName=name)
            acknowledged("user", name)
            # Small ones are kept in the index, large ones as files.
            body = hashlib.sha256(name.encode()).digest() * (16 if count % 2 else 8_000)
            s3.put_object(Bucket="load", Key=name, Body=body)
            acknowledged("object", name, hashlib.md5(body).hexdigest())
        except BrokenPipeError:
            os._exit(0)
        except Exception as error:
            if "EntityAlreadyExists" in str(error) or "Connect" in type(error).__name__ or "Closed" in str(error):
                time.sleep(0.01)
            elif "timeout" not in str(error).lower():
                print(type(error).__name__, error, file=sys.stderr)
                time.sleep(0.05)


for number in range(6):
    threading.Thread(target=writer, args=(number,), daemon=True).start()
while time.monotonic() - last < PATIENCE_SECONDS:
    time.sleep(1)
sys.exit("nothing was acknowledged for a while")
