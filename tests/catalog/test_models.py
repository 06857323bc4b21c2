"""Models and their characteristics: unknown is None, never zero; errors name the key in one line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from clemsim.catalog.agent_settings import read_spec, without_prices
from clemsim.catalog.agents import make_agent
from clemsim.catalog.models import ModelFacts, Variant, read_agents, read_models, registry
from clemsim.errors import UsageError
from clemsim.runtime.price import Price

VARIANT = '[[model.variant]]\naccess = "script"\nagent = "baseline"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "models.toml"
    path.write_text(text)
    return path


def test_facts_come_from_the_registry_unless_they_are_given(tmp_path: Path) -> None:
    text = '[[model]]\nname = "Llama-3-8B-Instruct"\ncontext = 4096\n' + VARIANT
    (model,) = read_models(write(tmp_path, text))
    assert (model.provider, model.parameters, model.context) == ("Meta", 8.03, 4096)
    assert model.released == date(2024, 4, 18) and model.multimodal is False


def test_facts_under_another_name(tmp_path: Path) -> None:
    (model,) = read_models(write(tmp_path, '[[model]]\nname = "mine"\nfacts = "phi-4"\n'))
    assert model.name == "mine" and model.parameters == 14.7


def test_a_model_outside_the_registry_has_no_facts(tmp_path: Path) -> None:
    (model,) = read_models(write(tmp_path, f'[[model]]\nname = "mystery"\n{VARIANT}'))
    assert all(getattr(model, name) is None for name in ModelFacts.model_fields)
    characteristics = model.characteristics(model.variant[0]).model_dump(exclude_none=True)
    assert characteristics == {"name": "mystery", "access": "script"}


def test_characteristics_of_a_variant(tmp_path: Path) -> None:
    (model,) = read_models(write(tmp_path, '[[model]]\nname = "gpt-4o-2024-05-13"\n'))
    characteristics = model.characteristics(Variant(access="x", agent="baseline", quantisation=4.5))
    assert (
        characteristics.quantisation == 4.5 and characteristics.parameters is None and characteristics.open_weights is False
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('name = "a"\nparameters = 0', r"model\.0\.parameters: .*greater than 0 \(leave out what is unknown\)"),
        ('name = "a"\nparameters = inf', r"model\.0\.parameters"),
        ('name = "a"\nsize = 7', r"model\.0\.size: Extra inputs"),
        ('name = "a"\nreleased = "soon"', r"model\.0\.released"),
        ('name = "a/b"', r"model\.0\.name"),
        ("parameters = 7", r"model\.0\.name: Field required"),
        ('name = "a"\nfacts = "nothing"', "model a: the registry has no 'nothing'"),
        (f'name = "a"\n{VARIANT}{VARIANT}', "two variants of a have the same access 'script'"),
        ('name = "a"\n[[model.variant]]\naccess = "x"', r"model\.0\.variant\.0\.agent: Field required"),
        ("name =", "models.toml is not TOML: Invalid value"),
    ],
)
def test_errors_name_the_key(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected) as caught:
        read_models(write(tmp_path, f"[[model]]\n{text}\n"))
    assert "\n" not in str(caught.value)


def test_the_registry_holds_forty_models_and_no_impossible_fact() -> None:
    models = registry().values()
    assert len(models) >= 40
    for model in models:
        assert (model.provider and model.released is None) or model.released <= date(2026, 1, 1)  # type: ignore[operator]
        assert model.cutoff is None or model.released is None or model.cutoff < model.released
        assert model.open_weights or model.parameters is None, "the size of a closed model is not public"


def test_a_variant_names_the_variable_of_its_key(tmp_path: Path) -> None:
    model = '[[model]]\nname = "m"\n[[model.variant]]\naccess = "x"\nkey_env = "TOGETHER_KEY"\nagent = '
    (read_,) = read_models(write(tmp_path, model + '"m@https://host/v1"'))
    assert read_.variant[0].spec == "m@https://host/v1#key_env=TOGETHER_KEY"
    for agent in ('"local"', '"m@https://host/v1#key_env=B"'):
        with pytest.raises(UsageError, match=r"key_env goes with an agent MODEL@URL that names no key itself"):
            read_models(write(tmp_path, model + agent))
    with pytest.raises(UsageError, match="key_env"):
        read_models(write(tmp_path, model.replace("TOGETHER_KEY", "sk-123") + '"m@https://host/v1"'))


PRICED = """
[[model]]
name = "qwen"
price_in = 2
price_out = 8
[[model.variant]]
access = "far"
agent = "Qwen/qwen@https://far.example/v1"
[[model.variant]]
access = "near"
agent = "Qwen/qwen@http://127.0.0.1:8000/v1?temperature=1"
settings = { price_hour = 3 }
"""


def test_prices_of_the_users_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEMSIM_MODELS", str(write(tmp_path, PRICED)))
    for spec, price in {
        "Qwen/qwen@https://far.example/v1?temperature=0.5": Price(2.0, None, 8.0),
        "qwen@http://elsewhere/v1": Price(2.0, None, 8.0),  # by the model's name
        "Qwen/qwen@http://127.0.0.1:8000/v1": Price(hour=3.0),  # by the variant's SPEC
        "Qwen/qwen@http://127.0.0.1:8000/v1?price_in=1": Price(1.0),
        "other@http://elsewhere/v1": None,
    }.items():
        assert make_agent(spec).price == price
    assert registry()["qwen"].price_in == 2 and registry()["phi-4"].parameters == 14.7
    monkeypatch.setenv("CLEMSIM_MODELS", str(tmp_path / "none.toml"))
    with pytest.raises(UsageError, match=r"none\.toml"):
        make_agent("other@http://elsewhere/v1")


def test_prices_of_a_model_are_those_of_its_variants(tmp_path: Path) -> None:
    far, near = read_agents(write(tmp_path, PRICED))
    assert read_spec(far).settings.price == Price(2.0, None, 8.0) and read_spec(near).settings.price == Price(hour=3.0)
    assert without_prices(near) == "Qwen/qwen@http://127.0.0.1:8000/v1?temperature=1&name=qwen, near"
    assert without_prices("m@http://a/v1?price_in=1#key_env=K") == "m@http://a/v1#key_env=K"


def test_prices_of_the_users_file_complete_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "clemsim"
    folder.mkdir()
    write(folder, PRICED + '[[model]]\nname = "phi-4"\nparameters = 15\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    qwen, own, phi = read_models(
        write(
            tmp_path,
            '[[model]]\nname = "qwen"\n[[model]]\nname = "m"\nfacts = "qwen"\nprice_hour = 1\n[[model]]\nname = "phi-4"\n',
        )
    )
    assert (qwen.price_in, qwen.price_out, own.price_in, own.price_hour) == (2, 8, None, 1)
    assert phi.parameters == 15 and phi.provider == "Microsoft"
