"""Entry point: every mistake of a user's is one line on stderr and exit code 2, never a traceback."""

from __future__ import annotations

import errno
import gc
import os
import sys
import warnings
from contextlib import nullcontext
from typing import Any, NoReturn

import typer

from niwt_core.cli import (
    build,
    classify,
    commands,
    dictionary,
    evaluate,
    inspect,
    paper,
    photos,
    picture,
    prepare,
    serve,
)
from niwt_core.cli.output import json_alone
from niwt_core.errors import NiwtError, shown

# Read when torch and numpy are imported, which no command does before this. By default the threads of both spin while they wait for each other, and
# on a machine with other work to do they spin most of the time.
WAITING = {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_THREAD_TIMEOUT": "4"}
INTERRUPTED = 130  # 128 + SIGINT, as shells say it

app = typer.Typer(
    name="niwt",
    help="Neuron Importance-Aware Weight Transfer: describe a class, choose its neurons, get its classifier.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("prepare")(prepare.prepare_command)
app.command("info")(commands.info)
app.command("neurons")(dictionary.neurons)
app.command("photos")(photos.photos)
app.command("picture-neurons")(picture.picture_neurons)
app.command("build")(build.build)
app.command("propose")(build.propose)
app.command("classify")(classify.classify)
app.command("explain")(commands.explain)
app.command("evaluate")(evaluate.evaluate)
app.command("paper")(paper.paper_command)
app.command("export")(inspect.export)
app.command("compare-layers")(inspect.compare_layers)
app.command("report")(inspect.report)
app.command("app")(serve.run_app)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs the command line and exits."""
    for name, value in WAITING.items():
        os.environ.setdefault(name, value)
    gc.set_threshold(
        200_000, 50, 50
    )  # a short life: collecting what torch imported costs a fifth of a second and frees nothing
    for stream in (sys.stdout, sys.stderr):  # a console or a pipe in another encoding escapes what it cannot say
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    given = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        with json_alone() if "--json" in given else nullcontext(), warnings.catch_warnings():
            if not sys.warnoptions:
                warnings.simplefilter("ignore")  # of libraries; what goes wrong here is said in one line
            code = app(given, prog_name="niwt", standalone_mode=False)
        sys.stdout.flush()
    except NiwtError as error:
        _fail(str(error))
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            sys.stderr.close()
            sys.exit(1)
        if error.filename is None and error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        name = f", {shown(os.fsdecode(error.filename))[:300]}" if error.filename is not None else ""
        _fail(
            f"{(error.strerror or type(error).__name__).lower()}{name}, check the path, its permissions and the room left"
        )
    except Exception as error:
        # Click's usage errors; Typer brings a Click of its own, so they are known by what they can do, not by their class.
        if not hasattr(error, "format_message"):
            raise
        _fail(_usage(error))
    if code == INTERRUPTED:  # which is also how Typer hands on an interruption
        sys.stderr.write("interrupted: run the same command again to go on from here\n")
    sys.exit(code if isinstance(code, int) else 0)


def _usage(error: Any) -> str:
    message = " ".join(error.format_message().split()).rstrip(".")
    context = getattr(error, "ctx", None)
    return f"{message[:1].lower()}{message[1:]}, {context.command_path if context else 'niwt'}, see --help"


def _fail(message: str) -> NoReturn:
    sys.stderr.write(f"error: {message}\n")
    sys.exit(2)
