"""Hyperparameters: types, texts of settings, JSON."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

import flowgraph as tf

HParams: Any = tf.contrib.training.HParams
parse_values: Any = tf.contrib.training.parse_values


def make() -> Any:
    return HParams(rate=0.1, steps=10, name="adam", nesterov=False, units=[64, 32])


def test_values_are_attributes() -> None:
    hparams = make()
    assert (hparams.rate, hparams.units, "steps" in hparams, "other" in hparams) == (
        0.1,
        [64, 32],
        True,
        False,
    )
    assert list(hparams.values()) == ["rate", "steps", "name", "nesterov", "units"]
    assert str(hparams).startswith("[('name', 'adam'), ('nesterov', False)")


def test_parse_sets_values_of_their_types() -> None:
    hparams = make()
    assert hparams.parse("rate=2, steps=3,name=sgd,nesterov=true,units=[1, 2, 3],") is hparams
    assert hparams.values() == {
        "rate": 2.0,
        "steps": 3,
        "name": "sgd",
        "nesterov": True,
        "units": [1, 2, 3],
    }
    assert isinstance(hparams.rate, float)
    assert hparams.parse("nesterov=0,units[1]=7").values()["units"] == [1, 7, 3]
    assert hparams.nesterov is False
    assert hparams.parse("").steps == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps=0.5", "Could not parse hparam 'steps' of type 'int' with value '0.5'"),
        ("other=1", "Unknown hyperparameter type for other"),
        ("steps=1,steps=2", "Multiple assignments to variable 'steps'"),
        ("units[0]=1,units[0]=2", "Multiple assignments to variable 'units'"),
        ("units[0]=[1]", "Assignment of a list to a list index"),
        ("steps", "Malformed hyperparameter value: steps"),
        ("units=1", "Must pass a list for multi-valued parameter: units"),
        ("steps=[1]", "Must not pass a list for single-valued parameter: steps"),
    ],
)
def test_parse_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        make().parse(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("steps", 1.5), ("steps", "1"), ("nesterov", 1), ("rate", True), ("name", 3)],
)
def test_a_type_stays(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match="Could not cast hparam"):
        make().set_hparam(name, value)


def test_names_come_and_go() -> None:
    hparams = make()
    hparams.add_hparam("decay", 0.5)
    assert hparams.decay == 0.5
    with pytest.raises(ValueError, match="name is reserved: rate"):
        hparams.add_hparam("rate", 1.0)
    with pytest.raises(ValueError, match="cannot be empty"):
        hparams.add_hparam("sizes", [])
    hparams.del_hparam("decay")
    assert "decay" not in hparams and not hasattr(hparams, "decay")
    with pytest.raises(KeyError):
        hparams.override_from_dict({"other": 1})


def test_get_has_defaults_of_the_same_type() -> None:
    hparams = make()
    assert (hparams.get("steps"), hparams.get("other", 4), hparams.get("units", [1])) == (
        10,
        4,
        [64, 32],
    )
    with pytest.raises(ValueError, match="do not agree"):
        hparams.get("units", 1)
    with pytest.raises(ValueError, match="Could not cast"):
        hparams.get("steps", "ten")


def test_json_and_back() -> None:
    hparams = make()
    hparams.add_hparam("activation", abs)
    text = hparams.to_json(sort_keys=True)
    assert json.loads(text) == {
        "rate": 0.1,
        "steps": 10,
        "name": "adam",
        "nesterov": False,
        "units": [64, 32],
    }
    assert make().parse_json('{"steps": 4, "units": [1]}').values()["units"] == [1]


def test_a_message_gives_the_first_values() -> None:
    def kind(name: str, value: Any) -> Any:
        return SimpleNamespace(WhichOneof=lambda _: name, **{name: value})

    message = SimpleNamespace(
        hparam={
            "rate": kind("float_value", 0.5),
            "name": kind("bytes_value", b"adam"),
            "units": kind("int64_list", SimpleNamespace(value=(1, 2))),
        }
    )
    found = HParams(hparam_def=message, model_structure="a model")
    assert found.values() == {"rate": 0.5, "name": "adam", "units": [1, 2]}
    assert found.get_model_structure() == "a model"


def test_parse_values_may_pass_over_names() -> None:
    types = {"a": int, "b": float}
    assert parse_values("a=1,c=2,b=3", types, ignore_unknown=True) == {"a": 1, "b": 3.0}
    assert parse_values("b[2]=0.5", types) == {"b": {2: 0.5}}
