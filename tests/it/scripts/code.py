"""Shows what a telephone would: the code of a seed (RFC 6238) at a time, computed here and not by Twinlock.

    code.py SEED MILLISECONDS
"""

import base64
import hashlib
import hmac
import struct
import sys

seed, millis = sys.argv[1], int(sys.argv[2])
digest = hmac.new(base64.b32decode(seed), struct.pack(">Q", millis // 30_000), hashlib.sha1).digest()
offset = digest[-1] & 15
number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
print(f"{number % 1_000_000:06}")
