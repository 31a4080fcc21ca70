"""How the zoo is put together: what may import what, what is packaged, how little `import zoo` costs."""

import ast
import configparser
import subprocess
import sys
from pathlib import Path

import pytest

import zoo

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "zoo"
ORDER = ("registry", "layers", "data", "engine", "models", "model", "training", "artifacts", "serving", "plots", "cli")
HEAVY = ("tensorflow", "keras", "pandas", "sklearn", "jax", "scipy", "matplotlib")


def part(path):
    """Returns which of ORDER a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(node):
    """Returns the modules that an import statement names."""
    if isinstance(node, ast.ImportFrom):
        if node.module == "zoo":
            return [f"zoo.{alias.name}" for alias in node.names]
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def statements(tree):
    """Yields the import statements that run, and whether they run when the module is imported."""
    stack = [(node, True) for node in tree.body]
    while stack:
        node, at_import = stack.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, at_import
        inside = at_import and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        stack.extend((child, inside) for child in ast.iter_child_nodes(node))


def sources():
    return [p for p in sorted(PACKAGE.rglob("*.py")) if p.name != "__main__.py" and p != PACKAGE / "__init__.py"]


def test_every_file_has_its_place_in_the_order():
    assert {part(path) for path in sources()} <= set(ORDER)


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_stands_before_it(path):
    """`import zoo` alone, inside a function, is the lazy public surface, which has no place in the order."""
    rank = ORDER.index(part(path))
    for node, at_import in statements(ast.parse(path.read_text(encoding="utf-8"))):
        assert getattr(node, "level", 0) == 0, f"line {node.lineno}: relative imports hide where a thing stands"
        for module in imported(node):
            if module == "zoo":
                assert not at_import or path.name == "cli.py", f"line {node.lineno}: import zoo inside the function"
            elif module.startswith("zoo."):
                below = ORDER.index(module.split(".")[1])
                assert below <= rank, f"line {node.lineno}: {module} stands above {part(path)}"


def test_the_order_is_seen_to_be_broken():
    tree = ast.parse("def f():\n    from zoo import model\nif TYPE_CHECKING:\n    import zoo.cli\n")
    assert [(imported(node), at_import) for node, at_import in statements(tree)] == [(["zoo.model"], False)]


def configuration():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def test_setup_cfg_lists_the_packages_that_there_are():
    listed = configuration()["options"]["packages"].split()
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    found = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert sorted(listed) == sorted(found | {"zoo.datasets", "zoo.saved_models"})


def test_the_folders_of_data_are_mapped_and_packaged_whole():
    parser = configuration()
    assert parser["options"]["package_dir"].split("\n")[1:] == [
        "zoo.datasets = datasets",
        "zoo.saved_models = saved_models",
    ]
    assert parser["options.package_data"]["zoo.datasets"] == "**/*"
    assert parser["options.package_data"]["zoo.saved_models"] == "**/*"


def test_the_folders_of_data_hold_no_python():
    """An importable top-level package `datasets` would hide Hugging Face's."""
    for name in ("datasets", "saved_models"):
        assert (ROOT / name).is_dir()
        assert not list((ROOT / name).rglob("*.py"))


def test_no_module_is_named_like_a_public_function():
    """`import zoo.build` would overwrite the function `zoo.build`."""
    functions = set(zoo.__all__) - {"data", "plots"}
    assert functions & {path.stem for path in PACKAGE.iterdir()} == set()
    assert {"load", "pipeline"} & {path.stem for path in (PACKAGE / "data").iterdir()} == set()


def test_the_public_surface_is_all_there():
    for name in zoo.__all__:
        assert getattr(zoo, name) is not None
    assert sorted(dir(zoo)) == sorted(zoo.__all__)


def test_mypy_sees_a_call_of_every_public_name():
    """In tests/typing/right.py, where each must have its type, or wrong.py, where it must be refused."""
    read = [(ROOT / "tests" / "typing" / name).read_text(encoding="utf-8") for name in ("right.py", "wrong.py")]
    used = {node.attr for text in read for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}
    assert set(zoo.__all__) - used == set()


def test_an_unknown_name_of_the_zoo_is_an_attribute_error_that_lists_the_known():
    name = "trian"
    with pytest.raises(AttributeError, match=r"no attribute 'trian'.*train"):
        getattr(zoo, name)


@pytest.mark.process
@pytest.mark.parametrize(
    "statement",
    [
        "import zoo; zoo.list_models(); zoo.info('mlp_classifier').options",
        "from zoo.cli import main; main(['list'])",
        "from zoo.cli import main; main(['info', 'mlp_classifier'])",
        "from zoo.cli import main; main(['train', '--unknown'])",
        "from zoo.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass",
    ],
)
def test_looking_around_imports_no_tensorflow(statement):
    check = f"{statement}\nimport sys; print('imported', [name for name in {HEAVY} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert result.stdout.endswith("imported []\n")


@pytest.mark.process
@pytest.mark.serial
def test_zoo_list_answers_in_half_a_second():
    """Of processor time, which other programs do not lengthen."""
    resource = pytest.importorskip("resource")

    def seconds():
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    found = []
    for _ in range(5):
        begin = seconds()
        subprocess.run([sys.executable, "-m", "zoo", "list"], check=True, capture_output=True)
        found.append(seconds() - begin)
    assert min(found) < 0.5
