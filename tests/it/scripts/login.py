"""`aws login`, as version 2 of the CLI does it, on botocore's own client: asks for a code in the browser, waits for it on the loopback
address, exchanges it, and leaves the profile `login` as the CLI would. With `stale` the credentials count as used up at once, so that
whoever uses the profile first has to refresh them.

Prints the address to open first, and the session's ARN last.
"""

import base64
import datetime
import hashlib
import http.server
import json
import secrets
import sys
import textwrap
import urllib.parse
import uuid

import botocore
import botocore.config
import botocore.credentials
import botocore.session
import botocore.utils
from awscrt.crypto import EC, ECExportFormat, ECType

CLIENT = "arn:aws:signin:::devtools/same-device"


def unpadded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Callback(http.server.BaseHTTPRequestHandler):
    answer = {}

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/oauth/callback":
            Callback.answer = dict(urllib.parse.parse_qsl(url.query))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"You can close this window.")

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Callback)
redirect = f"http://127.0.0.1:{server.server_address[1]}/oauth/callback"
config = botocore.config.Config(signature_version=botocore.UNSIGNED)
client = botocore.session.get_session().create_client("signin", config=config)
verifier, state = secrets.token_urlsafe(48), str(uuid.uuid4())
asked = {
    "response_type": "code",
    "client_id": CLIENT,
    "state": state,
    "code_challenge_method": "SHA-256",
    "scope": "openid",
    "redirect_uri": redirect,
    "code_challenge": unpadded(hashlib.sha256(verifier.encode()).digest()),
}
print(f"{client.meta.endpoint_url}/v1/authorize?{urllib.parse.urlencode(asked)}", flush=True)
while not Callback.answer:
    server.handle_request()
if "error" in Callback.answer:
    sys.exit(f"the person said no: {Callback.answer}")
assert Callback.answer["state"] == state

key = EC.new_generate(ECType.P_256)
client.meta.events.register(
    "before-call.signin.CreateOAuth2Token",
    botocore.credentials._build_add_dpop_header_handler(key),
)
answer = client.create_o_auth2_token(
    tokenInput={
        "clientId": CLIENT,
        "grantType": "authorization_code",
        "code": Callback.answer["code"],
        "codeVerifier": verifier,
        "redirectUri": redirect,
    }
)["tokenOutput"]
claims = answer["idToken"].split(".")[1]
session = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
lasts = -60 if "stale" in sys.argv else answer["expiresIn"]
expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=lasts)
pem = textwrap.fill(base64.b64encode(key.export_key(ECExportFormat.SEC1)).decode(), 64)
cache = botocore.utils.JSONFileCache(botocore.utils.get_login_token_cache_directory())
botocore.utils.LoginTokenLoader(cache).save_token(
    session,
    {
        "accessToken": {
            **{name: answer["accessToken"][name] for name in ("accessKeyId", "secretAccessKey", "sessionToken")},
            "accountId": session.split(":")[4],
            "expiresAt": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
        "tokenType": answer["tokenType"],
        "clientId": CLIENT,
        "refreshToken": answer["refreshToken"],
        "idToken": answer["idToken"],
        "dpopKey": f"-----BEGIN EC PRIVATE KEY-----\n{pem}\n-----END EC PRIVATE KEY-----\n",
    },
)
print(session, flush=True)
