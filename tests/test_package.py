"""The built package, away from the checkout: nothing it needs is left behind."""

import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PACKAGES = ("clemsim", "clemsim_arenas", "clemsim_agents")
PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)[^\n]*\n(?P<hashes>( +--hash=[^\n]*\n)*)", re.MULTILINE)
pytestmark = pytest.mark.skipif(not (ROOT / "clemsim").is_dir(), reason="there is no checkout to build the package from")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist, and the wheel from nothing but that."""
    place = tmp_path_factory.mktemp("package")
    build(ROOT, "sdist", place)
    (archive,) = place.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        files.extractall(place, filter="data")
    build(place / archive.name.removesuffix(".tar.gz"), "wheel", place)
    (path,) = place.glob("*.whl")
    return path


def build(source: Path, target: str, place: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(place)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    folders = {"clemsim": ROOT / "clemsim"}
    folders |= {name: ROOT / name.removeprefix("clemsim_") / name for name in PACKAGES[1:]}
    folders["clemsim_verifiers"] = ROOT / "arenas" / "clemsim_verifiers"
    for package, folder in folders.items():
        files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        assert {f"{package}/{path.relative_to(folder).as_posix()}" for path in files} <= names
        assert f"{package}/py.typed" in names
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_the_wheel_plays_a_suite_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    away = tmp_path / "away"
    away.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(site)}

    def python(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], cwd=away, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    places = python("-c", f"import {', '.join(PACKAGES)}; print(*(m.__file__ for m in ({', '.join(PACKAGES)})))")
    assert all(Path(place).is_relative_to(site) for place in places.split())
    summary = python("-m", "clemsim.cli.main", "run", "--suite", "quick", "--agent", "baseline", "--out", "run", "--json")
    played = json.loads(summary)["agents"]["baseline"]
    assert (played["episodes"], played["unfinished"], played["played"]) == (27, 0, 100.0)
    assert "27 of 27 episodes" in python("-m", "clemsim.cli.main", "replay", "run")


@pytest.mark.parametrize(("lock", "docs"), [("requirements.lock", False), ("requirements-docs.lock", True)])
def test_the_locks_hold_what_is_asked_for_each_by_its_hashes(lock: str, docs: bool) -> None:
    pins = list(PIN.finditer((ROOT / lock).read_text()))
    assert pins and all("--hash=sha256:" in pin["hashes"] for pin in pins)
    versions = {name: [pin["version"] for pin in pins if pin["name"] == name] for name in {pin["name"] for pin in pins}}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras, groups = project["project"]["optional-dependencies"], project["dependency-groups"]
    wanted = groups["docs"] if docs else [
        *project["project"]["dependencies"], *extras["local"], *extras["dev"], *groups["build"], *groups["weights"],
    ]  # fmt: skip
    for requirement in map(Requirement, wanted):
        if requirement.name != "clemsim":
            for version in versions[requirement.name]:  # one for each Python that needs its own
                assert requirement.specifier.contains(version), f"{requirement} is locked at {version}: run make lock"
