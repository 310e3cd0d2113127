"""`tunedesk serve`: the server's command line, and that of its tokens."""

from __future__ import annotations

import argparse
import logging
import socket
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tunedesk import paths
from tunedesk.errors import UserError
from tunedesk.runs import redaction
from tunedesk.runs.addresses import is_this_computer
from tunedesk.serve.data_folder import private_folder
from tunedesk.serve.database import Database
from tunedesk.serve.settings import PORT, Limits, ServeSettings
from tunedesk.serve.tokens import Tokens

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

LEVELS = ("debug", "info", "warning", "error")


def main(arguments: Sequence[str]) -> int:
    """Exit code. UserError: it cannot listen there, or a token cannot be made."""
    chosen = make_parser().parse_args(arguments)
    if chosen.data is None:
        chosen.data = paths.home() / "serve"
    chosen.data = chosen.data.absolute()
    if getattr(chosen, "action", None) == "token":
        return token(chosen)
    return serve(chosen)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tunedesk serve",
        description="Serve chat and fine-tuning jobs over OpenAI's API, on this computer's own hardware.",
        epilog="Scripts and chat programs use it with the base URL http://127.0.0.1:8731/v1",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=PORT, help=f"default {PORT}; 0 takes a free one")
    parser.add_argument("--data", type=Path, metavar="DIR", help="for files, runs and the queue")
    parser.add_argument(
        "--model",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="a model to tune and to talk to, besides the starter model; may be given more than once",
    )
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="cores for a job (default all)")
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="certificate chain, PEM")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="its private key, PEM")
    parser.add_argument(
        "--insecure", action="store_true", help="listen elsewhere without TLS, behind something that has it"
    )
    parser.add_argument("--require-token", action="store_true", help="ask for a token on this computer too")
    parser.add_argument(
        "--rate", type=int, default=Limits().requests, metavar="N", help="requests a minute and user; 0: any"
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="URL",
        help="a site whose pages may ask from a browser, such as https://chat.example.com",
    )
    parser.add_argument("--log", choices=LEVELS, default="info", help="how much is told (default info)")
    parser.add_argument("--debug", action="store_true", help=argparse.SUPPRESS)
    _add_token(parser)
    return parser


def _add_token(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", dest="action")
    token = actions.add_parser("token", help="who may use the server", description="Who may use the server.")
    token.add_argument("what", choices=("add", "list", "remove"))
    token.add_argument("name", nargs="?", metavar="NAME", help="the user's name")
    token.add_argument(
        "--data", type=Path, default=argparse.SUPPRESS, metavar="DIR", help="the server's folder"
    )


def token(chosen: argparse.Namespace) -> int:
    """Works beside a running server, which sees the change at once."""
    if (chosen.name is None) != (chosen.what == "list"):
        wanted = "takes no name" if chosen.what == "list" else "needs a name"
        raise UserError(f"tunedesk serve token {chosen.what} {wanted}.")
    database = Database(private_folder(chosen.data) / "serve.db")
    try:
        tokens = Tokens(database)
        if chosen.what == "add":
            print(tokens.add(chosen.name))
            print("This token is not shown again.", file=sys.stderr)
        elif chosen.what == "remove":
            tokens.remove(chosen.name)
        else:
            for each in tokens.all():
                made = datetime.fromtimestamp(each.created, UTC).astimezone()
                print(f"{each.name}\tmade {made:%Y-%m-%d %H:%M}\tends with {each.hint}")
    finally:
        database.close()
    return 0


def serve(chosen: argparse.Namespace) -> int:
    """Until it is interrupted. Jobs that run then go on, and the next server follows them."""
    refuse_open_doors(chosen)
    import uvicorn  # here, so that the tokens' command starts without it

    from tunedesk.serve.app import make_app

    listener = listen(chosen.host, chosen.port)
    try:
        app = make_app(settings_of(chosen))
    except BaseException:
        listener.close()
        raise
    logging.basicConfig(level=chosen.log.upper(), format="%(asctime)s %(levelname)s %(message)s")
    redaction.install()
    scheme = "https" if chosen.tls_cert else "http"
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"TuneDesk serves at {scheme}://{shown}:{port}/v1 (data in {chosen.data})", flush=True)
    uvicorn.Server(config_of(app, chosen)).run(sockets=[listener])
    return 0


def config_of(app: FastAPI, chosen: argparse.Namespace) -> uvicorn.Config:
    import uvicorn

    from tunedesk.serve.connections import MOST_CONNECTIONS, PromptConnection

    return uvicorn.Config(
        app,
        http=PromptConnection,
        limit_concurrency=MOST_CONNECTIONS,
        log_level=chosen.log,
        log_config=None,
        access_log=chosen.log == "debug",
        ws="none",
        ssl_certfile=chosen.tls_cert,
        ssl_keyfile=chosen.tls_key,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


def settings_of(chosen: argparse.Namespace) -> ServeSettings:
    return ServeSettings(
        data_dir=chosen.data,
        models=tuple(chosen.model),
        threads=chosen.threads,
        require_token=chosen.require_token or not is_this_computer(chosen.host),
        origins=tuple(each.rstrip("/") for each in chosen.allow_origin),
        limits=Limits(requests=chosen.rate),
    )


def refuse_open_doors(chosen: argparse.Namespace) -> None:
    """UserError: others could use the server without a token, or read what is sent."""
    if (chosen.tls_cert is None) != (chosen.tls_key is None):
        raise UserError("TLS needs a certificate and its key.", hint="Give both --tls-cert and --tls-key.")
    for path in (chosen.tls_cert, chosen.tls_key):
        if path is not None and not path.is_file():
            raise UserError(f"{path} does not exist.", hint="Check the path.")
    if is_this_computer(chosen.host) and not chosen.require_token:
        return
    if not has_tokens(chosen.data):
        raise UserError(
            f"At {chosen.host} every user needs a token, and nobody has one yet.",
            hint="Make one with: tunedesk serve token add NAME",
        )
    if not is_this_computer(chosen.host) and chosen.tls_cert is None and not chosen.insecure:
        raise UserError(
            f"At {chosen.host} tokens and rows would go over the network for everybody to read.",
            hint="Give --tls-cert and --tls-key, or --insecure when something in front of it has TLS.",
        )


def has_tokens(data: Path) -> bool:
    if not (data / "serve.db").is_file():
        return False
    database = Database(data / "serve.db")
    try:
        return bool(Tokens(database).all())
    finally:
        database.close()


def listen(host: str, port: int) -> socket.socket:
    """UserError: the address is not this computer's, or somebody listens there already."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=512)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(
            f"The server cannot listen at {host}, port {port}: {reason}.",
            hint="Choose another --port, or stop what listens there.",
        ) from error
