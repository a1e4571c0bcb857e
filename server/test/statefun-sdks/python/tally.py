import sys
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from statefun import (
    IntType,
    RequestReplyHandler,
    StatefulFunctions,
    StringType,
    ValueSpec,
    egress_message_builder,
    message_builder,
)

functions = StatefulFunctions()


def record(value):
    return egress_message_builder("tally/out", value, StringType)


def text_to(account_id, text):
    return message_builder("tally/account", account_id, str_value=text)


@functions.bind(
    "tally/account",
    [
        ValueSpec("count", IntType),
        ValueSpec("seen", StringType, expire_after_write=timedelta(hours=1)),
        ValueSpec("touched", StringType, expire_after_call=timedelta(hours=1)),
    ],
)
def account(context, message):
    self_id = context.address.id
    storage = context.storage
    if message.is_int():
        storage.count = (storage.count or 0) + message.as_int()
        storage.seen = "yes"
        storage.touched = "yes"
        context.send(message_builder("tally/total", "all", int_value=message.as_int()))
        context.send_egress(record(f"{self_id} {storage.count}"))
        return
    command, _, other = message.as_string().partition(" ")
    if command == "report":
        count = "none" if storage.count is None else storage.count
        context.send_egress(record(f"{self_id} count={count}"))
    elif command == "forget":
        del storage.count
    elif command == "remind":
        context.send_after(timedelta(milliseconds=5), text_to(self_id, "report"))
    elif command == "recant":
        context.send_after(timedelta(milliseconds=5), text_to(self_id, "report"), "recanted")
        context.cancel_delayed_message("recanted")
    elif command == "ask":
        context.send(text_to(other, "who"))
    elif command == "who":
        caller = "nobody" if context.caller is None else context.caller.id
        context.send_egress(record(f"{self_id} asked by {caller}"))
    else:
        raise ValueError(f"no command {command}")


@functions.bind("tally/total", [ValueSpec("total", IntType)])
def total(context, message):
    context.storage.total = (context.storage.total or 0) + message.as_int()


handler = RequestReplyHandler(functions)


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            status, answer = 200, handler.handle_sync(body)
        except Exception:
            status, answer = 500, b""
        self.send_response(status)
        self.send_header("content-type", "application/octet-stream")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = ThreadingHTTPServer(("127.0.0.1", port), Service)
    print(server.server_address[1], flush=True)
    server.serve_forever()
