"""What travels to the nodes of a cluster, and how it is found there."""

from __future__ import annotations

from pathlib import Path

import pytest

from clemsim.engines.connect import NetworkOptions
from clemsim.errors import UsageError
from clemsim.runs.workers import luggage
from clemsim.runs.workers.luggage import FILES, arrived, as_at_home, pack, stage
from clemsim.store.config import RunConfig

URL = "m@http://10.0.0.1:8000/v1"


def game(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    (folder / "prompts").mkdir(parents=True)
    (folder / "runs").mkdir()
    (folder / ".git").mkdir()
    for name in ("game.py", "prompts/ask.txt", "runs/run.db", ".git/config", "weights.gguf"):
        (folder / name).write_text("Game = Player = print\n")
    return folder


def test_the_folder_of_a_game_travels_without_what_no_game_needs(tmp_path: Path) -> None:
    folder = game(tmp_path)
    packed = pack(RunConfig(arenas=(f"{folder}/game.py:Game",), agents=("baseline",)), NetworkOptions())
    stage(packed, tmp_path / "staged")
    place = tmp_path / "staged" / FILES / str(folder).lstrip("/")
    assert sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()) == [
        "game.py",
        "prompts/ask.txt",
    ]


def test_names_are_of_this_node_there_and_of_home_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = game(tmp_path)
    monkeypatch.chdir(folder)
    authority = tmp_path / "ca.pem"
    authority.write_text("x")
    config = RunConfig(arenas=("game.py:Game",), agents=("seat=game.py:Player", "baseline", URL))
    packed = pack(config, NetworkOptions(ca_file=str(authority)))
    stage(packed, tmp_path / "staged")
    root = tmp_path / "staged" / FILES
    there, network = arrived(packed.config, packed.network, root)
    assert list(there.arenas) == [f"{root}{folder}/game.py:Game"]
    assert there.agents == (f"seat={root}{folder}/game.py:Player", "baseline", URL)
    assert network.ca_file == f"{root}{authority}" and Path(network.ca_file).read_text() == "x"
    assert as_at_home(there.agents[0], root) == f"seat={folder}/game.py:Player"


def test_keys_and_named_variables_travel_and_nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("from-a-file\n")
    secret.chmod(0o600)
    monkeypatch.setenv("CLEMSIM_API_KEY_10_0_0_1_FILE", str(secret))
    monkeypatch.setenv("HOST_OF_MODEL", "10.0.0.1")
    monkeypatch.setenv("OTHER", "private")
    packed = pack(RunConfig(agents=("m@http://${HOST_OF_MODEL}:8000/v1",)), NetworkOptions())
    assert packed.variables == {"HOST_OF_MODEL": "10.0.0.1", "CLEMSIM_API_KEY_10_0_0_1": "from-a-file"}
    assert [url.removesuffix("/v1") for url in packed.urls] == ["http://10.0.0.1:8000"]
    assert "from-a-file" not in repr(packed) and "from-a-file" not in str(packed.config)


def test_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = game(tmp_path)
    monkeypatch.setattr(luggage, "MOST_BYTES", 10)
    packed = pack(RunConfig(arenas=(f"{folder}/game.py:Game",), agents=("baseline",)), NetworkOptions())
    with pytest.raises(UsageError, match="give the game a folder of its own"):
        stage(packed, tmp_path / "staged")
