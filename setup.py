"""Copies resources/ into the package when a wheel is built; all else stands in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithResources(build_py):
    """An editable install reads resources/ from the checkout instead, see tunedesk.paths.resources."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            shutil.copytree("resources", Path(self.build_lib) / "tunedesk" / "resources", dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithResources})
