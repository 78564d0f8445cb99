"""Makes authenticated requests with the stock AuthFetch of bsv-sdk.

Takes the private key in hexadecimal as its only argument, reads requests as lines of JSON from standard input, and writes an answer
for each as a line of JSON. One process is one client: its sessions live as long as it does.
"""

import contextlib
import json
import sys
from types import SimpleNamespace

from bsv.auth.clients.auth_fetch import AuthFetch, SimplifiedFetchRequestOptions
from bsv.auth.requested_certificate_set import RequestedCertificateSet
from bsv.keys import PrivateKey, PublicKey
from bsv.wallet import ProtoWallet


class WalletForPeer:
    """The SDK's ProtoWallet as the SDK's own Peer calls it: arguments in a wrapper, and results with attributes."""

    def __init__(self, private_key: PrivateKey):
        self._wallet = ProtoWallet(private_key)

    def get_public_key(self, args, originator=None):
        result = self._result(self._wallet.get_public_key(self._flat(args), originator))
        return SimpleNamespace(public_key=PublicKey(result["publicKey"]))

    def create_signature(self, args, originator=None):
        result = self._result(self._wallet.create_signature(self._flat(args), originator))
        return SimpleNamespace(signature=result["signature"])

    def verify_signature(self, args, originator=None):
        result = self._result(self._wallet.verify_signature(self._flat(args), originator))
        return SimpleNamespace(valid=result["valid"])

    def create_hmac(self, args, originator=None):
        return self._result(self._wallet.create_hmac(self._flat(args), originator))

    def verify_hmac(self, args, originator=None):
        return self._result(self._wallet.verify_hmac(self._flat(args), originator))

    @staticmethod
    def _flat(args):
        flat = {**args, **args.get("encryption_args", {})}
        flat.pop("encryption_args", None)
        for snake, camel in (("protocol_id", "protocolID"), ("key_id", "keyID")):
            if snake in flat:
                flat[camel] = flat.pop(snake)
        return flat

    @staticmethod
    def _result(result):
        if "error" in result:
            raise ValueError(result["error"])
        return result


def call(client, asked):
    options = SimplifiedFetchRequestOptions(
        method=asked["method"],
        headers={"content-type": "application/json"},
        body=json.dumps(asked["body"]).encode(),
    )
    try:
        response = client.fetch(asked["url"], options)
    except Exception as error:  # whatever it is, it is the answer
        return {"error": str(error)}
    if response is None:
        return {"error": "no answer"}
    return {"status": response.status_code, "body": json.loads(response.content)}


def main():
    client = AuthFetch(WalletForPeer(PrivateKey(bytes.fromhex(sys.argv[1]))), RequestedCertificateSet())
    for line in sys.stdin:
        # The SDK tells what it does on standard output, which is ours.
        with contextlib.redirect_stdout(sys.stderr):
            answer = call(client, json.loads(line))
        print(json.dumps(answer), flush=True)


main()
