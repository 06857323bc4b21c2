"""Made-up tables such as clembench publishes."""

from __future__ import annotations

from pathlib import Path

import pytest

HEADER = (
    ',"-, clemscore","all, Average % Played","all, Average Quality Score",'
    '"taboo, % Played","taboo, Quality Score","taboo, Quality Score (std)",'
    '"wordle, % Played","wordle, Quality Score","wordle, Quality Score (std)"\n'
)
RESULTS = HEADER + (
    "Ant-1B-t0.0--Ant-1B-t0.0,5.0,50.0,10.0,100.0,10.0,20.0,0.0,,\n"  # wordle was never played to its end
    "Ant-7B-t0.0--Ant-7B-t0.0,22.5,75.0,30.0,100.0,40.0,30.0,50.0,20.0,25.0\n"
    "Ant-70B-t0.0--Ant-70B-t0.0,40.0,100.0,40.0,100.0,60.0,30.0,100.0,20.0,25.0\n"
    "Bee-7B-t0.0--Bee-7B-t0.0,18.0,90.0,20.0,90.0,20.0,30.0,,,\n"  # wordle was never run
    "Bee-7B-tuned-t0.0--Bee-7B-tuned-t0.0,24.0,80.0,30.0,80.0,40.0,30.0,80.0,20.0,25.0\n"
    "Ant-70B-gguf-q4-t0.0--Ant-70B-gguf-q4-t0.0,30.0,90.0,33.3,90.0,50.0,30.0,90.0,16.7,25.0\n"
    "Ant-70B-groq-t0.0--Ant-70B-groq-t0.0,41.0,100.0,41.0,100.0,62.0,30.0,100.0,20.0,25.0\n"
    "Stranger-t0.0--Stranger-t0.0,1.0,100.0,1.0,100.0,nan,,100.0,1.0,2.0\n"
)
CHARACTERISTICS = (
    "Model Provider,Model Name ,Training Data Size (in trillions),Cut-off Date,Parameter Size (in billions),Release Date,"
    "Context Length (in thousands),Commercial,Multilingual,Multimodal,Base Model ,Instruction Tuning Data\n"
    "Hill,ant-1b,1,,1,1/1/2023,4,0,0,0,,\n"
    "Hill,ant-7b ,2,,7,3/1/2023,4,0,0,0,,\n"
    "Hill,ant-70b,,4/1/2023,70,6/1/2023,8,1,1,0,,\n"
    "Hive,bee-7b,2,,7,4/1/2023,8,0,0,0,,\n"
    'Hive,bee-7b-tuned,,,,5/1/2023,8,0,0,0,bee-7b,"Dances, all of them"\n'
)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Return a folder with results, characteristics, latency and tokens, which the test may change."""
    return write_tables(tmp_path / "tables")


def write_tables(folder: Path) -> Path:
    """Write results, characteristics, latency and tokens into a new folder."""
    folder.mkdir()
    (folder / "results.csv").write_text(RESULTS)
    (folder / "models.csv").write_text(CHARACTERISTICS)
    (folder / "latency.csv").write_text("model,latency\nAnt-1B,0.1\nAnt-7B,0.5\nAnt-70B,2\nBee-7B,0.4\nUnheard-of,1\n")
    (folder / "tokens.csv").write_text(
        "model,avg_input,avg_output,total_input (mln),total_output (mln)\nAnt-7B,100,10,2,0.1\nAnt-70B,100,10,4,0.2\n"
    )
    return folder
