"""Entry point: every mistake of a user's is one line on stderr and exit code 2, never a traceback."""

from __future__ import annotations

import sys
from typing import NoReturn

import click
import typer

from niwt_core.cli import commands, prepare
from niwt_core.errors import NiwtError

app = typer.Typer(
    name="niwt",
    help="Neuron Importance-Aware Weight Transfer: describe a class, choose its neurons, get its classifier.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("prepare")(prepare.prepare_command)
app.command("info")(commands.info)
app.command("neurons")(commands.neurons)
app.command("build")(commands.build)
app.command("classify")(commands.classify)
app.command("explain")(commands.explain)
app.command("evaluate")(commands.evaluate)
app.command("app")(commands.run_app)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs the command line and exits."""
    try:
        code = app(arguments, standalone_mode=False)
        sys.stdout.flush()
    except NiwtError as error:
        _fail(str(error))
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(f"{error.format_message()}\n")
        sys.exit(2)
    except click.ClickException as error:
        where = f", {error.ctx.command_path}" if isinstance(error, click.UsageError) and error.ctx else ""
        message = " ".join(error.format_message().split()).rstrip(".")
        _fail(f"{message[:1].lower()}{message[1:]}{where}, see --help")
    except (KeyboardInterrupt, click.Abort):
        sys.stderr.write("interrupted: run the same command again to go on from here\n")
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str) -> NoReturn:
    sys.stderr.write(f"error: {message}\n")
    sys.exit(2)
