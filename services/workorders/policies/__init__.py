"""Policy packs as files: how their YAML is read, and the ones that come with the program."""

import json
from pathlib import Path
from typing import Any

import yaml

from services.workorders.domain.written import BadPolicy
from shared.strict import check

_HERE = Path(__file__).parent
_HOUSE = _HERE / "house.yaml"


class _Strict(yaml.SafeLoader):
    """Plain YAML: no key twice, no anchors; dates stay the text that they are."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias is not allowed")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        if len(found) != len(node.value):
            raise yaml.YAMLError(f"a key appears twice{node.start_mark}")
        return found


_Strict.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(text: str | bytes) -> dict[str, Any]:
    """A pack as JSON can hold it. Raises BadPolicy."""
    try:
        data = json.loads(_as_json(yaml.load(text, _Strict)))  # noqa: S506  a SafeLoader
    except (yaml.YAMLError, RecursionError, UnicodeError, ValueError, TypeError) as error:
        raise BadPolicy(f"not the YAML that is read here: {error}") from error
    if not isinstance(data, dict):
        raise BadPolicy("not a policy pack")
    return data


def _as_json(data: object) -> str:
    """Raises ValueError or TypeError for what JSON, or PostgreSQL, can't hold."""
    written = json.dumps(data)
    check(written.encode())
    return written


def read_packs(folder: Path = _HERE) -> list[dict[str, Any]]:
    """Every pack in `folder`, and our house rules. Raises BadPolicy with the file's name."""
    files = {file.name: file for file in (_HOUSE, *sorted(folder.glob("*.yaml")))}
    packs = []
    for file in files.values():
        try:
            packs.append(read_yaml(file.read_bytes()))
        except BadPolicy as error:
            raise BadPolicy(f"{file.name}: {error}") from error
    return packs
