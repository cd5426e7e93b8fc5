"""The command: arguments in, one clear line for whatever goes wrong, an exit code out."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from replykit.cli.decoding import readable
from replykit.errors import BudgetError, ChatError, ReplykitError

__all__ = ["main"]

_USAGE, _NO_ANSWER, _INTERRUPTED, _PIPE_CLOSED = 2, 3, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: what stands behind the command's name; None: the process's own.

    Returns:
        The exit code: 0 done; 1 there is something to mend or to review; 2 the command was used wrongly; 3 the chat
        model gave no answer; 130 interrupted; 141 the reader of the output went away.
    """
    try:
        _speak_utf8()
        code = _run([readable(argument) for argument in (sys.argv[1:] if arguments is None else arguments)])
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return _PIPE_CLOSED
    except OSError as error:
        _drop_output()
        return _failed(f"the output cannot be written: {error.strerror}", _USAGE)
    return code


def _run(arguments: list[str]) -> int:
    import typer
    from typer.main import get_command

    from replykit.cli.app import app
    from replykit.cli.wording import in_own_words

    whole = get_command(app)
    in_own_words(whole)
    try:
        return whole(arguments, prog_name="replykit", standalone_mode=False, obj=arguments) or 0
    except SystemExit as end:  # what typer makes of a reader that went away; and how it ends completion
        return _PIPE_CLOSED if isinstance(end.__context__, OSError) else int(end.code or 0)
    except typer.Abort:
        return _INTERRUPTED
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "replykit"
        message = error.format_message().replace("Value error, ", "").rstrip(". ")
        return _failed(f"{message} (see {command} --help)", _USAGE)
    except (ChatError, BudgetError) as error:
        return _failed(str(error), _NO_ANSWER)
    except ReplykitError as error:
        return _failed(str(error), _USAGE)


def _failed(message: str, code: int) -> int:
    print("replykit: " + " ".join(message.split()), file=sys.stderr)
    return code


def _drop_output() -> None:
    """Leave what is in the buffer to nobody; Python would try again when it exits, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _speak_utf8() -> None:
    """Write UTF-8 whatever the locale says; what UTF-8 cannot hold is written as an escape, as JSON writes it."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  # open until the process ends
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="backslashreplace")
