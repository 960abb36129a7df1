"""The generated files as text, and how they differ from what is checked in."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.docs import asyncapi, events, problems, states
from deploy.docs.assembled import ROOT, assembled
from deploy.docs.compatible import breaks

PUBLISHED = ROOT / "tests" / "contracts" / "published"
_OURS = ("docs/openapi", "docs/events", "docs/asyncapi", "docs/states")


def generated() -> dict[str, str]:
    """Every generated file by its path in the project."""
    services = assembled()
    found = {
        "docs/asyncapi/wattline.json": _json(asyncapi.document(services)),
        "docs/events/README.md": events.table(services),
        "docs/events/envelope.json": _json(events.envelope()),
        "docs/problems.md": problems.page(),
    }
    for one in services:
        described = one.app.openapi()
        found[f"docs/openapi/{one.name}.json"] = _json(described)
    for type_, event in events.spoken(services).items():
        found[f"docs/events/{type_}.json"] = _json(events.schema(event))
    for name, page in states.pages().items():
        found[f"docs/states/{name}"] = page
    return found


def write(files: Mapping[str, str], root: Path = ROOT) -> list[str]:
    """Make the folders hold exactly `files`. The paths that had to change."""
    changed = differing(files, root)
    for name in changed:
        path = root / name
        if name in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[name], encoding="utf-8")
        else:
            path.unlink()
    return changed


def differing(files: Mapping[str, str], root: Path = ROOT) -> list[str]:
    """The paths that are missing, stale or no longer made."""
    there = {p.relative_to(root).as_posix() for f in _OURS for p in (root / f).glob("*.*")}
    stale = [n for n in files if not (root / n).exists() or _text(root / n) != files[n]]
    return sorted({*stale, *(there - files.keys())})


def publish(folder: Path = PUBLISHED) -> tuple[list[str], list[str]]:
    """Freeze the schemas of new types and of compatible growth: what was frozen, what breaks."""
    frozen, broken = [], []
    folder.mkdir(parents=True, exist_ok=True)
    for type_, event in events.spoken(assembled()).items():
        path, now = folder / f"{type_}.json", events.schema(event)
        before = json.loads(_text(path)) if path.exists() else now
        if wrong := breaks(before, now):
            broken += [f"{type_}: {what}" for what in wrong]
        elif not path.exists() or before != now:
            path.write_text(_json(now), encoding="utf-8")
            frozen.append(type_)
    return frozen, broken


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
