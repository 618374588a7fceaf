"""32 clients change one group and one policy at the same time. Prints how many changes were acknowledged."""

import json
import threading

import boto3
import botocore.config

CLIENTS = 32
OPTIONS = botocore.config.Config(retries={"total_max_attempts": 1})
DOCUMENT = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}},
    separators=(",", ":"),
)

session = boto3.session.Session()
clients = [session.client("iam", config=OPTIONS) for _ in range(CLIENTS)]
policy = clients[0].create_policy(PolicyName="shared", PolicyDocument=DOCUMENT)["Policy"]["Arn"]
clients[0].create_group(GroupName="shared")
start = threading.Barrier(CLIENTS)
counting = threading.Lock()
acknowledged = 0


def change(number):
    global acknowledged
    iam, name = clients[number], f"n{number}"
    start.wait()
    calls = [
        (iam.create_user, {"UserName": name}),
        (iam.add_user_to_group, {"GroupName": "shared", "UserName": name}),
        (iam.put_group_policy, {"GroupName": "shared", "PolicyName": name, "PolicyDocument": DOCUMENT}),
        (iam.tag_policy, {"PolicyArn": policy, "Tags": [{"Key": name, "Value": "here"}]}),
        (iam.attach_user_policy, {"UserName": name, "PolicyArn": policy}),
    ]
    for call, parameters in calls:
        call(**parameters)
        with counting:
            acknowledged += 1


threads = [threading.Thread(target=change, args=(number,)) for number in range(CLIENTS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(acknowledged)
