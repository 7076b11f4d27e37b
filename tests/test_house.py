"""The rules of the house, read from the code itself: sizes, docstrings, addresses, imports."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("geo", "boundaries", "indices", "budgets", "data", "commands", "pages")
MODULES = sorted(
    [path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")]
    + [ROOT / "app.py", ROOT / "cli.py"]
)
NAMES = [str(path.relative_to(ROOT)) for path in MODULES]
LONGEST_MODULE, LONGEST_FUNCTION = 400, 60


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(module: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(module) if isinstance(node, kinds)]


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring, which is allowed to explain at length."""
    first = node.body[0]
    described = ast.get_docstring(node) is not None
    start = (first.end_lineno or first.lineno) if described else node.lineno
    return (node.end_lineno or node.lineno) - start


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_modules_and_functions_stay_readable(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST_MODULE, f"{path.name} has {lines} lines"
    for node in functions(tree(path)):
        assert code_lines(node) < LONGEST_FUNCTION, f"{node.name} in {path.name} is too long"


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_every_module_and_public_function_says_what_it_does(path: Path) -> None:
    module = tree(path)
    if not module.body:
        return
    assert ast.get_docstring(module), f"{path.name} does not say what enters and what leaves"
    top = [n for n in module.body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    bare = [n.name for n in top if not n.name.startswith("_") and not ast.get_docstring(n)]
    assert not bare, f"public names without a docstring in {path.name}: {bare}"


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_only_the_downloader_and_the_catalogue_name_outside_hosts(path: Path) -> None:
    if path.parts[-2:] in {("data", "catalogue.py"), ("data", "fetch.py")}:
        return
    literals = [
        node.value
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    allowed = ("127.0.0.1", "localhost", "www.w3.org")
    found = [m for text in literals for m in re.findall(r"https?://([a-z0-9][a-z0-9.-]*)", text)]
    assert [host for host in found if not host.startswith(allowed)] == []


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_no_module_leaves_work_undone(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError", text)


def test_the_lock_file_holds_hashes_and_no_addresses() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    pins = re.findall(r"^[a-z0-9][^\s=]*==\S+(?: ; [^\\\n]+)? \\$", text, flags=re.MULTILINE)
    names = re.findall(r"^[a-z0-9][^\s=]*==", text, flags=re.MULTILINE)
    assert len(pins) == len(names) > 50
    assert text.count("--hash=sha256:") >= len(pins)


def imported(path: Path) -> set[str]:
    """First names of everything a module imports, inside functions too."""
    names: list[str] = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return {name.split(".")[0] for name in names}


def test_streamlit_is_known_to_the_doors_and_the_pages_only() -> None:
    knows = {str(p.relative_to(ROOT)) for p in MODULES if "streamlit" in imported(p)}
    assert {name for name in knows if not name.startswith(("pages", "app.py"))} == set()


def test_nobody_imports_the_doors() -> None:
    """The doors are modules, which the import linter cannot take into its contract."""
    for path in MODULES:
        doors = imported(path) & {"app", "cli"}
        assert not doors, f"{path.relative_to(ROOT)} imports {doors}"
    assert "pages" not in imported(ROOT / "cli.py")


def test_nothing_committed_carries_a_path_of_a_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.splitlines()
    if not listed:
        pytest.skip("not a git checkout")
    pattern = re.compile(r"/(?:home|root|work|tmp)/[a-z]")
    suffixes = {".py", ".md", ".toml", ".js", ".css", ".html", ".yml", ""}
    guilty = [
        name
        for name in listed
        if Path(name).suffix in suffixes
        and (ROOT / name).is_file()
        and name != "tests/test_house.py"
        and pattern.search((ROOT / name).read_text(encoding="utf-8", errors="ignore"))
    ]
    assert guilty == []
