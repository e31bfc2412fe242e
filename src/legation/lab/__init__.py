"""JupyterLab as ``legation lab`` opens it, and what its server does when a notebook cannot be exported."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import Environment
from jupyter_server.base.handlers import path_regex
from jupyter_server.nbconvert.handlers import NbconvertFileHandler
from jupyter_server.utils import url_path_join

from legation.errors import InputError

_HERE = Path(__file__).parent
_EXPORTS = r"/nbconvert/(?P<format>legation_html|legation_pdf)"


def start(notebooks: Path, options: Sequence[str]) -> NoReturn:
    """Become JupyterLab on the folder ``notebooks``, with ``options`` of its own command.

    Of the kernels that the user has, only this environment's is offered, so that no notebook runs without Legation.
    Nothing of this is written anywhere: it holds for this one server.
    """
    for name, ours in (
        ("JUPYTER_PATH", Path(sys.prefix, "share", "jupyter")),
        ("JUPYTER_CONFIG_PATH", _HERE / "settings"),
    ):
        os.environ[name] = os.pathsep.join(filter(None, [str(ours), os.environ.get(name)]))
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={notebooks}",
        "--KernelSpecManager.allowed_kernelspecs=python3",
        "--LabApp.news_url=None",  # it asks no server for anything
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        *options,
    ]
    os.execv(sys.executable, command)  # noqa: S606 - the analyst's own command line


class _Export(NbconvertFileHandler):
    """The server's own export, but for the page that says why a notebook cannot be shown."""

    def write_error(self, status_code: int, **about: Any) -> None:
        raised = about.get("exc_info", (None, None, None))[1]
        reason = getattr(raised, "__cause__", None)
        if not isinstance(reason, InputError):
            super().write_error(status_code, **about)
            return
        page = Environment(autoescape=True).from_string((_HERE / "refused.html.jinja").read_text(encoding="utf-8"))
        self.set_status(422)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(page.render(notebook=self.path_kwargs["path"].strip("/"), reason=str(reason)))


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "legation.lab"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Take the place of the server's handler for the two exports."""
    application = server.web_app
    address = url_path_join(application.settings["base_url"], _EXPORTS + path_regex)
    application.add_handlers(".*$", [(address, _Export)])
