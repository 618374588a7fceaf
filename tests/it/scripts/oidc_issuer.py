"""OpenID Connect issuers on loopback, over TLS: one port for each NAME.pem (a chain and its key) in the folder that is named.

The first line on stdout is JSON: the port by name. Each port has one issuer for each way to behave, by the path it is under:
`/good` publishes the folder's keys.json; what the others do stands in `answer`. Every request is a line in requests.log.
"""

import http.server
import json
import pathlib
import ssl
import sys
import threading

folder = pathlib.Path(sys.argv[1])
log = (folder / "requests.log").open("a", buffering=1)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        log.write(f"{self.server.label} {self.path}\n")
        _, way, rest = self.path.split("/", 2)
        self.answer(way, rest)

    def answer(self, way, rest):
        base = f"https://localhost:{self.server.server_port}"
        if rest == "keys":
            if way == "huge":
                return self.send(200, b" " * 300 * 1024)
            if way == "endless":
                # No length is told; more comes as long as anybody reads.
                self.send_response(200)
                self.end_headers()
                try:
                    while True:
                        self.wfile.write(b" " * 65536)
                except OSError:
                    return None
            if way == "moved":
                return self.send(302, b"", Location=f"{base}/good/keys")
            if way == "broken":
                return self.send(500, b"")
            if way == "nonsense":
                return self.send(200, b"<html>")
            return self.send(200, (folder / "keys.json").read_bytes())
        discovery = {"issuer": f"{base}/{way}", "jwks_uri": f"{base}/{way}/keys"}
        if way == "impostor":
            discovery["issuer"] = f"{base}/good"
        if way == "plain":
            discovery["jwks_uri"] = f"http://localhost:{self.server.server_port}/good/keys"
        if way == "cloud":
            discovery["jwks_uri"] = "https://169.254.169.254/latest/meta-data/iam/security-credentials/"
        if way == "file":
            discovery["jwks_uri"] = (folder / "keys.json").as_uri()
        if way == "gone":
            return self.send(404, b"")
        return self.send(200, json.dumps(discovery).encode())

    def send(self, status, body, **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that does not like the certificate hangs up."""


ports = {}
for chain in sorted(folder.glob("*.pem")):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server = Server(("127.0.0.1", 0), Handler)
    server.label = chain.stem
    # The handshake is each connection's own affair: one that hangs must not hang the others.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ports[chain.stem] = server.server_port
print(json.dumps(ports), flush=True)
threading.Event().wait()
